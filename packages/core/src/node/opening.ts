import {
  bootstrapConfiguration,
  decodeConfiguration,
  encodeConfiguration,
  membersOf,
} from '../consensus/configuration.js';
import type { ConfigurationAt, InitialState } from '../consensus/state.js';
import type { Logger } from '../logger.js';
import type { Restored, Storage } from '../storage.js';
import { EntryType } from '../types.js';
import type { Address, Entry, LogIndex, NodeId } from '../types.js';
import { alignLog, isDamage, restoreSnapshot } from './snapshots/restore.js';
import type { Restorable } from './snapshots/restore.js';

export interface OpeningOptions extends Restorable {
  readonly id: NodeId;
  readonly bootstrap: Readonly<Record<NodeId, Address>> | undefined;
  readonly logger: Logger;
}

/** What a node starts from. */
export interface Opened {
  readonly restored: Restored;
  readonly initial: InitialState;
  /** What the machine shows. */
  readonly appliedIndex: LogIndex;
}

/** Brings a storage that has been opened, and the state machine, to where a node can go on from. */
export async function prepare(storage: Storage, opened: Restored, options: OpeningOptions): Promise<Opened> {
  for (const repair of opened.repairs) options.logger('warn', repair);
  const restored = await alignLog(storage, await bootstrapLog(storage, opened, options));
  const configurations = configurationsOf(restored);
  const { snapshot, hardState } = restored;
  const isShown = snapshot === undefined || (await restoreMachine(storage, configurations, options));
  const commitIndex = Math.max(hardState.commitIndex, snapshot?.index ?? 0);
  return {
    restored,
    initial: {
      hardState: { ...hardState, commitIndex },
      firstIndex: restored.firstIndex,
      lastIndex: restored.lastIndex,
      terms: restored.terms,
      configurations,
      snapshot,
      needsSnapshot: !isShown,
    },
    appliedIndex: isShown ? (snapshot?.index ?? 0) : 0,
  };
}

/** A new cluster's first entry is its configuration, the same on every node. */
async function bootstrapLog(storage: Storage, restored: Restored, { bootstrap }: OpeningOptions): Promise<Restored> {
  const isNew = restored.lastIndex === 0 && restored.hardState.term === 0;
  if (!isNew || bootstrap === undefined) return restored;
  const entry: Entry = {
    index: 1,
    term: 1,
    type: EntryType.configuration,
    data: encodeConfiguration(bootstrapConfiguration(bootstrap)),
  };
  const hardState = { term: 1, votedFor: undefined, commitIndex: 0 };
  await storage.append({ hardState, entries: [entry] });
  const terms = [...restored.terms, { index: 1, term: 1 }];
  return { ...restored, hardState, lastIndex: 1, terms, configurations: [entry] };
}

function configurationsOf({ snapshot, configurations }: Restored): ConfigurationAt[] {
  const base =
    snapshot === undefined ? [] : [{ index: snapshot.configurationIndex, configuration: snapshot.configuration }];
  const later = configurations.filter((entry) => entry.index > (snapshot?.index ?? 0));
  return [...base, ...later.map((entry) => ({ index: entry.index, configuration: decodeConfiguration(entry.data) }))];
}

/** False: the snapshot is damaged, and another member's is to be fetched. Throws when there is nobody who could have one. */
async function restoreMachine(
  storage: Storage,
  configurations: readonly ConfigurationAt[],
  options: OpeningOptions,
): Promise<boolean> {
  try {
    await restoreSnapshot(storage, options);
    return true;
  } catch (error) {
    const members = membersOf(configurations.at(-1)!.configuration);
    members.delete(options.id);
    if (!isDamage(error) || members.size === 0) throw error;
    const others = [...members].join(', ');
    const message = `the snapshot cannot be read, and one is fetched from the leader (of ${others}): ${error.message}`;
    options.logger('error', message, { error });
    return false;
  }
}
