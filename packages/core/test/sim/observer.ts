import type { ActiveRole } from '../../src/consensus/state.js';
import type { Raft } from '../../src/consensus/raft.js';
import type { Message } from '../../src/messages.js';
import type { Configuration, LogIndex } from '../../src/types.js';
import type { Coverage, Situation } from './coverage.js';
import type { Turn } from './host.js';
import type { Member } from './member.js';

interface Before {
  readonly role: ActiveRole;
  readonly commitIndex: LogIndex;
  readonly configuration: Configuration;
}

/** Counts what a turn went through. */
export function observeTurn({ host, disk }: Member, turn: Turn, before: Before, { counts }: Coverage): void {
  const { raft } = host;
  const { write, messages, reads, roleChange } = turn.effects;
  const isNewLeader = raft.role === 'leader' && before.role !== 'leader';
  if (isNewLeader) counts.leaders++;
  if (before.role === 'candidate' && roleChange !== undefined && roleChange.role !== 'leader') counts.splitVotes++;
  if (before.role === 'leader' && raft.role !== 'leader') {
    if (roleChange?.reason.startsWith('no quorum answered') === true) counts.quorumLost++;
    else counts.leadersDeposed++;
    if (roleChange?.reason.startsWith('its disk') === true) counts.leadersLeftForDisk++;
    if (roleChange?.reason.startsWith('its turn') === true) counts.lateTurns++;
    if (roleChange?.reason.startsWith('the configuration') === true) counts.leadersRemoved++;
  }
  if (raft.role === 'leader' && raft.commitIndex > before.commitIndex) {
    if (raft.termAt(before.commitIndex + 1) !== raft.term) counts.oldTermsCommitted++;
  }
  const truncateFrom = write?.batch.truncateFrom;
  if (truncateFrom !== undefined) {
    counts.truncations++;
    const earlier = disk.unsynced.filter(({ sequence }) => sequence !== write?.sequence);
    if (earlier.some(({ batch }) => (batch.entries.at(-1)?.index ?? 0) >= truncateFrom)) counts.truncationsUnderWrite++;
  }
  for (const message of messages) {
    const situation = situationOf(message);
    if (situation !== undefined) counts[situation]++;
  }
  observeSeldom(turn, before, raft, counts);
  if (reads.some(({ index }) => index !== undefined) && raft.role === 'follower') counts.followerReads++;
  for (const { index } of reads) counts[index === undefined ? 'readsFailed' : 'readsConfirmed']++;
  for (const { why } of turn.refused) counts[why === 'notLeader' ? 'proposalsNotLeader' : 'proposalsOverloaded']++;
  for (const { state, hasRoom, nextIndex } of raft.progress.values())
    if (state === 'replicate' && !hasRoom && nextIndex <= raft.lastIndex) counts.windowsFull++;
}

function observeSeldom({ effects, installed }: Turn, before: Before, raft: Raft, counts: Coverage['counts']): void {
  if (effects.transfer !== undefined)
    counts[effects.transfer.leaderId === undefined ? 'transfersFailed' : 'transfersDone']++;
  if (before.configuration.outgoing.length > 0 && raft.configuration.outgoing.length === 0) counts.jointPhasesLeft++;
  if (effects.removed !== undefined) counts.membersRemoved++;
  if (effects.compactTo !== undefined) counts.compactions++;
  counts.snapshotsSent += effects.snapshotsToSend.length;
  if (installed !== undefined) counts.snapshotsInstalled++;
  if (effects.write?.batch.resetTo !== undefined) counts.logsReset++;
  counts.commandsForwarded += effects.forwarded.filter(({ accepted }) => accepted > 0).length;
  if (raft.role === 'leader' && effects.messages.some((one) => one.type === 'appendEntries' && one.quiesce))
    counts.rests++;
  const isBehind = [...raft.progress.values()].some(({ matchIndex }) => matchIndex < raft.lastIndex);
  if (raft.role === 'leader' && raft.isResting && isBehind) counts.restsWithoutSome++;
}

function situationOf(message: Message): Situation | undefined {
  if (message.type === 'requestVoteResponse' && !message.granted)
    return message.preVote ? 'preVotesRefused' : 'votesRefused';
  return message.type === 'appendEntriesResponse' && message.rejection !== undefined ? 'appendsRefused' : undefined;
}
