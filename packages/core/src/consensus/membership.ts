import { EntryType } from '../types.js';
import type { Address, Configuration, LogIndex, NodeId } from '../types.js';
import { appendEntry, startRound } from './append.js';
import { encodeConfiguration, isVoter, membersOf, withReturning } from './configuration.js';
import type { ChangeRefusal } from './effects.js';
import { differs, storeOf, withStores } from './identity.js';
import type { RaftState } from './state.js';

/** Who is named nowhere stays what it is. */
export interface Change {
  /** Become voters: members or not. */
  readonly add?: readonly NodeId[] | undefined;
  /** Leave altogether. */
  readonly remove?: readonly NodeId[] | undefined;
  /** Become learners: voters step back, others join. */
  readonly learners?: readonly NodeId[] | undefined;
  readonly addresses?: Readonly<Record<NodeId, Address>> | undefined;
  /** The index of the configuration that is to be changed; refused (`conflict`) when another is in force. */
  readonly expected?: LogIndex | undefined;
}

/** The change is under way, `refusal` undefined, or was not begun. */
export type ChangeOutcome =
  | {
      readonly refusal: undefined;
      /** The entry that begins it; of the configuration in force when the change changes nothing. */
      readonly index: LogIndex;
      /** Whether a second entry follows, which ends the joint phase: it is done when `configurationIndex` is committed, later than `index`. */
      readonly joint: boolean;
    }
  | { readonly refusal: ChangeRefusal };

/** What a change would do. */
export interface ChangePreview {
  readonly refusal: undefined;
  readonly before: Composition;
  readonly after: Composition;
  readonly joint: boolean;
  /** Voters to be that lack entries which the leader has; `lag` is undefined for those that it has never heard of. */
  readonly behind: readonly { readonly id: NodeId; readonly lag: number | undefined }[];
}

export interface Composition {
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
  readonly quorum: number;
}

/** Begins a change of who takes part; one at a time (thesis, section 4.3). */
export function changeMembership(state: RaftState, change: Change): ChangeOutcome {
  const next = plan(state, change);
  if ('refusal' in next) return next;
  const { configuration } = state;
  if (isSame(configuration, next)) return { refusal: undefined, index: state.configurationIndex, joint: false };
  const joint = !isEqual(next.voters, configuration.voters);
  const entered = joint ? { ...next, outgoing: configuration.voters } : next;
  const index = appendEntry(state, EntryType.configuration, encodeConfiguration(entered));
  return { refusal: undefined, index, joint };
}

export function previewMembership(
  state: RaftState,
  change: Change,
): ChangePreview | { readonly refusal: ChangeRefusal } {
  const next = plan(state, change);
  if ('refusal' in next) return next;
  const { configuration, log, progress } = state;
  const joining = next.voters.filter((id) => !configuration.voters.includes(id));
  const behind = joining.map((id) => {
    const known = progress.get(id);
    return { id, lag: known?.isHeard === true ? log.lastIndex - known.matchIndex : undefined };
  });
  return {
    refusal: undefined,
    before: compositionOf(configuration),
    after: compositionOf(next),
    joint: !isEqual(next.voters, configuration.voters),
    behind: behind.filter(({ lag }) => lag !== 0),
  };
}

const compositionOf = ({ voters, learners }: Configuration): Composition => ({
  voters,
  learners,
  quorum: (voters.length >> 1) + 1,
});

/** The configuration that the change is to lead to, or why it cannot be begun. */
function plan(state: RaftState, change: Change): Configuration | { readonly refusal: ChangeRefusal } {
  const why = whyNotNow(state, change) ?? whyNever(state.configuration, change);
  if (why !== undefined) return { refusal: why };
  const next = changed(state, change);
  const wiped = next.voters.filter((id) => differs(next, id, storeOf(state, id)));
  if (wiped.length === 0 || 2 * (next.voters.length - wiped.length) > next.voters.length) return next;
  const message = `too many of the voters to be have lost their storages: make ${wiped.join()} learners first`;
  return { refusal: { why: 'invalid', message } };
}

function whyNotNow(state: RaftState, { expected }: Change): ChangeRefusal | undefined {
  const { configurationIndex: index, log } = state;
  if (state.role !== 'leader') return { why: 'notLeader' };
  if (log.commitIndex < state.termStartIndex) return { why: 'notReady' };
  if (index > log.commitIndex || state.configuration.outgoing.length > 0) return { why: 'inProgress', index };
  if (state.fullRetryAt !== undefined) return { why: 'diskFull' };
  if (state.transfer !== undefined) return { why: 'transferring' };
  return expected === undefined || expected === index ? undefined : { why: 'conflict', index };
}

function whyNever(configuration: Configuration, change: Change): ChangeRefusal | undefined {
  const { add = [], remove = [], learners = [], addresses = {} } = change;
  const invalid = (message: string): ChangeRefusal => ({ why: 'invalid', message });
  const named = [...add, ...remove, ...learners];
  const twice = named.find((id, place) => named.indexOf(id) !== place);
  if (twice !== undefined) return invalid(`node ${twice} is named twice: say once what becomes of it`);
  const unnamed = named.find((id) => typeof id !== 'string' || id.length < 1 || id.length > 64);
  if (unnamed !== undefined) return invalid(`a node id has 1 to 64 characters: "${unnamed}" has not`);
  const members = membersOf(configuration);
  const stranger = remove.find((id) => !members.has(id));
  if (stranger !== undefined) return invalid(`node ${stranger} is no member: there is nothing to remove`);
  const lost = Object.keys(addresses).find((id) => remove.includes(id) || !(members.has(id) || named.includes(id)));
  if (lost !== undefined) return invalid(`an address was given for node ${lost}, which is no member: add it too`);
  const voters = configuration.voters.filter((id) => !remove.includes(id) && !learners.includes(id));
  return voters.length + add.length > 0 ? undefined : invalid('nobody would be left to vote: keep or add a voter');
}

function changed(state: RaftState, { add = [], remove = [], learners = [], addresses }: Change): Configuration {
  const { configuration } = state;
  const without = (ids: readonly NodeId[], gone: readonly NodeId[]): NodeId[] => ids.filter((id) => !gone.includes(id));
  const merged = (ids: readonly NodeId[], more: readonly NodeId[]): NodeId[] => [...new Set([...ids, ...more])].sort();
  const kept = <T>(record: Readonly<Record<NodeId, T>>): Record<NodeId, T> =>
    Object.fromEntries(Object.entries(record).filter(([id]) => !remove.includes(id)));
  const next = {
    voters: merged(without(configuration.voters, [...remove, ...learners]), add),
    outgoing: [],
    learners: merged(without(configuration.learners, [...remove, ...add]), learners),
    addresses: { ...kept(configuration.addresses), ...addresses },
  };
  // Who does not vote yet takes part with the storage that it has now; a voter that steps back keeps the one that its votes are in.
  const joining = [...add, ...learners].filter((id) => !configuration.voters.includes(id));
  return withReturning(configuration, { ...next, stores: withStores(state, kept(configuration.stores), joining) });
}

const isEqual = (a: readonly NodeId[], b: readonly NodeId[]): boolean =>
  a.length === b.length && a.every((id, place) => id === b[place]);

function isSame(a: Configuration, b: Configuration): boolean {
  const [one, other] = [encodeConfiguration(a), encodeConfiguration(b)];
  return one.length === other.length && one.every((byte, place) => byte === other[place]);
}

// Leader

/** Ends a joint phase; lets a leader go that has no vote any more (thesis, sections 4.2.2 and 4.3). */
export function configurationCommitted(state: RaftState): void {
  const { configuration, now, options } = state;
  for (const progress of state.progress.values()) {
    if (progress.removedBy !== undefined)
      progress.leavesAt = Math.min(progress.leavesAt, now + options.electionTimeoutMs.max);
  }
  if (configuration.outgoing.length > 0) {
    const stepBack = configuration.learners.filter((id) => configuration.outgoing.includes(id));
    const stores = withStores(state, configuration.stores, stepBack);
    const left = withReturning(configuration, { ...configuration, outgoing: [], stores });
    appendEntry(state, EntryType.configuration, encodeConfiguration(left));
  } else if (!isVoter(configuration, state.id)) {
    startRound(state);
    state.mustGo = true;
  }
}
