// For those who build on Raft.
export { createNode } from './node/node.js';
export type {
  CallOptions,
  KeepSessionOptions,
  Membership,
  MembershipChange,
  MembershipOptions,
  MembershipPreview,
  NodeEvents,
  NodeStatus,
  PeerStatus,
  ProposeOptions,
  RaftNode,
  RaftNodeOptions,
  ReadLevel,
  ReadOptions,
  Role,
  Session,
  SessionPosition,
  SnapshotInfo,
} from './node/api.js';
export type { Applied, Codec, StateMachine } from './state-machine.js';
export {
  AbortedError,
  ChannelError,
  InvalidArgumentError,
  MembershipError,
  NodeStoppedError,
  NotLeaderError,
  OverloadedError,
  ProposalDroppedError,
  RaftError,
  ResultForgottenError,
  SessionExpiredError,
  StorageError,
  TimeoutError,
  TransferError,
  TransportError,
  UnknownOutcomeError,
} from './errors.js';
export type {
  ChannelErrorCode,
  MembershipErrorCode,
  RaftErrorCode,
  StorageErrorCode,
  TransportErrorCode,
} from './errors.js';
export { silent } from './logger.js';
export type { Logger, LogLevel } from './logger.js';

// For those who write a storage, a transport or a simulator.
export { seededRandom, systemClock } from './clock.js';
export type { Clock, Random, Timer } from './clock.js';
export type {
  AppendEntries,
  AppendEntriesResponse,
  ForwardedCommand,
  InstallSnapshot,
  InstallSnapshotResponse,
  Message,
  Propose,
  ProposeRefusal,
  ProposeResponse,
  ReadIndex,
  ReadIndexResponse,
  Rejection,
  RequestVote,
  RequestVoteResponse,
  TimeoutNow,
} from './messages.js';
export { messageBytes } from './message-bytes.js';
export { decodeConfiguration, encodeConfiguration } from './consensus/configuration.js';
export type {
  ChangeOptions,
  IndexRange,
  RecoverOptions,
  RecoverPlan,
  RepairPlan,
  StorageInspector,
  StorageProblem,
  StorageRecord,
  StorageRecordKind,
  StoreIdentity,
  Verification,
} from './inspection.js';
export type { LogBatch, Restored, SnapshotReader, SnapshotWriter, Storage, StorageIdentity } from './storage.js';
export type { Call, CallHandler, Channel, Connector, Receiver, RequestOptions, Transport } from './transport.js';
export { EntryType } from './types.js';
export type {
  Address,
  Configuration,
  Entry,
  GroupId,
  HardState,
  LogIndex,
  NodeId,
  SnapshotMeta,
  Term,
  TermRun,
} from './types.js';
