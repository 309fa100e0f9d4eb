import type { ForwardedCommand, Propose, ProposeRefusal } from '../messages.js';
import type { LogIndex } from '../types.js';
import { appendEntry } from './append.js';
import type { ProposalRefusal } from './effects.js';
import { isFullForGood } from './health.js';
import type { RaftState } from './state.js';

/** Whether a command of that many bytes may be proposed now. */
export function refusal(state: RaftState, bytes: number): ProposalRefusal | undefined {
  if (state.role !== 'leader') return 'notLeader';
  if (state.mustGo) return 'transferring';
  if (isFullForGood(state)) return 'diskFull';
  if (state.transfer !== undefined) return 'transferring';
  const fits = state.uncommittedBytes === 0 || state.uncommittedBytes + bytes <= state.options.maxUncommittedBytes;
  return fits ? undefined : 'overloaded';
}

/** A follower hands commands on; gives the number of the first, and the others follow it. */
export function forward(state: RaftState, commands: readonly ForwardedCommand[]): number | undefined {
  if (state.role !== 'follower' || state.leaderId === undefined || commands.length === 0) return undefined;
  const id = state.takeQuestions(commands.length);
  const { id: from, leaderId: to, term } = state;
  state.outbox.push({ type: 'propose', from, to, term, id, commands });
  return id;
}

/** How far numbers may lie behind the last one and still be of the same process: repetitions, or overtaken. */
const REMEMBERED = 2 ** 20;
/** Processes of a member, the latest, whose messages may still come. */
const MAX_PROCESSES = 8;

/** Nodes whose numbers are remembered: strangers beyond that get no answer. */
const MAX_SENDERS = 256;

/** Takes what a member hands on, as far as it may be taken now. A message that comes twice is taken once. */
export function receivePropose(state: RaftState, message: Propose): void {
  const { from, id, commands, term } = message;
  // Also when it leads no longer: that nothing was taken could only be said of a message that never came before.
  if (state.lastProposed.get(from)?.some((last) => id <= last && id > last - REMEMBERED)) return;
  const leads = state.role === 'leader' && term === state.term;
  if (!leads) return respond(state, message, 0, 0, 'notLeader');
  const isMember = state.progress.has(from);
  if (!isMember && !state.lastProposed.has(from) && state.lastProposed.size >= MAX_SENDERS) return;
  // Also what is refused: it may be a member by the time a copy of this comes.
  remember(state, message);
  if (!isMember) return respond(state, message, 0, 0, 'notLeader');
  const index = state.log.lastIndex + 1;
  let why: ProposeRefusal | undefined;
  let accepted = 0;
  for (const { type, data } of commands) {
    why = refusal(state, data.length);
    if (why !== undefined) break;
    appendEntry(state, type, data);
    accepted++;
  }
  respond(state, message, index, accepted, why);
}

/** The numbers of a process follow each other; those of another are far away. */
function remember({ lastProposed }: RaftState, { from, id, commands }: Propose): void {
  const others = (lastProposed.get(from) ?? []).filter((last) => id < last || id - last >= REMEMBERED);
  lastProposed.set(from, [...others.slice(1 - MAX_PROCESSES), id + commands.length - 1]);
}

function respond(
  state: RaftState,
  { from: to, id, commands }: Propose,
  index: LogIndex,
  accepted: number,
  why: ProposeRefusal | undefined,
): void {
  const { id: from, term } = state;
  const count = commands.length;
  state.outbox.push({ type: 'proposeResponse', from, to, term, id, index, accepted, count, refusal: why });
}
