import { describe, expect, it } from 'vitest';
import type { Propose } from '../../src/messages.js';
import { EntryType } from '../../src/types.js';
import { Cluster } from './support/cluster.js';

const MAX_SENDERS = 256;

function propose(cluster: Cluster, from: string, id: number): (string | undefined)[] {
  const command = { type: EntryType.command, data: new Uint8Array(1) };
  const message: Propose = { type: 'propose', from, to: '1', term: cluster.raft('1').term, id, commands: [command] };
  const { messages } = cluster.hand(message).effects;
  return messages.flatMap((answer) => (answer.type === 'proposeResponse' ? [answer.refusal ?? 'taken'] : []));
}

describe('commands that are handed on to the leader', () => {
  it('by strangers are refused; by more of them than are remembered they get no answer; those of members are taken all the same', () => {
    const cluster = new Cluster({});
    cluster.elect('1');
    cluster.settle();
    const refused = Array.from({ length: MAX_SENDERS }, (_, n) => propose(cluster, `stranger-${n}`, 1));
    expect(new Set(refused.flat())).toEqual(new Set(['notLeader']));
    expect(refused.flat().length).toBe(MAX_SENDERS);
    expect(propose(cluster, 'one-more', 1)).toEqual([]);
    expect(propose(cluster, 'stranger-7', 2)).toEqual(['notLeader']);
    expect(propose(cluster, '2', 1)).toEqual(['taken']);
  });
});
