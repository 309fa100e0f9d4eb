import type { Clock, Timer } from '../clock.js';
import type { Effects } from '../consensus/effects.js';
import { Raft } from '../consensus/raft.js';
import type { InitialState, LoadRequest } from '../consensus/state.js';
import {
  AbortedError,
  InvalidArgumentError,
  NodeStoppedError,
  NotLeaderError,
  OverloadedError,
  StorageError,
  TimeoutError,
} from '../errors.js';
import type { RaftError } from '../errors.js';
import type { Message } from '../messages.js';
import type { StateMachine } from '../state-machine.js';
import type { Restored, Storage } from '../storage.js';
import type { Transport } from '../transport.js';
import { EntryType } from '../types.js';
import type { Configuration, Entry, LogIndex, NodeId } from '../types.js';
import type {
  CallOptions,
  KeepSessionOptions,
  Membership,
  MembershipChange,
  MembershipOptions,
  MembershipPreview,
  NodeEvents,
  NodeStatus,
  ProposeOptions,
  RaftNode,
  RaftNodeOptions,
  ReadOptions,
  Role,
  Session,
  SnapshotInfo,
} from './api.js';
import { Addresses } from './addresses.js';
import { Applier } from './applier.js';
import { Events } from './events.js';
import { Notices } from './notices.js';
import { prepare } from './opening.js';
import type { Opened } from './opening.js';
import { resolveOptions } from './options.js';
import type { ResolvedOptions } from './options.js';
import { LogWriter } from './log-writer.js';
import { MembershipChanges } from './membership-changes.js';
import { commandBytes, Proposals } from './proposals.js';
import { Reads, whyNoLevel } from './reads.js';
import type { ReadsHost } from './reads.js';
import { leave, receiverFor } from './receiver.js';
import { SessionCalls } from './sessions/calls.js';
import { encodeSessionEntry } from './sessions/entries.js';
import { SessionExpiry } from './sessions/expiry.js';
import type { Outcome } from './sessions/outcomes.js';
import { SessionTable } from './sessions/table.js';
import type { Restorable } from './snapshots/restore.js';
import { Snapshots } from './snapshots/snapshots.js';
import { statusOf } from './status.js';
import { Transfers } from './transfers.js';
import { Waiters } from './waiters.js';
import { Wakes } from './wakes.js';

/** Makes a member of a group; nothing runs before its `start`. Throws {@link InvalidArgumentError} for options that cannot work. */
export function createNode<Command = Uint8Array, Result = unknown, Query = unknown, Answer = unknown>(
  options: RaftNodeOptions<Command, Result, Query, Answer>,
): RaftNode<Command, Result, Query, Answer> {
  return new Node(options);
}

class Node<Command, Result, Query, Answer> implements RaftNode<Command, Result, Query, Answer> {
  readonly id: NodeId;
  readonly #options: ResolvedOptions;
  readonly #clock: Clock;
  readonly #storage: Storage;
  readonly #transport: Transport;
  readonly #machine: StateMachine<Command, Result, Query, Answer>;
  readonly #events: Events;
  readonly #notices: Notices;
  readonly #sessions: SessionTable = new SessionTable();
  readonly #waiters: Waiters;
  readonly #proposals: Proposals;
  readonly #reads: Reads<Query, Answer>;
  readonly #addresses: Addresses;
  readonly #changes: MembershipChanges;
  readonly #transfers: Transfers;
  readonly #log: LogWriter;
  readonly #sessionExpiry: SessionExpiry;
  readonly #sessionCalls: SessionCalls<Command, Result>;
  readonly #wakes: Wakes;

  #state: 'new' | 'starting' | 'running' | 'stopped' = 'new';
  #failure: RaftError | undefined;
  /** Settles when the start uses the storage no more. */
  #prepared: Promise<Opened> | undefined;
  #storageOpen = false;
  #closing: Promise<void> | undefined;
  #restored: Restored | undefined;
  #raft: Raft | undefined;
  #applier: Applier<Command, Result> | undefined;
  #snapshots: Snapshots | undefined;
  #configuration: Configuration | undefined;

  // What has come since the last turn.
  #turnPlanned = false;
  #inbox: Message[] = [];
  #inputs: ((raft: Raft, now: number) => void)[] = [];

  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(options: RaftNodeOptions<Command, Result, Query, Answer>) {
    this.#options = resolveOptions(options);
    this.id = options.id;
    this.#clock = this.#options.clock;
    this.#storage = options.storage;
    this.#transport = options.transport;
    this.#machine = options.stateMachine;
    this.#events = new Events(this.#options.logger);
    this.#notices = new Notices(this.id, this.#options.logger, this.#events);
    this.#waiters = new Waiters(this.#clock);
    const { forward, maxSessions, raft, readmitWiped, sessionTimeoutMs } = this.#options;
    const retryDelayMs = raft.heartbeatIntervalMs;
    const { maxInflightBytes, maxMessageBytes, maxUncommittedBytes } = raft;
    this.#proposals = new Proposals(this.#waiters, {
      forward,
      retryDelayMs,
      maxInflightBytes,
      maxMessageBytes,
      maxUncommittedBytes,
      isDiskFull: () => this.#notices.diskFull,
    });
    this.#reads = new Reads(this.#waiters, this.#readsHost(), { forward, retryDelayMs });
    this.#sessionExpiry = new SessionExpiry(this.#sessions, sessionTimeoutMs);
    this.#sessionCalls = new SessionCalls(
      {
        clock: this.#clock,
        logger: this.#options.logger,
        waiters: this.#waiters,
        encode: (command) => this.#bytesOf(command),
        submit: (type, data, callOptions) => this.#submit(callOptions, () => ({ type, data })),
      },
      { maxSessions, sessionTimeoutMs, electionTimeoutMs: raft.electionTimeoutMs },
    );
    this.#addresses = new Addresses(this.#options.bootstrap);
    this.#changes = new MembershipChanges(this.#waiters, { readmitWiped, roundMs: raft.electionTimeoutMs.min });
    this.#transfers = new Transfers(this.#waiters);
    this.#wakes = new Wakes(this.#transport, raft.electionTimeoutMs.max, () => this.#planTurn());
    this.#log = new LogWriter({
      storage: this.#storage,
      persisted: (sequence) => this.#enter((raft, now) => raft.persisted(sequence, now)),
      full: (sequence) => this.#enter((raft, now) => raft.storageFull(sequence, now)),
      failed: (error) => this.#fail('the storage failed', error),
    });
  }

  // Life

  async start(): Promise<void> {
    if (this.#state !== 'new') {
      throw new InvalidArgumentError(`node ${this.id} was started or stopped before: make a new one`);
    }
    this.#state = 'starting';
    this.#prepared = this.#prepare();
    try {
      this.#run(await this.#prepared);
    } catch (error) {
      await this.#closeQuietly();
      throw error;
    }
  }

  async #prepare(): Promise<Opened> {
    const { clusterId, groupId, bootstrap, logger } = this.#options;
    const restored = await this.#storage.open({ clusterId, nodeId: this.id, groupId });
    this.#storageOpen = true;
    return prepare(this.#storage, restored, { id: this.id, bootstrap, logger, ...this.#restorable });
  }

  get #restorable(): Restorable {
    return { clock: this.#clock, machine: this.#machine, sessions: this.#sessions };
  }

  #run({ restored, initial, appliedIndex }: Opened): void {
    if (this.#state !== 'starting') throw new NodeStoppedError(`node ${this.id} was stopped while it started`);
    this.#restored = restored;
    for (const { configuration } of initial.configurations) this.#addresses.enter(configuration);
    this.#raft = new Raft({ ...this.#options.raft, storeId: restored.storeId }, initial, this.#clock.now());
    this.#applier = new Applier<Command, Result>(this.#machine, this.#sessions, appliedIndex, {
      clock: this.#clock,
      entries: (from, to, maxBytes) =>
        this.#raft?.cachedEntries(from, to, maxBytes) ?? this.#storage.entries(from, to, maxBytes),
      applied: (entries, results) => this.#settleApplied(entries, results),
      failed: (error) => this.#fail('applying the log failed', error),
    });
    this.#snapshots = this.#makeSnapshots(this.#raft, this.#applier, initial);
    const receiver = receiverFor(this.#raft, {
      logger: this.#options.logger,
      isTurnPlanned: () => this.#turnPlanned,
      take: (messages) => this.#take(messages),
      enter: (input) => this.#enter(input),
    });
    this.#transport.attach(this.#options.groupId, receiver);
    this.#state = 'running';
    this.#turn();
  }

  #makeSnapshots(raft: Raft, applier: Applier<Command, Result>, initial: InitialState): Snapshots {
    return new Snapshots(
      {
        clock: this.#clock,
        logger: this.#options.logger,
        storage: this.#storage,
        machine: this.#machine,
        sessions: this.#sessions,
        raft,
        applier,
        enter: (task) => this.#enter((_, now) => task(now)),
        send: (message) => this.#transport.send(this.#options.groupId, [message]),
        skippedTo: (index) => this.#skippedTo(index),
        emit: (event) => this.#events.emit('snapshot', event),
        fail: (what, error) => this.#fail(what, error),
      },
      this.#options.snapshots,
      initial,
    );
  }

  async stop(): Promise<void> {
    return this.#close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Something that must not fail did: nothing more is acknowledged (thesis, section 11.7.3; "fsync errors are final"). */
  #fail(what: string, cause: unknown): void {
    if (this.#state === 'stopped') return;
    const detail = cause instanceof Error ? cause.message : String(cause);
    this.#failure = new NodeStoppedError(`node ${this.id} stopped: ${what}: ${detail}`, { cause });
    this.#options.logger('error', this.#failure.message, { error: cause });
    const failure = this.#failure;
    void this.#closeQuietly();
    this.#events.emit('fatal', { error: failure });
  }

  #close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing;
    const wasRunning = this.#isRunning;
    this.#state = 'stopped';
    if (wasRunning) leave(this.#raft, this.#clock.now(), this.#transport, this.#options);
    this.#timer?.cancel();
    this.#wakes.stop();
    const snapshotsEnd = this.#snapshots?.stop();
    this.#applier?.stop();
    this.#sessionCalls.stop();
    this.#proposals.stop(() => this.#stopped(true));
    this.#changes.stop(() => this.#stopped(true));
    this.#reads.stop();
    this.#waiters.stop(() => this.#stopped(false));
    this.#closing = this.#closeStorage(snapshotsEnd);
    return this.#closing;
  }

  /** What could not be opened is not this node's to close: another may have it. */
  async #closeStorage(snapshotsEnd: Promise<void> | undefined): Promise<void> {
    await this.#prepared?.catch(() => 'told by start');
    await snapshotsEnd;
    if (this.#storageOpen) await this.#storage.close();
  }

  /** For those who have an earlier error to tell. */
  async #closeQuietly(): Promise<void> {
    try {
      await this.#close();
    } catch (error) {
      this.#options.logger('error', 'closing the storage failed', { error });
    }
  }

  #stopped(maybeDone: boolean): NodeStoppedError {
    const message = this.#failure?.message ?? `node ${this.id} is stopped`;
    return new NodeStoppedError(message, { cause: this.#failure?.cause, maybeDone });
  }

  // Callers

  propose(command: Command, options: ProposeOptions = {}): Promise<Result> {
    return this.#submit(options, () => {
      const data = this.#bytesOf(command);
      if (options.session === undefined) return { type: EntryType.command, data };
      return { type: EntryType.sessionCommand, data: this.#sessionCalls.entryOf(data, options.session) };
    }) as Promise<Result>;
  }

  /** `make` gives the entry, or throws why there is none. */
  #submit(options: CallOptions, make: () => Pick<Entry, 'type' | 'data'>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const refused = this.#refuse(options);
      if (refused !== undefined) return reject(refused);
      const { type, data } = make();
      this.#proposals.add(type, data, options, { resolve, reject });
      this.#planTurn();
    });
  }

  #bytesOf(command: Command): Uint8Array {
    return commandBytes(command, this.#machine.codec, this.#options.maxEntryBytes);
  }

  openSession(options: CallOptions = {}): Promise<Session<Command, Result>> {
    return this.#sessionCalls.open(options);
  }

  registerSession(options: CallOptions = {}): Promise<LogIndex> {
    return this.#sessionCalls.register(options);
  }

  keepSession(id: LogIndex, options: KeepSessionOptions = {}): Promise<void> {
    return this.#sessionCalls.keep(id, options);
  }

  closeSession(id: LogIndex, options: CallOptions = {}): Promise<void> {
    return this.#sessionCalls.close(id, options);
  }

  read(query: Query, options: ReadOptions = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { level = 'linearizable' } = options;
      const refused = this.#refuse(options) ?? whyNoLevel(level);
      if (refused !== undefined) return reject(refused);
      this.#reads.add(query, level, options, { resolve, reject });
      if (level !== 'local') this.#planTurn();
    });
  }

  changeMembership(change: MembershipChange, options: MembershipOptions = {}): Promise<Membership> {
    return new Promise((resolve, reject) => {
      const refused = this.#refuse(options);
      if (refused !== undefined) return reject(refused);
      this.#changes.add(change, options, { resolve, reject });
      this.#planTurn();
    });
  }

  previewMembership(change: MembershipChange, options: Pick<MembershipOptions, 'expected'> = {}): MembershipPreview {
    if (!this.#isRunning || this.#raft === undefined) throw this.#stopped(false);
    return this.#changes.preview(this.#raft, change, options.expected, () => this.#notLeader());
  }

  transferLeadership(target?: NodeId, options: CallOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const refused = this.#refuse(options);
      if (refused !== undefined) return reject(refused);
      this.#transfers.add(target, options, { resolve, reject });
      this.#planTurn();
    });
  }

  snapshot(options: CallOptions = {}): Promise<SnapshotInfo> {
    return new Promise((resolve, reject) => {
      const refused = this.#refuse(options);
      if (refused !== undefined) return reject(refused);
      const expired = (why: 'deadline' | 'abort'): RaftError =>
        why === 'abort'
          ? new AbortedError('the caller waits no more; the snapshot may yet be taken')
          : new TimeoutError('the snapshot was not finished in time; it may yet be taken');
      this.#snapshots?.request(this.#waiters.add({ resolve, reject }, options, expired));
    });
  }

  /** While the machine's state is being replaced nobody looks at it. */
  #query(query: Query): Answer | Promise<Answer> {
    const restoring = this.#snapshots?.restoring;
    if (restoring === undefined) return this.#machine.query(query);
    return restoring.then(() => this.#machine.query(query));
  }

  #refuse(options: CallOptions): RaftError | undefined {
    if (!this.#isRunning) return this.#stopped(false);
    if (options.signal?.aborted === true)
      return new AbortedError('the caller had given up before the call', { cause: options.signal.reason });
    if (!Number.isFinite(options.timeoutMs ?? 0))
      return new InvalidArgumentError(`timeoutMs must be a finite number of milliseconds, not ${options.timeoutMs}`);
    const { size } = this.#waiters;
    if (size < this.#options.maxPending) return undefined;
    return new OverloadedError(`${size} calls wait already (maxPending): try again later`);
  }

  status(): NodeStatus {
    return statusOf({
      id: this.id,
      options: this.#options,
      restored: this.#restored,
      raft: this.#raft,
      appliedIndex: this.#applier?.appliedIndex ?? 0,
      snapshots: this.#snapshots,
      notices: this.#notices,
      running: this.#isRunning,
    });
  }

  on<Name extends keyof NodeEvents>(event: Name, listener: (event: NodeEvents[Name]) => void): () => void {
    return this.#events.on(event, listener);
  }

  // Turns

  #take(messages: readonly Message[]): void {
    for (const message of messages) this.#inbox.push(message);
    this.#planTurn();
  }

  /** Hands the consensus something that happened, in the next turn. */
  #enter(input: (raft: Raft, now: number) => void): void {
    this.#inputs.push(input);
    this.#planTurn();
  }

  /** Everything that comes before the turn belongs to one batch. */
  #planTurn(): void {
    if (this.#turnPlanned || !this.#isRunning) return;
    this.#turnPlanned = true;
    this.#clock.defer(() => {
      this.#turnPlanned = false;
      this.#turn();
    });
  }

  get #isRunning(): boolean {
    return this.#state === 'running';
  }

  #turn(): void {
    const raft = this.#raft;
    if (!this.#isRunning || raft === undefined) return;
    try {
      const now = this.#clock.now();
      const committed = raft.commitIndex;
      raft.wake(now);
      this.#handEvents(raft, now);
      this.#execute(raft, raft.flush(now));
      // Any listener may stop the node.
      if (this.#isRunning && raft.commitIndex > committed) this.#events.emit('commit', { index: raft.commitIndex });
      this.#applier?.advance(raft.applicableIndex);
      if (this.#isRunning) this.#armTimer(this.#deadline(raft));
    } catch (error) {
      this.#fail('the consensus failed', error);
    }
  }

  #handEvents(raft: Raft, now: number): void {
    const inbox = this.#inbox;
    this.#inbox = [];
    for (const message of inbox) raft.receive(message, now);
    const inputs = this.#inputs;
    this.#inputs = [];
    for (const input of inputs) input(raft, now);
    this.#wakes.turn(raft, now, this.#waiters.size > 0);
    if (now >= raft.deadline) raft.tick(now);
    this.#proposals.enter(raft, now, () => this.#notLeader());
    this.#reads.enter(raft, now);
    this.#transfers.enter(raft, now, () => this.#notLeader());
    this.#changes.turn(raft, now, () => this.#notLeader());
    this.#expireSessions(raft, now);
  }

  #deadline(raft: Raft): number {
    const own = Math.min(this.#wakes.deadline, this.#sessionExpiry.deadline(raft));
    return Math.min(raft.deadline, this.#proposals.retryAt, this.#reads.retryAt, own);
  }

  /** What is refused now, or lost with the leadership, is found again. */
  #expireSessions(raft: Raft, now: number): void {
    for (const unused of this.#sessionExpiry.due(raft, now, this.#appliedIndex)) {
      const data = encodeSessionEntry({ kind: 'expire', ...unused });
      if (raft.refusal(data.length) !== undefined) continue;
      raft.propose(data, now, EntryType.session);
      this.#sessionExpiry.proposed(unused);
    }
  }

  get #appliedIndex(): LogIndex {
    return this.#applier?.appliedIndex ?? 0;
  }

  /** The disk and the network get their work first, at the same time; then comes what is this node's own. */
  #execute(raft: Raft, effects: Effects): void {
    if (effects.write !== undefined) this.#log.write(effects.write);
    if (raft.configuration !== this.#configuration) this.#enterConfiguration(raft.configuration);
    if (effects.messages.length > 0) this.#transport.send(this.#options.groupId, effects.messages);
    for (const request of effects.loads) this.#load(request);
    this.#snapshots?.execute(effects);
    if (effects.transfer !== undefined) this.#transfers.settle(effects.transfer);
    this.#notices.tell(effects);
    if (effects.roleChange !== undefined) this.#changeRole(raft, effects.roleChange);
    const now = this.#clock.now();
    if (effects.forwarded.length > 0) this.#proposals.answered(effects.forwarded, raft, now, this.#appliedIndex);
    if (effects.reads.length > 0) this.#reads.settle(effects.reads, raft, now);
  }

  #load(request: LoadRequest): void {
    this.#storage.entries(request.from, request.to, request.maxBytes).then(
      (entries) => this.#enter((raft, now) => raft.entriesLoaded(request, entries, now)),
      (error: unknown) => {
        // Compacted meanwhile: the follower gets a snapshot.
        const isGone = error instanceof StorageError && error.code === 'RAFT_STORAGE_COMPACTED';
        if (isGone) this.#enter((raft, now) => raft.entriesLoaded(request, [], now));
        else this.#fail('the storage failed', error);
      },
    );
  }

  #armTimer(at: number): void {
    if (at >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer = this.#clock.setTimer(at, () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#planTurn();
    });
  }

  #enterConfiguration(configuration: Configuration): void {
    this.#configuration = configuration;
    this.#notices.entered(configuration);
    this.#transport.setPeers(this.#options.groupId, new Map(Object.entries(this.#addresses.enter(configuration))));
    this.#events.emit('membership', this.status().membership);
  }

  #changeRole(raft: Raft, change: NonNullable<Effects['roleChange']>): void {
    const { role, membership } = this.status();
    this.#proposals.failDeposed(raft);
    this.#options.logger('info', `${role} in term ${change.term}: ${change.reason}`, {
      leaderId: change.leaderId,
      voters: membership.voters,
    });
    this.#events.emit('role', {
      role: role satisfies Role,
      term: change.term,
      leaderId: change.leaderId,
      reason: change.reason,
    });
  }

  #notLeader(): NotLeaderError {
    const leaderId = this.#raft?.leaderId;
    const address = leaderId === undefined ? undefined : this.#addresses.current[leaderId];
    return new NotLeaderError(leaderId, address);
  }

  // Outcomes

  #settleApplied(entries: readonly Entry[], outcomes: readonly Outcome<Result>[]): void {
    let next = 0;
    for (const entry of entries) {
      const { type } = entry;
      const isProposed = type === EntryType.command || type === EntryType.sessionCommand || type === EntryType.session;
      this.#proposals.applied(entry, isProposed ? outcomes[next++] : undefined);
    }
    const last = entries.at(-1);
    if (last !== undefined) this.#proposals.enteredTerm(last);
    this.#snapshots?.applied(entries.length, bytesOf(entries));
    this.#showApplied();
  }

  /** A snapshot took the place of entries: what became of the commands in them cannot be told here. */
  #skippedTo(index: LogIndex): void {
    this.#proposals.skipped(index);
    this.#showApplied();
  }

  #showApplied(): void {
    this.#reads.applied(this.#appliedIndex);
    this.#events.emit('applied', { index: this.#appliedIndex });
    if (this.#isRunning && this.#raft !== undefined) this.#armTimer(this.#sessionExpiry.deadline(this.#raft));
  }

  #readsHost(): ReadsHost<Query, Answer> {
    return {
      now: () => this.#clock.now(),
      appliedIndex: () => this.#appliedIndex,
      query: (query) => this.#query(query),
      notLeader: () => this.#notLeader(),
    };
  }
}

function bytesOf(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const { data } of entries) bytes += data.length;
  return bytes;
}
