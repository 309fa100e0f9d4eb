import { afterEach, expect, test } from 'vitest';
import { StorageError } from '../../src/index.js';
import { testCluster } from './support/cluster.js';
import type { Member, TestCluster } from './support/cluster.js';
import { Ledger } from './support/ledger.js';
import type { TappedStorage } from './support/tapped-storage.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

const broken = new StorageError('RAFT_STORAGE_IO', 'EIO');
const mostCalls = 200;

/** Makes the storage fail at its n-th call of a kind; tells whether it came to that. */
type Fault = (storage: TappedStorage, n: number) => () => boolean;

const faults: Record<string, Fault> = {
  append: (storage, n) => {
    storage.failAppend = (call) => (call === n ? broken : undefined);
    return () => storage.appends.length >= n;
  },
  'read of entries': (storage, n) => {
    storage.failRead = () => (storage.reads.length === n ? broken : undefined);
    return () => storage.reads.length >= n;
  },
};

const leader = (): Member | undefined => cluster.members.find((member) => member.node.status().role === 'leader');

/** Elections, writes and reads, a follower that comes back: whatever calls a storage. */
async function live(ledger: Ledger): Promise<void> {
  for (const { id, node } of cluster.members) {
    await cluster.transport(id).start();
    await node.start().catch(() => 'its storage has failed');
  }
  await cluster.clock.advance(1000);
  for (let round = 0; round < 3; round++) {
    for (const { node } of cluster.members) ledger.propose(node);
    for (const { node } of cluster.members) ledger.read(node);
    await cluster.clock.advance(10);
  }
  const again = await cluster.remake('3');
  await again.node.start();
  for (const { node } of cluster.members) ledger.propose(node);
  await cluster.clock.advance(6000);
}

for (const [kind, fault] of Object.entries(faults)) {
  test(
    `the first, second, third … ${kind} of a node fails: it stops, every call ends truly, the others go on`,
    { timeout: 30_000 },
    async () => {
      let failures = 0;
      for (let n = 1; n <= mostCalls; n++) {
        cluster = testCluster({ options: { cacheBytes: 1, maxMessageBytes: 1 } });
        const first = cluster.member('1');
        const hasFailed = fault(first.storage, n);
        const ledger = new Ledger();
        await live(ledger);
        // The last calls of a run that ends before the n-th.
        if (!hasFailed()) break;

        failures++;
        expect([n, first.node.status().state, first.storage.isOpen]).toEqual([n, 'stopped', false]);
        ledger.propose(leader()?.node ?? first.node);
        await cluster.clock.advance(1000);
        const logs = ['2', '3'].map((id) => cluster.member(id).machine.applied.map((entry) => entry.command));
        expect(logs[1]).toEqual(logs[0]);
        expect([n, ledger.problems(logs[0] ?? [])]).toEqual([n, []]);
        expect(logs[0]?.at(-1)).toBe(ledger.writes.at(-1)?.text);
        await cluster.end();
      }
      expect(failures).toBeGreaterThan(kind === 'append' ? 5 : 2);
      expect(failures).toBeLessThan(mostCalls);
    },
  );
}
