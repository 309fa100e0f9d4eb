import { UsageError } from './usage-error.js';

export interface HostAndPort {
  /** A name, an IPv4 address, or an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port` or `[ipv6]:port`; `flag` is named in what it throws. Port 0 only where `anyPort` allows it. */
export function parseAddress(text: string, flag: string, anyPort = false): HostAndPort {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:.%]+)\]|([^\s:[\]@/,=]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || digits === undefined) {
    throw new UsageError(`${flag}: ${JSON.stringify(text)} is not an address: write host:port, such as 127.0.0.1:7601`);
  }
  const port = Number(digits);
  if (port > 65_535 || (port === 0 && !anyPort)) {
    throw new UsageError(`${flag}: port ${digits} in ${JSON.stringify(text)} is none: choose one from 1 to 65535`);
  }
  return { host, port };
}

/** The members of a cluster by id, from `1=host:port,2=host:port`. Throws {@link UsageError}, with `flag` named in it. */
export function parsePeers(text: string, flag: string): ReadonlyMap<string, string> {
  const peers = new Map<string, string>();
  const idByAddress = new Map<string, string>();
  for (const item of text.split(',')) {
    const [, id, address] = /^\s*([^=\s]+)=(\S+)\s*$/.exec(item) ?? [];
    if (id === undefined || address === undefined) {
      throw new UsageError(
        `${flag}: ${JSON.stringify(item)} is not id=host:port: write ${flag} "1=host:port,2=host:port"`,
      );
    }
    checkName(id, flag);
    parseAddress(address, flag);
    if (peers.has(id)) throw new UsageError(`${flag} names id ${id} twice: give each node an id of its own`);
    const other = idByAddress.get(address.toLowerCase());
    if (other !== undefined) {
      throw new UsageError(`${flag} gives ${address} to both ${other} and ${id}: give each node an address of its own`);
    }
    peers.set(id, address);
    idByAddress.set(address.toLowerCase(), id);
  }
  return peers;
}

/** Ids of nodes and clusters are on wires, in files and in logs, so they are kept plain. */
export function checkName(name: string, flag: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return name;
  throw new UsageError(
    `${flag}: ${JSON.stringify(name)} cannot be a name: use 1 to 64 letters, digits, ".", "_" and "-", the first a letter or digit`,
  );
}
