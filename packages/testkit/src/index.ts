// Conformance suites: for those who write a storage, a transport or a state machine.
export type { Suite, SuiteCase } from './suite.js';
