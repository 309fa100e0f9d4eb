import { OverloadedError } from '@raft/core';
import type { AppendEntries, Configuration, LogIndex, Message, NodeId, NodeStatus, Term } from '@raft/core';
import type { Operation } from '../checker/history.js';
import type { PlacedOperation } from '../checker/sequential.js';
import { Admin } from './admin.js';
import { Agenda } from './agenda.js';
import type { Application } from './application.js';
import { MAX_TRIES } from './caller.js';
import type { Caller, LoadScene, Outcome } from './caller.js';
import { Coverage } from './coverage.js';
import type { Counts, Strikes } from './coverage.js';
import { Dice } from './dice.js';
import { Disk } from './disk.js';
import { faultNames, strike } from './faults.js';
import type { Fault, FaultScene, Victim } from './faults.js';
import { Invariants } from './invariants.js';
import { kvApplication } from './kv.js';
import { Member } from './member.js';
import type { World } from './member.js';
import { Network } from './network.js';
import type { Fate } from './network.js';
import { Mirror } from './mirror.js';
import type { OwnStorage } from './mirror.js';
import { OwnApplication } from './own-machine.js';
import type { OwnMachine } from './own-machine.js';
import { drawProfile } from './profile.js';
import type { PlannedFault, Profile } from './profile.js';
import { Trace } from './trace.js';
import { messageOf, must, Violation } from './violation.js';

export interface SimulationOptions {
  readonly seed: number;
  /** Default: any number from 1 to 9. */
  readonly nodes?: number | undefined;
  /**
   * What the cluster replicates instead of the map: the options of its suite. Sessions are used when it has a `resultCodec`. It may wait for
   * promises and turns of the event loop, but for nothing real, as there virtual time goes on without it.
   */
  readonly stateMachine?: OwnMachine | undefined;
  /**
   * Storages that are given all that becomes durable on the simulated disks, and have to know the same after every crash: the options of
   * their suite, of whose abilities `crash` is made use of. They may do real I/O: virtual time waits for them.
   */
  readonly storage?: OwnStorage | undefined;
  /** Keeps a log of all events; slow. Default false. */
  readonly log?: boolean | undefined;
  /** Only the planned faults of these numbers strike, from 0. Default all. */
  readonly onlyFaults?: readonly number[] | undefined;
}

export interface SimulationResult {
  readonly seed: number;
  /** Of everything that happened: equal for equal seeds, on every machine. */
  readonly hash: string;
  /** What went wrong; undefined when nothing did. */
  readonly failure: Error | undefined;
  readonly counts: Counts;
  /** How often each fault struck while each feature was in use. */
  readonly strikes: Strikes;
  readonly virtualMs: number;
  readonly steps: number;
  /** Calls that the checkers looked at. */
  readonly operations: number;
  /** Those of them that must be linearizable. */
  readonly history: readonly Operation[];
  readonly plannedFaults: number;
  /** Empty unless asked for. */
  readonly log: readonly string[];
}

/** Runs one seed: a storm, then calm, in which the cluster must come to rest, agree, serve and hold all that it acknowledged. */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  return new Simulation(options).run();
}

/** Turns of the event loop that are waited for before time goes on over nothing. */
const IDLE_TURNS = 4;

/** Heartbeats that are missing until a leader is taken to rest. */
const SILENT_BEATS = 3;

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const roles = ['follower', 'learner', 'preCandidate', 'candidate', 'leader'];

class Simulation implements World, FaultScene, LoadScene {
  readonly application: Application;
  readonly agenda: Agenda = new Agenda();
  readonly coverage: Coverage = new Coverage(faultNames);
  readonly trace: Trace;
  readonly profile: Profile;
  readonly invariants: Invariants;
  readonly network: Network;
  readonly members: readonly Member[];
  readonly history: Operation[] = [];
  readonly placed: PlacedOperation[] = [];
  readonly #acknowledgements: { readonly tick: number; readonly index: LogIndex }[] = [];
  readonly electionTimeoutMs: { readonly min: number; readonly max: number };
  readonly #options: SimulationOptions;
  readonly #dice: Dice;
  readonly #ran = new Set<Member>();
  votersAsked: number | undefined;
  #violation: unknown;
  #faults: { readonly number: number; readonly fault: Fault }[] = [];
  #isStorm = true;
  #lastTick = 0;
  #lastLeader: string | undefined;
  #lastJoint: LogIndex = 0;
  readonly #lastBeats = new Map<NodeId, { readonly at: number; readonly term: Term; readonly quiesce: boolean }>();
  /** Nodes whose disk was replaced, as far as it is not known that they take part again. */
  readonly #wiped = new Set<NodeId>();

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.trace = new Trace({ log: options.log === true });
    const dice = new Dice(options.seed);
    this.application = options.stateMachine === undefined ? kvApplication() : new OwnApplication(options.stateMachine);
    const profile = drawProfile(dice, options.nodes);
    const sessions = profile.features.sessions && this.application.keepsResults;
    this.profile = { ...profile, features: { ...profile.features, sessions } };
    this.electionTimeoutMs = this.profile.node.electionTimeoutMs;
    this.#dice = dice.fork();
    this.note(() => `profile ${JSON.stringify({ ...this.profile, faults: this.profile.faults.length })}`);
    this.network = new Network(this.profile.network, {
      agenda: this.agenda,
      dice: dice.fork(),
      watcher: {
        sending: (from, messages) => this.#sending(from, messages),
        fate: (what, messages) => this.#fate(what, messages),
        delivering: (to, messages, bytes) => {
          this.trace.fact(messages.length, bytes);
          for (const message of messages) this.note(() => describeMessage(message, to));
        },
        losing: (node, peer) => {
          this.coverage.counts.peersLost++;
          this.note(() => `${node}  has lost ${peer}`);
        },
      },
    });
    const disks = new Map(
      this.profile.ids.map((id) => [id, new Disk(this.profile.disk, this.agenda, dice.fork())] as const),
    );
    if (options.storage !== undefined)
      for (const [id, disk] of disks) disk.mirror = new Mirror(id, options.storage, (error) => this.violated(error));
    this.invariants = new Invariants(disks, (result) => this.application.describe(result));
    this.members = [...disks].map(([id, disk]) => new Member(id, disk, dice.fork(), this));
  }

  async run(): Promise<SimulationResult> {
    let failure: Error | undefined;
    const stray = (error: unknown): void =>
      this.violated(new Violation(`a rejection that nobody handles: ${messageOf(error)}`, { cause: error }));
    process.on('unhandledRejection', stray);
    try {
      await this.#play();
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      this.note(() => `FAILED: ${failure?.message}`);
    } finally {
      await this.#letGo();
      process.off('unhandledRejection', stray);
    }
    return {
      seed: this.#options.seed,
      hash: this.trace.hash,
      failure,
      counts: this.coverage.counts,
      strikes: this.coverage.strikes,
      virtualMs: this.agenda.now,
      steps: this.agenda.steps,
      operations: this.history.length + this.placed.length,
      history: this.history,
      plannedFaults: this.profile.faults.length,
      log: this.trace.lines ?? [],
    };
  }

  async #play(): Promise<void> {
    for (const member of this.members) member.start();
    const callers = [
      new Admin(this.#dice.fork(), this),
      ...Array.from({ length: this.profile.load.clients }, (_, place) =>
        this.application.createClient(`c${place + 1}`, this.#dice.fork(), this),
      ),
    ];
    const lives = callers.map((caller) => {
      const life = { ended: false };
      caller
        .run(() => !this.#isStorm)
        .then(
          () => (life.ended = true),
          (error: unknown) => this.violated(error),
        );
      return life;
    });
    this.#planFaults();
    await this.#runUntil(this.profile.stormMs);
    this.#calm();
    await this.#converge('after the storm');
    await this.#runUntil(this.agenda.now + 12 * this.electionTimeoutMs.max + this.profile.load.gapMs * 2);
    // Each call ends by its deadline, but a caller with a session tries again, on nodes that may have been removed.
    const latest = this.agenda.now + (MAX_TRIES + 3) * this.profile.load.timeoutMs.max + this.profile.load.restMs;
    while (!lives.every(({ ended }) => ended) && this.agenda.now < latest)
      await this.#runUntil(this.agenda.now + this.electionTimeoutMs.max);
    must(
      lives.every(({ ended }) => ended),
      () => 'a call hangs: neither its result nor an error came by its deadline',
    );
    await this.#serve();
    await this.#converge('after one more write and read');
    await this.application.check(this, this.invariants.commands);
    await this.#checkContents();
    await turn();
    this.#throwViolation();
    const { counts } = this.coverage;
    counts.convergences++;
    const voters = this.leader?.status?.membership.voters;
    for (const id of this.#wiped) if (voters?.includes(id) === true) counts.nodesReadmitted++;
    counts.splitVotes += this.invariants.ledger.termsWithoutLeader;
    counts.repetitionsApplied += this.invariants.repetitions;
    counts.oldTermsCommitted += this.invariants.ledger.oldTermsCommitted;
  }

  // Time

  async #runUntil(time: number): Promise<void> {
    for (;;) {
      // Promises of a step settle before the next; what they bring about belongs to it. A state machine that lets the event loop turn
      // (the map does, between blocks of a snapshot) gets some turns even when nothing else is to happen.
      if (!this.agenda.isDue(time))
        for (let turns = 0; turns < IDLE_TURNS && !this.agenda.isDue(time); turns++) await turn();
      if (!this.agenda.isDue(time)) break;
      this.agenda.keepNext();
      await turn();
      await this.#mirrors();
      for (const member of this.#ran) this.#check(member);
      this.#ran.clear();
      this.#throwViolation();
    }
    this.agenda.now = Math.max(this.agenda.now, time);
  }

  async #mirrors(): Promise<void> {
    if (this.#options.storage === undefined) return;
    for (const { disk } of this.members) await disk.mirror?.idle();
  }

  /** Closes and removes what is somebody's own. */
  async #letGo(): Promise<void> {
    for (const { disk } of this.members) disk.mirror?.wipe();
    await this.#mirrors();
  }

  #throwViolation(): void {
    if (this.#violation !== undefined) throw this.#violation as Error;
  }

  ran(member: Member): void {
    this.#ran.add(member);
  }

  violated(error: unknown): void {
    this.#violation ??= error;
  }

  after(delayMs: number, task: () => void): void {
    this.agenda.after(delayMs, task);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.agenda.after(ms, resolve));
  }

  get now(): number {
    return this.agenda.now;
  }

  tick(): number {
    this.#lastTick = Math.max(this.#lastTick + 1, Math.round(this.agenda.now * 1_000_000));
    return this.#lastTick;
  }

  acknowledged(index: LogIndex): void {
    const last = this.#acknowledgements.at(-1)?.index ?? 0;
    if (index > last) this.#acknowledgements.push({ tick: this.tick(), index });
  }

  acknowledgedBy(tick: number): LogIndex {
    return this.#acknowledgements.findLast((one) => one.tick <= tick)?.index ?? 0;
  }

  note(text: () => string): void {
    this.trace.note(this.agenda.now, text);
  }

  #check(member: Member): void {
    const { status } = member;
    if (status === undefined || status.state !== 'running') return;
    const { term, role, lastIndex, commitIndex, appliedIndex, membership } = status;
    this.trace.fact(
      this.agenda.now * 1000,
      Number(member.id),
      term,
      roles.indexOf(role),
      lastIndex,
      commitIndex,
      appliedIndex,
    );
    this.invariants.stepped(member.id, status);
    if (role === 'leader' && membership.outgoing.length > 0 && membership.index !== this.#lastJoint) {
      this.#lastJoint = membership.index;
      this.coverage.counts.jointPhases++;
    }
    if (role !== 'leader' || this.#lastLeader === `${member.id}:${term}`) return;
    const { counts } = this.coverage;
    counts.leaders++;
    if (this.#lastLeader !== undefined) counts.leaderChanges++;
    if (membership.outgoing.length > 0) counts.jointLeadersLost++;
    this.#lastLeader = `${member.id}:${term}`;
  }

  // Network

  #sending(from: NodeId, messages: readonly Message[]): void {
    this.invariants.sending(from, messages);
    const { counts } = this.coverage;
    for (const message of messages) {
      if (message.type === 'requestVoteResponse' && !message.granted)
        counts[message.preVote ? 'preVotesRefused' : 'votesRefused']++;
      if (message.type === 'installSnapshot') counts.snapshotPieces++;
      if (message.type === 'appendEntries') this.#beats(from, message);
      if (message.type === 'appendEntriesResponse' && message.rejection !== undefined) counts.appendsRefused++;
    }
  }

  #beats(id: NodeId, { term, quiesce }: AppendEntries): void {
    if (this.#isSilent(id, term)) this.coverage.counts.rests++;
    this.#lastBeats.set(id, { at: this.agenda.now, term, quiesce });
  }

  /** Nothing for longer than between heartbeats, after one that may have been the last. */
  #isSilent(id: NodeId, term: Term): boolean {
    const last = this.#lastBeats.get(id);
    if (last?.term !== term || !last.quiesce) return false;
    return this.agenda.now - last.at > SILENT_BEATS * this.profile.node.heartbeatIntervalMs;
  }

  isResting({ id, status }: Member): boolean {
    return status?.role === 'leader' && this.#isSilent(id, status.term);
  }

  #fate(what: Fate, messages: readonly Message[]): void {
    const { counts } = this.coverage;
    if (what === 'lost') counts.messagesLost += messages.length;
    if (what === 'duplicated') counts.messagesDuplicated += messages.length;
    if (what === 'reordered') counts.messagesReordered += messages.length;
    if (what === 'late') counts.messagesLate += messages.length;
    if (what !== 'cut') return;
    counts.messagesCut += messages.length;
    if (messages.some(({ type }) => type === 'installSnapshot')) counts.snapshotsCut++;
  }

  // Faults

  /** The latest, where several think they lead. */
  get leader(): Member | undefined {
    let best: Member | undefined;
    let bestTerm = -1;
    for (const member of this.members) {
      const status = member.isRunning ? member.status : undefined;
      if (status?.role !== 'leader' || status.term <= bestTerm) continue;
      best = member;
      bestTerm = status.term;
    }
    return best;
  }

  /**
   * One wiped disk at a time, and only when every voter has the record of all storages on its disk. Before that a voter that has been
   * cut off since the beginning and a wiped one look like two that start a new cluster.
   */
  maySpareDisk(victim: Victim): boolean {
    const configuration = this.leader?.disk.written.configuration();
    if (configuration === undefined || configuration.outgoing.length > 0 || configuration.learners.length > 0)
      return false;
    const { voters } = configuration;
    const isKnown = (id: NodeId): boolean =>
      this.members.some((member) => member.id === id && this.#knowsAll(member, voters));
    const isWhole = this.members.every(({ id }) => voters.includes(id) || !this.#wiped.has(id));
    if (!voters.includes(victim.id) || voters.length < 3 || !isWhole || !voters.every(isKnown)) return false;
    if (this.members.some(({ disk }) => disk.isRotten) || this.#mayBecomeFew()) return false;
    for (const id of this.#wiped) if (voters.includes(id)) this.coverage.counts.nodesReadmitted++;
    this.#wiped.clear();
    this.#wiped.add(victim.id);
    return true;
  }

  /** Whether fewer than three voters are asked for, or are in anybody's log: one without its disk could hold up the others for ever. */
  #mayBecomeFew(): boolean {
    const isFew = ({ voters, outgoing }: Pick<Configuration, 'voters' | 'outgoing'>): boolean =>
      outgoing.length > 0 || (voters.length > 0 && voters.length < 3);
    if (this.votersAsked !== undefined && this.votersAsked < 3) return true;
    return this.members.some(
      ({ status, disk }) => isFew(disk.written.configuration()) || (status !== undefined && isFew(status.membership)),
    );
  }

  #knowsAll({ disk }: Member, voters: readonly NodeId[]): boolean {
    const stores = disk.durable.configuration()?.stores;
    return voters.every((id) => this.members.some((other) => other.id === id && stores?.[id] === other.disk.storeId));
  }

  isForgetful(id: NodeId): boolean {
    if (!this.#wiped.has(id)) return false;
    const voters = this.leader?.status?.membership.voters ?? [];
    return this.members.some((member) => voters.includes(member.id) && !this.#knowsAll(member, [id]));
  }

  /** One at a time, and not while a disk is lost. Who is left alone with it could get no other, so the members stay the same. */
  maySpareSnapshot(victim: Victim): boolean {
    if (this.profile.features.membership || this.#wiped.size > 0 || this.profile.voters.length < 3) return false;
    return this.profile.voters.includes(victim.id) && !this.members.some(({ disk }) => disk.isRotten);
  }

  #planFaults(): void {
    const { onlyFaults } = this.#options;
    this.profile.faults.forEach((planned, number) => {
      if (onlyFaults !== undefined && !onlyFaults.includes(number)) return;
      this.agenda.at(planned.atMs, () => this.#strike(planned, number));
    });
  }

  #strike({ name, lastsMs, seed }: PlannedFault, number: number): void {
    const fault = strike(name, this, new Dice(seed));
    if (fault === undefined) return;
    this.note(() => `** fault ${number}: ${fault.description}`);
    this.coverage.struck(name, this.profile.features);
    const item = { number, fault };
    this.#faults.push(item);
    this.agenda.after(lastsMs, () => this.#undo(item));
  }

  #undo(item: { readonly number: number; readonly fault: Fault }): void {
    if (!this.#faults.includes(item)) return;
    this.#faults = this.#faults.filter((other) => other !== item);
    this.note(() => `** no more fault ${item.number}: ${item.fault.description}`);
    item.fault.undo();
  }

  /** All faults end. */
  #calm(): void {
    this.#isStorm = false;
    for (const item of this.#faults) this.#undo(item);
    this.network.mendAll();
    this.network.profile = { ...this.network.profile, lossRate: 0, duplicateRate: 0, lateRate: 0 };
    this.note(() => '** calm');
    for (const member of this.members) {
      member.disk.failing = undefined;
      member.disk.slowness = 1;
      member.disk.isFull = false;
      while (member.disk.isStalled) member.disk.free();
      member.resume();
      member.restart();
    }
  }

  // Rest

  /** Within a bounded time one leads, and all nodes hold and have applied the same. */
  async #converge(when: string): Promise<void> {
    const { network, disk, turnDelayMs } = this.profile;
    const { electionTimeoutMs } = this;
    const entries = Math.max(...this.members.map((member) => member.status?.lastIndex ?? 0)) + 100;
    const messageMs = 2 * (network.delayMs.max + disk.syncMs.max + disk.readMs.max + turnDelayMs.max);
    const until = this.agenda.now + network.lateMs + 40 * electionTimeoutMs.max + entries * messageMs;
    let unrest: string | undefined = 'nothing has happened';
    while (unrest !== undefined && this.agenda.now < until) {
      await this.#runUntil(this.agenda.now + electionTimeoutMs.min / 2);
      unrest = this.#unrest();
    }
    must(unrest === undefined, () => `no rest ${when}: ${unrest}`);
  }

  /** Those that take part, as the leader knows it. */
  #participants(leading: NodeStatus): Member[] {
    const { voters, learners } = leading.membership;
    return this.members.filter(({ id }) => voters.includes(id) || learners.includes(id));
  }

  #unrest(): string | undefined {
    const { leader } = this;
    const leading = leader?.status;
    if (leader === undefined || leading === undefined) return 'nobody leads';
    if (leading.membership.outgoing.length > 0) return 'a joint phase goes on';
    for (const { id, status, disk } of this.#participants(leading)) {
      if (status === undefined) return `${id} is down`;
      if (status.leaderId !== leader.id) return `${id} follows ${status.leaderId}, not ${leader.id}`;
      const { appliedIndex, lastIndex } = status;
      if (appliedIndex !== leading.lastIndex || lastIndex !== leading.lastIndex)
        return `${id} has applied ${appliedIndex} of ${lastIndex}, the leader has ${leading.lastIndex}`;
      if (disk.unsynced > 0) return `${id} is still writing`;
    }
    for (const { id, inflightMessages, inflightBytes, matchIndex, state } of leading.peers) {
      if (inflightMessages > 0 || inflightBytes > 0) return `${inflightBytes} bytes are in flight to ${id}`;
      if (state !== 'replicate' || matchIndex !== leading.lastIndex)
        return `${id} matches up to ${matchIndex} (${state})`;
    }
    return undefined;
  }

  /** Sessions that expire just then may leave no room beside their entries: it is told so, and tries again once. */
  async #lastWrite(client: Caller, leader: Member): Promise<Outcome<unknown>> {
    const outcome = await client.lastWrite(leader);
    if (outcome.end === 'done' || !(outcome.error instanceof OverloadedError)) return outcome;
    await this.sleep(this.electionTimeoutMs.min);
    return client.lastWrite(leader);
  }

  /** The cluster at rest takes a write and answers a read. */
  async #serve(): Promise<void> {
    const client = this.application.createClient('last', this.#dice.fork(), this);
    client.patient = true;
    const { leader } = this;
    must(leader !== undefined, () => 'nobody leads');
    const ends: string[] = [];
    for (const call of [this.#lastWrite(client, leader), client.lastRead(leader)])
      call.then(
        ({ end }) => ends.push(end),
        (error: unknown) => this.violated(error),
      );
    await this.#runUntil(this.agenda.now + this.profile.load.timeoutMs.max * 2);
    must(ends.join() === 'done,done', () => `the last write and the last read end in: ${ends.join()}`);
  }

  /** All state machines hold what the commands lead to on one that nothing befell. */
  async #checkContents(): Promise<void> {
    const machine = this.application.createMachine();
    for (const { index, term, command } of this.invariants.commands) await machine.apply([{ index, term, command }]);
    const expected = await this.application.contents(machine);
    const leading = this.leader?.status;
    for (const { id, machine: own } of leading === undefined ? [] : this.#participants(leading)) {
      const content = await this.application.contents(own);
      must(content === expected, () => `${id} holds ${content}, but the commands lead to ${expected}`);
    }
  }
}

function describeMessage(message: Message, to: NodeId): string {
  const { from, term, type, ...rest } = message;
  const body = JSON.stringify({ ...rest, to: undefined }, (key, value: unknown) => {
    if (key !== 'entries' || !Array.isArray(value))
      return value instanceof Uint8Array ? `${value.length} bytes` : value;
    const entries = value as { index: number; term: number }[];
    return entries.map(({ index, term: of }) => `${index}:${of}`).join(' ');
  });
  return `${from} -> ${to}  term ${term} ${type} ${body}`;
}
