import { emptyConfiguration } from '../consensus/configuration.js';
import type { Raft } from '../consensus/raft.js';
import type { Restored } from '../storage.js';
import type { LogIndex, NodeId } from '../types.js';
import type { Membership, NodeStatus, PeerStatus, Role } from './api.js';
import type { Notices } from './notices.js';
import type { ResolvedOptions } from './options.js';
import type { Snapshots } from './snapshots/snapshots.js';

interface Source {
  readonly id: NodeId;
  readonly options: ResolvedOptions;
  readonly restored: Restored | undefined;
  readonly raft: Raft | undefined;
  readonly appliedIndex: LogIndex;
  readonly snapshots: Snapshots | undefined;
  readonly notices: Notices;
  readonly running: boolean;
}

/** A stopped node still tells what its log held, but takes no part: it neither leads nor follows anybody. */
export function statusOf({
  id,
  options,
  restored,
  raft,
  appliedIndex,
  snapshots,
  notices,
  running,
}: Source): NodeStatus {
  return {
    id,
    clusterId: options.clusterId,
    groupId: options.groupId,
    storeId: restored?.storeId ?? '',
    state: running ? 'running' : 'stopped',
    role: running ? roleOf(raft, id) : 'follower',
    term: raft?.term ?? 0,
    leaderId: running ? raft?.leaderId : undefined,
    commitIndex: raft?.commitIndex ?? 0,
    appliedIndex,
    firstIndex: raft?.firstIndex ?? 1,
    lastIndex: raft?.lastIndex ?? 0,
    snapshotIndex: snapshots?.latestIndex ?? restored?.snapshot?.index ?? 0,
    membership: membershipOf(raft),
    healthy: running && raft?.isHealthy === true,
    diskFull: notices.diskFull,
    removed: notices.removed,
    peers: running ? peersOf(raft, snapshots) : [],
  };
}

export function membershipOf(raft: Raft | undefined): Membership {
  const { voters, learners, outgoing, addresses } = raft?.configuration ?? emptyConfiguration;
  return { index: raft?.configurationIndex ?? 0, voters, learners, outgoing, addresses };
}

function roleOf(raft: Raft | undefined, id: NodeId): Role {
  if (raft === undefined) return 'follower';
  return raft.role === 'follower' && raft.configuration.learners.includes(id) ? 'learner' : raft.role;
}

function peersOf(raft: Raft | undefined, snapshots: Snapshots | undefined): PeerStatus[] {
  return [...(raft?.progress ?? [])].map(([id, { matchIndex, nextIndex, state, inflightMessages, inflightBytes }]) => ({
    id,
    matchIndex,
    nextIndex,
    state,
    inflightMessages,
    inflightBytes,
    snapshotBytes: snapshots?.sentBytes(id),
  }));
}
