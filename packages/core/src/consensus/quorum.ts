import type { Configuration, NodeId } from '../types.js';

export type VoteResult = 'won' | 'lost' | 'pending';

/**
 * The largest value that a quorum has reached: a majority of the voters and, in a joint phase, of the outgoing voters too
 * (thesis, section 4.3). With match indexes it gives what may commit, with times since when a quorum has been heard.
 */
export function quorumValue(configuration: Configuration, valueOf: (id: NodeId) => number): number {
  return Math.min(majorityValue(configuration.voters, valueOf), majorityValue(configuration.outgoing, valueOf));
}

/** Infinity for an empty set: it never holds anything back. */
function majorityValue(voters: readonly NodeId[], valueOf: (id: NodeId) => number): number {
  if (voters.length === 0) return Number.POSITIVE_INFINITY;
  const descending = voters.map(valueOf).sort((a, b) => b - a);
  return descending[voters.length >> 1] as number;
}

/** What the votes heard so far amount to; a voter without an entry has not answered. */
export function voteResult(configuration: Configuration, votes: ReadonlyMap<NodeId, boolean>): VoteResult {
  const incoming = majorityVote(configuration.voters, votes);
  const outgoing = majorityVote(configuration.outgoing, votes);
  if (incoming === 'lost' || outgoing === 'lost') return 'lost';
  return incoming === 'won' && outgoing === 'won' ? 'won' : 'pending';
}

function majorityVote(voters: readonly NodeId[], votes: ReadonlyMap<NodeId, boolean>): VoteResult {
  if (voters.length === 0) return 'won';
  const majority = (voters.length >> 1) + 1;
  let granted = 0;
  let unheard = 0;
  for (const id of voters) {
    const vote = votes.get(id);
    if (vote === undefined) unheard++;
    else if (vote) granted++;
  }
  if (granted >= majority) return 'won';
  return granted + unheard >= majority ? 'pending' : 'lost';
}
