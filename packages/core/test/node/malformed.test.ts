import { afterEach, expect, test } from 'vitest';
import { encodeConfiguration, EntryType } from '../../src/index.js';
import type { AppendEntries, Entry } from '../../src/index.js';
import { testCluster } from './support/cluster.js';
import type { TestCluster } from './support/cluster.js';

let cluster: TestCluster;
afterEach(() => cluster.end());

const entry = (index: number, term: number, more: Partial<Entry> = {}): Entry => ({
  ...{ index, term, type: EntryType.command, data: new Uint8Array(0) },
  ...more,
});

const nobody = { voters: [], outgoing: [], learners: [], addresses: {}, stores: {}, returning: [] };

const malformed: readonly [string, Partial<AppendEntries>][] = [
  ['entry 2 is no configuration', { entries: [entry(2, 9, { type: EntryType.configuration })] }],
  ['entry 3 of term 8 does not fit between the terms 9 and 9', { entries: [entry(2, 9), entry(3, 8)] }],
  ['entry 2 of term 10 does not fit between the terms 1 and 9', { entries: [entry(2, 10)] }],
  ['entry 3 is where 2 belongs', { entries: [entry(3, 9)] }],
  [
    'its term 9007199254740991 is beyond what elections can have led to',
    { term: Number.MAX_SAFE_INTEGER, prevLogTerm: 1 },
  ],
  [
    'entry 2 is no configuration',
    {
      entries: [
        entry(2, 9, {
          type: EntryType.configuration,
          data: encodeConfiguration({ ...nobody, voters: ['1'], returning: ['1'] }),
        }),
      ],
    },
  ],
  ['it follows an entry of term 10, which is later than its own, 9', { prevLogTerm: 10 }],
];

test.each(malformed)('a message that cannot be is dropped, told, and harms nobody: %s', async (why, part) => {
  cluster = testCluster();
  const leader = await cluster.elect();
  const before = cluster.member('2').node.status();
  cluster.transport('3').send('default', [
    {
      ...{ type: 'appendEntries', from: '3', to: '2', term: 9, prevLogIndex: 1, prevLogTerm: 1 },
      ...{ leaderCommit: 0, round: 1, entries: [], quiesce: false },
      ...part,
    },
  ]);
  await cluster.clock.advance(100);
  expect(cluster.member('2').node.status()).toMatchObject({ state: 'running', term: before.term });
  expect(cluster.member('2').log).toContainEqual({
    level: 'warn',
    message: `dropped a malformed message from 3: ${why}`,
  });
  const proposed = leader.node.propose('a');
  await cluster.clock.advance(100);
  await proposed;
});

test('a piece of a snapshot whose configuration cannot be is dropped, told, and harms nobody', async () => {
  cluster = testCluster();
  await cluster.elect();
  const configuration = { ...nobody, voters: ['3'], returning: ['3'] };
  cluster.transport('3').send('default', [
    {
      ...{ type: 'installSnapshot', from: '3', to: '2', term: 9, round: 1, streamId: 1, offset: 0, checksum: 0 },
      ...{ snapshot: { index: 7, term: 2, configuration, configurationIndex: 1 } },
      ...{ data: new Uint8Array(), done: true },
    },
  ]);
  await cluster.clock.advance(100);
  expect(cluster.member('2').node.status().state).toBe('running');
  expect(cluster.member('2').log).toContainEqual({
    level: 'warn',
    message:
      'dropped a malformed message from 3: its snapshot has no configuration: node 3 is to vote again, and is no learner',
  });
});
