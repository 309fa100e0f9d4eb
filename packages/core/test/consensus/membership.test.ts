import { describe, expect, it } from 'vitest';
import { bootstrapConfiguration, emptyConfiguration } from '../../src/consensus/configuration.js';
import { Cluster, ELECTION_MS, HEARTBEAT_MS } from './support/cluster.js';

const votersOf = (cluster: Cluster, id: string): readonly string[] => cluster.raft(id).configuration.voters;
const outgoingOf = (cluster: Cluster, id: string): readonly string[] => cluster.raft(id).configuration.outgoing;

/** Three voters, of which 1 leads, and others that wait to be added. */
function cluster3(options: ConstructorParameters<typeof Cluster>[0] = {}): Cluster {
  const cluster = new Cluster({ strangers: ['4', '5', '6'], ...options });
  cluster.elect('1');
  return cluster;
}

describe('joint consensus (thesis, section 4.3)', () => {
  it('a change enters a joint phase and leaves it by itself', () => {
    const cluster = cluster3();
    expect(cluster.change('1', { add: ['4', '5'], addresses: { 4: 'four:1' } })).toBe(2);
    expect(cluster.raft('1').configuration).toMatchObject({
      voters: ['1', '2', '3', '4', '5'],
      outgoing: ['1', '2', '3'],
      addresses: { 4: 'four:1' },
    });
    cluster.settle();
    cluster.beat('1', 2 * HEARTBEAT_MS);
    for (const id of ['1', '2', '3', '4', '5']) {
      expect([votersOf(cluster, id), outgoingOf(cluster, id)]).toEqual([['1', '2', '3', '4', '5'], []]);
      expect(cluster.raft(id).commitIndex).toBe(3);
      expect(cluster.raft(id).configuration.addresses).toEqual({ 4: 'four:1' });
    }
  });

  it('all voters may be replaced at once', () => {
    const cluster = cluster3();
    cluster.change('1', { add: ['4', '5', '6'], remove: ['1', '2', '3'] });
    cluster.settle();
    expect(votersOf(cluster, '4')).toEqual(['4', '5', '6']);
    const leaders = cluster.ids.filter((id) => cluster.raft(id).role === 'leader');
    expect(leaders.length).toBe(1);
    expect(['4', '5', '6']).toContain(leaders[0]);
    expect(cluster.raft('1').role).toBe('follower');
  });

  it('from 1 to 3 and from 2 to 1', () => {
    const cluster = new Cluster({ nodes: 1, strangers: ['2', '3'] });
    cluster.elect('1');
    cluster.change('1', { add: ['2', '3'] });
    cluster.settle();
    expect(votersOf(cluster, '3')).toEqual(['1', '2', '3']);
    cluster.change('1', { remove: ['3'] });
    cluster.settle();
    cluster.change('1', { remove: ['2'] });
    cluster.settle();
    cluster.isolate('1');
    const index = cluster.propose('1');
    expect([votersOf(cluster, '1'), cluster.raft('1').commitIndex]).toEqual([['1'], index]);
  });

  it('in the joint phase an entry commits with both majorities only', () => {
    const cluster = cluster3();
    cluster.isolate('1', '4', '5', '6');
    cluster.change('1', { add: ['4', '5', '6'] });
    cluster.settle();
    // Four of six new voters hold it, but one of three old ones.
    expect(cluster.raft('1').progress.get('6')?.matchIndex).toBe(2);
    expect(cluster.view('1').commitIndex).toBe(1);
    cluster.mend();
    cluster.beat('1', HEARTBEAT_MS);
    expect(cluster.view('1').commitIndex).toBe(3);
  });

  it('in the joint phase a candidate needs both majorities', () => {
    const joint = { voters: ['1', '4', '5'], outgoing: ['1', '2', '3'] };
    const cluster = new Cluster({ configuration: joint });
    cluster.isolate('1', '4', '5');
    cluster.timeout('1');
    cluster.settle();
    expect(cluster.raft('1').role).not.toBe('leader');
    cluster.mend();
    cluster.timeout('1');
    cluster.settle();
    expect(cluster.raft('1').role).toBe('leader');
    expect(cluster.raft('1').configuration).toMatchObject({ voters: ['1', '4', '5'], outgoing: [] });
  });

  it.each([
    ['before anybody has the joint configuration', 0, ['1', '2', '3']],
    ['when one follower has the joint configuration', 1, ['1', '2', '3', '4', '5']],
    ['when the joint configuration is committed', 2, ['1', '2', '3', '4', '5']],
  ])('the next leader undoes or finishes the change of one that dies %s', (_when, holders, voters) => {
    const cluster = cluster3();
    cluster.change('1', { add: ['4', '5'] });
    const receivers = ['2', '3'].slice(0, holders);
    for (const id of receivers) cluster.deliver('1', id);
    for (const id of receivers) cluster.take(id, '1');
    if (holders === 2) cluster.deliver('1', '4');
    cluster.crash('1');
    cluster.dropAll();
    cluster.elect('2');
    cluster.beat('2', 3 * HEARTBEAT_MS);
    expect([votersOf(cluster, '2'), outgoingOf(cluster, '2')]).toEqual([voters, []]);
    expect(cluster.raft('2').commitIndex).toBe(cluster.raft('2').lastIndex);
  });

  it('a new leader that finds the final configuration uncommitted commits it', () => {
    const cluster = cluster3();
    cluster.change('1', { add: ['4', '5'] });
    for (const id of ['2', '3', '4', '5']) cluster.deliver('1', id);
    for (const id of ['2', '3', '4', '5']) cluster.deliver(id, '1');
    expect(outgoingOf(cluster, '1')).toEqual([]);
    for (const id of ['2', '3', '4', '5']) cluster.deliver('1', id);
    cluster.crash('1');
    cluster.dropAll();
    cluster.elect('2');
    expect([votersOf(cluster, '2'), outgoingOf(cluster, '2')]).toEqual([['1', '2', '3', '4', '5'], []]);
    expect(cluster.raft('2').configurationIndex).toBe(3);
  });

  it('a configuration whose entry is truncated is undone', () => {
    const cluster = cluster3();
    cluster.isolate('1');
    cluster.change('1', { add: ['4', '5'] });
    expect(votersOf(cluster, '1').length).toBe(5);
    cluster.elect('2');
    cluster.propose('2');
    cluster.settle();
    cluster.mend();
    cluster.beat('2', 2 * HEARTBEAT_MS);
    expect(votersOf(cluster, '1')).toEqual(['1', '2', '3']);
  });

  it('a configuration in the log survives a restart', () => {
    const cluster = cluster3();
    cluster.isolate('1');
    cluster.change('1', { add: ['4', '5'] });
    cluster.crash('1');
    cluster.restart('1');
    expect([votersOf(cluster, '1').length, outgoingOf(cluster, '1').length]).toEqual([5, 3]);
  });
});

describe('one change at a time', () => {
  it('another is refused, with the index of the one that is under way', () => {
    const cluster = cluster3();
    const index = cluster.change('1', { add: ['4'] });
    expect(cluster.change('1', { add: ['5'] })).toEqual({ why: 'inProgress', index });
    for (let i = 0; i < 4; i++) {
      for (const id of i === 0 ? ['2', '4'] : ['4']) {
        cluster.deliver('1', id);
        cluster.deliver(id, '1');
      }
    }
    // The joint phase is over, but the final configuration is not committed.
    expect(outgoingOf(cluster, '1')).toEqual([]);
    expect(cluster.change('1', { add: ['5'] })).toEqual({ why: 'inProgress', index: 3 });
    cluster.settle();
    expect(cluster.change('1', { add: ['5'] })).toBe(4);
  });

  it('a leader begins none before an entry of its own term is committed', () => {
    const cluster = cluster3();
    cluster.isolate('2', '3');
    cluster.pass(ELECTION_MS.max);
    cluster.timeout('2');
    for (let i = 0; i < 2; i++) {
      cluster.deliver('2', '3');
      cluster.deliver('3', '2');
    }
    expect(cluster.view('2')).toMatchObject({ role: 'leader', commitIndex: 1 });
    expect(cluster.change('2', { remove: ['1'] })).toEqual({ why: 'notReady' });
    cluster.settle();
    expect(cluster.change('2', { remove: ['1'] })).toBe(3);
  });

  it('compare and set: it is refused when another configuration is in force than the caller knows', () => {
    const cluster = cluster3();
    expect(cluster.change('1', { add: ['4'], expected: 7 })).toEqual({ why: 'conflict', index: 0 });
    expect(cluster.change('1', { add: ['4'], expected: 0 })).toBe(2);
  });

  it('only a leader changes anything', () => {
    expect(cluster3().change('2', { add: ['4'] })).toEqual({ why: 'notLeader' });
  });

  it.each([
    ['a node is named twice', { add: ['4'], learners: ['4'] }, 'node 4 is named twice: say once what becomes of it'],
    ['a stranger is removed', { remove: ['9'] }, 'node 9 is no member: there is nothing to remove'],
    ['nobody is left', { remove: ['1', '2', '3'] }, 'nobody would be left to vote: keep or add a voter'],
    [
      'an address has no member',
      { addresses: { 9: 'x:1' } },
      'an address was given for node 9, which is no member: add it too',
    ],
    ['an id is empty', { add: [''] }, 'a node id has 1 to 64 characters: "" has not'],
  ])('it is refused for good when %s', (_what, change, message) => {
    expect(cluster3().change('1', change)).toEqual({ why: 'invalid', message });
  });

  it('what changes nothing adds nothing to the log', () => {
    const cluster = cluster3();
    expect(cluster.change('1', { add: ['2'] })).toBe(0);
    expect(cluster.raft('1').lastIndex).toBe(1);
  });

  it('a preview tells what a change would do, and does nothing', () => {
    const cluster = cluster3();
    const preview = cluster.raft('1').previewMembership({ add: ['4'], learners: ['3'] });
    expect(preview).toEqual({
      refusal: undefined,
      before: { voters: ['1', '2', '3'], learners: [], quorum: 2 },
      after: { voters: ['1', '2', '4'], learners: ['3'], quorum: 2 },
      joint: true,
      behind: [{ id: '4', lag: undefined }],
    });
    expect(cluster.raft('1').lastIndex).toBe(1);
    expect(cluster.raft('1').previewMembership({ remove: ['9'] })).toMatchObject({ refusal: { why: 'invalid' } });
  });
});

describe('learners (thesis, section 4.2.1)', () => {
  it('a learner gets the log, counts for nothing, and may be promoted', () => {
    const cluster = cluster3();
    expect(cluster.raft('1').previewMembership({ learners: ['4'] })).toMatchObject({ joint: false });
    cluster.change('1', { learners: ['4'] });
    cluster.settle();
    cluster.isolate('1', '4');
    const index = cluster.propose('1');
    cluster.settle();
    expect(cluster.raft('4').lastIndex).toBe(index);
    expect(cluster.raft('1').commitIndex).toBe(index - 1);
    expect(cluster.raft('1').previewMembership({ add: ['4'] })).toMatchObject({ behind: [] });
    cluster.mend();
    cluster.beat('1', HEARTBEAT_MS);
    cluster.change('1', { add: ['4'] });
    cluster.settle();
    expect(cluster.raft('4').configuration).toMatchObject({ voters: ['1', '2', '3', '4'], learners: [] });
  });

  it('how far a learner lags is told before it is promoted', () => {
    const cluster = cluster3();
    cluster.change('1', { learners: ['4'] });
    cluster.settle();
    cluster.isolate('4');
    for (let i = 0; i < 5; i++) cluster.propose('1');
    cluster.settle();
    expect(cluster.raft('1').previewMembership({ add: ['4'] })).toMatchObject({ behind: [{ id: '4', lag: 5 }] });
  });

  it('a voter that becomes a learner votes until the joint phase is over', () => {
    const cluster = cluster3();
    cluster.change('1', { learners: ['3'] });
    expect(cluster.raft('1').configuration).toMatchObject({ outgoing: ['1', '2', '3'], learners: ['3'] });
    cluster.settle();
    expect(cluster.raft('3').configuration).toMatchObject({ voters: ['1', '2'], outgoing: [], learners: ['3'] });
    expect(cluster.raft('3').deadline).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('who is removed (thesis, sections 4.2.2 and 4.2.3)', () => {
  it('a removed leader leads until that is committed, then has the best of the others take over', () => {
    const cluster = cluster3();
    cluster.change('1', { remove: ['1'] });
    for (const id of ['2', '3']) {
      cluster.deliver('1', id);
      cluster.deliver(id, '1');
    }
    expect(cluster.view('1')).toMatchObject({ role: 'leader', commitIndex: 2 });
    expect(votersOf(cluster, '1')).toEqual(['2', '3']);
    const index = cluster.propose('1');
    expect(cluster.raft('1').role).toBe('leader');
    cluster.settle();
    expect(cluster.raft('1').role).toBe('follower');
    expect(['2', '3'].map((id) => cluster.raft(id).role).sort()).toEqual(['follower', 'leader']);
    expect(cluster.raft('2').commitIndex).toBeGreaterThan(index);
    expect(cluster.reasons.get('1')).toContain('the configuration without its vote is committed');
  });

  it('a removed leader tells what is committed before it goes', () => {
    const cluster = new Cluster({ nodes: 5 });
    cluster.elect('1');
    cluster.change('1', { remove: ['1', '5'] });
    cluster.settle();
    expect(cluster.seen('removed', '5')).toEqual([3]);
    expect(cluster.seen('removed', '1')).toEqual([3]);
  });

  it('a leader that is removed does not count itself', () => {
    const cluster = cluster3();
    cluster.change('1', { remove: ['1'] });
    for (const id of ['2', '3']) {
      cluster.deliver('1', id);
      cluster.deliver(id, '1');
    }
    // The final configuration needs both of the two that stay.
    cluster.deliver('1', '2');
    cluster.deliver('2', '1');
    expect(cluster.view('1')).toMatchObject({ role: 'leader', commitIndex: 2 });
  });

  it('a removed member learns of it, says so once, and is told nothing any more after an election timeout', () => {
    const cluster = cluster3();
    const index = cluster.change('1', { remove: ['3'] }) as number;
    cluster.settle();
    cluster.beat('1', HEARTBEAT_MS);
    expect(cluster.seen('removed', '3')).toEqual([index + 1]);
    expect(cluster.raft('1').progress.has('3')).toBe(true);
    cluster.beat('1', ELECTION_MS.max + HEARTBEAT_MS);
    expect(cluster.raft('1').progress.has('3')).toBe(false);
    cluster.turn('3');
    expect(cluster.seen('removed')).toEqual([index + 1]);
  });

  it('one that is being added is not told that it is removed by the configurations before', () => {
    const cluster = new Cluster({
      nodes: 1,
      strangers: ['2'],
      logs: { 1: [1] },
      configurations: { 1: bootstrapConfiguration({ 1: '' }) },
    });
    cluster.elect('1');
    cluster.change('1', { add: ['2'] });
    cluster.settle();
    expect(cluster.seen('removed')).toEqual([]);
  });

  it('a voter whose removal is not committed may campaign: it may be the only one with all entries', () => {
    const final = { ...emptyConfiguration, voters: ['1', '2', '3'] };
    const joint = { ...final, outgoing: ['1', '2', '3', '4'] };
    const all = (commitIndex: number): Cluster =>
      new Cluster({
        nodes: 4,
        logs: { 1: [1, 1], 2: [1, 1], 3: [1, 1], 4: [1, 1, 1] },
        configurations: { 2: joint, 3: final },
        hardStates: { 4: { commitIndex } },
        checked: false,
      });
    expect(all(3).raft('4').deadline).toBe(Number.POSITIVE_INFINITY);
    const cluster = all(2);
    cluster.pass(ELECTION_MS.max);
    cluster.timeout('4');
    cluster.settle();
    expect(cluster.reasons.get('4')).toContain('elected by a quorum');
    expect(cluster.raft('4').role).toBe('follower');
    expect(cluster.raft('1').configuration).toMatchObject({ voters: ['1', '2', '3'], outgoing: [] });
    expect(cluster.raft('1').commitIndex).toBeGreaterThanOrEqual(3);
  });

  it('a removed node that campaigns disturbs nobody', () => {
    const cluster = cluster3();
    cluster.isolate('3');
    cluster.change('1', { remove: ['3'] });
    cluster.settle();
    cluster.mend();
    cluster.cut('1', '3');
    cluster.cut('2', '3');
    const { term } = cluster.raft('1');
    for (let i = 0; i < 5; i++) {
      cluster.beat('1', ELECTION_MS.min);
      if (cluster.raft('3').deadline <= cluster.now) cluster.timeout('3');
      cluster.settle();
    }
    expect(cluster.view('1')).toMatchObject({ role: 'leader', term });
  });

  it('a node that was removed and comes back under its id starts over', () => {
    const cluster = cluster3();
    cluster.change('1', { remove: ['3'] });
    cluster.settle();
    cluster.change('1', { add: ['3'] });
    cluster.settle();
    cluster.beat('1', HEARTBEAT_MS);
    expect(cluster.raft('3').configuration.voters).toEqual(['1', '2', '3']);
    expect(cluster.raft('1').progress.get('3')?.matchIndex).toBe(cluster.raft('1').lastIndex);
    cluster.beat('1', 3 * ELECTION_MS.max);
    expect(cluster.raft('1').progress.has('3')).toBe(true);
  });

  it('nobody takes part in a cluster that it was never added to', () => {
    const cluster = new Cluster({ nodes: 1, strangers: ['2'] });
    expect(cluster.raft('2').configuration).toEqual(emptyConfiguration);
    expect(cluster.raft('2').deadline).toBe(Number.POSITIVE_INFINITY);
  });
});
