import type { MembershipChange } from '@raft/core';
import { UsageError } from './exit-codes.js';
import { parseServers } from './servers.js';

/** What `members …` asks for. */
export type MembersRequest =
  | { readonly action: 'list' }
  | {
      readonly action: 'change';
      /** Only tells what it would do. */
      readonly dryRun: boolean;
      readonly change: MembershipChange;
    };

const usage =
  'members list, or [plan] add ID=HOST:PORT … | add-learner ID=HOST:PORT … | promote ID … | remove ID … | replace OLD NEW=HOST:PORT';

/** Throws {@link UsageError}. */
export function readMembers(words: readonly string[]): MembersRequest {
  const [action, ...rest] = words;
  if (action === undefined || action === 'list') {
    if (rest.length > 0) throw new UsageError(`members list has no use for ${JSON.stringify(rest[0])}: leave it out`);
    return { action: 'list' };
  }
  if (action === 'plan') return { action: 'change', dryRun: true, change: readChange(rest) };
  return { action: 'change', dryRun: false, change: readChange(words) };
}

function readChange([action, ...members]: readonly string[]): MembershipChange {
  if (action === undefined) throw new UsageError(`plan needs a change: ${usage}`);
  if (action === 'replace') return readReplacement(members);
  if (!['add', 'add-learner', 'promote', 'remove'].includes(action)) {
    throw new UsageError(`unknown: members ${action}; there are ${usage}`);
  }
  if (members.length === 0) throw new UsageError(`members ${action} needs a member: ${usage}`);
  const repeated = members.find((member, at) => members.indexOf(member) !== at);
  if (repeated !== undefined) throw new UsageError(`${repeated} is named twice: name each member once`);
  if (action === 'promote') return { add: members.map(readId) };
  if (action === 'remove') return { remove: members.map(readId) };
  const added = members.map(readMember);
  const ids = added.map(({ id }) => id);
  const addresses = Object.fromEntries(added.map(({ id, address }) => [id, address]));
  return action === 'add' ? { add: ids, addresses } : { learners: ids, addresses };
}

function readReplacement(members: readonly string[]): MembershipChange {
  const [old, replacement, ...rest] = members;
  if (old === undefined || replacement === undefined || rest.length > 0) {
    throw new UsageError('members replace needs the old node and the new one: members replace OLD NEW=HOST:PORT');
  }
  const { id, address } = readMember(replacement);
  if (id === old) {
    throw new UsageError(`node ${old} cannot take its own place: give the new node an id that was never used`);
  }
  return { add: [id], remove: [readId(old)], addresses: { [id]: address } };
}

function readMember(text: string): { readonly id: string; readonly address: string } {
  const [, id, address] = /^([^=\s]+)=(\S+)$/.exec(text) ?? [];
  if (id === undefined || address === undefined) {
    throw new UsageError(`${JSON.stringify(text)} is no member: write ID=HOST:PORT, such as 4=127.0.0.1:7604`);
  }
  parseServers(address);
  return { id: readId(id), address };
}

function readId(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) return text;
  throw new UsageError(`${JSON.stringify(text)} is no id of a node: give the id alone, such as 4`);
}
