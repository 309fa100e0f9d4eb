// For clients.
export { KvClient } from './client/client.js';
export type { ListOptions } from './client/client.js';
export type { KvClientOptions } from './client/options.js';
export type { KvWatch, WatchOptions, WatchSelection } from './client/watch.js';
export { HistoryGoneError } from './errors.js';
export type { Peers } from './client/servers.js';
export type { Bytes } from './bytes.js';
export type { Expected } from './command.js';
export type {
  CompareAndSetResult,
  DeleteResult,
  KvChange,
  KvChanges,
  KvItem,
  KvPage,
  KvSelection,
  KvStatus,
  KvValue,
  SetResult,
} from './types.js';

// For servers.
export { KvStateMachine } from './state-machine.js';
export type { KvStateMachineOptions } from './state-machine.js';
export { kvService } from './service.js';
export { kvUnaryService } from './unary.js';
export type { UnaryMethod, UnaryService } from './unary.js';
export type { KvNode } from './node.js';
export type { KvServiceOptions } from './operations.js';
export { defaultLimits } from './limits.js';
export type { KvLimitOptions, KvLimits } from './limits.js';

// For those who use the state machine with a node of their own.
export { encodeCompareAndSet, encodeDelete, encodeSet } from './command.js';
export type { KvAnswer, KvQuery, KvResult } from './types.js';
