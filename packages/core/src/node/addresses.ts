import type { Address, Configuration, NodeId } from '../types.js';

type AddressBook = Readonly<Record<NodeId, Address>>;

/**
 * Where the members are reached. While the voters are those that the node was started with, the addresses that the operator gave
 * with them count more than the log's, so that a cluster whose hosts have all moved finds together again; but not for a
 * member whose address has been changed through the log since.
 */
export class Addresses {
  readonly #bootstrap: AddressBook | undefined;
  readonly #moved = new Set<NodeId>();
  #latest: Configuration | undefined;

  constructor(bootstrap: AddressBook | undefined) {
    this.#bootstrap = bootstrap;
  }

  /** `configuration` is in force from now on; to be told of each, in order. */
  enter(configuration: Configuration): AddressBook {
    const before = this.#latest?.addresses ?? {};
    for (const [id, address] of Object.entries(configuration.addresses)) {
      if (before[id] !== undefined && before[id] !== address) this.#moved.add(id);
    }
    this.#latest = configuration;
    return this.current;
  }

  get current(): AddressBook {
    if (this.#latest === undefined) return {};
    const { addresses, voters } = this.#latest;
    const isFirst = this.#bootstrap !== undefined && voters.join() === Object.keys(this.#bootstrap).sort().join();
    if (!isFirst) return addresses;
    const given = Object.entries(this.#bootstrap).filter(([id]) => !this.#moved.has(id));
    return { ...addresses, ...Object.fromEntries(given) };
  }
}
