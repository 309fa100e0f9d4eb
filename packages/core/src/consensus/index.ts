// The consensus by itself, for those who drive it without the node: simulators, scenario scripts, other shells.
export { Raft } from './raft.js';
export { decodeConfiguration, encodeConfiguration } from './configuration.js';
export type { Change, ChangeOutcome } from './membership.js';
export type { ChangeRefusal, Effects, ProposalRefusal } from './effects.js';
export type { Progress } from './progress.js';
export type { InitialState, LoadRequest, RaftOptions, ReadLevel } from './state.js';
