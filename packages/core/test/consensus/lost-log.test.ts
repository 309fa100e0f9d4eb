import { beforeEach, describe, expect, it } from 'vitest';
import { emptyConfiguration } from '../../src/consensus/configuration.js';
import type { AppendEntriesResponse } from '../../src/messages.js';
import { Disk } from '../sim/disk.js';
import { Cluster, HEARTBEAT_MS } from './support/cluster.js';

describe('A follower that comes back without its log under the same leader', () => {
  let cluster: Cluster;

  beforeEach(() => {
    // Such a loss breaks what is always true of Raft; what matters here is that the node gets the log again.
    cluster = new Cluster({ checked: false });
    cluster.elect('1');
    for (let i = 0; i < 5; i++) cluster.propose('1');
    cluster.settle();
  });

  function wipe(id: string): void {
    cluster.crash(id);
    const configuration = { ...emptyConfiguration, voters: ['1', '2', '3'] };
    const hardState = { term: 0, votedFor: undefined, commitIndex: 0 };
    const disk = new Disk({ base: { index: 0, term: 0 }, configuration, hardState, entries: [] });
    cluster.disks.set(id, disk);
    cluster.restart(id);
  }

  const match = (id: string): number | undefined => cluster.raft('1').progress.get(id)?.matchIndex;

  it('is not counted with what it has lost, and gets all of it again', () => {
    expect(match('3')).toBe(6);
    wipe('3');
    cluster.isolate('2');
    cluster.timeout('1');
    cluster.deliver('1', '3');
    cluster.deliver('3', '1');
    expect(match('3')).toBe(0);
    cluster.settle();
    expect(cluster.log('3')).toEqual(cluster.log('1'));
    expect(match('3')).toBe(6);
    const index = cluster.propose('1');
    cluster.settle();
    expect(cluster.view('1').commitIndex).toBe(index);
  });

  it('is told from one whose refusal is late', () => {
    cluster.beat('1', 5 * HEARTBEAT_MS);
    cluster.timeout('1');
    cluster.deliver('1', '3');
    const [answer] = cluster.wire('appendEntriesResponse', '3', '1') as [AppendEntriesResponse];
    cluster.propose('1');
    cluster.settle();
    // As if the answer to that heartbeat had refused an entry which the follower acknowledged later.
    cluster.hand({ ...answer, matchIndex: 0, rejection: { prevLogIndex: 6, hintIndex: 0, hintTerm: 0 } });
    expect(match('3')).toBe(7);
  });
});
