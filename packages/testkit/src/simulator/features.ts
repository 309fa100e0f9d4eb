import type { Dice } from './dice.js';

export const featureNames = [
  /** Snapshots are asked for; small thresholds take them anyway. */
  'snapshots',
  /** Clients with sessions, who repeat what may or may not be done. */
  'sessions',
  /** Reads of other levels than linearizable. */
  'levels',
  /** Lease reads; the clocks then keep what they promise. */
  'lease',
  'transfers',
  'membership',
  /** Groups with nothing to do fall silent; all clients have a rest at the same time, so that there is nothing to do. */
  'quiescence',
] as const;

export type Feature = (typeof featureNames)[number];

/** What the cluster is asked for besides commands and linearizable reads. */
export type Features = Readonly<Record<Feature, boolean>>;

const likelihood: Readonly<Record<Feature, number>> = {
  snapshots: 0.6,
  sessions: 0.6,
  levels: 0.6,
  lease: 0.4,
  transfers: 0.4,
  membership: 0.4,
  quiescence: 0.4,
};

export function drawFeatures(dice: Dice): Features {
  return Object.fromEntries(featureNames.map((name) => [name, dice.chance(likelihood[name])])) as Features;
}

export const featuresIn = (features: Features): Feature[] => featureNames.filter((name) => features[name]);

/** A clock that jumps breaks what a lease rests on; who is left alone with a damaged snapshot can get no other. */
const strangers: Readonly<Record<string, Feature>> = { clockJump: 'lease', rotSnapshot: 'membership' };

export const mayMeet = (fault: string, feature: string): boolean => strangers[fault] !== feature;
