import type { NodeId } from '../types.js';
import { startRound } from './append.js';
import { quorumValue } from './quorum.js';
import type { RaftState } from './state.js';

// A group rests without members that are not there, or one dead node would keep the groups of all others awake. It hears of them
// when they are back: they ask who leads, or answer what a resting leader sends them now and then once they can be reached.

/** How long a member is silent before it counts as away, and the longest pause between two looks, in election timeouts. */
const SILENT = 4;
const LONGEST_PAUSE = 16;

/** The transport has lost it. True: that is more than to be remembered. */
export function lose(state: RaftState, peer: NodeId): boolean {
  state.away.set(peer, { lookAt: Number.POSITIVE_INFINITY, pauseMs: state.options.electionTimeoutMs.max });
  return state.role === 'leader' ? state.isResting && !isQuorumThere(state) : state.leaderId === peer;
}

/** The transport has found it again; whether its member of this group is there as well, its answer tells. True: a leader looks for it. */
export function find(state: RaftState, peer: NodeId): boolean {
  if (state.role === 'leader') return state.away.has(peer);
  state.away.delete(peer);
  return false;
}

export function lookSoon(state: RaftState, peer: NodeId): void {
  if (find(state, peer)) state.away.set(peer, { lookAt: state.now, pauseMs: state.options.electionTimeoutMs.max });
}

/** Marks those that have not answered for long although they could be reached. */
export function missSilent(state: RaftState): void {
  const { max } = state.options.electionTimeoutMs;
  for (const [id, { contactAt }] of state.progress) {
    if (state.now - contactAt <= SILENT * max || state.away.has(id)) continue;
    state.away.set(id, { lookAt: state.now + max, pauseMs: max });
  }
}

/** Without those that are away there is still a quorum. */
export function isQuorumThere(state: RaftState): boolean {
  return state.away.size === 0 || quorumValue(state.configuration, (id) => (state.away.has(id) ? 0 : 1)) > 0;
}

/** When a resting leader looks for a member that is away; at once when it has lost its quorum. */
export function lookAt(state: RaftState): number {
  if (!isQuorumThere(state)) return 0;
  let at = Number.POSITIVE_INFINITY;
  for (const [id, one] of state.away) if (state.progress.has(id)) at = Math.min(at, one.lookAt);
  return at;
}

/** A resting leader looks for those that are due, in a round that leaves the others at rest. */
export function look(state: RaftState): void {
  for (const one of state.away.values()) {
    if (state.now < one.lookAt) continue;
    one.lookAt = state.now + one.pauseMs;
    one.pauseMs = Math.min(2 * one.pauseMs, LONGEST_PAUSE * state.options.electionTimeoutMs.max);
  }
  startRound(state);
}
