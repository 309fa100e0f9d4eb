import { InvalidArgumentError } from '@raft/core';
import type { Address } from '@raft/core';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port` or `[ipv6]:port`. Throws {@link InvalidArgumentError}. */
export function parseAddress(address: Address): HostPort {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(address);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) {
    throw new InvalidArgumentError(`address ${JSON.stringify(address)} is malformed: write host:port or [ipv6]:port`);
  }
  return { host, port };
}

export function formatAddress({ host, port }: HostPort): Address {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
