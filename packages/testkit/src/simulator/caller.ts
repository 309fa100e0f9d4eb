import { NodeStoppedError, RaftError } from '@raft/core';
import type { LogIndex, NodeId, ReadLevel, SessionPosition } from '@raft/core';
import type { Operation } from '../checker/history.js';
import type { PlacedOperation } from '../checker/sequential.js';
import type { Coverage } from './coverage.js';
import type { Dice } from './dice.js';
import type { Features } from './features.js';
import { LostCallError } from './member.js';
import type { Member, SimulatedNode } from './member.js';
import type { LoadProfile, NodeProfile } from './profile.js';
import { messageOf } from './violation.js';

/** What callers live in. */
export interface LoadScene {
  readonly coverage: Coverage;
  readonly members: readonly Member[];
  readonly leader: Member | undefined;
  readonly profile: { readonly load: LoadProfile; readonly features: Features; readonly node: NodeProfile };
  /** As many are to be left by a change that is under way. */
  votersAsked: number | undefined;
  /** Whether the node's disk was replaced, and not all voters know that it is back. */
  isForgetful(id: NodeId): boolean;
  /** What must be linearizable. */
  readonly history: Operation[];
  /** Reads of single replicas. */
  readonly placed: PlacedOperation[];
  /** The last place in the log of a write that was acknowledged by that tick. */
  acknowledgedBy(tick: number): LogIndex;
  acknowledged(index: LogIndex): void;
  /** Nanoseconds of the world; each call of it gives a later one. */
  tick(): number;
  readonly now: number;
  sleep(ms: number): Promise<void>;
  note(text: () => string): void;
}

/** How a call ended. `no`: it certainly did nothing. */
export type Outcome<T> =
  | { readonly end: 'done'; readonly value: T }
  | { readonly end: 'no' | 'unknown'; readonly error: unknown };

/** A read of a single replica: its answer is held against the log's order. */
export interface PlacedRead {
  /** Who was promised an order of the answers. */
  readonly client: string;
  readonly level: ReadLevel;
  readonly atLeast: LogIndex;
  readonly counter: 'localReads' | 'atLeastReads' | 'staleReads';
}

/** Tries of one command in a session. */
export const MAX_TRIES = 8;

/** One caller, who does one thing after the other: what any state machine can be asked for. */
export abstract class Caller {
  readonly name: string;
  protected readonly dice: Dice;
  protected readonly scene: LoadScene;
  readonly #hasSessions: boolean;
  #session: { readonly id: LogIndex; sequence: number } | undefined;
  #placed = 0;
  /** Whether it waits as long as anybody does. */
  patient = false;
  /** The last place in the log that it knows of. */
  protected index: LogIndex = 0;

  constructor(name: string, dice: Dice, scene: LoadScene) {
    this.name = name;
    this.dice = dice;
    this.scene = scene;
    this.#hasSessions = scene.profile.features.sessions && dice.chance(0.6);
  }

  /** One call, by chance. */
  protected abstract once(member: Member): Promise<unknown>;
  abstract lastWrite(member: Member): Promise<Outcome<unknown>>;
  abstract lastRead(member: Member): Promise<Outcome<unknown>>;

  async run(isOver: () => boolean): Promise<void> {
    const { gapMs } = this.scene.profile.load;
    for (;;) {
      await this.scene.sleep(this.dice.between(0, 2 * gapMs));
      await this.#rest();
      if (isOver()) return;
      if (this.#hasSessions && this.#session === undefined) await this.#openSession();
      if (this.#session !== undefined && this.dice.chance(0.1)) await this.#tendSession(this.#session.id);
      await this.once(this.#chooseMember());
    }
  }

  /** All at the same time, so that there is nothing to do. */
  async #rest(): Promise<void> {
    const { workMs, restMs } = this.scene.profile.load;
    const place = this.scene.now % (workMs + restMs);
    if (place >= workMs) await this.scene.sleep(workMs + restMs - place);
  }

  // Writes

  protected async propose(member: Member, command: Uint8Array): Promise<Outcome<unknown>> {
    const outcome =
      this.#session === undefined
        ? await this.#call(member, (node) => node.propose(command, { timeoutMs: this.#timeoutMs() }))
        : await this.#proposeInSession(member, command, this.#session);
    const { counts } = this.scene.coverage;
    if (outcome.end === 'done') {
      counts.writesAcknowledged++;
      if (member.status?.role === 'follower') counts.forwarded++;
    } else counts[outcome.end === 'unknown' ? 'writesUnknown' : 'writesRefused']++;
    return outcome;
  }

  /** It knows of a place in the log, at which a write of its own was acknowledged. */
  protected learned(index: LogIndex): void {
    this.index = Math.max(this.index, index);
    this.scene.acknowledged(index);
  }

  // Sessions

  async #openSession(): Promise<void> {
    const outcome = await this.#call(this.#chooseMember(), (node) =>
      node.registerSession({ timeoutMs: this.#timeoutMs() }),
    );
    if (outcome.end !== 'done') return;
    this.scene.coverage.counts.sessionsOpened++;
    this.#session = { id: outcome.value, sequence: 0 };
    this.scene.note(() => `   ${this.name} has session ${outcome.value}`);
  }

  /** Keeps it alive, or has had enough of it. */
  async #tendSession(id: LogIndex): Promise<void> {
    const { counts } = this.scene.coverage;
    const options = { timeoutMs: this.#timeoutMs() };
    const isOver = this.dice.chance(0.3);
    const outcome = await this.#call(this.#chooseMember(), (node) =>
      isOver ? node.closeSession(id, options) : node.keepSession(id, options),
    );
    if (outcome.end === 'done') counts[isOver ? 'sessionsClosed' : 'sessionsKept']++;
    if (isOver || (outcome.end === 'no' && isExpired(outcome.error))) this.#session = undefined;
  }

  /** Repeats the command, to whoever may know, until it is known what became of it. */
  async #proposeInSession(
    first: Member,
    command: Uint8Array,
    session: { readonly id: LogIndex; sequence: number },
  ): Promise<Outcome<unknown>> {
    const { counts } = this.scene.coverage;
    const sequence = ++session.sequence;
    const position: SessionPosition = { id: session.id, sequence, firstUnacknowledged: sequence };
    let member = first;
    let mayBeDone = false;
    let outcome: Outcome<unknown> = { end: 'no', error: undefined };
    for (let tries = 1; tries <= MAX_TRIES; tries++) {
      outcome = await this.#call(member, (node) =>
        node.propose(command, { timeoutMs: this.#timeoutMs(), session: position }),
      );
      if (outcome.end === 'done') {
        if (mayBeDone) counts.commandsRepeated++;
        return outcome;
      }
      if (outcome.end === 'unknown') mayBeDone = true;
      const isOver = isExpired(outcome.error);
      if (isOver) counts.sessionsExpired++;
      if (isOver || codeOf(outcome.error) === 'RAFT_RESULT_FORGOTTEN') {
        this.#session = undefined;
        break;
      }
      if (!mayBeDone && this.dice.chance(0.3)) break;
      await this.scene.sleep(this.dice.between(0, this.scene.profile.node.electionTimeoutMs.max));
      member = this.#chooseMember();
    }
    return mayBeDone && outcome.end === 'no' ? { end: 'unknown', error: outcome.error } : outcome;
  }

  // Reads

  async read(member: Member, query: unknown, level: ReadLevel = 'linearizable'): Promise<Outcome<unknown>> {
    const outcome = await this.#call(member, (node) => node.read(query, { timeoutMs: this.#timeoutMs(), level }));
    const { counts } = this.scene.coverage;
    counts[outcome.end === 'done' ? 'readsAnswered' : 'readsRefused']++;
    if (outcome.end === 'done' && level === 'lease') counts.leaseReads++;
    if (outcome.end === 'done' && member.status?.role === 'follower') counts.readsOnFollowers++;
    return outcome;
  }

  /** A level that the run asks for besides linearizable, and what it promises. */
  protected chooseLevel(member: Member): 'linearizable' | 'lease' | PlacedRead {
    const { features, node } = this.scene.profile;
    const kind = this.dice.pick(['lease', 'local', 'atLeast', 'stale'] as const);
    if (kind === 'lease') return features.lease ? 'lease' : 'linearizable';
    if (!features.levels) return 'linearizable';
    // Local reads of one process follow its progress; the others promise no more than each for itself.
    if (kind === 'local') {
      const client = `${this.name}@${member.id}/${member.life}`;
      return { client, level: 'local', atLeast: 0, counter: 'localReads' };
    }
    const client = `${this.name}#${++this.#placed}`;
    if (kind === 'atLeast')
      return { client, level: { atLeast: this.index }, atLeast: this.index, counter: 'atLeastReads' };
    const boundedStalenessMs = this.dice.spread(1, node.electionTimeoutMs.max * 4);
    // The node counts with its own clock, which may run slower.
    const sinceNs = boundedStalenessMs * 1_500_000;
    const atLeast = this.scene.acknowledgedBy(this.scene.tick() - sinceNs);
    return { client, level: { boundedStalenessMs }, atLeast, counter: 'staleReads' };
  }

  /** `show` makes of an answer what is compared. */
  protected async readPlaced(
    member: Member,
    { key, query }: { readonly key: string; readonly query: unknown },
    { client, level, atLeast, counter }: PlacedRead,
    show: (answer: unknown) => string | null,
  ): Promise<void> {
    const call = this.scene.tick();
    const outcome = await this.read(member, query, level);
    if (outcome.end !== 'done') return;
    this.scene.coverage.counts[counter]++;
    const output = show(outcome.value);
    const operation = { client, op: 'get', key, output, call, return: this.scene.tick(), atLeast } as const;
    this.scene.placed.push(operation);
    this.scene.note(() => `   ${JSON.stringify(operation)}`);
  }

  // Calls

  async #call<T>(member: Member, make: (node: SimulatedNode) => Promise<T>): Promise<Outcome<T>> {
    try {
      return { end: 'done', value: await member.call(make) };
    } catch (error) {
      this.scene.note(() => `   ${this.name} is told by ${member.id}: ${messageOf(error)}`);
      return { end: mayBeDone(error) ? 'unknown' : 'no', error };
    }
  }

  #timeoutMs(): number {
    const { timeoutMs } = this.scene.profile.load;
    return this.patient ? timeoutMs.max : this.dice.within(timeoutMs);
  }

  /** Callers know who leads, most of the time; some believe in one that was deposed and does not know it. */
  #chooseMember(): Member {
    const { members, leader } = this.scene;
    const leaders = members.filter((member) => member.status?.role === 'leader');
    if (leaders.length > 0 && this.dice.chance(0.8))
      return this.dice.chance(0.6) ? (leader ?? this.dice.pick(leaders)) : this.dice.pick(leaders);
    return this.dice.pick(members);
  }
}

const codeOf = (error: unknown): string | undefined => (error instanceof RaftError ? error.code : undefined);

const isExpired = (error: unknown): boolean => codeOf(error) === 'RAFT_SESSION_EXPIRED';

/** Throws what is no end that a call may have. */
export function mayBeDone(error: unknown): boolean {
  if (error instanceof LostCallError) return error.maybeDone;
  if (!(error instanceof RaftError)) throw error;
  // Said of a command that was done by an earlier try.
  if (error.code === 'RAFT_UNKNOWN_OUTCOME' || error.code === 'RAFT_RESULT_FORGOTTEN') return true;
  return error instanceof NodeStoppedError && error.maybeDone;
}
