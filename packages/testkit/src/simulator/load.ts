import { NodeStoppedError, RaftError } from '@raft/core';
import type { LogIndex, ReadLevel, SessionPosition } from '@raft/core';
import { encodeCompareAndSet, encodeDelete, encodeSet } from '@raft/kv';
import type { KvAnswer, KvResult } from '@raft/kv';
import type { Operation } from '../checker/history.js';
import type { PlacedOperation } from '../checker/sequential.js';
import type { Coverage } from './coverage.js';
import type { Dice } from './dice.js';
import type { KvRaftNode, Member } from './member.js';
import { LostCallError } from './member.js';
import type { Features, LoadProfile, NodeProfile } from './profile.js';

/** What clients live in. */
export interface LoadScene {
  readonly coverage: Coverage;
  readonly members: readonly Member[];
  readonly leader: Member | undefined;
  readonly profile: { readonly load: LoadProfile; readonly features: Features; readonly node: NodeProfile };
  /** What must be linearizable. */
  readonly history: Operation[];
  /** Reads of single replicas. */
  readonly placed: PlacedOperation[];
  /** The last place in the log of a write that was acknowledged by that tick. */
  acknowledgedBy(tick: number): LogIndex;
  acknowledged(index: LogIndex): void;
  /** Nanoseconds of the world; each call of it gives a later one. */
  tick(): number;
  sleep(ms: number): Promise<void>;
  note(text: () => string): void;
}

/** How a call ended. `no`: it certainly did nothing. */
export type Outcome<T> =
  | { readonly end: 'done'; readonly value: T }
  | { readonly end: 'no' | 'unknown'; readonly error: unknown };

/** Tries of one command in a session. */
const MAX_TRIES = 8;

/** One caller, who does one thing after the other. */
export class Client {
  readonly name: string;
  readonly #dice: Dice;
  readonly #scene: LoadScene;
  readonly #hasSessions: boolean;
  #session: { readonly id: LogIndex; sequence: number } | undefined;
  #written = 0;
  #placed = 0;
  /** Whether it waits as long as anybody does. */
  patient = false;
  /** What it last saw of each key. */
  readonly #seen = new Map<string, string | null>();
  /** The last place in the log that it knows of. */
  #index: LogIndex = 0;

  constructor(name: string, dice: Dice, scene: LoadScene) {
    this.name = name;
    this.#dice = dice;
    this.#scene = scene;
    this.#hasSessions = scene.profile.features.sessions && dice.chance(0.6);
  }

  async run(isOver: () => boolean): Promise<void> {
    const { gapMs } = this.#scene.profile.load;
    for (;;) {
      await this.#scene.sleep(this.#dice.between(0, 2 * gapMs));
      if (isOver()) return;
      if (this.#hasSessions && this.#session === undefined) await this.#openSession();
      await this.#once(this.#chooseMember());
    }
  }

  #once(member: Member): Promise<unknown> {
    const key = `k${this.#dice.whole(1, this.#scene.profile.load.keys)}`;
    const kind = this.#dice.random();
    if (kind < 0.35) return this.set(member, key);
    if (kind < 0.5) return this.get(member, key);
    if (kind < 0.65) return this.#getAtSomeLevel(member, key);
    if (kind < 0.9) return this.compareAndSet(member, key);
    return this.delete(member, key);
  }

  // Writes

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

  async #propose(member: Member, command: Uint8Array): Promise<Outcome<KvResult>> {
    const outcome =
      this.#session === undefined
        ? await this.#call(member, (node) => node.propose(command, { timeoutMs: this.#timeoutMs() }))
        : await this.#proposeInSession(member, command, this.#session);
    const { counts } = this.#scene.coverage;
    if (outcome.end === 'done') {
      counts.writesAcknowledged++;
      if (member.status?.role === 'follower') counts.forwarded++;
      if ('revision' in outcome.value) {
        this.#index = Math.max(this.#index, outcome.value.revision);
        this.#scene.acknowledged(outcome.value.revision);
      }
    } else counts[outcome.end === 'unknown' ? 'writesUnknown' : 'writesRefused']++;
    return outcome;
  }

  // Sessions

  async #openSession(): Promise<void> {
    const outcome = await this.#call(this.#chooseMember(), (node) =>
      node.registerSession({ timeoutMs: this.#timeoutMs() }),
    );
    if (outcome.end !== 'done') return;
    this.#scene.coverage.counts.sessionsOpened++;
    this.#session = { id: outcome.value, sequence: 0 };
    this.#scene.note(() => `   ${this.name} has session ${outcome.value}`);
  }

  /** Repeats the command, to whoever may know, until it is known what became of it. */
  async #proposeInSession(
    first: Member,
    command: Uint8Array,
    session: { readonly id: LogIndex; sequence: number },
  ): Promise<Outcome<KvResult>> {
    const { counts } = this.#scene.coverage;
    const sequence = ++session.sequence;
    const position: SessionPosition = { id: session.id, sequence, firstUnacknowledged: sequence };
    let member = first;
    let mayBeDone = false;
    let outcome: Outcome<KvResult> = { end: 'no', error: undefined };
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      outcome = await this.#call(member, (node) =>
        node.propose(command, { timeoutMs: this.#timeoutMs(), session: position }),
      );
      if (outcome.end === 'done') {
        if (mayBeDone) counts.commandsRepeated++;
        return outcome;
      }
      if (outcome.end === 'unknown') mayBeDone = true;
      const code = outcome.error instanceof RaftError ? outcome.error.code : undefined;
      if (code === 'RAFT_SESSION_EXPIRED' || code === 'RAFT_RESULT_FORGOTTEN') {
        if (code === 'RAFT_SESSION_EXPIRED') counts.sessionsExpired++;
        this.#session = undefined;
        break;
      }
      if (!mayBeDone && this.#dice.chance(0.3)) break;
      await this.#scene.sleep(this.#dice.between(0, this.#scene.profile.node.electionTimeoutMs.max));
      member = this.#chooseMember();
    }
    return mayBeDone && outcome.end === 'no' ? { end: 'unknown', error: outcome.error } : outcome;
  }

  // Reads

  async get(member: Member, key: string, level: 'linearizable' | 'lease' = 'linearizable'): Promise<Outcome<KvAnswer>> {
    const call = this.#scene.tick();
    const outcome = await this.#read(member, key, level);
    if (outcome.end !== 'done') return outcome;
    const output = valueIn(outcome.value);
    this.#seen.set(key, output);
    this.#record(outcome, { client: this.name, op: 'get', key, output, call });
    return outcome;
  }

  async #getAtSomeLevel(member: Member, key: string): Promise<unknown> {
    const { features, node } = this.#scene.profile;
    const { counts } = this.#scene.coverage;
    const any = this.#dice.pick(this.#scene.members);
    const kind = this.#dice.pick(['lease', 'local', 'atLeast', 'stale'] as const);
    if (kind === 'lease' ? !features.lease : !features.levels) return this.get(any, key);
    if (kind === 'lease') {
      const outcome = await this.get(member, key, 'lease');
      if (outcome.end === 'done') counts.leaseReads++;
      return outcome;
    }
    if (kind === 'local') return this.#getPlaced(any, key, 'local', 0, 'localReads');
    if (kind === 'atLeast') return this.#getPlaced(any, key, { atLeast: this.#index }, this.#index, 'atLeastReads');
    const boundedStalenessMs = this.#dice.spread(1, node.electionTimeoutMs.max * 4);
    // The node counts with its own clock, which may run slower.
    const sinceNs = boundedStalenessMs * 1_500_000;
    const atLeast = this.#scene.acknowledgedBy(this.#scene.tick() - sinceNs);
    return this.#getPlaced(any, key, { boundedStalenessMs }, atLeast, 'staleReads');
  }

  /** A read whose answer is held against the log's order. */
  async #getPlaced(
    member: Member,
    key: string,
    level: ReadLevel,
    atLeast: LogIndex,
    counter: 'localReads' | 'atLeastReads' | 'staleReads',
  ): Promise<void> {
    // Local reads of one process follow its progress; the others promise no more than each for itself.
    const client = level === 'local' ? `${this.name}@${member.id}/${member.life}` : `${this.name}#${++this.#placed}`;
    const call = this.#scene.tick();
    const outcome = await this.#read(member, key, level);
    if (outcome.end !== 'done') return;
    this.#scene.coverage.counts[counter]++;
    const output = valueIn(outcome.value);
    const operation = { client, op: 'get', key, output, call, return: this.#scene.tick(), atLeast } as const;
    this.#scene.placed.push(operation);
    this.#scene.note(() => `   ${JSON.stringify(operation)}`);
  }

  async #read(member: Member, key: string, level: ReadLevel): Promise<Outcome<KvAnswer>> {
    const outcome = await this.#call(member, (node) =>
      node.read({ type: 'get', key: Buffer.from(key) }, { timeoutMs: this.#timeoutMs(), level }),
    );
    const { counts } = this.#scene.coverage;
    counts[outcome.end === 'done' ? 'readsAnswered' : 'readsRefused']++;
    if (outcome.end === 'done' && member.status?.role === 'follower') counts.readsOnFollowers++;
    return outcome;
  }

  // Calls

  #record({ end }: Outcome<unknown>, operation: Omit<Operation, 'return'>): void {
    const now = this.#scene.tick();
    const whole: Operation =
      end === 'unknown'
        ? { ...operation, return: null, outcome: 'unknown' }
        : { ...operation, return: now, outcome: end === 'done' ? 'ok' : 'fail' };
    this.#scene.history.push(whole);
    this.#scene.note(() => `   ${JSON.stringify(whole)}`);
  }

  async #call<T>(member: Member, make: (node: KvRaftNode) => Promise<T>): Promise<Outcome<T>> {
    try {
      return { end: 'done', value: await member.call(make) };
    } catch (error) {
      this.#scene.note(
        () => `   ${this.name} is told by ${member.id}: ${error instanceof Error ? error.message : String(error)}`,
      );
      return { end: mayBeDone(error) ? 'unknown' : 'no', error };
    }
  }

  #timeoutMs(): number {
    const { timeoutMs } = this.#scene.profile.load;
    return this.patient ? timeoutMs.max : this.#dice.within(timeoutMs);
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
    if (leaders.length > 0 && this.#dice.chance(0.8))
      return this.#dice.chance(0.6) ? (leader ?? this.#dice.pick(leaders)) : this.#dice.pick(leaders);
    return this.#dice.pick(members);
  }
}

/** Throws what is no end that a call may have. */
export function mayBeDone(error: unknown): boolean {
  if (error instanceof LostCallError) return error.maybeDone;
  if (!(error instanceof RaftError)) throw error;
  // Said of a command that was done by an earlier try.
  if (error.code === 'RAFT_UNKNOWN_OUTCOME' || error.code === 'RAFT_RESULT_FORGOTTEN') return true;
  return error instanceof NodeStoppedError && error.maybeDone;
}

function valueIn(answer: KvAnswer): string | null {
  return answer.type === 'get' && answer.found !== undefined ? textOf(answer.found.value) : null;
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
