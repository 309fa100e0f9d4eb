import { NodeStoppedError, RaftError } from '../../../src/index.js';
import type { ProposeOptions, ReadOptions } from '../../../src/index.js';
import type { TestNode } from './cluster.js';

interface Write {
  readonly text: string;
  readonly askedAt: number;
  endedAt: number | undefined;
  error: unknown;
}

interface Read {
  readonly askedAt: number;
  endedAt: number | undefined;
  answer: readonly string[] | undefined;
  error: unknown;
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : typeof error);

/**
 * The calls of one run and how they ended, to be held against what the machines applied. Every command is another text,
 * and a read answers all texts in order, so whether a history is linearizable can simply be looked up.
 */
export class Ledger {
  readonly writes: Write[] = [];
  readonly reads: Read[] = [];
  /** Orders what happens: each asking and each end is one tick. */
  #tick = 0;

  propose(node: TestNode, options: ProposeOptions = {}): void {
    this.write((text) => node.propose(text, options));
  }

  /** `call` proposes the text. */
  write(call: (text: string) => Promise<unknown>): void {
    const write: Write = {
      text: `c${this.writes.length}`,
      askedAt: ++this.#tick,
      endedAt: undefined,
      error: undefined,
    };
    this.writes.push(write);
    call(write.text).then(
      () => void (write.endedAt = ++this.#tick),
      (error: unknown) => void Object.assign(write, { endedAt: ++this.#tick, error }),
    );
  }

  /** With a level that is linearizable. */
  read(node: TestNode, options: ReadOptions = {}): void {
    const read: Read = { askedAt: ++this.#tick, endedAt: undefined, answer: undefined, error: undefined };
    this.reads.push(read);
    node.read('all', options).then(
      (answer) => void Object.assign(read, { endedAt: ++this.#tick, answer }),
      (error: unknown) => void Object.assign(read, { endedAt: ++this.#tick, error }),
    );
  }

  get acknowledged(): number {
    return this.writes.filter((write) => write.endedAt !== undefined && write.error === undefined).length;
  }

  /** What is wrong, one line each, given the texts that the cluster has agreed on in the end. */
  problems(agreed: readonly string[]): string[] {
    const found: string[] = [];
    const places = new Map(agreed.map((text, place) => [text, place]));
    if (places.size !== agreed.length) found.push('a command was applied twice');
    for (const write of this.writes) found.push(...this.#aboutWrite(write, places.has(write.text)));
    for (const read of this.reads) found.push(...this.#aboutRead(read, agreed, places));
    return found;
  }

  #aboutWrite(write: Write, isDone: boolean): string[] {
    const { text, endedAt, error } = write;
    if (endedAt === undefined) return [`${text} hangs`];
    if (error === undefined) return isDone ? [] : [`${text} was acknowledged and is lost`];
    if (!(error instanceof RaftError)) return [`${text} ended with a foreign error: ${describe(error)}`];
    const maybeDone =
      ['RAFT_UNKNOWN_OUTCOME', 'RAFT_SESSION_EXPIRED', 'RAFT_RESULT_FORGOTTEN'].includes(error.code) ||
      (error instanceof NodeStoppedError && error.maybeDone);
    return isDone && !maybeDone ? [`${text} was said to be certainly not done (${error.code}), but is done`] : [];
  }

  #aboutRead(read: Read, agreed: readonly string[], places: ReadonlyMap<string, number>): string[] {
    const { askedAt, endedAt, answer, error } = read;
    const name = `the read asked at ${askedAt}`;
    if (endedAt === undefined) return [`${name} hangs`];
    if (answer === undefined) return error instanceof RaftError ? [] : [`${name} ended with ${describe(error)}`];
    const found: string[] = [];
    if (answer.some((text, place) => agreed[place] !== text)) found.push(`${name} shows what was never agreed`);
    for (const write of this.writes) {
      const place = places.get(write.text) ?? Infinity;
      const acknowledgedBefore = write.error === undefined && (write.endedAt ?? Infinity) < askedAt;
      if (acknowledgedBefore && place >= answer.length) found.push(`${name} misses ${write.text}, acknowledged before`);
      if (write.askedAt > endedAt && place < answer.length) found.push(`${name} shows ${write.text}, asked for later`);
    }
    for (const earlier of this.reads) {
      const isEarlier = earlier.answer !== undefined && (earlier.endedAt ?? Infinity) < askedAt;
      if (isEarlier && (earlier.answer?.length ?? 0) > answer.length) found.push(`${name} goes back in time`);
    }
    return found;
  }
}
