import { NodeStoppedError, RaftError } from '@raft/core';
import { encodeCompareAndSet, encodeDelete, encodeSet } from '@raft/kv';
import type { KvAnswer, KvResult } from '@raft/kv';
import type { Operation } from '../checker/history.js';
import type { Coverage } from './coverage.js';
import type { Dice } from './dice.js';
import type { KvRaftNode, Member } from './member.js';
import { LostCallError } from './member.js';
import type { LoadProfile } from './profile.js';

/** What clients live in. */
export interface LoadScene {
  readonly coverage: Coverage;
  readonly members: readonly Member[];
  readonly leader: Member | undefined;
  readonly profile: { readonly load: LoadProfile };
  readonly history: Operation[];
  /** Nanoseconds of the world; each call of it gives a later one. */
  tick(): number;
  sleep(ms: number): Promise<void>;
  note(text: () => string): void;
}

/** How a call ended. `no`: it certainly did nothing. */
export type Outcome<T> = { readonly end: 'done'; readonly value: T } | { readonly end: 'no' | 'unknown' };

/** One caller, who does one thing after the other. */
export class Client {
  readonly name: string;
  readonly #dice: Dice;
  readonly #scene: LoadScene;
  #written = 0;
  /** Whether it waits as long as anybody does. */
  patient = false;
  /** What it last saw of each key. */
  readonly #seen = new Map<string, string | null>();

  constructor(name: string, dice: Dice, scene: LoadScene) {
    this.name = name;
    this.#dice = dice;
    this.#scene = scene;
  }

  async run(isOver: () => boolean): Promise<void> {
    const { gapMs } = this.#scene.profile.load;
    for (;;) {
      await this.#scene.sleep(this.#dice.between(0, 2 * gapMs));
      if (isOver()) return;
      await this.#once(this.#chooseMember());
    }
  }

  #once(member: Member): Promise<unknown> {
    const key = `k${this.#dice.whole(1, this.#scene.profile.load.keys)}`;
    const kind = this.#dice.random();
    if (kind < 0.35) return this.set(member, key);
    if (kind < 0.6) return this.get(member, key);
    if (kind < 0.9) return this.compareAndSet(member, key);
    return this.delete(member, key);
  }

  async set(member: Member, key: string): Promise<Outcome<KvResult>> {
    const value = this.#newValue();
    const call = this.#scene.tick();
    const outcome = await this.#propose(member, encodeSet(key, value));
    this.#record(outcome, { client: this.name, op: 'set', key, value, call });
    if (outcome.end === 'done') this.#seen.set(key, value);
    return outcome;
  }

  async delete(member: Member, key: string): Promise<void> {
    const call = this.#scene.tick();
    const outcome = await this.#propose(member, encodeDelete(key));
    const ok = outcome.end === 'done' && outcome.value.type === 'delete' ? { ok: outcome.value.existed } : {};
    if ('ok' in ok) this.#scene.coverage.counts.deletions++;
    this.#record(outcome, { client: this.name, op: 'delete', key, call, ...ok });
  }

  async compareAndSet(member: Member, key: string): Promise<void> {
    const expected = this.#seen.get(key) ?? null;
    const value = this.#newValue();
    const call = this.#scene.tick();
    const condition = expected === null ? ({ absent: true } as const) : { value: expected };
    const outcome = await this.#propose(member, encodeCompareAndSet(key, condition, value));
    const base = { client: this.name, op: 'cas', key, value, expected, call } as const;
    if (outcome.end !== 'done' || outcome.value.type !== 'compareAndSet') return this.#record(outcome, base);
    const result = outcome.value;
    this.#scene.coverage.counts[result.swapped ? 'swaps' : 'swapsRefused']++;
    if (result.swapped) {
      this.#seen.set(key, value);
      return this.#record(outcome, { ...base, ok: true });
    }
    const output = result.current === undefined ? null : textOf(result.current.value);
    this.#seen.set(key, output);
    this.#record(outcome, { ...base, ok: false, output });
  }

  async get(member: Member, key: string): Promise<Outcome<KvAnswer>> {
    const call = this.#scene.tick();
    const outcome = await this.#call(member, (node) =>
      node.read({ type: 'get', key: Buffer.from(key) }, { timeoutMs: this.#timeoutMs() }),
    );
    const { counts } = this.#scene.coverage;
    counts[outcome.end === 'done' ? 'readsAnswered' : 'readsRefused']++;
    if (outcome.end !== 'done' || outcome.value.type !== 'get') return outcome;
    const output = outcome.value.found === undefined ? null : textOf(outcome.value.found.value);
    this.#seen.set(key, output);
    this.#note(outcome, { client: this.name, op: 'get', key, output, call });
    return outcome;
  }

  async #propose(member: Member, command: Uint8Array): Promise<Outcome<KvResult>> {
    const outcome = await this.#call(member, (node) => node.propose(command, { timeoutMs: this.#timeoutMs() }));
    const { counts } = this.#scene.coverage;
    if (outcome.end === 'done') counts.writesAcknowledged++;
    else counts[outcome.end === 'unknown' ? 'writesUnknown' : 'writesRefused']++;
    return outcome;
  }

  #record(outcome: Outcome<unknown>, operation: Omit<Operation, 'return'>): void {
    this.#note(outcome, operation);
  }

  #note({ end }: Outcome<unknown>, operation: Omit<Operation, 'return'>): void {
    const { history } = this.#scene;
    const now = this.#scene.tick();
    const whole: Operation =
      end === 'unknown'
        ? { ...operation, return: null, outcome: 'unknown' }
        : { ...operation, return: now, outcome: end === 'done' ? 'ok' : 'fail' };
    history.push(whole);
    this.#scene.note(() => `   ${JSON.stringify(whole)}`);
  }

  async #call<T>(member: Member, make: (node: KvRaftNode) => Promise<T>): Promise<Outcome<T>> {
    try {
      return { end: 'done', value: await member.call(make) };
    } catch (error) {
      return { end: mayBeDone(error) ? 'unknown' : 'no' };
    }
  }

  #timeoutMs(): number {
    return this.patient
      ? this.#scene.profile.load.timeoutMs.max
      : this.#dice.within(this.#scene.profile.load.timeoutMs);
  }

  /** Another each time, so that who wrote what is never in doubt. */
  #newValue(): string {
    const { maxValueBytes } = this.#scene.profile.load;
    return `${this.name}.${++this.#written}`.padEnd(this.#dice.whole(0, maxValueBytes), '.');
  }

  /** Callers know who leads, most of the time; some believe in one that was deposed and does not know it. */
  #chooseMember(): Member {
    const { members, leader } = this.#scene;
    const leaders = members.filter((member) => member.status?.role === 'leader');
    if (leaders.length > 0 && this.#dice.chance(0.7))
      return this.#dice.chance(0.6) ? (leader ?? this.#dice.pick(leaders)) : this.#dice.pick(leaders);
    return this.#dice.pick(members);
  }
}

/** Throws what is no end that a call may have. */
function mayBeDone(error: unknown): boolean {
  if (error instanceof LostCallError) return error.maybeDone;
  if (!(error instanceof RaftError)) throw error;
  return error.code === 'RAFT_UNKNOWN_OUTCOME' || (error instanceof NodeStoppedError && error.maybeDone);
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
