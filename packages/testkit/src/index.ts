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
export { stateMachineSuite } from './state-machine-suite/index.js';
export type { StateMachineSuiteOptions } from './state-machine-suite/index.js';

// The simulator: whole clusters of real nodes on virtual time, from a seed.
export { simulate } from './simulator/simulation.js';
export type { SimulationOptions, SimulationResult } from './simulator/simulation.js';
export { simulateMany } from './simulator/batch.js';
export type { BatchOptions } from './simulator/batch.js';
export type { OwnMachine } from './simulator/own-machine.js';
export type { OwnStorage } from './simulator/mirror.js';
export type { Counts, Situation, Strikes } from './simulator/coverage.js';

// Checkers of histories: what clients saw, held against what was promised.
export { checkLinearizable } from './checker/linearizable.js';
export type { Anomaly } from './checker/linearizable.js';
export { checkLogOrder } from './checker/log-order.js';
export { checkSequential } from './checker/sequential.js';
export type { PlacedOperation, Write } from './checker/sequential.js';
export { checkExactlyOnce } from './checker/exactly-once.js';
export type { NamedCommand } from './checker/exactly-once.js';
export { describeOperation, readHistory, writeHistory } from './checker/history.js';
export type { Operation } from './checker/history.js';

// Scenario scripts: the consensus by itself, a line at a time.
export { runScenario, ScenarioError, scenarioPurpose } from './scenario/run.js';
