// Conformance suites: for those who write a storage, a transport or a state machine.
export type { Suite, SuiteCase } from './suite.js';
export { storageSuite } from './storage-suite/index.js';
export type { StorageSuiteOptions } from './storage-suite/index.js';
export type {
  DiskFault,
  FaultyDisk,
  StorageAbilities,
  StorageWorld,
  StorageWorldFactory,
} from './storage-suite/world.js';
export { transportSuite } from './transport-suite/index.js';
export type { TransportSuiteOptions } from './transport-suite/index.js';
export type {
  NodeOptions,
  StartedNode,
  TransportAbilities,
  TransportWorld,
  TransportWorldFactory,
} from './transport-suite/world.js';

// The simulator: whole clusters of real nodes on virtual time, from a seed.
export { simulate } from './simulator/simulation.js';
export type { SimulationOptions, SimulationResult } from './simulator/simulation.js';
export { simulateMany } from './simulator/batch.js';
export type { BatchOptions } from './simulator/batch.js';
