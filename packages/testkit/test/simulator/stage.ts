import { EntryType } from '@raft/core';
import type { Applied, Entry, LogBatch, Message, NodeId, NodeStatus } from '@raft/core';
import { Agenda } from '../../src/simulator/agenda.js';
import { Dice } from '../../src/simulator/dice.js';
import { Disk } from '../../src/simulator/disk.js';
import { Invariants } from '../../src/simulator/invariants.js';

export const ids = ['1', '2', '3'] as const;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export const entry = (index: number, term: number, text = `${index}:${term}`): Entry => ({
  index,
  term,
  type: EntryType.command,
  data: bytes(text),
});

/** Three nodes whose every step is told, so that a test can have them do what no node does. */
export class Stage {
  readonly disks: ReadonlyMap<NodeId, Disk>;
  readonly invariants: Invariants;
  readonly #statuses = new Map<NodeId, NodeStatus>();

  constructor() {
    const profile = { syncMs: { min: 1, max: 1 }, readMs: { min: 1, max: 1 } };
    const agenda = new Agenda();
    this.disks = new Map(ids.map((id, place) => [id, new Disk(profile, agenda, new Dice(place))]));
    this.invariants = new Invariants(this.disks, (result) => JSON.stringify(result) ?? '');
    for (const id of ids) {
      this.invariants.started(id);
      this.#statuses.set(id, initialStatus(id));
    }
  }

  disk(id: NodeId): Disk {
    return this.disks.get(id) as Disk;
  }

  /** Writes, and syncs unless told otherwise. */
  write(id: NodeId, batch: Partial<LogBatch>, isSynced = true): void {
    const whole = { entries: [], ...batch };
    this.invariants.appending(id, whole);
    this.disk(id).written.append(whole);
    if (isSynced) this.disk(id).durable.append(whole);
    this.invariants.appended(id, whole, true);
  }

  /** A full disk takes nothing of it. */
  refuse(id: NodeId, batch: Partial<LogBatch>): void {
    const whole = { entries: [], ...batch };
    this.invariants.appending(id, whole);
    this.invariants.appended(id, whole, false);
  }

  hard(id: NodeId, term: number, votedFor: NodeId | undefined, isSynced = true): void {
    this.write(id, { hardState: { term, votedFor, commitIndex: 0 } }, isSynced);
  }

  send(id: NodeId, message: Partial<Message> & Pick<Message, 'type' | 'to'>): void {
    const { term } = this.#statuses.get(id) as NodeStatus;
    this.invariants.sending(id, [{ from: id, term, ...message } as Message]);
  }

  step(id: NodeId, change: Partial<NodeStatus> = {}): void {
    const { lastIndex } = this.disk(id).written;
    const status = { ...(this.#statuses.get(id) as NodeStatus), lastIndex, ...change };
    this.#statuses.set(id, status);
    this.invariants.stepped(id, status);
  }

  vote(voter: NodeId, term: number, candidate: NodeId): void {
    this.hard(voter, term, candidate);
    if (voter !== candidate)
      this.send(voter, { type: 'requestVoteResponse', to: candidate, term, preVote: false, granted: true });
    this.step(voter, { term });
  }

  elect(id: NodeId, term: number, voters: readonly NodeId[] = ids): void {
    for (const voter of voters) this.vote(voter, term, id);
    this.lead(id, term);
  }

  lead(id: NodeId, term: number): void {
    this.step(id, { term, role: 'leader' });
  }

  /** The leader and others have entries on their disks. */
  replicate(entries: readonly Entry[], on: readonly NodeId[] = ids): void {
    for (const id of on) {
      this.write(id, { entries });
      this.step(id);
    }
  }

  apply(id: NodeId, entries: readonly Entry[], results: readonly unknown[]): void {
    const given = entries.map(({ index, term, data }): Applied<Uint8Array> => ({ index, term, command: data }));
    this.invariants.applied(id, given, results);
  }
}

function initialStatus(id: NodeId): NodeStatus {
  return {
    id,
    clusterId: 'raft',
    groupId: 'default',
    storeId: '',
    state: 'running',
    role: 'follower',
    term: 0,
    leaderId: undefined,
    commitIndex: 0,
    appliedIndex: 0,
    firstIndex: 1,
    lastIndex: 0,
    snapshotIndex: 0,
    membership: { index: 0, voters: ids, learners: [], outgoing: [], addresses: {} },
    healthy: true,
    diskFull: false,
    removed: false,
    peers: [],
  };
}
