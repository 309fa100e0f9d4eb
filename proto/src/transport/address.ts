import { InvalidArgumentError } from '@raft/core';
import type { Address } from '@raft/core';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port` or `[ipv6]:port`. Throws {@link InvalidArgumentError}. */
export function parseAddress(address: Address): HostPort {
  const [, ipv6, name, digits] = /^(?:\[([^\][\s/]+)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(address) ?? [];
  const host = ipv6 ?? name;
  const port = Number(digits);
  if (host === undefined || port > 65_535) {
    throw new InvalidArgumentError(`address ${JSON.stringify(address)} is malformed: write host:port or [ipv6]:port`);
  }
  return { host, port };
}

export function formatAddress({ host, port }: HostPort): Address {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Hosts that mean every address of a machine: to listen on, not to be dialled. */
const wildcards: ReadonlySet<string> = new Set(['0.0.0.0', '::', '0:0:0:0:0:0:0:0']);

/**
 * What a node says of where it is: `advertise`, else what it listens on; the first of them that others can dial. Not so with a wildcard,
 * or before the system has chosen a port. Empty when there is none.
 */
export function advertised(advertise: Address | undefined, listening: Address): Address {
  return [advertise ?? listening, listening].find((address) => isReachable(parseAddress(address))) ?? '';
}

function isReachable({ host, port }: HostPort): boolean {
  return port > 0 && !wildcards.has(host);
}
