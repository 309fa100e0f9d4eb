import type { Address, Configuration, NodeId } from '../types.js';

/** Nobody takes part: what an empty node knows before it is added to a cluster. */
export const emptyConfiguration: Configuration = {
  voters: [],
  outgoing: [],
  learners: [],
  addresses: {},
  stores: {},
  returning: [],
};

/** The configuration that a new cluster starts with: every given node votes. */
export function bootstrapConfiguration(members: Readonly<Record<NodeId, Address>>): Configuration {
  return { ...emptyConfiguration, voters: Object.keys(members).sort(), addresses: sortKeys(members) };
}

export function isVoter({ voters, outgoing }: Pick<Configuration, 'voters' | 'outgoing'>, id: NodeId): boolean {
  return voters.includes(id) || outgoing.includes(id);
}

/** Everyone who gets the log, each once. */
export function membersOf(configuration: Configuration): Set<NodeId> {
  return new Set([...configuration.voters, ...configuration.outgoing, ...configuration.learners]);
}

/** `after`, with who returns: a voter that becomes a learner with another storage, until it votes again or is removed. */
export function withReturning(before: Configuration, after: Omit<Configuration, 'returning'>): Configuration {
  const isWiped = (id: NodeId): boolean => {
    const [was, is] = [before.stores[id] ?? '', after.stores[id] ?? ''];
    return was !== '' && was !== is && isVoter(before, id) && !isVoter(after, id);
  };
  return { ...after, returning: after.learners.filter((id) => before.returning.includes(id) || isWiped(id)) };
}

/** The same configuration always gives the same bytes, so nodes that bootstrap alike have equal logs. */
export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const { voters, outgoing, learners, addresses, stores, returning } = configuration;
  const text = JSON.stringify({
    voters,
    outgoing,
    learners,
    addresses: sortKeys(addresses),
    stores: sortKeys(stores),
    returning,
  });
  return new TextEncoder().encode(text);
}

/** Throws when the bytes are no configuration. */
export function decodeConfiguration(data: Uint8Array): Configuration {
  const value = JSON.parse(new TextDecoder().decode(data)) as Record<string, unknown>;
  const configuration = {
    voters: idsOf(value['voters']),
    outgoing: idsOf(value['outgoing']),
    learners: idsOf(value['learners']),
    addresses: textsOf(value['addresses'], 'addresses'),
    stores: textsOf(value['stores'], 'stores'),
    returning: idsOf(value['returning'] ?? []),
  };
  const why = whyNoConfiguration(configuration);
  if (why !== undefined) throw new Error(`malformed configuration: ${why}`);
  return configuration;
}

/** What is wrong with one that came from elsewhere; undefined when nothing is. */
export function whyNoConfiguration({ learners, returning }: Configuration): string | undefined {
  const stranger = returning.find((id) => !learners.includes(id));
  return stranger === undefined ? undefined : `node ${stranger} is to vote again, and is no learner`;
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
