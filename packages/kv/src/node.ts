import type { RaftNode } from '@raft/core';
import type { KvAnswer, KvQuery, KvResult } from './types.js';

/** What the service needs of a node whose state machine is a {@link KvStateMachine}. */
export type KvNode = Pick<
  RaftNode<Uint8Array, KvResult, KvQuery, KvAnswer>,
  | ('propose' | 'read' | 'status' | 'on' | 'snapshot')
  | ('registerSession' | 'keepSession' | 'closeSession')
  | ('changeMembership' | 'previewMembership' | 'transferLeadership')
>;
