import { describe, expect, it } from 'vitest';
import {
  bootstrapConfiguration,
  decodeConfiguration,
  emptyConfiguration,
  encodeConfiguration,
  isVoter,
  membersOf,
} from '../../src/consensus/configuration.js';
import { Cluster, HEARTBEAT_MS } from './support/cluster.js';

describe('the configuration in force (thesis, section 4.1)', () => {
  const larger = { ...emptyConfiguration, voters: ['1', '2', '3', '4'] };

  it('is the last one in the log, committed or not', () => {
    const cluster = new Cluster({ logs: { 1: [1, 2], 2: [1], 3: [1] }, configurations: { 2: larger } });
    expect(cluster.raft('1').configuration).toEqual(larger);
    expect(cluster.raft('2').configuration.voters).toEqual(['1', '2', '3']);
  });

  it('takes effect when its entry arrives', () => {
    const cluster = new Cluster({
      logs: { 1: [1, 2], 2: [1], 3: [1] },
      hardStates: { 2: { term: 2 }, 3: { term: 2 } },
      configurations: { 2: { ...emptyConfiguration, voters: ['1', '2'], learners: ['3'] } },
    });
    cluster.elect('1');
    cluster.beat('1', HEARTBEAT_MS);
    for (const id of cluster.ids) expect(cluster.raft(id).configuration.voters).toEqual(['1', '2']);
    expect(cluster.raft('3').deadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('is undone when its entry is truncated', () => {
    const cluster = new Cluster({
      logs: { 1: [1, 2], 2: [1], 3: [1] },
      hardStates: { 2: { term: 2 }, 3: { term: 2 } },
      configurations: { 2: larger },
    });
    cluster.isolate('1');
    cluster.elect('2');
    cluster.mend();
    cluster.beat('2', 3 * HEARTBEAT_MS);
    expect(cluster.log('1')).toEqual([1, 3]);
    expect(cluster.raft('1').configuration.voters).toEqual(['1', '2', '3']);
  });

  it('survives a restart', () => {
    const cluster = new Cluster({ logs: { 1: [1, 2], 2: [1], 3: [1] }, configurations: { 2: larger } });
    cluster.crash('1');
    cluster.restart('1');
    expect(cluster.raft('1').configuration).toEqual(larger);
  });
});

describe('a configuration', () => {
  it('is the same bytes however it was put together', () => {
    const one = bootstrapConfiguration({ b: 'b:1', a: 'a:1' });
    const other = bootstrapConfiguration({ a: 'a:1', b: 'b:1' });
    expect(encodeConfiguration(one)).toEqual(encodeConfiguration(other));
    expect(decodeConfiguration(encodeConfiguration(one))).toEqual(one);
    expect(one.voters).toEqual(['a', 'b']);
  });

  it('keeps voters, outgoing voters, learners and addresses apart', () => {
    const joint = {
      voters: ['a', 'b'],
      outgoing: ['b', 'c'],
      learners: ['d'],
      addresses: { a: 'a:1' },
      stores: {},
      returning: [],
    };
    expect(decodeConfiguration(encodeConfiguration(joint))).toEqual(joint);
    expect([...membersOf(joint)]).toEqual(['a', 'b', 'c', 'd']);
    expect(['a', 'b', 'c', 'd', 'e'].map((id) => isVoter(joint, id))).toEqual([true, true, true, false, false]);
  });

  it('that cannot be one is refused', () => {
    const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
    const good = { voters: [], outgoing: [], learners: [], addresses: {}, stores: {}, returning: [] };
    for (const broken of [
      {},
      { ...good, voters: 'a' },
      { ...good, learners: [1] },
      { ...good, addresses: null },
      { ...good, addresses: { a: 1 } },
      { ...good, returning: 'a' },
      { ...good, voters: ['a'], returning: ['a'] },
    ])
      expect(() => decodeConfiguration(bytes(broken))).toThrow('malformed configuration');
    expect(() => decodeConfiguration(new Uint8Array([123]))).toThrow(SyntaxError);
  });
});
