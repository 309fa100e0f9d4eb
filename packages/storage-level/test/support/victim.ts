import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import type { HardState, Restored, Storage } from '@raft/core';
import { levelStorage } from '@raft/storage-level';
import { identity } from './model.js';

interface Intent {
  readonly first: number;
  readonly count: number;
  readonly term: number;
  readonly truncateFrom?: number;
  readonly hardState?: HardState;
  readonly compact?: number;
  readonly snapshot?: number;
}

/** What a log holds, without data: they follow from index and term. */
interface Log {
  readonly hardState: HardState;
  readonly firstIndex: number;
  readonly terms: readonly number[];
  readonly snapshot: number;
}

const emptyLog: Log = {
  hardState: { term: 0, votedFor: undefined, commitIndex: 0 },
  firstIndex: 1,
  terms: [],
  snapshot: 0,
};

function after(log: Log, { first, count, term, truncateFrom, hardState, compact, snapshot }: Intent): Log {
  if (snapshot !== undefined) return { ...log, snapshot };
  if (compact !== undefined) {
    const gone = Math.max(0, compact + 1 - log.firstIndex);
    return { ...log, firstIndex: log.firstIndex + gone, terms: log.terms.slice(gone) };
  }
  const kept = truncateFrom === undefined ? log.terms : log.terms.slice(0, first - log.firstIndex);
  const terms = [...kept, ...Array.from({ length: count }, () => term)];
  return { ...log, hardState: hardState ?? log.hardState, terms };
}

/** A process that writes to a directory until it is killed. Every life of it goes on from the last one. */
export class Victim {
  readonly #directory: string;
  #log = emptyLog;
  #child: ChildProcess | undefined;
  #said = '';
  /** How much of that was said before its file system was about to fail. */
  #saidBefore: number | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async start(seed: number): Promise<void> {
    const script = new URL('writer.mjs', import.meta.url).pathname;
    const child = spawn(process.execPath, [script, this.#directory, `${seed}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#said = '';
    this.#saidBefore = undefined;
    let complaint = '';
    child.stderr.on('data', (text: Buffer) => (complaint += text.toString()));
    await new Promise<void>((resolve, reject) => {
      child.once('close', () => reject(new Error(`the writer ended: ${this.#said}${complaint}`)));
      child.stdout.on('data', (text: Buffer) => {
        this.#said += text.toString();
        if (/^open$/m.test(this.#said)) resolve();
      });
    });
  }

  /**
   * Lets it do so many steps, by way of another command, until it ends: by itself, or by what that command does to it. None: it
   * only opens the storage, and closes it.
   */
  async run(seed: number, steps: number, command: readonly string[]): Promise<{ failed: boolean }> {
    const script = new URL('writer.mjs', import.meta.url).pathname;
    const [program, ...args] = [...command, process.execPath, script, this.#directory, `${seed}`, `${steps}`];
    if (steps > 0) this.#said = '';
    this.#saidBefore = undefined;
    // All file operations by one thread: in one order.
    const env = { ...process.env, UV_THREADPOOL_SIZE: '1' };
    const child = spawn(program, args, { env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
    child.stdout.on('data', (text: Buffer) => (this.#said += text.toString()));
    let hangs = false;
    const timer = setTimeout(() => {
      hangs = true;
      process.kill(-(child.pid as number), 'SIGKILL');
    }, 60_000);
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    clearTimeout(timer);
    const end = `it ended with ${code ?? signal}; it said ${this.#said.slice(-500)}`;
    assert.ok(!hangs, `the writer does not end; ${end}`);
    assert.doesNotMatch(this.#said, /^acknowledged/m, 'a batch was acknowledged after a write that failed');
    const isKilled = signal === 'SIGKILL';
    if (code !== 0 && !isKilled) assert.match(this.#said, /^failed RAFT_STORAGE_(IO|FULL) cannot /m, end);
    return { failed: code !== 0 };
  }

  /** Another one that has done the same, with a directory of its own. */
  copy(directory: string): Victim {
    cpSync(this.#directory, directory, { recursive: true });
    const copy = new Victim(directory);
    copy.#log = this.#log;
    copy.#said = this.#said;
    return copy;
  }

  /**
   * From here on it is believed nothing: an fdatasync that is under way when XFS is shut down may return 0 though its bytes are lost
   * (9 times in 60 shutdowns of a bare loop that appends; never one that had returned before). A machine without power says nothing.
   */
  disbelieve(): void {
    this.#saidBefore = this.#said.length;
  }

  /** Kills it, unless it has ended by itself. Gives how many steps it was told were done. */
  async kill(): Promise<number> {
    const child = this.#child;
    if (!child) return 0;
    this.#child = undefined;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
    return this.#said.slice(0, this.#saidBefore).match(/^done/gm)?.length ?? 0;
  }

  /** All that was done is there, in order and whole; of the rest, whole steps or nothing. */
  async verify(what: string): Promise<void> {
    const intents: Intent[] = [];
    const done = new Set<number>();
    let at = 0;
    for (const line of this.#said.split('\n').slice(0, -1)) {
      const isBelieved = (at += line.length + 1) <= (this.#saidBefore ?? Number.POSITIVE_INFINITY);
      const [word, rest] = [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)];
      if (word === 'done' && isBelieved) done.add(Number(rest));
      else if (/^\d+$/.test(word)) intents[Number(word) - 1] = JSON.parse(rest) as Intent;
    }
    const states: Log[] = [this.#log];
    // Snapshots are committed beside the log: they may be done before or after what was begun about the same time.
    const steps = intents.filter(({ snapshot }) => snapshot === undefined);
    const certain = steps.filter((step) => done.has(intents.indexOf(step) + 1)).length;
    for (const step of steps) states.push(after(states.at(-1)!, step));
    const snapshots = intents.filter(({ snapshot }, i) => snapshot !== undefined && done.has(i + 1));
    const snapshot = snapshots.at(-1)?.snapshot ?? this.#log.snapshot;
    const storage = levelStorage({ directory: this.#directory });
    try {
      const found = await read(storage, await storage.open(identity), snapshot, what);
      const match = states.slice(certain).find((state) => isSame(state, found));
      const expected = states.slice(certain).map(summary).join(' or ');
      assert.ok(
        match,
        `${what}: ${certain} of ${steps.length} steps were done; found ${summary(found)}, not ${expected}`,
      );
      this.#log = found;
    } finally {
      await storage.close();
    }
  }
}

function isSame(a: Log, b: Log): boolean {
  return JSON.stringify([a.hardState, a.firstIndex, a.terms]) === JSON.stringify([b.hardState, b.firstIndex, b.terms]);
}

function summary({ hardState, firstIndex, terms }: Log): string {
  return `${JSON.stringify(hardState)}, entries ${firstIndex} to ${firstIndex + terms.length - 1}`;
}

async function read(storage: Storage, restored: Restored, least: number, what: string): Promise<Log> {
  const { hardState, firstIndex, lastIndex } = restored;
  const terms: number[] = [];
  while (firstIndex + terms.length <= lastIndex) {
    for (const { index, term, data } of await storage.entries(firstIndex + terms.length, lastIndex, 1_000_000)) {
      assert.equal(data.length, (index * 37 + term * 11) % 3000, `${what}: entry ${index}`);
      assert.ok(data.every((byte, i) => byte === ((i * 7 + index * 31 + term) & 0xff)));
      terms.push(term);
    }
  }
  const reader = await storage.openSnapshot();
  const snapshot = reader?.meta.index ?? 0;
  assert.ok(snapshot >= least, `${what}: snapshot ${least} was committed, ${snapshot} is there`);
  for await (const chunk of reader?.chunks() ?? []) assert.ok(chunk.every((byte) => byte === snapshot % 251));
  await reader?.close();
  return { hardState, firstIndex, terms, snapshot };
}
