// Conformance suites: for those who write a storage, a transport or a state machine.
export type { Suite, SuiteCase } from './suite.js';
export { storageSuite } from './storage-suite/index.js';
export type { StorageSuiteOptions } from './storage-suite/index.js';
export type { StorageWorld, StorageWorldFactory } from './storage-suite/world.js';
