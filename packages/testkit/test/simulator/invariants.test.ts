import { readFileSync } from 'node:fs';
import type { SnapshotMeta } from '@raft/core';
import { describe, expect, it } from 'vitest';
import { entry, ids, Stage } from './stage.js';

/** Node 1 leads in term 1; entries 1 and 2 are on all disks and committed, and node 1 has applied them. */
function settled(): Stage {
  const stage = new Stage();
  stage.elect('1', 1);
  stage.replicate([entry(1, 1), entry(2, 1)]);
  stage.step('1', { commitIndex: 2 });
  stage.apply('1', [entry(1, 1), entry(2, 1)], ['one', 'two']);
  stage.step('1', { appliedIndex: 2 });
  return stage;
}

const snapshot = (index: number, term: number): SnapshotMeta => ({
  index,
  term,
  configuration: { voters: ids, outgoing: [], learners: [], returning: [], addresses: {}, stores: {} },
  configurationIndex: 1,
});

/** What no node may do, and what is said of one that does. */
const crimes: readonly (readonly [what: string, message: string, act: (stage: Stage) => void])[] = [
  ['writes an earlier term', 'the term of 2 goes back from 1 to 0', (stage) => stage.hard('2', 0, undefined)],
  ['changes its vote', '2 changes its vote from 1 to 3 in term 1', (stage) => stage.hard('2', 1, '3')],
  ['forgets its vote', '2 changes its vote from 1 to undefined in term 1', (stage) => stage.hard('2', 1, undefined)],
  ['shows an earlier term', 'the term of 2 goes back from 1 to 0', (stage) => stage.step('2', { term: 0 })],
  [
    'drops entries while it leads',
    'Leader Append-Only: 1 drops 1 entries while it leads',
    (stage) => {
      stage.write('1', { entries: [entry(3, 1)] });
      stage.step('1');
      stage.write('1', { truncateFrom: 3 });
      stage.step('1');
    },
  ],
  [
    'drops what is committed',
    '2 drops the committed entry 2:1 in term 1',
    (stage) => stage.write('2', { truncateFrom: 2 }),
  ],
  [
    'drops what is committed, all at once',
    '2 drops the committed entry 1:1 in term 1',
    (stage) => stage.write('2', { resetTo: { index: 0, term: 0 } }),
  ],
  [
    'leads without its own disk’s knowledge',
    '2 leads in term 2: its disk knows nothing of it',
    (stage) => {
      stage.hard('2', 2, '2', false);
      stage.lead('2', 2);
    },
  ],
  [
    'leads beside another',
    'Election Safety: 1 and 2 lead in term 1',
    (stage) => {
      stage.disk('2').durable.hardState = { term: 1, votedFor: '2', commitIndex: 0 };
      stage.disk('2').storeId = 'another';
      stage.lead('2', 1);
    },
  ],
  ['leads without a quorum', '2 leads in term 2 without the votes of a quorum', (stage) => stage.elect('2', 2, ['2'])],
  [
    'leads with half of a joint quorum',
    '2 leads in term 2 without the votes of a quorum',
    (stage) => {
      for (const voter of ['2', '3'] as const) stage.vote(voter, 2, '2');
      const membership = { index: 2, voters: ids, learners: [], outgoing: ['1', '2', '4', '5'], addresses: {} };
      stage.step('2', { term: 2, role: 'leader', membership });
    },
  ],
  [
    'votes twice',
    '3 votes for 1 and 2 in term 1',
    (stage) => {
      stage.disk('3').durable.hardState = { term: 1, votedFor: '2', commitIndex: 0 };
      stage.send('3', { type: 'requestVoteResponse', to: '2', term: 1, preVote: false, granted: true });
      stage.step('3');
    },
  ],
  [
    'leads without what is committed',
    'Leader Completeness: 3 leads in term 2 without the committed entry 2:1',
    (stage) => {
      stage.disk('3').written.entries.pop();
      stage.elect('3', 2, ['2', '3']);
    },
  ],
  [
    'commits what a later leader has not',
    'Leader Completeness: 3 leads in term 2 without the committed entry 3:1',
    (stage) => {
      stage.elect('3', 2, ['2', '3']);
      for (const id of ['1', '2'] as const) stage.write(id, { entries: [entry(3, 1)] });
      stage.step('1', { commitIndex: 3 });
    },
  ],
  [
    'commits an older term’s entry by counting (figure 8)',
    'figure 8: the leader of term 2 commits 3:1 by itself',
    (stage) => {
      stage.replicate([entry(3, 1)]);
      stage.elect('2', 2, ['2', '3']);
      stage.step('2', { commitIndex: 3 });
    },
  ],
  [
    'commits before a quorum’s disks have it',
    'the leader of term 1 commits 3, which no quorum has on its disks',
    (stage) => {
      for (const id of ids) stage.write(id, { entries: [entry(3, 1)] }, id === '1');
      stage.step('1', { commitIndex: 3 });
    },
  ],
  [
    'commits what no disk has',
    '1 commits entry 3, which is on no disk',
    (stage) => stage.step('1', { commitIndex: 3, lastIndex: 3 }),
  ],
  ['takes a commit back', 'the commit index of 1 goes back to 1', (stage) => stage.step('1', { commitIndex: 1 })],
  [
    'commits beyond its log',
    'the commit index of 2 is past the end of its log',
    (stage) => stage.step('2', { commitIndex: 3 }),
  ],
  [
    'takes for committed what is not',
    '2 takes entry 3 for committed, which no leader has committed',
    (stage) => {
      stage.write('2', { entries: [entry(3, 1)] });
      stage.step('2', { commitIndex: 3 });
    },
  ],
  [
    'has something else where an entry is committed',
    'State Machine Safety: 2 has 2:0 where 2:1 is committed',
    (stage) => {
      stage.disk('2').written.entries[1] = entry(2, 0);
      stage.step('2', { commitIndex: 2 });
    },
  ],
  [
    'holds another entry of the same term',
    'Log Matching: 2 holds another entry 3 of term 1',
    (stage) => {
      stage.write('1', { entries: [entry(3, 1)] });
      stage.write('2', { entries: [entry(3, 1, 'other')] });
    },
  ],
  [
    'holds the same entry behind another',
    'Log Matching: before 4:1 2 has 0, not 1',
    (stage) => {
      stage.write('1', { entries: [entry(3, 1), entry(4, 1)] });
      stage.write('2', { entries: [entry(3, 0), entry(4, 1)] });
    },
  ],
  [
    'takes an application back',
    'the applied index of 1 goes back to 1',
    (stage) => stage.step('1', { appliedIndex: 1 }),
  ],
  [
    'applies what is not committed',
    '2 has applied 1, which is not committed',
    (stage) => stage.step('2', { appliedIndex: 1 }),
  ],
  [
    'applies what its disk has not',
    '2 has applied 2, which is not on its disk',
    (stage) => {
      stage.disk('2').durable.entries.pop();
      stage.step('2', { commitIndex: 2, appliedIndex: 2 });
    },
  ],
  [
    'applies twice',
    '1 applies 2 again, after 2',
    (stage) => {
      stage.apply('1', [entry(2, 1)], ['two']);
      stage.step('1');
    },
  ],
  [
    'gives the machine what nobody has committed',
    '1 applies 3, which no leader has committed',
    (stage) => {
      stage.apply('1', [entry(3, 1)], ['three']);
      stage.step('1');
    },
  ],
  [
    'gives the machine another command',
    'State Machine Safety: 2 applies 1:1, but 1:1 is committed',
    (stage) => {
      stage.apply('2', [entry(1, 1, 'other')], ['one']);
      stage.step('2', { commitIndex: 2 });
    },
  ],
  [
    'leaves a command out',
    '2 leaves out the command at 1',
    (stage) => stage.step('2', { commitIndex: 2, appliedIndex: 1 }),
  ],
  [
    'has another result',
    'State Machine Safety: the command at 1 has another outcome on 2 than elsewhere',
    (stage) => {
      stage.apply('2', [entry(1, 1)], ['another']);
      stage.step('2', { commitIndex: 2, appliedIndex: 1 });
    },
  ],
  [
    'starts from a snapshot of what nobody has applied',
    '1 applies 4 before anybody has applied what precedes it',
    (stage) => {
      stage.replicate([entry(3, 1), entry(4, 1)]);
      stage.step('1', { commitIndex: 4 });
      stage.disk('1').durable.snapshot = { meta: snapshot(3, 1), chunks: [] };
      stage.invariants.restored('1');
      stage.apply('1', [entry(4, 1)], ['four']);
      stage.step('1', { appliedIndex: 4 });
    },
  ],
  [
    'sends under another name',
    '1 sends a message from 2 to 3',
    (stage) => {
      stage.send('1', { type: 'readIndex', from: '2', to: '3' });
      stage.step('1');
    },
  ],
  [
    'sends entries and does not lead',
    '2 sends entries in term 1 and does not lead',
    (stage) => {
      stage.send('2', { type: 'appendEntries', to: '3', prevLogIndex: 2, prevLogTerm: 1, entries: [] });
      stage.step('2');
    },
  ],
  [
    'sends a snapshot and does not lead',
    '2 sends a snapshot in term 1 and does not lead',
    (stage) => {
      stage.send('2', { type: 'installSnapshot', to: '3', snapshot: snapshot(2, 1) });
      stage.step('2');
    },
  ],
  [
    'sends a snapshot of something else',
    '1 has a snapshot that ends at 2:0, but 2:1 is committed',
    (stage) => {
      stage.send('1', { type: 'installSnapshot', to: '3', snapshot: snapshot(2, 0) });
      stage.step('1');
    },
  ],
  [
    'claims a snapshot that it has not',
    '2 says that it has installed snapshot 9, which its disk has not',
    (stage) => {
      stage.send('2', { type: 'installSnapshotResponse', to: '1', outcome: 'installed', index: 9 });
      stage.step('2');
    },
  ],
  [
    'tells of a term before its disk has it',
    '2 tells of term 2 (requestVoteResponse), but its disk knows 1',
    (stage) => {
      stage.hard('2', 2, undefined, false);
      stage.send('2', { type: 'requestVoteResponse', to: '3', term: 2, preVote: false, granted: false });
      stage.step('2', { term: 2 });
    },
  ],
  [
    'tells of a vote before its disk has it',
    '2 tells of its vote for 3 in term 2, but its disk knows 1',
    (stage) => {
      stage.hard('2', 2, '3', false);
      stage.send('2', { type: 'requestVoteResponse', to: '3', term: 2, preVote: false, granted: true });
      stage.step('2', { term: 2 });
    },
  ],
  [
    'acknowledges before its disk has it',
    '2 claims to match the leader of term 1 up to 3:1, but its disk has term undefined there',
    (stage) => {
      for (const id of ['1', '2'] as const) stage.write(id, { entries: [entry(3, 1)] }, id === '1');
      stage.step('1');
      stage.send('2', { type: 'appendEntriesResponse', to: '1', matchIndex: 3 });
      stage.step('2');
    },
  ],
];

function told(act: (stage: Stage) => void): string {
  try {
    act(settled());
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing';
}

describe('the invariants', () => {
  it.each(crimes)('tell of a node that %s', (_, message, act) => {
    expect(told(act)).toBe(message);
  });

  it('are all shown to tell', () => {
    const sources = ['invariants', 'ledger'].map((name) =>
      readFileSync(new URL(`../../src/simulator/${name}.ts`, import.meta.url), 'utf8'),
    );
    // The beginning of each text that a check can fail with, up to what is filled in last.
    const texts = sources.join('').matchAll(/\(\) =>\s*`([^`]*)`/g);
    const patterns = [...texts].map(([, text = '']) =>
      text.replaceAll(/\$\{[^}]*\}|[.*+?^()|[\]\\]/g, (part) => (part.startsWith('$') ? '.*' : `\\${part}`)),
    );
    expect(patterns.length).toBeGreaterThan(30);
    const untold = patterns.filter((pattern) => !crimes.some(([, message]) => new RegExp(`^${pattern}`).test(message)));
    expect(untold).toEqual([]);
  });

  it('find nothing wrong with what is right', () => {
    const stage = settled();
    stage.step('2', { commitIndex: 2 });
    stage.apply('2', [entry(1, 1), entry(2, 1)], ['one', 'two']);
    stage.step('2', { appliedIndex: 2 });
    stage.elect('2', 2, ['2', '3']);
    stage.replicate([entry(3, 2)], ['2', '3']);
    stage.send('3', { type: 'appendEntriesResponse', to: '2', matchIndex: 3 });
    stage.step('3');
    stage.step('2', { commitIndex: 3 });
    expect(stage.invariants.ledger.committedIndex).toBe(3);
  });

  it('know of entries that a leader with a full disk sent in the step in which it was deposed', () => {
    const stage = settled();
    stage.send('1', { type: 'appendEntries', to: '2', prevLogIndex: 2, prevLogTerm: 1, entries: [entry(3, 1)] });
    stage.step('1', { role: 'follower' });
    stage.write('2', { entries: [entry(3, 1)] });
    stage.send('2', { type: 'appendEntriesResponse', to: '1', matchIndex: 3 });
    expect(() => stage.step('2')).not.toThrow();
  });

  it('know that a full disk refuses what lies behind a refused batch too (seed 2468)', () => {
    const stage = settled();
    stage.write('2', { entries: [entry(3, 1)] });
    stage.step('2');
    stage.step('1', { role: 'follower' });
    stage.elect('3', 2);
    stage.write('3', { entries: [entry(3, 2), entry(4, 2)] });
    stage.step('3');
    stage.refuse('2', { truncateFrom: 3, entries: [entry(3, 2)] });
    expect(() => stage.refuse('2', { entries: [entry(4, 2)] })).not.toThrow();
  });
});
