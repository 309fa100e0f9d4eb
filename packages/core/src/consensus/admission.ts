import { EntryType } from '../types.js';
import type { NodeId } from '../types.js';
import { appendEntry } from './append.js';
import { encodeConfiguration, isVoter, membersOf } from './configuration.js';
import { isSettled, isUnrecorded, storeOf, withStores } from './identity.js';
import type { Change } from './membership.js';
import type { RaftState } from './state.js';

/**
 * Records the storages of members that have none on record yet: when all are known, or else what is known after an election
 * timeout. A learner's is recorded anew, since it has promised nothing.
 */
export function recordStores(state: RaftState): void {
  if (!state.storesDue || !isSettled(state)) return;
  const { configuration } = state;
  const members = [...membersOf(configuration)];
  const due = members.filter((id) => isUnrecorded(state, id) || isWipedLearner(state, id));
  const isComplete = members.every((id) => storeOf(state, id) !== '' || (configuration.stores[id] ?? '') !== '');
  if (!isComplete && state.now < state.leaderSince + state.options.electionTimeoutMs.max) return;
  state.storesDue = false;
  if (due.length === 0) return;
  const stores = withStores(state, configuration.stores, due);
  appendEntry(state, EntryType.configuration, encodeConfiguration({ ...configuration, stores }));
}

const isWipedLearner = (state: RaftState, id: NodeId): boolean =>
  state.progress.get(id)?.isWiped === true && !isVoter(state.configuration, id);

export function wipedMembers(state: RaftState): NodeId[] {
  return [...state.progress].filter(([, progress]) => progress.isWiped).map(([id]) => id);
}

/** The next step of bringing wiped voters back: first they become learners, and voters again once they have caught up. */
export function readmission(state: RaftState): Change | undefined {
  if (!isSettled(state)) return undefined;
  const { voters } = state.configuration;
  const wiped = wipedMembers(state).filter((id) => voters.includes(id));
  if (wiped.length > 0 && wiped.length < voters.length) return { learners: wiped };
  const back = state.configuration.returning.filter((id) => hasCaughtUp(state, id));
  return back.length > 0 ? { add: back } : undefined;
}

function hasCaughtUp(state: RaftState, id: NodeId): boolean {
  const progress = state.progress.get(id);
  if (progress === undefined || !state.configuration.learners.includes(id)) return false;
  return !progress.isWiped && progress.state === 'replicate' && progress.matchIndex >= state.log.commitIndex;
}
