import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from './exit-codes.js';

/** Where the servers are, and how they are reached unless a flag says otherwise. */
export interface Servers {
  readonly addresses: readonly string[];
  readonly transport: string;
}

/** What `raft-cluster` starts, unless it is told otherwise. */
const defaults: Servers = { addresses: ['127.0.0.1:7601', '127.0.0.1:7602', '127.0.0.1:7603'], transport: 'grpc' };

/** Reads `host:port,host:port` and `1=host:port,2=host:port`. Throws {@link UsageError}. */
export function parseServers(text: string): readonly string[] {
  const addresses = text.split(',').map((item) => {
    const address = item.trim().replace(/^[^=\s]+=/, '');
    const [, port] = /^(?:\[[0-9a-fA-F:.%]+\]|[^\s:[\]@/,=]+):(\d{1,5})$/.exec(address) ?? [];
    if (port === undefined || Number(port) < 1 || Number(port) > 65_535) {
      throw new UsageError(
        `--peers: ${JSON.stringify(item)} is not an address: write host:port, such as 127.0.0.1:7601`,
      );
    }
    return address;
  });
  const repeated = addresses.find((address, at) => addresses.indexOf(address) !== at);
  if (repeated !== undefined) throw new UsageError(`--peers names ${repeated} twice: name each server once`);
  return addresses;
}

/**
 * The servers of the cluster that `raft-cluster` left in the working directory's `.raft-cluster`, else its defaults.
 * Throws {@link UsageError} when there is a file that cannot be read.
 */
export function localServers(directory: string): Servers {
  const file = join(directory, '.raft-cluster', 'cluster.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return defaults;
    throw new UsageError(
      `${file} cannot be read (${(error as NodeJS.ErrnoException).code}): name the servers with --peers`,
    );
  }
  return parseState(text) ?? refuse(file);
}

function parseState(text: string): Servers | undefined {
  try {
    const state = JSON.parse(text) as { transport?: unknown; nodes?: unknown } | null;
    const nodes = Array.isArray(state?.nodes) ? (state.nodes as { address?: unknown }[]) : [];
    const addresses = nodes.map((node) => String(node.address));
    if (typeof state?.transport !== 'string' || addresses.length === 0) return undefined;
    return { addresses: parseServers(addresses.join(',')), transport: state.transport };
  } catch {
    return undefined;
  }
}

function refuse(file: string): never {
  throw new UsageError(`${file} tells of no cluster: name the servers with --peers, or remove it`);
}
