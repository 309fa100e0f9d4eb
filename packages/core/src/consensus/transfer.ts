import type { TimeoutNow } from '../messages.js';
import type { NodeId } from '../types.js';
import type { ChangeRefusal } from './effects.js';
import { campaignAtOnce } from './election.js';
import type { Progress } from './progress.js';
import { becomeFollower } from './roles.js';
import type { RaftState } from './state.js';

/** Begins to hand the leadership over on request (thesis, section 3.10). */
export function transferLeadership(state: RaftState, target: NodeId | undefined): ChangeRefusal | undefined {
  if (state.role !== 'leader') return { why: 'notLeader' };
  if (state.transfer?.requested === true || state.mustGo) return { why: 'transferring' };
  const chosen = target ?? bestTarget(state);
  const message = chosen === undefined ? 'no other voter has been heard of: wait for one' : whyNotTo(state, chosen);
  if (chosen === undefined || message !== undefined) return { why: 'invalid', message: message ?? '' };
  begin(state, chosen, { requested: true, mustLeave: state.transfer?.mustLeave ?? false });
  return undefined;
}

function whyNotTo(state: RaftState, target: NodeId): string | undefined {
  if (target === state.id) return `node ${target} leads already`;
  if (!state.configuration.voters.includes(target)) return `node ${target} is no voter: name one that is`;
  return state.progress.get(target)?.isWiped === true
    ? `node ${target} has lost its storage: wait until it is a voter again`
    : undefined;
}

/** Hands over to whom it can, without being asked to. With `mustLeave` this node steps down in any case. False: there is nobody. */
export function handOver(state: RaftState, { mustLeave }: { readonly mustLeave: boolean }): boolean {
  if (state.transfer !== undefined) {
    state.transfer.mustLeave ||= mustLeave;
    return true;
  }
  const target = bestTarget(state);
  if (target !== undefined) begin(state, target, { requested: false, mustLeave });
  return target !== undefined;
}

export function begin(
  state: RaftState,
  target: NodeId,
  how: { readonly requested: boolean; readonly mustLeave: boolean },
): void {
  const deadline = state.now + state.options.electionTimeoutMs.max;
  state.transfer = { target, ...how, term: state.term, deadline, toldRound: 0 };
}

/** To one that has all but the latest, if there is one: otherwise this node leads on, and nobody is kept waiting for it. */
export function handOverIfReady(state: RaftState): void {
  const target = bestTarget(state);
  if (state.role !== 'leader' || state.transfer !== undefined || target === undefined) return;
  if (state.progress.get(target)?.state === 'replicate') begin(state, target, { requested: false, mustLeave: false });
}

/** The voter that is there and knows most. */
function bestTarget(state: RaftState): NodeId | undefined {
  let best: { readonly id: NodeId; readonly progress: Progress } | undefined;
  for (const id of state.configuration.voters) {
    const progress = state.progress.get(id);
    if (progress === undefined || !couldLead(state, id, progress)) continue;
    if (best === undefined || progress.matchIndex > best.progress.matchIndex) best = { id, progress };
  }
  return best?.id;
}

function couldLead({ away, now, options }: RaftState, id: NodeId, progress: Progress): boolean {
  const isThere = progress.isHeard && !away.has(id) && now - progress.contactAt < options.electionTimeoutMs.min;
  return isThere && !progress.isWiped && progress.priority > 0;
}

/** Once the target's disk has everything, it is told to campaign; with each round again, since that may be lost. */
export function continueTransfer(state: RaftState): void {
  const { transfer } = state;
  if (transfer === undefined || transfer.toldRound >= state.round) return;
  if (state.progress.get(transfer.target)?.matchIndex !== state.log.lastIndex) return;
  transfer.toldRound = state.round;
  tellToCampaign(state, transfer.target);
}

function tellToCampaign(state: RaftState, to: NodeId): void {
  // Voters give this campaign their votes although they hear of this leader.
  state.leaseLost = true;
  state.appends.push({ type: 'timeoutNow', from: state.id, to, term: state.term });
}

/** A leader without a vote, whose removal is committed, asks the best of the others to take over, and goes. */
export function go(state: RaftState): void {
  if (!state.mustGo) return;
  const target = bestTarget(state);
  if (target !== undefined) tellToCampaign(state, target);
  // What is committed is told before it goes.
  const lastWords = state.appends;
  becomeFollower(state, state.term, undefined, 'the configuration without its vote is committed');
  state.appends = lastWords;
}

/** Finds out what became of a transfer. */
export function settleTransfer(state: RaftState): void {
  const { transfer } = state;
  if (transfer === undefined) return;
  if (state.role === 'leader' && state.term === transfer.term) {
    if (state.now < transfer.deadline) return;
    end(state, undefined, `${transfer.target} did not take over within an election timeout`);
    if (transfer.mustLeave) becomeFollower(state, state.term, undefined, 'its disk does not answer');
  } else if (state.leaderId === state.id) end(state, undefined, 'this node was elected again');
  else if (state.leaderId !== undefined) end(state, state.leaderId, `${state.leaderId} leads`);
  else if (state.now >= transfer.deadline)
    end(state, undefined, 'this node leads no more, and no other leader is known');
}

function end(state: RaftState, leaderId: NodeId | undefined, reason: string): void {
  if (state.transfer?.requested === true) state.rareEffects.transfer = { leaderId, reason };
  state.transfer = undefined;
}

/** A leader that is there to stay hands over to a voter of a higher priority, now and then until it succeeds. */
export function preferPriority(state: RaftState): void {
  if (state.transfer !== undefined || state.now < state.preferAt) return;
  let best: { readonly id: NodeId; readonly priority: number } | undefined;
  for (const id of state.configuration.voters) {
    const progress = state.progress.get(id);
    if (progress === undefined || !couldLead(state, id, progress) || progress.state !== 'replicate') continue;
    const { priority } = progress;
    if (priority > (best?.priority ?? state.options.priority)) best = { id, priority };
  }
  if (best === undefined) return;
  state.preferAt = state.now + 4 * state.options.electionTimeoutMs.max;
  begin(state, best.id, { requested: false, mustLeave: false });
}

export function receiveTimeoutNow(state: RaftState, message: TimeoutNow): void {
  if (state.role !== 'follower' || message.term !== state.term || message.from !== state.leaderId) return;
  campaignAtOnce(state);
}
