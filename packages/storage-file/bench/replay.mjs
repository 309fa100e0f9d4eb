// node packages/storage-file/bench/replay.mjs [--directory DIR] [--entries 1000000] [--bytes 256]
// Writes a log, reads it back, and opens it after a clean stop and after the end of its process (SIGKILL, in the middle of
// appends). Each step is a process of its own, and tells the most memory that it ever had resident. Runs what was built.
//   --entries 40000000   10 GiB of log, as data of 256 bytes each
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fileStorage } from '@raft/storage-file';

const { values } = parseArgs({
  options: {
    directory: { type: 'string', default: tmpdir() },
    entries: { type: 'string', default: '1000000' },
    bytes: { type: 'string', default: '256' },
    step: { type: 'string' },
  },
});
const [total, bytes] = [Number(values.entries), Number(values.bytes)];
const batchEntries = Math.max(1, Math.floor((256 * 1024) / bytes));
const inFlight = 4;

const seconds = (start) => ((performance.now() - start) / 1000).toFixed(2);
const MiB = (count) => (count / 1024 / 1024).toFixed(0);
const peak = () => `peak ${MiB(process.resourceUsage().maxRSS * 1024)} MiB resident`;

async function open() {
  const storage = fileStorage({ directory: values.directory });
  const start = performance.now();
  const restored = await storage.open({ clusterId: 'c', nodeId: 'n', groupId: 'g' });
  return { storage, restored, opened: seconds(start) };
}

async function append(storage, from, to, died) {
  const data = new Uint8Array(bytes).fill(7);
  const pending = [];
  for (let next = from; next <= to;) {
    const count = Math.min(batchEntries, to - next + 1);
    const entries = Array.from({ length: count }, (_, i) => ({ index: next + i, term: 1, type: 1, data }));
    next += count;
    pending.push(storage.append({ entries }));
    if (pending.length >= inFlight) await pending.shift();
    died?.(next);
  }
  await Promise.all(pending);
}

const steps = {
  async write() {
    const { storage } = await open();
    const start = performance.now();
    await append(storage, 1, total);
    const took = seconds(start);
    await storage.close();
    const rate = MiB((total * bytes) / Number(took));
    console.log(`${total} entries of ${bytes} bytes written in ${took} s (${rate} MiB/s of data), ${peak()}`);
  },
  async replay() {
    const { storage, restored, opened } = await open();
    console.log(`opened after a clean stop in ${opened} s`);
    const start = performance.now();
    for (let next = restored.firstIndex; next <= restored.lastIndex;) {
      const entries = await storage.entries(next, restored.lastIndex, 1024 * 1024);
      for (const { index, data } of entries) {
        if (index !== next++ || data.length !== bytes || data[bytes - 1] !== 7)
          throw new Error(`entry ${index} is wrong`);
      }
    }
    if (restored.lastIndex !== total) throw new Error(`the log ends at ${restored.lastIndex} instead of ${total}`);
    const took = seconds(start);
    const rate = (total / Number(took)).toFixed(0);
    console.log(`${total} entries read back in ${took} s (${rate}/s), ${peak()}`);
    await storage.close();
  },
  async crash() {
    const { storage } = await open();
    await append(storage, total + 1, total + 64 * batchEntries, (next) => {
      if (next > total + 60 * batchEntries) process.kill(process.pid, 'SIGKILL');
    });
  },
  async reopen() {
    const { storage, restored, opened } = await open();
    console.log(`opened after SIGKILL in ${opened} s (entries up to ${restored.lastIndex}), ${peak()}`);
    await storage.close();
  },
};

if (values.step !== undefined) {
  await steps[values.step]();
} else {
  const directory = fs.mkdtempSync(join(values.directory, 'raft-bench-'));
  try {
    for (const step of Object.keys(steps)) {
      const args = ['--directory', directory, '--entries', values.entries, '--bytes', values.bytes, '--step', step];
      const { status, signal } = spawnSync(process.execPath, [process.argv[1], ...args], { stdio: 'inherit' });
      if (status !== 0 && !(step === 'crash' && signal === 'SIGKILL'))
        throw new Error(`${step} ended with ${signal ?? status}`);
    }
    const size = fs.readdirSync(directory).reduce((sum, name) => sum + fs.statSync(join(directory, name)).size, 0);
    console.log(`${MiB(size)} MiB in ${fs.readdirSync(directory).length} files`);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}
