import { emptyConfiguration, isVoter, membersOf } from './configuration.js';
import { compareStore } from './identity.js';
import { Progress } from './progress.js';
import type { RaftState } from './state.js';

// Leader

/** The newest configuration in the log is in force: its members get the log, and so do those of earlier ones until they know. */
export function enterConfiguration(state: RaftState): void {
  const { configuration, configurationIndex, configurations, log, now, options, progress } = state;
  const members = membersOf(configuration);
  const inForceAtCommit = configurations.findLastIndex((one) => one.index <= log.commitIndex);
  const earlier = configurations
    .slice(Math.max(0, inForceAtCommit))
    .flatMap((one) => [...membersOf(one.configuration)]);
  for (const id of new Set([...members, ...earlier])) {
    const isBack = progress.get(id)?.removedBy !== undefined && members.has(id);
    if (id !== state.id && (isBack || !progress.has(id)))
      progress.set(id, new Progress(log.lastIndex + 1, now, options));
  }
  state.leavers = 0;
  for (const [id, known] of progress) {
    if (members.has(id)) compareStore(state, id, known);
    else {
      known.removedBy ??= configurationIndex;
      state.leavers++;
    }
  }
}

/** Who was removed is told so for an election timeout, then no more. */
export function followersLeave(state: RaftState): void {
  for (const [id, { leavesAt }] of state.progress) {
    if (state.now < leavesAt) continue;
    state.progress.delete(id);
    state.leavers--;
  }
}

// Everyone

/** Voters of the configuration in force, and those whose removal is not committed: they may be the only ones with all entries. */
export function mayVoteForItself(state: RaftState): boolean {
  if (state.isVoter) return true;
  const committed = state.configurations.findLast((one) => one.index <= state.log.commitIndex);
  return (
    state.configurationIndex > state.log.commitIndex &&
    isVoter(committed?.configuration ?? emptyConfiguration, state.id)
  );
}

/** Says once that this node takes part no more. */
export function noticeRemoval(state: RaftState): void {
  const { configurationIndex, configurations, id, log } = state;
  if (configurationIndex > log.commitIndex || configurationIndex === state.removalCheckedAt) return;
  state.removalCheckedAt = configurationIndex;
  // One that is on its way in has not been named by earlier ones either.
  const named = configurations.map(({ configuration }) => membersOf(configuration).has(id));
  if (named.includes(true) && named.at(-1) === false) state.rareEffects.removed = configurationIndex;
}
