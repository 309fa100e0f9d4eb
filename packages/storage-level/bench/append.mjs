// node packages/storage-level/bench/append.mjs [DIRECTORY]
// Durable batches a second at 1, 16 and 256 entries of 256 bytes, beside what the disk itself does with the same bytes
// (write and fdatasync over a file that was made ahead), in turns; of 64 callers who append one entry each; then how long
// 1,000,000 entries take to open and to read. Runs what was built.
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { levelStorage } from '@raft/storage-level';

const rounds = 5;
const roundMs = 700;
const root = fs.mkdtempSync(join(process.argv[2] ?? tmpdir(), 'raft-bench-'));
const identity = { clusterId: 'c', nodeId: 'n', groupId: 'g' };
const data = new Uint8Array(256).fill(7);

async function raw(bytes) {
  const path = join(root, 'raw');
  const fd = fs.openSync(path, 'w');
  const size = 16 * 1024 * 1024;
  fs.writeSync(fd, Buffer.alloc(size), 0, size, 0);
  fs.fsyncSync(fd);
  const block = Buffer.alloc(bytes, 7);
  const done = (work) => new Promise((resolve, reject) => work((error) => (error ? reject(error) : resolve())));
  let at = 0;
  const rate = await perSecond(async () => {
    if (at + bytes > size) at = 0;
    await done((callback) => fs.write(fd, block, 0, bytes, at, callback));
    await done((callback) => fs.fdatasync(fd, callback));
    at += bytes;
  });
  fs.closeSync(fd);
  return rate;
}

async function storage(entries, callers = 1) {
  const directory = fs.mkdtempSync(join(root, 'store-'));
  const log = levelStorage({ directory });
  await log.open(identity);
  let next = 1;
  const batch = () => ({ entries: Array.from({ length: entries }, () => ({ index: next++, term: 1, type: 1, data })) });
  await log.append(batch());
  const rates = await Promise.all(Array.from({ length: callers }, () => perSecond(() => log.append(batch()))));
  await log.close();
  fs.rmSync(directory, { recursive: true });
  return rates.reduce((a, b) => a + b);
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

async function seconds(work) {
  const start = performance.now();
  await work();
  return ((performance.now() - start) / 1000).toFixed(2);
}

async function million() {
  const directory = join(root, 'million');
  const count = 1_000_000;
  let log = levelStorage({ directory });
  await log.open(identity);
  let next = 1;
  const written = await seconds(async () => {
    while (next <= count) {
      const batches = Array.from({ length: 8 }, () => ({
        entries: Array.from({ length: 500 }, () => ({ index: next++, term: 1, type: 1, data })),
      }));
      await Promise.all(batches.map((batch) => log.append(batch)));
    }
  });
  // As a crash leaves it: nobody closed it.
  const crashed = join(root, 'crashed');
  fs.cpSync(directory, crashed, { recursive: true });
  await log.close();
  log = levelStorage({ directory });
  const opened = await seconds(() => log.open(identity));
  const read = await seconds(async () => {
    for (let from = 1; from <= count;) from += (await log.entries(from, count, 1024 * 1024)).length;
  });
  await log.close();
  log = levelStorage({ directory: crashed });
  const recovered = await seconds(() => log.open(identity));
  const compacted = await seconds(() => log.compact(count - 1000));
  await log.close();
  log = levelStorage({ directory: crashed });
  const short = await seconds(() => log.open(identity));
  await log.close();
  console.log(
    `1,000,000 entries: written in ${written} s, read in ${read} s; opened in ${opened} s after a clean stop,`,
  );
  console.log(`${recovered} s after a crash; compacted to 1000 in ${compacted} s, and opened then in ${short} s`);
  const mib = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(`at most ${mib} MiB of resident memory`);
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

try {
  console.log('entries   storage batches/s   disk writes/s   ratio   (medians of', rounds, 'rounds in turn)');
  for (const entries of [1, 16, 256]) {
    const [ours, disks] = [[], []];
    for (let round = 0; round < rounds; round++) {
      ours.push(await storage(entries));
      disks.push(await raw(entries * 272 + 56));
    }
    const ratio = median(ours.map((rate, i) => rate / disks[i]));
    console.log(
      `${String(entries).padStart(7)}   ${median(ours).toFixed(0).padStart(17)}   ${median(disks).toFixed(0).padStart(13)}   ${ratio.toFixed(2)}`,
    );
  }
  console.log(`64 callers, one entry each: ${(await storage(1, 64)).toFixed(0)} entries/s`);
  await million();
} finally {
  fs.rmSync(root, { recursive: true });
}
