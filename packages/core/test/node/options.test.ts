import { memoryStorage } from '@raft/storage-memory';
import { memoryNetwork } from '@raft/transport-memory';
import { describe, expect, test } from 'vitest';
import { createNode, InvalidArgumentError } from '../../src/index.js';
import { resolveOptions } from '../../src/node/options.js';
import type { Options } from './support/cluster.js';
import { recorder } from './support/recorder.js';

const make = (options: Partial<Options>): unknown =>
  createNode({
    id: '1',
    storage: memoryStorage(),
    transport: memoryNetwork().transport({ nodeId: '1' }),
    stateMachine: recorder(),
    ...options,
  });

const counts = [
  'maxEntryBytes',
  'maxMessageBytes',
  'maxInflightMessages',
  'maxInflightBytes',
  'maxUncommittedBytes',
  'maxPending',
  'cacheBytes',
] as const;

describe('options that cannot work are refused by name', () => {
  const long = 'x'.repeat(65);
  const refused: [Partial<Options>, string][] = [
    [{ id: '' }, 'id must have 1 to 64 characters, not 0'],
    [{ id: long }, 'id must have 1 to 64 characters, not 65'],
    [{ id: 1 as never }, 'id must be a string, not number'],
    [{ clusterId: '' }, 'clusterId must have 1 to 64 characters, not 0'],
    [{ groupId: long }, 'groupId must have 1 to 64 characters, not 65'],
    [{ bootstrap: { 2: 'h:1' } }, 'bootstrap must name this node too: add 1'],
    [{ id: 'toString', bootstrap: { 2: 'h:1' } }, 'bootstrap must name this node too: add toString'],
    [{ bootstrap: { 1: 'h:1', [long]: 'h:2' } }, 'bootstrap must have 1 to 64 characters, not 65'],
    [{ bootstrap: { 1: undefined as never } }, 'bootstrap must give node 1 an address, not undefined'],
    [{ heartbeatIntervalMs: 0 }, 'heartbeatIntervalMs must be a number of milliseconds above 0, not 0'],
    [{ heartbeatIntervalMs: Number.NaN }, 'heartbeatIntervalMs must be a number of milliseconds above 0, not NaN'],
    [
      { electionTimeoutMs: { min: 199, max: 400 } },
      'electionTimeoutMs.min must be at least twice heartbeatIntervalMs (200), not 199',
    ],
    [{ electionTimeoutMs: { min: 300, max: 300 } }, 'electionTimeoutMs.max must be above min (300), not 300'],
    [
      { electionTimeoutMs: { min: 300, max: Infinity } },
      'electionTimeoutMs.max must be a number of milliseconds above 0, not Infinity',
    ],
    ...counts.flatMap((name): [Partial<Options>, string][] =>
      [0, -1, 1.5, Number.NaN, Infinity].map((value) => [
        { [name]: value },
        `${name} must be a whole number of at least 1, not ${value}`,
      ]),
    ),
  ];
  test.each(refused)('%o', (options, message) => {
    expect(() => make(options)).toThrow(new InvalidArgumentError(message));
  });
});

describe('options at their limits are taken', () => {
  const taken: Partial<Options>[] = [
    {},
    { id: 'x'.repeat(64), clusterId: 'x', groupId: 'é'.repeat(64) },
    { bootstrap: { 1: '' } },
    { heartbeatIntervalMs: 0.5, electionTimeoutMs: { min: 1, max: 1.5 } },
    Object.fromEntries(counts.map((name) => [name, 1])),
  ];
  test.each(taken)('%o', (options) => {
    expect(() => make(options)).not.toThrow();
  });
});

test('pre-vote and check quorum are on by default', () => {
  const transport = memoryNetwork().transport({ nodeId: '1' });
  const { raft } = resolveOptions({ id: '1', storage: memoryStorage(), transport });
  expect([raft.preVote, raft.checkQuorum]).toEqual([true, true]);
});
