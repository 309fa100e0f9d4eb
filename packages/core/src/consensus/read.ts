import type { ReadIndex, ReadIndexResponse } from '../messages.js';
import type { LogIndex } from '../types.js';
import type { Question, RaftState, Reader, ReadLevel } from './state.js';

const levels: readonly ReadLevel[] = ['linearizable', 'lease'];

export function read(state: RaftState, reader: Reader, level: ReadLevel): void {
  if (state.role === 'leader' && level === 'lease' && holdsLease(state)) answer(state, reader, state.log.commitIndex);
  else if (state.role === 'leader') state.waitingReads.push(reader);
  else if (typeof reader === 'number') state.questions[level].waiting.push(reader);
  else answer(state, reader, undefined);
}

function answer(state: RaftState, reader: Reader, index: LogIndex | undefined): void {
  if (typeof reader === 'number') state.readOutcomes.push({ id: reader, index });
  else {
    const { from: to, id } = reader;
    state.outbox.push({ type: 'readIndexResponse', from: state.id, to, term: state.term, id, index });
  }
}

// Leader

/**
 * ReadIndex (thesis, section 6.4). All reads that arrive while a round is under way share the next one. A round counts only
 * answers that carry its own number or a later one, so an answer to an earlier round proves nothing for a later read.
 */
export function startReads(state: RaftState, startRound: (state: RaftState) => number): void {
  // Until an entry of its own term is committed, a leader does not know what is (thesis, section 6.4, step 1).
  if (state.waitingReads.length === 0 || state.readBatch !== undefined || state.log.commitIndex < state.termStartIndex)
    return;
  state.readBatch = { round: startRound(state), index: state.log.commitIndex, readers: state.waitingReads };
  state.waitingReads = [];
  completeReads(state);
}

/** Lets the reads go whose round a quorum has answered. */
export function completeReads(state: RaftState): void {
  const batch = state.readBatch;
  if (batch === undefined || answeredRound(state) < batch.round) return;
  state.readBatch = undefined;
  for (const reader of batch.readers) answer(state, reader, batch.index);
}

/** The last round that a quorum has answered. */
const answeredRound = (state: RaftState): number => state.quorumOf(state.round, (progress) => progress.ackedRound);

/**
 * Whoever answered a round refuses its vote to others for the smallest election timeout since, by its own clock (thesis, section
 * 6.4.1). That holds with check quorum only, and not for those that were told to campaign.
 */
export function holdsLease(state: RaftState): boolean {
  const { checkQuorum, electionTimeoutMs, maxClockDrift } = state.options;
  if (!checkQuorum || state.leaseLost || state.log.commitIndex < state.termStartIndex) return false;
  const startedAt = state.rounds.startOf(answeredRound(state));
  return startedAt !== undefined && state.now < startedAt + electionTimeoutMs.min * (1 - maxClockDrift);
}

/** Its own reads, and those of followers, cannot be answered by this node any more. */
export function failReads(state: RaftState): void {
  const readers = [...(state.readBatch?.readers ?? []), ...state.waitingReads];
  state.readBatch = undefined;
  state.waitingReads = [];
  for (const reader of readers) answer(state, reader, undefined);
}

/** What was asked of another leader, or not asked yet, this one answers by itself. */
export function takeOverReads(state: RaftState): void {
  for (const question of Object.values(state.questions)) {
    state.waitingReads.push(...question.asked, ...question.waiting);
    question.asked = [];
    question.waiting = [];
  }
}

export function receiveReadIndex(state: RaftState, { from, id, lease }: ReadIndex): void {
  // One that is asked again while it waits has its place.
  const waits = state.waitingReads.some((one) => typeof one !== 'number' && one.from === from && one.id === id);
  if (!waits) read(state, { from, id }, lease ? 'lease' : 'linearizable');
}

// Follower

/** Reads whose leader is gone are asked of the next. */
export function askAgain(state: RaftState): void {
  for (const question of Object.values(state.questions)) {
    if (question.asked.length === 0) continue;
    question.waiting = question.asked.concat(question.waiting);
    question.asked = [];
  }
}

/** One question at a time for all reads of a level; it, or its answer, may be lost, and so it is repeated. */
export function askReads(state: RaftState): void {
  for (const level of levels) {
    const question = state.questions[level];
    if (question.waiting.length === 0 && question.asked.length === 0) continue;
    if (state.role === 'follower' && state.leaderId !== undefined) ask(state, question, state.leaderId, level);
    else {
      for (const id of question.asked.concat(question.waiting)) answer(state, id, undefined);
      question.asked = [];
      question.waiting = [];
    }
  }
}

function ask(state: RaftState, question: Question, to: string, level: ReadLevel): void {
  if (question.asked.length === 0) {
    question.asked = question.waiting;
    question.waiting = [];
    question.id = state.takeQuestions(1);
  } else if (state.now < question.againAt) return;
  question.againAt = state.now + 2 * state.options.heartbeatIntervalMs;
  const { id, term } = state;
  state.outbox.push({ type: 'readIndex', from: id, to, term, id: question.id, lease: level === 'lease' });
}

export function receiveReadIndexResponse(state: RaftState, { id, index }: ReadIndexResponse): void {
  for (const question of Object.values(state.questions)) {
    if (question.asked.length === 0 || question.id !== id) continue;
    for (const reader of question.asked) answer(state, reader, index);
    question.asked = [];
  }
}

/** When a question is to be repeated; Infinity: never. */
export function askAgainAt({ questions: { linearizable, lease } }: RaftState): number {
  const first = linearizable.asked.length > 0 ? linearizable.againAt : Number.POSITIVE_INFINITY;
  return lease.asked.length > 0 ? Math.min(first, lease.againAt) : first;
}
