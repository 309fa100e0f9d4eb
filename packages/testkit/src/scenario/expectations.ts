import type { NodeId } from '@raft/core';
import type { ScriptedCluster } from './cluster.js';

/** What can be asked of a node, as text: `expect 2 term 3`. */
const aspects: Readonly<Record<string, (cluster: ScriptedCluster, id: NodeId) => string>> = {
  is: (cluster, id) => cluster.node(id).raft.role,
  term: (cluster, id) => String(cluster.node(id).raft.term),
  follows: (cluster, id) => cluster.node(id).raft.leaderId ?? 'nobody',
  vote: (cluster, id) => cluster.node(id).raft.votedFor ?? 'nobody',
  commit: (cluster, id) => String(cluster.node(id).raft.commitIndex),
  first: (cluster, id) => String(cluster.node(id).raft.firstIndex),
  last: (cluster, id) => String(cluster.node(id).raft.lastIndex),
  /** The terms of its entries. */
  log(cluster, id) {
    const { raft } = cluster.node(id);
    const terms: string[] = [];
    for (let index = raft.firstIndex; index <= raft.lastIndex; index++) terms.push(String(raft.termAt(index)));
    return terms.join(' ');
  },
  applied: (cluster, id) => cluster.node(id).applied.join(' '),
  voters: (cluster, id) => cluster.node(id).raft.configuration.voters.join(' '),
  outgoing: (cluster, id) => cluster.node(id).raft.configuration.outgoing.join(' '),
  learners: (cluster, id) => cluster.node(id).raft.configuration.learners.join(' '),
  snapshot: (cluster, id) => String(cluster.disk(id).durable.snapshot?.meta.index ?? 0),
  unsynced: (cluster, id) => String(cluster.disk(id).unsynced.length),
};

/** Throws Error telling what was found instead. */
export function expectation(cluster: ScriptedCluster, words: readonly string[], line: string): void {
  const [subject = '', name = '', ...rest] = words;
  if (subject === 'leader') return same(line, name, leaders(cluster).join(' ') || 'nobody');
  if (subject === 'read') return same(line, rest.join(' '), readState(cluster, name));
  if (subject === 'refused') return same(line, name || 'nothing', cluster.refusal ?? 'nothing');
  if (subject === 'way') return same(line, rest.join(' ') || 'nothing', onTheWay(cluster, name));
  const aspect = aspects[name];
  if (aspect === undefined) throw new Error(`there is no expectation ${name}`);
  const wanted = rest.join(' ');
  same(line, name === 'follows' || name === 'vote' ? wanted || 'nobody' : wanted, aspect(cluster, subject));
}

function same(line: string, wanted: string, found: string): void {
  if (wanted !== found) throw new Error(`${line.trim()}: found ${found === '' ? 'nothing' : found}`);
}

/** Of all that think they lead, those in the latest term. */
function leaders(cluster: ScriptedCluster): NodeId[] {
  const all = cluster.ids.filter((id) => cluster.node(id).raft.role === 'leader');
  const latest = Math.max(...all.map((id) => cluster.node(id).raft.term));
  return all.filter((id) => cluster.node(id).raft.term === latest);
}

function readState(cluster: ScriptedCluster, name: string): string {
  if (!cluster.reads.has(name)) return 'waiting';
  return cluster.reads.get(name) === undefined ? 'refused' : 'answered';
}

/** The kinds of messages under way on a link. */
function onTheWay(cluster: ScriptedCluster, link: string): string {
  const kinds = cluster.wire.filter(({ message }) => `${message.from}->${message.to}` === link).map(({ kind }) => kind);
  return kinds.join(' ') || 'nothing';
}
