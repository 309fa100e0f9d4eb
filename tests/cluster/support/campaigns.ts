import type { NodeId } from '@raft/core';
import type { Cluster } from './cluster.js';
import { eventually } from './eventually.js';

/** As often must each, on average, have found that it cannot lead before it is believed. */
const campaigns = 4;

/** Waits until one of these leads, which is given, or all of them have campaigned in vain often enough: undefined. */
export async function leaderOrNone(cluster: Cluster, ids: readonly NodeId[]): Promise<NodeId | undefined> {
  let begun = 0;
  let leader: NodeId | undefined;
  const ends = ids.map((id) =>
    cluster.life(id).node.on('role', ({ role }) => {
      if (role === 'preCandidate') begun++;
      if (role === 'leader') leader ??= id;
    }),
  );
  leader = ids.find((id) => cluster.life(id).node.status().role === 'leader');
  await eventually(
    () => begun >= campaigns * ids.length || leader !== undefined,
    `${campaigns} campaigns of each of ${ids.join(', ')}, or a leader`,
  );
  for (const end of ends) end();
  return leader;
}
