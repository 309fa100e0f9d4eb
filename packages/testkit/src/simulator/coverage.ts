import { featureNames, mayMeet } from './features.js';
import type { Features } from './features.js';

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
  'rests',
  'leadersLostAtRest',
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
  'sessionsKept',
  'sessionsClosed',
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
  'peersLost',
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
  'errorsAtOpen',
  'errorsAtAppend',
  'errorsAtEntries',
  'errorsAtCompact',
  'errorsAtCreateSnapshot',
  'errorsAtWrite',
  'errorsAtCommit',
  'errorsAtOpenSnapshot',
  'errorsAtRead',
  'errorsAtClose',
  'disksWiped',
  'snapshotsRotted',
  'rotRead',
  'disksFull',
  'writesRefusedByFullDisk',
  'snapshotsRefusedByFullDisk',
  'convergences',
] as const;

export type Situation = (typeof situations)[number];

export type Counts = Record<Situation, number>;

/** How often each fault struck while each feature was in use: by fault, then by feature. */
export type Strikes = Record<string, Record<string, number>>;

export class Coverage {
  readonly counts: Counts = Object.fromEntries(situations.map((name) => [name, 0])) as Counts;
  readonly strikes: Strikes;

  constructor(faults: readonly string[]) {
    this.strikes = Object.fromEntries(
      faults.map((fault) => [fault, Object.fromEntries(featureNames.map((feature) => [feature, 0]))]),
    );
  }

  struck(fault: string, features: Features): void {
    for (const feature of featureNames) if (features[feature]) this.#strike(fault, feature, 1);
  }

  add(counts: Counts, strikes: Strikes): void {
    for (const name of situations) this.counts[name] += counts[name];
    for (const [fault, row] of Object.entries(strikes))
      for (const [feature, count] of Object.entries(row)) this.#strike(fault, feature, count);
  }

  /** What was never met: situations, and faults that never struck while a feature was in use. */
  get missing(): string[] {
    const pairs = Object.entries(this.strikes).flatMap(([fault, row]) =>
      Object.entries(row)
        .filter(([feature, count]) => count === 0 && mayMeet(fault, feature))
        .map(([feature]) => `${fault} with ${feature}`),
    );
    return [...situations.filter((name) => this.counts[name] === 0), ...pairs];
  }

  #strike(fault: string, feature: string, count: number): void {
    const row = (this.strikes[fault] ??= {});
    row[feature] = (row[feature] ?? 0) + count;
  }
}
