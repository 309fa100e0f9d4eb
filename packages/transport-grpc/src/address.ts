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
