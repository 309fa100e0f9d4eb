/** What a batch of simulated runs must have met, each at least once, or it proves less than it seems to. */
export const situations = [
  'leaders',
  'splitVotes',
  'preVotesRefused',
  'votesRefused',
  'quorumLost',
  'leadersDeposed',
  'appendsRefused',
  'truncations',
  'truncationsUnderWrite',
  'oldTermsCommitted',
  'loads',
  'lateLoads',
  'windowsFull',
  'proposalsAcknowledged',
  'proposalsNotLeader',
  'proposalsOverloaded',
  'readsConfirmed',
  'readsFailed',
  'messagesLost',
  'messagesDuplicated',
  'messagesReordered',
  'messagesCut',
  'crashes',
  'leadersCrashed',
  'crashesOfAll',
  'writesLost',
  'writesTorn',
  'unreportedWritesSurvived',
  'pauses',
  'diskStalls',
  'partitions',
  'leadersInMinority',
  'oneWayCuts',
  'flaps',
  'singleVoters',
  'jointConfigurations',
  'learners',
  'minoritiesLeftBroken',
  'returnsOfTheLost',
  'strangers',
  'changesBegun',
  'changesRefused',
  'jointPhasesLeft',
  'leadersRemoved',
  'membersRemoved',
  'transfersDone',
  'transfersFailed',
  'snapshotsTaken',
  'compactions',
  'snapshotsSent',
  'snapshotsInstalled',
  'logsReset',
  'leaseReads',
  'followerReads',
  'commandsForwarded',
  'disksWiped',
  'wipedReadmitted',
  'disksFilled',
  'writesRefused',
  'rests',
  'restsWithoutSome',
  'leadersLeftForDisk',
  'lateTurns',
] as const;

export type Situation = (typeof situations)[number];

export class Coverage {
  readonly counts: Record<Situation, number> = Object.fromEntries(situations.map((name) => [name, 0])) as Record<
    Situation,
    number
  >;

  add(other: Coverage): void {
    for (const name of situations) this.counts[name] += other.counts[name];
  }

  get missing(): Situation[] {
    return situations.filter((name) => this.counts[name] === 0);
  }
}
