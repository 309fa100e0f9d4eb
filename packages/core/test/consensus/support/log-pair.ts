import assert from 'node:assert/strict';
import { RaftLog, sizeOf } from '../../../src/consensus/log.js';
import { EntryType } from '../../../src/types.js';
import type { Entry, LogIndex, Term } from '../../../src/types.js';

interface Write {
  readonly sequence: number;
  readonly truncateFrom: LogIndex | undefined;
  readonly entries: readonly Entry[];
}

/** The same log told plainly: one array for the memory, one for the disk, and the writes between them. */
class Twin {
  readonly base: number;
  readonly baseTerm: Term;
  memory: Entry[] = [];
  disk: Entry[] = [];
  writes: Write[] = [];
  commitIndex: LogIndex;

  constructor(base: number, baseTerm: Term) {
    this.base = base;
    this.baseTerm = baseTerm;
    this.commitIndex = base;
  }

  get lastIndex(): LogIndex {
    return this.base + this.memory.length;
  }

  /** The disk has written all writes up to `sequence`. */
  persist(sequence: number): void {
    while (this.writes[0] !== undefined && this.writes[0].sequence <= sequence) {
      const { truncateFrom, entries } = this.writes.shift() as Write;
      if (truncateFrom !== undefined) this.disk.length = truncateFrom - this.base - 1;
      this.disk.push(...entries);
    }
  }

  /** How far the disk holds the log that is in memory. */
  get durableIndex(): LogIndex {
    let length = 0;
    while (length < this.disk.length && this.disk[length] === this.memory[length]) length++;
    return this.base + length;
  }

  termAt(index: LogIndex): Term | undefined {
    return index === this.base ? this.baseTerm : this.memory[index - this.base - 1]?.term;
  }
}

/** A {@link RaftLog} and its twin, to which the same is done. */
export class LogPair {
  readonly log: RaftLog;
  readonly twin: Twin;
  readonly #cacheBytes: number;
  #sequence = 0;
  /** Memory is given back when the disk answers and when entries are committed. */
  #hasEvicted = false;

  constructor(base: number, baseTerm: Term, cacheBytes: number) {
    this.twin = new Twin(base, baseTerm);
    this.#cacheBytes = cacheBytes;
    const bounds = {
      firstIndex: base + 1,
      lastIndex: base,
      terms: [{ index: base, term: baseTerm }],
      commitIndex: base,
    };
    this.log = new RaftLog(bounds, cacheBytes);
  }

  append(termStep: number, bytes: number): void {
    const { log, twin } = this;
    const term = Math.max(1, log.lastTerm + Math.max(0, termStep - 2));
    const entry = { index: log.lastIndex + 1, term, type: EntryType.command, data: new Uint8Array(bytes) };
    log.append(entry);
    twin.memory.push(entry);
    this.#hasEvicted = false;
  }

  truncate(at: number): void {
    const { log, twin } = this;
    if (twin.lastIndex === twin.commitIndex) return;
    const from = twin.commitIndex + 1 + (at % (twin.lastIndex - twin.commitIndex));
    log.truncate(from);
    twin.memory.length = from - twin.base - 1;
  }

  write(): void {
    const { log, twin } = this;
    if (!log.hasUnwritten) return;
    const sequence = ++this.#sequence;
    twin.writes.push({ sequence, ...log.takeUnwritten(sequence) });
  }

  persist(count: number): void {
    const write = this.twin.writes[Math.min(count, this.twin.writes.length) - 1];
    if (write === undefined) return;
    this.twin.persist(write.sequence);
    this.log.persisted(write.sequence);
    this.#hasEvicted = true;
  }

  commit(at: number): void {
    const { log, twin } = this;
    twin.commitIndex += at % (twin.lastIndex - twin.commitIndex + 1);
    log.commitTo(twin.commitIndex);
    this.#hasEvicted = true;
  }

  check(): void {
    const { log, twin } = this;
    assert.equal(log.lastIndex, twin.lastIndex);
    assert.equal(log.commitIndex, twin.commitIndex);
    assert.ok(log.durableIndex <= twin.durableIndex, 'durable before the disk has it');
    if (twin.writes.length === 0 && !log.hasUnwritten) assert.equal(log.durableIndex, twin.lastIndex);
    assert.equal(log.lastTerm, twin.memory.at(-1)?.term ?? twin.baseTerm);
    assert.equal(log.termAt(twin.base - 1), undefined);
    assert.equal(log.termAt(twin.lastIndex + 1), undefined);
    for (let index = twin.base; index <= twin.lastIndex; index++) assert.equal(log.termAt(index), twin.termAt(index));
    this.#checkCache();
  }

  /** From some index on all is in memory: at least what the disk cannot give, and no more than allowed besides. */
  #checkCache(): void {
    const { log, twin } = this;
    let first = twin.base + 1;
    while (first <= twin.lastIndex && log.cached(first, first, 1) === undefined) first++;
    assert.ok(first - 1 <= Math.min(twin.commitIndex, twin.durableIndex), 'gone from memory, and nowhere else');
    const inMemory = twin.memory.slice(first - twin.base - 1);
    assert.deepEqual(log.cached(first, twin.lastIndex, Number.POSITIVE_INFINITY), inMemory);
    const bytes = inMemory.reduce((sum, entry) => sum + sizeOf(entry), 0);
    const couldLeave = first <= Math.min(log.durableIndex, twin.commitIndex);
    if (this.#hasEvicted && couldLeave) assert.ok(bytes <= this.#cacheBytes, `${bytes} bytes are kept in memory`);
  }
}
