import type { AppendEntries, InstallSnapshot, Message } from '../messages.js';
import { EntryType } from '../types.js';
import type { Entry } from '../types.js';
import { decodeConfiguration, whyNoConfiguration } from './configuration.js';

/** An election a millisecond takes a hundred thousand years to get there; beyond, the next term could not be told any more. */
const LARGEST_TERM = 2 ** 52;

/**
 * Why no node that works can have sent this; undefined when one can. What comes from a network must not reach an invariant of
 * the consensus, which would end the node.
 */
export function whyMalformed(message: Message): string | undefined {
  if (message.term > LARGEST_TERM) return `its term ${message.term} is beyond what elections can have led to`;
  if (message.type === 'appendEntries') return whyNotEntries(message);
  if (message.type === 'installSnapshot') return whyNoSnapshot(message);
  if (message.type === 'propose') {
    const strange = message.commands.find(({ type }) => !proposable.has(type));
    if (strange !== undefined) return `entries of type ${strange.type} are the leader's own`;
  }
  return undefined;
}

function whyNoSnapshot({ snapshot, term }: InstallSnapshot): string | undefined {
  if (snapshot.term > term) return `its snapshot is of term ${snapshot.term}, which is later than its own, ${term}`;
  const why = whyNoConfiguration(snapshot.configuration);
  return why === undefined ? undefined : `its snapshot has no configuration: ${why}`;
}

const proposable: ReadonlySet<EntryType> = new Set([EntryType.command, EntryType.session, EntryType.sessionCommand]);

function whyNotEntries({ entries, prevLogIndex, prevLogTerm, term }: AppendEntries): string | undefined {
  let index = prevLogIndex;
  let least = prevLogTerm;
  if (least > term) return `it follows an entry of term ${least}, which is later than its own, ${term}`;
  for (const entry of entries) {
    index++;
    if (entry.index !== index) return `entry ${entry.index} is where ${index} belongs`;
    if (entry.term < least || entry.term > term) {
      return `entry ${index} of term ${entry.term} does not fit between the terms ${least} and ${term}`;
    }
    least = entry.term;
    if (entry.type === EntryType.configuration && !isConfiguration(entry)) return `entry ${index} is no configuration`;
  }
  return undefined;
}

function isConfiguration({ data }: Entry): boolean {
  try {
    decodeConfiguration(data);
    return true;
  } catch {
    return false;
  }
}
