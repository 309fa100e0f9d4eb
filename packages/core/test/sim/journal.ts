import type { Effects } from '../../src/consensus/effects.js';
import type { Raft } from '../../src/consensus/raft.js';
import type { Message } from '../../src/messages.js';
import type { LogBatch } from '../../src/storage.js';
import type { Entry } from '../../src/types.js';

/** What happened, a line each, to be read by whoever looks for a bug. */
export class Journal {
  readonly lines: string[] = [];

  note(now: number, text: string): void {
    this.lines.push(`${now.toFixed(2).padStart(9)}  ${text}`);
  }
}

export function describeMessage(message: Message): string {
  const head = `${message.from} -> ${message.to}  term ${message.term}`;
  switch (message.type) {
    case 'requestVote':
      return `${head} ${message.preVote ? 'pre-vote?' : 'vote?'} log ends at ${message.lastLogIndex}:${message.lastLogTerm}`;
    case 'requestVoteResponse':
      return `${head} ${message.preVote ? 'pre-vote' : 'vote'} ${message.granted ? 'granted' : 'refused'}`;
    case 'appendEntries': {
      const { prevLogIndex, prevLogTerm, leaderCommit, round, entries } = message;
      return `${head} append after ${prevLogIndex}:${prevLogTerm}${describeEntries(entries)}, commit ${leaderCommit}, round ${round}`;
    }
    case 'appendEntriesResponse': {
      const { matchIndex, round, rejection } = message;
      const refused =
        rejection && ` refused ${rejection.prevLogIndex}, try ${rejection.hintIndex}:${rejection.hintTerm}`;
      return `${head} match ${matchIndex}, round ${round}${refused ?? ''}`;
    }
    default:
      return `${head} ${message.type}`;
  }
}

function describeEntries(entries: readonly Entry[]): string {
  const first = entries[0];
  if (first === undefined) return '';
  const last = entries.at(-1) as Entry;
  return ` +${first.index}:${first.term}..${last.index}:${last.term}`;
}

export function describeWrite({ sequence, batch }: NonNullable<Effects['write']>): string {
  return `write ${sequence}:${describeBatch(batch)}`;
}

function describeBatch({ hardState, truncateFrom, entries }: LogBatch): string {
  const state = hardState && ` term ${hardState.term} vote ${hardState.votedFor} commit ${hardState.commitIndex}`;
  return `${state ?? ''}${truncateFrom === undefined ? '' : ` truncate ${truncateFrom}`}${describeEntries(entries)}`;
}

export function describeConfiguration({ configuration, configurationIndex }: Raft): string {
  const { voters, outgoing, learners, stores } = configuration;
  const parts = [`voters ${voters.join()}`, `outgoing ${outgoing.join()}`, `learners ${learners.join()}`];
  return `configuration ${configurationIndex}: ${parts.join(', ')}, stores ${Object.values(stores).join()}`;
}
