import { emptyConfiguration } from '../../src/consensus/configuration.js';
import type { RaftOptions } from '../../src/consensus/state.js';
import type { Configuration, NodeId, TermRun } from '../../src/types.js';
import type { Dice } from './dice.js';
import { faultNames } from './faults.js';
import type { FaultName } from './faults.js';
import type { NetworkProfile } from './network.js';

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** What one seed's cluster, network, disks, load and bad luck are like. */
export interface Profile {
  readonly ids: readonly NodeId[];
  /** Who is in it nowhere begins with an empty disk. */
  readonly configuration: Configuration;
  /** Whether storages can be told apart. */
  readonly hasStores: boolean;
  readonly priorities: Readonly<Record<NodeId, number>>;
  readonly snapshotGapMs: number;
  readonly changeGapMs: number;
  readonly transferGapMs: number;
  /** All logs begin behind it, as after a snapshot; index 0: they begin empty, and with the configuration as first entry. */
  readonly base: TermRun;
  readonly raft: Omit<RaftOptions, 'id' | 'random'>;
  readonly network: NetworkProfile;
  readonly syncMs: Range;
  readonly loadMs: Range;
  /** From an event to the turn that handles it. */
  readonly turnDelayMs: Range;
  /** Whether a turn hands over its kinds of events in any order. */
  readonly shuffled: boolean;
  readonly clockDrift: number;
  readonly proposalGapMs: number;
  readonly proposalBurst: number;
  readonly maxDataBytes: number;
  readonly readGapMs: number;
  readonly faults: readonly FaultName[];
  readonly faultGapMs: number;
  readonly stormMs: number;
}

/** `nodes`: undefined for any number from 1 to 7. */
export function drawProfile(dice: Dice, nodes: number | undefined): Profile {
  const ids = namesOf(nodes ?? dice.pick([1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 5, 6, 7]));
  const heartbeatIntervalMs = dice.between(10, 20);
  const min = heartbeatIntervalMs * dice.between(3, 8);
  const electionTimeoutMs = { min, max: min * dice.between(1.5, 2.5) };
  const clockDrift = dice.pick([0, 0.01, 0.1]);
  return {
    ids,
    configuration: drawConfiguration(dice, ids),
    hasStores: dice.chance(0.7),
    priorities: dice.chance(0.1) ? Object.fromEntries(ids.map((id) => [id, dice.whole(1, 3)])) : {},
    snapshotGapMs: dice.pick([Number.POSITIVE_INFINITY, dice.spread(20, 500)]),
    changeGapMs: dice.pick([Number.POSITIVE_INFINITY, dice.spread(50, 1000)]),
    transferGapMs: dice.pick([Number.POSITIVE_INFINITY, dice.spread(100, 2000)]),
    base: dice.chance(0.3) ? { index: dice.whole(1, 50), term: dice.whole(1, 5) } : { index: 0, term: 0 },
    raft: {
      heartbeatIntervalMs,
      electionTimeoutMs,
      preVote: dice.chance(0.9),
      checkQuorum: dice.chance(0.9),
      commitNoticeDelayMs: dice.pick([0, 1, 5]),
      retainedEntries: dice.pick([0, 2, 20, 10_000]),
      retainedBytes: 1_000_000,
      // The fastest against the slowest.
      maxClockDrift: (2 * clockDrift) / (1 + clockDrift),
      priority: 1,
      quiesce: dice.chance(0.2),
      diskRetryMs: dice.between(heartbeatIntervalMs, min),
      storeId: '',
      ...drawLimits(dice),
    },
    network: drawNetwork(dice, electionTimeoutMs),
    syncMs: { min: 0.1, max: dice.pick([0.2, 2, 10, heartbeatIntervalMs * 2]) },
    loadMs: { min: 0.1, max: dice.pick([1, 10, 10, min]) },
    turnDelayMs: { min: 0, max: dice.pick([0, 0.5, 5]) },
    shuffled: dice.chance(0.3),
    clockDrift,
    proposalGapMs: dice.spread(3, 60),
    proposalBurst: dice.pick([1, 3, 20]),
    maxDataBytes: dice.pick([0, 10, 200]),
    readGapMs: dice.spread(5, 60),
    faults: drawFaults(dice),
    faultGapMs: dice.spread(electionTimeoutMs.min / 2, electionTimeoutMs.max * 4),
    stormMs: electionTimeoutMs.max * dice.between(10, 25),
  };
}

const namesOf = (count: number): NodeId[] => Array.from({ length: count }, (_, place) => String(place + 1));

function drawConfiguration(dice: Dice, ids: readonly NodeId[]): Configuration {
  if (ids.length >= 2 && dice.chance(0.3)) {
    const voters = drawVoters(dice, ids);
    if (voters.length < ids.length) return { ...emptyConfiguration, voters };
  }
  if (ids.length >= 3 && dice.chance(0.15)) {
    const [voters, outgoing] = [drawVoters(dice, ids), drawVoters(dice, ids)];
    const learners = ids.filter((id) => !voters.includes(id) && !outgoing.includes(id));
    return { ...emptyConfiguration, voters, outgoing, learners };
  }
  const learners = ids.length >= 2 && dice.chance(0.15) ? ids.slice(-1) : [];
  return { ...emptyConfiguration, voters: ids.filter((id) => !learners.includes(id)), learners };
}

function drawVoters(dice: Dice, ids: readonly NodeId[]): NodeId[] {
  return dice.shuffled(ids).slice(0, dice.whole(1, ids.length)).sort();
}

/** Tiny limits among them, so that every road is taken. */
function drawLimits(dice: Dice) {
  return {
    maxMessageBytes: dice.pick([1, 150, 500, 2000, 1_000_000]),
    maxInflightMessages: dice.pick([1, 2, 4, 64]),
    maxInflightBytes: dice.pick([1, 300, 2000, 1_000_000]),
    maxUncommittedBytes: dice.pick([1, 1000, 10_000, 1_000_000]),
    cacheBytes: dice.pick([1, 300, 3000, 1_000_000]),
  };
}

function drawNetwork(dice: Dice, { min, max }: Range): NetworkProfile {
  const slowest = dice.pick([1, 3, 10, min / 4]);
  return {
    delayMs: { min: slowest / dice.pick([1.1, 10]), max: slowest },
    ordered: dice.chance(0.4),
    lossRate: dice.pick([0, 0, 0.01, 0.1]),
    duplicateRate: dice.pick([0, 0, 0.01, 0.1]),
    lateRate: dice.pick([0, 0.01, 0.05]),
    lateMs: max * dice.between(0.2, 4),
  };
}

/** Most kinds of bad luck in most runs; some runs have few, so that those are seen by themselves. */
function drawFaults(dice: Dice): FaultName[] {
  const some = dice.some(faultNames, dice.pick([0.2, 0.5, 0.9]));
  return some.length > 0 ? some : [dice.pick(faultNames)];
}
