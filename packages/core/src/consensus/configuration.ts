import type { Address, Configuration, NodeId } from '../types.js';

/** Nobody takes part: what an empty node knows before it is added to a cluster. */
export const emptyConfiguration: Configuration = { voters: [], outgoing: [], learners: [], addresses: {}, stores: {} };

/** The configuration that a new cluster starts with: every given node votes. */
export function bootstrapConfiguration(members: Readonly<Record<NodeId, Address>>): Configuration {
  return { ...emptyConfiguration, voters: Object.keys(members).sort(), addresses: sortKeys(members) };
}

export function isVoter(configuration: Configuration, id: NodeId): boolean {
  return configuration.voters.includes(id) || configuration.outgoing.includes(id);
}

/** Everyone who gets the log, each once. */
export function membersOf(configuration: Configuration): Set<NodeId> {
  return new Set([...configuration.voters, ...configuration.outgoing, ...configuration.learners]);
}

/** Learners that were wiped when they voted, and are to vote again. */
export function returningOf({ stores }: Configuration): readonly NodeId[] {
  const list = stores[NOBODY];
  return list === undefined ? [] : (JSON.parse(list) as NodeId[]);
}

const NOBODY = '';

/** `after`, with who returns: a voter that becomes a learner with another storage, until it votes again or is removed. */
export function withReturning(before: Configuration, after: Configuration): Configuration {
  const isWiped = (id: NodeId): boolean => {
    const [was, is] = [before.stores[id] ?? '', after.stores[id] ?? ''];
    return was !== '' && was !== is && isVoter(before, id) && !isVoter(after, id);
  };
  const earlier = returningOf(before);
  const returning = after.learners.filter((id) => earlier.includes(id) || isWiped(id));
  const { [NOBODY]: _, ...stores } = after.stores;
  return { ...after, stores: returning.length === 0 ? stores : { ...stores, [NOBODY]: JSON.stringify(returning) } };
}

/** The same configuration always gives the same bytes, so nodes that bootstrap alike have equal logs. */
export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const { voters, outgoing, learners, addresses, stores } = configuration;
  const text = JSON.stringify({
    voters,
    outgoing,
    learners,
    addresses: sortKeys(addresses),
    stores: sortKeys(stores),
  });
  return new TextEncoder().encode(text);
}

/** Throws when the bytes are no configuration. */
export function decodeConfiguration(data: Uint8Array): Configuration {
  const value = JSON.parse(new TextDecoder().decode(data)) as Record<string, unknown>;
  return {
    voters: idsOf(value['voters']),
    outgoing: idsOf(value['outgoing']),
    learners: idsOf(value['learners']),
    addresses: textsOf(value['addresses'], 'addresses'),
    stores: textsOf(value['stores'], 'stores'),
  };
}

function idsOf(value: unknown): NodeId[] {
  if (!Array.isArray(value) || !value.every((id) => typeof id === 'string')) {
    throw new Error('malformed configuration: a list of node ids was expected');
  }
  return [...new Set(value)].sort();
}

function textsOf(value: unknown, what: string): Record<NodeId, string> {
  if (typeof value !== 'object' || value === null || !Object.values(value).every((text) => typeof text === 'string')) {
    throw new Error(`malformed configuration: ${what} by node id were expected`);
  }
  return sortKeys(value as Record<NodeId, string>);
}

function sortKeys<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
