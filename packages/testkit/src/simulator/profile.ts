import type { NodeId } from '@raft/core';
import type { Dice, Range } from './dice.js';
import type { DiskProfile } from './disk.js';
import { faultNames } from './faults.js';
import { drawFeatures, featuresIn, mayMeet } from './features.js';
import type { Features } from './features.js';
import type { NetworkProfile } from './network.js';

/** The options of each node. */
export interface NodeProfile {
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: Range;
  readonly preVote: boolean;
  readonly checkQuorum: boolean;
  readonly quiesce: boolean;
  readonly maxMessageBytes: number;
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
  readonly maxUncommittedBytes: number;
  readonly cacheBytes: number;
  readonly snapshotThresholdEntries: number;
  readonly snapshotThresholdBytes: number;
  readonly retainedEntries: number;
  readonly snapshotChunkBytes: number;
  readonly maxSnapshotStreams: number;
  readonly maxClockDrift: number;
  readonly forward: boolean;
  readonly maxSessions: number;
  readonly sessionTimeoutMs: number;
}

export interface LoadProfile {
  readonly clients: number;
  /** Milliseconds between a client's calls, on average. */
  readonly gapMs: number;
  readonly keys: number;
  readonly maxValueBytes: number;
  readonly timeoutMs: Range;
  /** All callers work for so long, then have a rest for so long, in turns. */
  readonly workMs: number;
  readonly restMs: number;
}

/** What one seed's cluster, network, disks, load and bad luck are like. */
export interface Profile {
  /** All nodes. */
  readonly ids: readonly NodeId[];
  /** The voters at the start; the other nodes wait to be added. */
  readonly voters: readonly NodeId[];
  readonly features: Features;
  /** Of each node; absent: 1. */
  readonly priorities: Readonly<Record<NodeId, number>>;
  readonly node: NodeProfile;
  readonly network: NetworkProfile;
  readonly disk: DiskProfile;
  /** Milliseconds from an event to the turn that handles it. */
  readonly turnDelayMs: Range;
  readonly clockDrift: number;
  readonly load: LoadProfile;
  readonly faults: readonly PlannedFault[];
  readonly stormMs: number;
}

/** A fault that is to strike: when, for how long, and with which throws, so that leaving out another does not change it. */
export interface PlannedFault {
  readonly name: string;
  readonly atMs: number;
  readonly lastsMs: number;
  readonly seed: number;
}

/** `nodes`: undefined for any number from 1 to 9. */
export function drawProfile(dice: Dice, nodes: number | undefined): Profile {
  const count = nodes ?? dice.pick([1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 5, 6, 7, 8, 9]);
  const ids = Array.from({ length: count }, (_, place) => String(place + 1));
  const heartbeatIntervalMs = dice.between(10, 20);
  const min = heartbeatIntervalMs * dice.between(3, 8);
  const electionTimeoutMs = { min, max: min * dice.between(1.5, 2.5) };
  const stormMs = electionTimeoutMs.max * dice.between(10, 25);
  const features = drawFeatures(dice);
  const clockDrift = dice.pick([0, 0.01, 0.1]);
  const spares = features.membership ? dice.whole(0, Math.min(3, 9 - count)) : 0;
  const all = [...ids, ...Array.from({ length: spares }, (_, place) => String(count + place + 1))];
  return {
    ids: all,
    voters: ids,
    features,
    priorities: dice.chance(0.2) ? Object.fromEntries(all.map((id) => [id, dice.whole(1, 3)])) : {},
    node: {
      heartbeatIntervalMs,
      electionTimeoutMs,
      // Nodes that were removed would disturb the others without end, and leases rest on both.
      preVote: features.membership || features.lease || dice.chance(0.9),
      checkQuorum: features.membership || features.lease || dice.chance(0.9),
      quiesce: features.quiescence,
      // Tiny limits among them, so that every road is taken.
      maxMessageBytes: dice.pick([1, 150, 500, 2000, 1_000_000]),
      maxInflightMessages: dice.pick([1, 2, 4, 64]),
      maxInflightBytes: dice.pick([1, 300, 2000, 1_000_000]),
      maxUncommittedBytes: dice.pick([200, 1000, 10_000, 1_000_000]),
      cacheBytes: dice.pick([1, 300, 3000, 1_000_000]),
      snapshotThresholdEntries: features.snapshots ? dice.pick([0, 5, 20, 100]) : 0,
      snapshotThresholdBytes: features.snapshots ? dice.pick([0, 500, 5000]) : 0,
      retainedEntries: dice.pick([0, 3, 20, 1000]),
      snapshotChunkBytes: dice.pick([20, 200, 100_000]),
      maxSnapshotStreams: dice.pick([1, 2]),
      // Both clocks may be wrong by as much.
      maxClockDrift: clockDrift === 0 ? 0 : 1 - (1 - clockDrift) / (1 + clockDrift),
      forward: dice.chance(0.6),
      maxSessions: dice.pick([1, 3, 100]),
      sessionTimeoutMs: electionTimeoutMs.max * dice.pick([8, 20, 1000]),
    },
    network: drawNetwork(dice, electionTimeoutMs),
    disk: {
      syncMs: { min: 0.1, max: dice.pick([0.2, 2, 10, heartbeatIntervalMs * 2]) },
      readMs: { min: 0.1, max: dice.pick([0.2, 1, 10]) },
    },
    turnDelayMs: { min: 0, max: dice.pick([0.01, 0.5, 5]) },
    clockDrift,
    load: {
      clients: dice.whole(2, 6),
      gapMs: dice.spread(5, 60),
      keys: dice.whole(1, 6),
      maxValueBytes: dice.pick([0, 10, 200]),
      timeoutMs: { min: electionTimeoutMs.min / 4, max: electionTimeoutMs.max * 5 },
      workMs: heartbeatIntervalMs * 10,
      restMs: features.quiescence ? heartbeatIntervalMs * 30 : 0,
    },
    faults: drawFaults(dice, electionTimeoutMs, stormMs, features),
    stormMs,
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
    alone: dice.chance(0.3),
    bytesPerMs: dice.pick([1e9, 1e6, 10_000]),
    silenceMs: max * dice.between(0.3, 2),
  };
}

/** Most kinds of bad luck in most runs; some runs have few, so that those are seen by themselves. */
function drawFaults(dice: Dice, { min, max }: Range, stormMs: number, features: Features): PlannedFault[] {
  const possible = faultNames.filter((name) => featuresIn(features).every((feature) => mayMeet(name, feature)));
  const some = dice.some(possible, dice.pick([0.2, 0.5, 0.9]));
  const names = some.length > 0 ? some : [dice.pick(possible)];
  const gapMs = dice.spread(min / 2, max * 4);
  const planned: PlannedFault[] = [];
  for (let at = dice.between(0, 2 * gapMs); at < stormMs; at += dice.between(0, 2 * gapMs))
    planned.push({ name: dice.pick(names), atMs: at, lastsMs: dice.spread(min / 10, max * 5), seed: dice.seed() });
  return planned;
}
