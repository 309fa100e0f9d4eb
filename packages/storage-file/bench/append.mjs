// node packages/storage-file/bench/append.mjs [DIRECTORY]
// Durable batches a second at 1, 16 and 256 entries of 256 bytes, beside what the disk itself does with the same bytes
// (write and fdatasync over a file that was made ahead), in turns: as Node does it beside the main thread, as the storage
// does, and on the main thread, where it would hold up everything else. Runs what was built.
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileStorage } from '@raft/storage-file';

const rounds = 11;
const roundMs = 400;
const root = fs.mkdtempSync(join(process.argv[2] ?? tmpdir(), 'raft-bench-'));

async function raw(bytes, blocking) {
  const path = join(root, 'raw');
  const fd = fs.openSync(path, 'w');
  const size = 16 * 1024 * 1024;
  fs.writeSync(fd, Buffer.alloc(size), 0, size, 0);
  fs.fsyncSync(fd);
  const data = Buffer.alloc(bytes, 7);
  const done = (work) => new Promise((resolve, reject) => work((error) => (error ? reject(error) : resolve())));
  let at = 0;
  const rate = await perSecond(async () => {
    if (at + bytes > size) at = 0;
    if (blocking) {
      fs.writeSync(fd, data, 0, bytes, at);
      fs.fdatasyncSync(fd);
    } else {
      await done((callback) => fs.write(fd, data, 0, bytes, at, callback));
      await done((callback) => fs.fdatasync(fd, callback));
    }
    at += bytes;
  });
  fs.closeSync(fd);
  return rate;
}

async function storage(entries) {
  const directory = fs.mkdtempSync(join(root, 'store-'));
  const log = fileStorage({ directory });
  await log.open({ clusterId: 'c', nodeId: 'n', groupId: 'g' });
  const data = new Uint8Array(256).fill(7);
  let next = 1;
  const batch = () => ({ entries: Array.from({ length: entries }, () => ({ index: next++, term: 1, type: 1, data })) });
  await log.append(batch());
  const rate = await perSecond(() => log.append(batch()));
  await log.close();
  fs.rmSync(directory, { recursive: true });
  return rate;
}

async function perSecond(work) {
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < roundMs) {
    await work();
    count++;
  }
  return (count * 1000) / (performance.now() - start);
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

try {
  console.log(`Medians of ${rounds} rounds in turn.`);
  console.log('entries   storage batches/s   disk writes/s   ratio   disk, on the main thread');
  for (const entries of [1, 16, 256]) {
    const [ours, disks, blocking] = [[], [], []];
    for (let round = 0; round < rounds; round++) {
      ours.push(await storage(entries));
      disks.push(await raw(entries * 272 + 56, false));
      blocking.push(await raw(entries * 272 + 56, true));
    }
    const ratio = median(ours.map((rate, i) => rate / disks[i]));
    const columns = [ours, disks].map((rates, i) => median(rates).toFixed(0).padStart([17, 13][i]));
    const main = median(blocking).toFixed(0).padStart(24);
    console.log(`${String(entries).padStart(7)}   ${columns.join('   ')}   ${ratio.toFixed(2).padStart(5)}   ${main}`);
  }
} finally {
  fs.rmSync(root, { recursive: true });
}
