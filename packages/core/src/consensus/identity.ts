import type { Configuration, NodeId } from '../types.js';
import { isVoter } from './configuration.js';
import type { Progress } from './progress.js';
import type { RaftState } from './state.js';

/**
 * A storage has an id, made at random with it, and the configuration records with which storage each member takes part. A member
 * that comes back with another one has forgotten its votes and its log: it must not vote as if it remembered.
 */
export function isAmnesiac({ configuration, id, options }: RaftState): boolean {
  return differs(configuration, id, options.storeId);
}

/** Whether `storeId` is not the storage that `id` was admitted with. What is not known on either side differs from nothing. */
export function differs({ stores }: Configuration, id: NodeId, storeId: string): boolean {
  const recorded = stores[id];
  return recorded !== undefined && recorded !== '' && storeId !== '' && recorded !== storeId;
}

/** Storages of one member that are remembered as told of. */
const MAX_TOLD_STORES = 100;

/** A follower has answered in this term. */
export function heard(state: RaftState, id: NodeId, progress: Progress, storeId: string): void {
  progress.contactAt = state.now;
  progress.isHeard = true;
  if (storeId === progress.storeId) return;
  progress.storeId = storeId;
  compareStore(state, id, progress);
}

/** To be looked at again when the configuration changes. */
export function compareStore(state: RaftState, id: NodeId, progress: Progress): void {
  const { configuration } = state;
  const isWiped = differs(configuration, id, progress.storeId);
  // Where two processes have one id, each takes the place of the other time and again.
  if (isWiped && isVoter(configuration, id) && !progress.toldStores.has(progress.storeId)) {
    if (progress.toldStores.size >= MAX_TOLD_STORES) progress.toldStores.clear();
    progress.toldStores.add(progress.storeId);
    (state.rareEffects.wiped ??= []).push(id);
  }
  progress.isWiped = isWiped;
  if (isWiped ? !isVoter(configuration, id) : isUnrecorded(state, id)) state.storesDue = true;
}

/** As last heard; of one that is leaving, or was never heard of: empty. */
export function storeOf(state: RaftState, id: NodeId): string {
  if (id === state.id) return state.options.storeId;
  const progress = state.progress.get(id);
  return progress === undefined || progress.removedBy !== undefined ? '' : progress.storeId;
}

export const isUnrecorded = (state: RaftState, id: NodeId): boolean =>
  storeOf(state, id) !== '' && (state.configuration.stores[id] ?? '') === '';

/** The stores with those of `members` as last heard, where they were heard of at all. */
export function withStores(
  state: RaftState,
  stores: Configuration['stores'],
  members: Iterable<NodeId>,
): Configuration['stores'] {
  const result = { ...stores };
  for (const id of members) {
    const heardOf = storeOf(state, id);
    if (heardOf !== '') result[id] = heardOf;
  }
  return result;
}

/** Leads, has committed an entry of its own term, and no configuration is under way. */
export function isSettled(state: RaftState): boolean {
  const { commitIndex } = state.log;
  return (
    state.role === 'leader' &&
    commitIndex >= state.termStartIndex &&
    commitIndex >= state.configurationIndex &&
    state.configuration.outgoing.length === 0
  );
}
