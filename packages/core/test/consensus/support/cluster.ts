import { emptyConfiguration, encodeConfiguration } from '../../../src/consensus/configuration.js';
import type { ChangeRefusal, Effects } from '../../../src/consensus/effects.js';
import type { Change } from '../../../src/consensus/membership.js';
import type { Raft } from '../../../src/consensus/raft.js';
import type { LoadRequest, RaftOptions, ReadLevel } from '../../../src/consensus/state.js';
import type { Message } from '../../../src/messages.js';
import { EntryType } from '../../../src/types.js';
import type { Configuration, Entry, HardState, LogIndex, NodeId, Term } from '../../../src/types.js';
import { Checker } from '../../sim/checker.js';
import { Disk } from '../../sim/disk.js';
import { Host } from '../../sim/host.js';
import type { Turn, TurnOptions } from '../../sim/host.js';
import { Streams } from '../../sim/streams.js';

export const HEARTBEAT_MS = 10;
export const ELECTION_MS = { min: 50, max: 100 };

export interface ClusterOptions extends Partial<RaftOptions> {
  /** Voters "1", "2", …; default 3. */
  readonly nodes?: number;
  /** In place of `nodes`. */
  readonly configuration?: Partial<Configuration>;
  /** What each log holds at the start: the terms of its entries, from index 1 on. Default: nothing. */
  readonly logs?: Readonly<Record<NodeId, readonly Term[]>>;
  /** Default: the term of the log's last entry, no vote, nothing committed. */
  readonly hardStates?: Readonly<Record<NodeId, Partial<HardState>>>;
  /** Entries of another type than command, by index. */
  readonly configurations?: Readonly<Record<LogIndex, Configuration>>;
  /** False where a test plays a peer itself, and so does what no peer does. */
  readonly checked?: boolean;
  /** Nodes that are up with nothing on their disks and in no configuration. */
  readonly strangers?: readonly NodeId[];
  /** Of each node's storage; default: none has one. */
  readonly stores?: Readonly<Record<NodeId, string>>;
  /** Of single nodes, over the others. */
  readonly own?: Readonly<Record<NodeId, Partial<RaftOptions>>>;
}

type View = Pick<
  Raft,
  'role' | 'term' | 'votedFor' | 'leaderId' | 'commitIndex' | 'lastIndex' | 'durableIndex' | 'deadline'
>;

/**
 * A cluster in which nothing happens by itself: no time passes, no message arrives, no disk is slow, but as the test says.
 * Each turn is held against what is always true of Raft.
 */
export class Cluster {
  now = 1000;
  readonly disks: Map<NodeId, Disk>;
  /** Outcomes of reads, by what `read` gave: an index, or undefined when refused. */
  readonly reads = new Map<number, LogIndex | undefined>();
  /** Why each node has changed its role, in order. */
  readonly reasons = new Map<NodeId, string[]>();
  /** Reads of the disk that wait for `load`; where this is not `holdLoads`, they are handed at once. */
  readonly loads: { readonly id: NodeId; readonly request: LoadRequest }[] = [];
  holdLoads = false;
  /** Everything that seldom happens, in order. */
  readonly events: { readonly id: NodeId; readonly effects: Partial<Effects> }[] = [];
  readonly #streams = new Map<NodeId, Streams>();
  /** All messages that have been handed over. */
  readonly handed: Message[] = [];
  readonly #options: ClusterOptions;
  readonly #checker: Checker | undefined;
  readonly #hosts = new Map<NodeId, Host>();
  readonly #heldDisks = new Set<NodeId>();
  readonly #cuts = new Set<string>();
  #wire: Message[] = [];
  #nextId = 1;

  constructor(options: ClusterOptions = {}) {
    this.#options = options;
    const configuration = configurationOf(options);
    const ids = [...new Set([...configuration.voters, ...configuration.outgoing, ...configuration.learners])].sort();
    this.disks = new Map(ids.map((id) => [id, diskOf(id, configuration, options)]));
    for (const id of options.strangers ?? []) this.disks.set(id, emptyDisk(options.stores?.[id]));
    const limits = { maxInflightMessages: 1000, maxInflightBytes: 1_000_000, maxMessageBytes: 1_000_000, ...options };
    this.#checker = options.checked === false ? undefined : new Checker({ index: 0, term: 0 }, this.disks, limits);
    for (const id of this.ids) this.restart(id);
  }

  get ids(): NodeId[] {
    return [...this.disks.keys()];
  }

  host(id: NodeId): Host {
    const host = this.#hosts.get(id);
    if (host === undefined) throw new Error(`${id} is not up`);
    return host;
  }

  raft(id: NodeId): Raft {
    return this.host(id).raft;
  }

  /** What can be seen of a node, for expectations. */
  view(id: NodeId): View {
    const { role, term, votedFor, leaderId, commitIndex, lastIndex, durableIndex, deadline } = this.raft(id);
    return { role, term, votedFor, leaderId, commitIndex, lastIndex, durableIndex, deadline };
  }

  /** The terms of the node's log, from index 1 on. */
  log(id: NodeId): (Term | undefined)[] {
    return Array.from({ length: this.raft(id).lastIndex }, (_, place) => this.raft(id).termAt(place + 1));
  }

  // Processes and disks

  /** Handles what has come for the node, but not the time; its disk, unless held, answers at once. */
  turn(id: NodeId, options: TurnOptions = { ignoreTime: true }): Turn {
    const host = this.host(id);
    const turn = host.turn(this.now, options);
    this.#checker?.turned(host, turn);
    for (const message of turn.effects.messages) if (this.disks.has(message.to)) this.#wire.push(message);
    for (const request of turn.effects.loads) this.loads.push({ id, request });
    for (const { id: read, index } of turn.effects.reads) this.reads.set(read, index);
    this.#carryOut(id, turn.effects);
    if (turn.effects.roleChange !== undefined) this.reasons.get(id)?.push(turn.effects.roleChange.reason);
    if (!this.#heldDisks.has(id)) this.#syncAll(id);
    while (!this.holdLoads && this.loads.length > 0) this.load();
    return turn;
  }

  #carryOut(id: NodeId, effects: Effects): void {
    const { transfer, wiped, removed, diskFull, compactTo, forwarded } = effects;
    const seldom = { transfer, wiped: wiped.length > 0 ? wiped : undefined, removed, diskFull, compactTo };
    const some = { ...seldom, forwarded: forwarded.length > 0 ? forwarded : undefined };
    const present = Object.fromEntries(Object.entries(some).filter(([, value]) => value !== undefined));
    if (Object.keys(present).length > 0) this.events.push({ id, effects: present });
    const streams = this.#streams.get(id);
    for (const request of effects.snapshotsToSend) streams?.begin(request);
    for (const answer of effects.snapshotAcks) streams?.acknowledged(answer);
    if (this.host(id).calls.length > 0) this.turn(id);
  }

  /** What seldom happens, of one kind, in order: on `id`, or anywhere. */
  seen<Name extends keyof Effects>(name: Name, id?: NodeId): Effects[Name][] {
    const events = this.events.filter((event) => id === undefined || event.id === id);
    return events.map(({ effects }) => effects[name] as Effects[Name]).filter((value) => value !== undefined);
  }

  /** Makes a call in a turn of its own; gives what the call gave. */
  call<T>(id: NodeId, make: (raft: Raft, now: number) => T): T {
    const results: T[] = [];
    this.host(id).calls.push((raft, now) => results.push(make(raft, now)));
    this.turn(id);
    return results[0] as T;
  }

  /** Begins a change of the membership; gives the index, or why not. Nothing has been delivered yet. */
  change(id: NodeId, change: Change): LogIndex | ChangeRefusal {
    const outcome = this.call(id, (raft, now) => raft.changeMembership(change, now));
    return outcome.refusal ?? outcome.index;
  }

  /** Takes a snapshot of what `id` has applied. */
  takeSnapshot(id: NodeId): void {
    this.host(id).takeSnapshot();
    this.turn(id);
  }

  /** Sends again what snapshots of `id` wait for. */
  resend(id: NodeId): void {
    const streams = this.#streams.get(id);
    for (const peer of streams?.peers ?? []) streams?.sendPiece(peer);
  }

  /** The disk of `id` refuses entries, or has room again. */
  fill(id: NodeId, isFull: boolean = true): void {
    (this.disks.get(id) as Disk).isFull = isFull;
  }

  /** The node comes back with an empty storage. */
  wipe(id: NodeId, storeId: string): void {
    this.crash(id);
    this.disks.set(id, emptyDisk(storeId, this.disks.get(id)));
    this.restart(id);
  }

  /** From now on the disk of `id` answers to `sync` only. */
  holdDisk(id: NodeId): void {
    this.#heldDisks.add(id);
  }

  /** Makes the oldest write, or all of them, durable and tells the node. */
  sync(id: NodeId, writes: 'one' | 'all' = 'all'): void {
    if (writes === 'all') return this.#syncAll(id);
    this.host(id).persisted = this.host(id).disk.sync();
    this.turn(id);
  }

  #syncAll(id: NodeId): void {
    const { disk } = this.host(id);
    if (disk.unsynced.length === 0) return;
    while (disk.unsynced.length > 0) {
      const refused = disk.isFull && (disk.unsynced[0]?.batch.entries.length ?? 0) > 0 ? disk.refuse() : undefined;
      if (refused === undefined) this.host(id).persisted = disk.sync();
      else this.host(id).refused = refused;
    }
    this.turn(id);
  }

  /** Of the writes that are not durable yet the oldest `survivors` are found again. */
  crash(id: NodeId, survivors: number = 0): void {
    this.disks.get(id)?.crash(survivors);
    this.#hosts.delete(id);
  }

  restart(id: NodeId): void {
    const { nodes: _nodes, configuration: _configuration, logs: _logs, hardStates: _states, ...rest } = this.#options;
    const own = this.#options.own?.[id];
    const options: RaftOptions = {
      heartbeatIntervalMs: HEARTBEAT_MS,
      electionTimeoutMs: ELECTION_MS,
      preVote: true,
      checkQuorum: true,
      commitNoticeDelayMs: 0,
      maxMessageBytes: 1_000_000,
      maxInflightMessages: 1000,
      maxInflightBytes: 1_000_000,
      maxUncommittedBytes: 1_000_000,
      cacheBytes: 1_000_000,
      retainedEntries: 10_000,
      retainedBytes: 1_000_000_000,
      maxClockDrift: 0.1,
      priority: 1,
      quiesce: false,
      diskRetryMs: 500,
      storeId: '',
      random: () => 0.5,
      ...rest,
      ...own,
      id,
    };
    const host = new Host(options, this.disks.get(id) as Disk, this.now);
    this.#streams.set(id, new Streams(host, (message) => this.#wire.push(message)));
    this.#hosts.set(id, host);
    this.reasons.set(id, []);
    this.#checker?.started(host);
    this.turn(id);
  }

  // Time

  pass(ms: number): void {
    this.now += ms;
  }

  /** Lets time pass until `id`, and only `id`, sees its deadline. */
  timeout(id: NodeId): Turn {
    const { deadline } = this.raft(id);
    if (deadline < Number.POSITIVE_INFINITY) this.now = Math.max(this.now, deadline);
    return this.turn(id, { onTime: true });
  }

  /** Lets `ms` pass in the life of a leader: its deadlines are kept, and all is delivered. */
  beat(leader: NodeId, ms: number): void {
    const until = this.now + ms;
    while (this.raft(leader).role === 'leader' && this.raft(leader).deadline <= until) {
      this.timeout(leader);
      this.settle();
    }
    this.now = until;
  }

  /** Makes `id` the leader: nobody has heard of another for long, and all is delivered. */
  elect(id: NodeId): void {
    this.pass(ELECTION_MS.max);
    this.timeout(id);
    this.settle();
    if (this.raft(id).role !== 'leader') throw new Error(`${id} is ${this.raft(id).role}`);
  }

  // Callers

  /** Gives the index; nothing has been delivered yet. */
  propose(id: NodeId, bytes: number = 1): LogIndex {
    this.host(id).proposals.push({ id: this.#nextId++, data: new Uint8Array(bytes) });
    const { proposed, refused } = this.turn(id);
    if (refused[0] !== undefined) throw new Error(refused[0].why);
    return (proposed[0] as { index: LogIndex }).index;
  }

  /** Says that a test will hand over a read by itself. */
  expectRead(read: number): void {
    this.#checker?.readBegan(read);
  }

  read(id: NodeId, level: ReadLevel = 'linearizable'): number {
    const read = this.#nextId++;
    this.#checker?.readBegan(read, level);
    this.host(id).reads.push({ id: read, level });
    this.turn(id);
    return read;
  }

  // Messages

  /** What is on its way. */
  wire<T extends Message['type']>(type: T, from?: NodeId, to?: NodeId): Extract<Message, { type: T }>[] {
    return this.#wire.filter(
      (message): message is Extract<Message, { type: T }> =>
        message.type === type &&
        (from === undefined || message.from === from) &&
        (to === undefined || message.to === to),
    );
  }

  /** Everything under way from one to the other arrives, and is handled in one turn. */
  deliver(from: NodeId, to: NodeId): void {
    this.host(to).inbox.push(...this.take(from, to));
    this.turn(to);
  }

  /** Takes off the wire what is under way from one to the other. */
  take(from: NodeId, to: NodeId): Message[] {
    const taken = this.#wire.filter((message) => message.from === from && message.to === to);
    this.#wire = this.#wire.filter((message) => !taken.includes(message));
    return taken;
  }

  /** Everything under way is lost. */
  dropAll(): void {
    this.#wire = [];
  }

  /** A message arrives: a copy of an earlier one, or one that the test has made up. Handled in a turn of its own. */
  hand(message: Message): Turn {
    this.handed.push(message);
    this.host(message.to).inbox.push(message);
    return this.turn(message.to);
  }

  cut(from: NodeId, to: NodeId): void {
    this.#cuts.add(`${from}>${to}`);
  }

  /** Nothing reaches `id`, nothing from it arrives. */
  isolate(...ids: readonly NodeId[]): void {
    for (const id of ids)
      for (const other of this.ids)
        if (!ids.includes(other)) {
          this.cut(id, other);
          this.cut(other, id);
        }
  }

  mend(): void {
    this.#cuts.clear();
  }

  /** Delivers until nothing is under way; each message is a turn. What a cut link or a dead node would get is lost. */
  settle(): void {
    for (let steps = 0; this.#wire.length > 0; steps++) {
      if (steps > 20_000) throw new Error('the cluster does not come to rest');
      const message = this.#wire.shift() as Message;
      if (this.#hosts.has(message.to) && !this.#cuts.has(`${message.from}>${message.to}`)) this.hand(message);
    }
  }

  /** Answers the oldest read of the disk. */
  load(): void {
    const load = this.loads.shift();
    if (load === undefined) throw new Error('nobody reads the disk');
    const { id, request } = load;
    const host = this.host(id);
    host.loaded.push({ request, entries: host.disk.read(request.from, request.to, request.maxBytes) });
    this.turn(id);
  }
}

function emptyDisk(storeId: string = '', before?: Disk): Disk {
  const hardState = { term: 0, votedFor: undefined, commitIndex: 0 };
  return new Disk({ storeId, base: { index: 0, term: 0 }, configuration: undefined, hardState, entries: [] }, before);
}

function configurationOf({ nodes = 3, configuration }: ClusterOptions): Configuration {
  const voters = Array.from({ length: nodes }, (_, place) => String(place + 1));
  return { ...emptyConfiguration, voters, ...configuration };
}

/** The same entry is the same object on every disk, as if it had been replicated. */
const entries = new Map<string, Entry>();

function entryOf(index: LogIndex, term: Term, configuration: Configuration | undefined): Entry {
  const key = `${index}:${term}:${JSON.stringify(configuration)}`;
  const type = configuration === undefined ? EntryType.command : EntryType.configuration;
  const data = configuration === undefined ? new Uint8Array(1) : encodeConfiguration(configuration);
  const entry = entries.get(key) ?? { index, term, type, data };
  entries.set(key, entry);
  return entry;
}

function diskOf(id: NodeId, configuration: Configuration, options: ClusterOptions): Disk {
  const terms = options.logs?.[id] ?? [];
  const hardState = { term: terms.at(-1) ?? 0, votedFor: undefined, commitIndex: 0, ...options.hardStates?.[id] };
  const log = terms.map((term, place) => entryOf(place + 1, term, options.configurations?.[place + 1]));
  const storeId = options.stores?.[id] ?? '';
  return new Disk({ storeId, base: { index: 0, term: 0 }, configuration, hardState, entries: log });
}
