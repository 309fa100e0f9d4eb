import { EntryType } from '@raft/core';
import type { Configuration, Entry, HardState, LogIndex, Message, NodeId, Term } from '@raft/core';
import { encodeConfiguration } from '@raft/core/consensus';
import type { Effects, RaftOptions } from '@raft/core/consensus';
import { kindOf, ScriptedDisk, ScriptedNode } from './node.js';

export const HEARTBEAT_MS = 10;
export const ELECTION_MS: { readonly min: number; readonly max: number } = { min: 50, max: 100 };

/** Steps of a `settle` after which a script has come to no rest. */
const MAX_STEPS = 10_000;

export interface ClusterSetup {
  readonly voters: NodeId[];
  readonly learners: NodeId[];
  /** Nodes that are no members yet. */
  readonly spares: NodeId[];
  /** Terms of the entries after the first, which is the configuration of term 1. */
  readonly logs: Map<NodeId, readonly Term[]>;
  readonly hardStates: Map<NodeId, Partial<HardState>>;
  readonly options: Partial<RaftOptions>;
  /** Whether each storage has an id, so that a wiped one is told. */
  hasIdentities: boolean;
}

interface Envelope {
  readonly message: Message;
  readonly kind: string;
}

/** A cluster in which nothing happens by itself: no time passes, no message arrives, no disk is slow, but as the script says. */
export class ScriptedCluster {
  now: number = 1000;
  readonly #setup: ClusterSetup;
  readonly #disks = new Map<NodeId, ScriptedDisk>();
  readonly #nodes = new Map<NodeId, ScriptedNode>();
  readonly #paused = new Set<NodeId>();
  readonly #cuts = new Set<string>();
  /** Messages under way, the oldest first. */
  wire: Envelope[] = [];
  /** Messages that were put aside. */
  parked: Envelope[] = [];
  /** By name: an index, or undefined when refused. */
  readonly reads: Map<string, LogIndex | undefined> = new Map();
  readonly #readNames: string[] = [];
  /** Why the last proposal, change or transfer was refused. */
  refusal: string | undefined;
  #streams = 0;
  // What must hold throughout.
  readonly #leaders = new Map<Term, NodeId>();
  readonly #committed = new Map<LogIndex, Term>();

  constructor(setup: ClusterSetup) {
    this.#setup = setup;
    for (const id of [...setup.voters, ...setup.learners, ...setup.spares]) {
      const disk = new ScriptedDisk(`store of ${id}`);
      if (!setup.spares.includes(id)) this.#fill(id, disk);
      this.#disks.set(id, disk);
      this.restart(id);
    }
  }

  #fill(id: NodeId, disk: ScriptedDisk): void {
    const { voters, learners, logs, hardStates } = this.#setup;
    const configuration: Configuration = { voters, learners, outgoing: [], addresses: {}, stores: {}, returning: [] };
    const terms = logs.get(id) ?? [];
    const entries: Entry[] = [
      { index: 1, term: 1, type: EntryType.configuration, data: encodeConfiguration(configuration) },
      ...terms.map((term, place) => ({
        index: place + 2,
        term,
        type: EntryType.command,
        data: new TextEncoder().encode(`${place + 2}:${term}`),
      })),
    ];
    const hardState = { term: terms.at(-1) ?? 1, votedFor: undefined, commitIndex: 0, ...hardStates.get(id) };
    disk.durable.append({ hardState, entries });
  }

  node(id: NodeId): ScriptedNode {
    const node = this.#nodes.get(id);
    if (node === undefined) throw new Error(`${id} is not up`);
    return node;
  }

  disk(id: NodeId): ScriptedDisk {
    const disk = this.#disks.get(id);
    if (disk === undefined) throw new Error(`there is no node ${id}`);
    return disk;
  }

  get ids(): NodeId[] {
    return [...this.#nodes.keys()];
  }

  // Processes

  restart(id: NodeId): void {
    const options: RaftOptions = {
      id,
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
      retainedEntries: 0,
      retainedBytes: 1_000_000,
      maxClockDrift: 0.1,
      priority: 1,
      quiesce: false,
      diskRetryMs: 20,
      storeId: this.#setup.hasIdentities ? this.disk(id).storeId : '',
      random: () => 0.5,
      ...this.#setup.options,
    };
    this.#nodes.set(id, new ScriptedNode(options, this.disk(id), this.now));
    this.#paused.delete(id);
    this.turn(id);
  }

  crash(id: NodeId, kept: number): void {
    this.disk(id).crash(kept);
    this.#nodes.delete(id);
  }

  wipe(id: NodeId): void {
    this.#nodes.delete(id);
    const disk = new ScriptedDisk(`another store of ${id}`);
    this.#fill(id, disk);
    disk.durable.entries.length = 1;
    disk.durable.hardState = { term: 1, votedFor: undefined, commitIndex: 0 };
    this.#disks.set(id, disk);
  }

  pause(id: NodeId): void {
    this.#paused.add(id);
  }

  /** It goes on, and sees what time it is. */
  wake(id: NodeId): void {
    this.#paused.delete(id);
    this.#tick(id);
  }

  /** Ends what is to be done now for this node; its disk, unless frozen, answers at once. */
  turn(id: NodeId): void {
    const node = this.node(id);
    for (let steps = 0; ; steps++) {
      if (steps > MAX_STEPS) throw new Error(`${id} does not come to rest`);
      const effects = node.turn(this.now);
      this.#carryOut(node, effects);
      this.#check(node);
      const isAnswered = effects.loads.length > 0 || effects.chunks.length > 0;
      const isWritten = !node.disk.isFrozen && node.sync(this.now);
      if (!isAnswered && !isWritten) break;
    }
  }

  #carryOut(node: ScriptedNode, effects: Effects): void {
    for (const message of effects.messages) this.#send(message);
    for (const { peer } of effects.snapshotsToSend)
      for (const piece of node.pieces(peer, ++this.#streams)) this.#send(piece);
    for (const { id: read, index } of effects.reads) this.reads.set(this.#readNames[read] ?? '?', index);
  }

  #send(message: Message): void {
    if (this.#cuts.has(`${message.from}->${message.to}`)) return;
    this.wire.push({ message, kind: kindOf(message) });
  }

  /** One leader a term; one term at each committed index (paper, figure 3). */
  #check({ id, raft }: ScriptedNode): void {
    if (raft.role === 'leader') {
      const other = this.#leaders.get(raft.term) ?? id;
      if (other !== id) throw new Error(`${other} and ${id} both lead in term ${raft.term}`);
      this.#leaders.set(raft.term, id);
    }
    for (let index = raft.firstIndex; index <= raft.commitIndex; index++) {
      const term = raft.termAt(index) as Term;
      const other = this.#committed.get(index) ?? term;
      if (other !== term) throw new Error(`${id} has committed ${index}:${term}, but ${index}:${other} was committed`);
      this.#committed.set(index, term);
    }
  }

  // Time

  #tick(id: NodeId): void {
    const { raft } = this.node(id);
    raft.wake(this.now);
    if (this.now >= raft.deadline) raft.tick(this.now);
    this.turn(id);
  }

  /** Time goes on to this node's deadline; nobody else notices. */
  timeout(id: NodeId): void {
    this.now = Math.max(this.now, this.node(id).raft.deadline);
    this.#tick(id);
  }

  /** Time goes on by `ms`; who has something to do then does it. `deliver`: messages arrive at once. */
  pass(ms: number, deliver: boolean): void {
    const end = this.now + ms;
    for (let steps = 0; steps < MAX_STEPS; steps++) {
      if (deliver) this.settle();
      const due = this.ids
        .filter((id) => !this.#paused.has(id))
        .map((id) => ({ id, at: this.node(id).raft.deadline }))
        .sort((a, b) => a.at - b.at)[0];
      if (due === undefined || due.at > end) {
        this.now = end;
        return;
      }
      this.now = Math.max(this.now, due.at);
      this.#tick(due.id);
    }
    throw new Error('time does not pass: somebody always has something to do');
  }

  // Messages

  /** Delivers whatever is under way, in order, until nothing is. */
  settle(): void {
    for (let steps = 0; ; steps++) {
      if (steps > MAX_STEPS) throw new Error('the messages come to no end');
      const next = this.wire.findIndex(({ message }) => !this.#paused.has(message.to));
      if (next < 0) return;
      this.#deliver(this.wire.splice(next, 1)[0] as Envelope);
    }
  }

  /** Takes out those that fit, the oldest first. */
  take(from: 'wire' | 'parked', fits: (envelope: Envelope) => boolean): Envelope[] {
    const taken = this[from].filter(fits);
    this[from] = this[from].filter((envelope) => !fits(envelope));
    return taken;
  }

  deliver(envelopes: readonly Envelope[]): void {
    for (const envelope of envelopes) this.#deliver(envelope);
  }

  #deliver({ message }: Envelope): void {
    if (!this.#nodes.has(message.to) || this.#cuts.has(`${message.from}->${message.to}`)) return;
    const { raft } = this.node(message.to);
    raft.wake(this.now);
    raft.receive(message, this.now);
    this.turn(message.to);
  }

  cut(from: NodeId, to: NodeId): void {
    this.#cuts.add(`${from}->${to}`);
  }

  mend(from?: NodeId, to?: NodeId): void {
    if (from === undefined) this.#cuts.clear();
    else this.#cuts.delete(`${from}->${to}`);
  }

  // Callers

  propose(id: NodeId, text: string): void {
    const { raft } = this.node(id);
    const data = new TextEncoder().encode(text);
    this.refusal = raft.refusal(data.length);
    if (this.refusal === undefined) raft.propose(data, this.now);
    this.turn(id);
  }

  read(id: NodeId, name: string, level: 'linearizable' | 'lease'): void {
    this.node(id).raft.read(this.#readNames.push(name) - 1, level, this.now);
    this.turn(id);
  }
}
