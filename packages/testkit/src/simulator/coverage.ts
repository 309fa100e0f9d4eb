/** What a batch of simulated runs must have met, each at least once, or it proves less than it seems to. */
export const situations = [
  // Consensus.
  'leaders',
  'leaderChanges',
  'splitVotes',
  'votesRefused',
  'preVotesRefused',
  'appendsRefused',
  'truncations',
  'truncationsUnderWrite',
  'oldTermsCommitted',
  // Load.
  'writesAcknowledged',
  'writesUnknown',
  'writesRefused',
  'readsAnswered',
  'readsRefused',
  'swaps',
  'swapsRefused',
  'deletions',
  'forwarded',
  // Reads of every level.
  'leaseReads',
  'localReads',
  'atLeastReads',
  'staleReads',
  'readsOnFollowers',
  // Sessions.
  'sessionsOpened',
  'sessionsExpired',
  'commandsRepeated',
  'repetitionsApplied',
  // Snapshots.
  'snapshotsTaken',
  'snapshotsInstalled',
  'snapshotPieces',
  'snapshotsCut',
  'compactions',
  'startsFromSnapshot',
  'logsReset',
  // Membership and leadership.
  'changesBegun',
  'changesDone',
  'jointPhases',
  'jointLeadersLost',
  'leadersRemoved',
  'nodesAdded',
  'nodesReadmitted',
  'transfersDone',
  'transfersFailed',
  // Network.
  'messagesLost',
  'messagesDuplicated',
  'messagesReordered',
  'messagesLate',
  'messagesCut',
  'connectionsBroken',
  'partitions',
  'leadersInMinority',
  'leadersInMajority',
  'oneWayCuts',
  'rings',
  'flaps',
  // Processes.
  'crashes',
  'leadersCrashed',
  'crashesOfAll',
  'pauses',
  'leadersPaused',
  'clockJumps',
  'stops',
  // Disks.
  'writesLost',
  'writesTorn',
  'unreportedWritesSurvived',
  'diskStalls',
  'slowDisks',
  'diskErrors',
  'disksWiped',
  'snapshotsRotted',
  'rotRead',
  'disksFull',
  'writesRefusedByFullDisk',
  'convergences',
] as const;

export type Situation = (typeof situations)[number];

export type Counts = Record<Situation, number>;

export class Coverage {
  readonly counts: Counts = Object.fromEntries(situations.map((name) => [name, 0])) as Counts;

  add(counts: Counts): void {
    for (const name of situations) this.counts[name] += counts[name];
  }

  /** What was never met. */
  get missing(): Situation[] {
    return situations.filter((name) => this.counts[name] === 0);
  }
}
