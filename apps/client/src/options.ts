import type { Encoding } from './bytes.js';
import { UsageError } from './exit-codes.js';
import type { CommandLine, CommonFlag } from './flags.js';
import { wholeNumber } from './request.js';
import { localServers, parseServers } from './servers.js';

export type Output = 'text' | 'json';
export type TransportName = 'grpc' | 'tcp';

/** What holds for every command. */
export interface CommonOptions {
  /** `host:port` of each server. */
  readonly addresses: readonly string[];
  readonly transport: TransportName;
  readonly timeoutMs: number;
  /** Otherwise what takes longer gets more time. */
  readonly isTimeoutGiven: boolean;
  readonly output: Output;
  readonly encoding: Encoding;
}

/** `directory` is where a local cluster may have left word of itself. Throws {@link UsageError}. */
export function readCommon(line: CommandLine, directory: string): CommonOptions {
  const text = (flag: CommonFlag): string | undefined => {
    const given = line.flags[flag];
    if (given === '') throw new UsageError(`--${flag} is empty: give it a value or leave it out`);
    return given === true ? undefined : given;
  };
  const peers = text('peers');
  const local = peers === undefined ? localServers(directory) : undefined;
  return {
    addresses: local?.addresses ?? parseServers(peers ?? ''),
    transport: oneOf('transport', text('transport') ?? local?.transport ?? 'grpc', ['grpc', 'tcp']),
    timeoutMs: wholeNumber('--timeout', text('timeout'), 1, 3_600_000) ?? 5000,
    isTimeoutGiven: text('timeout') !== undefined,
    output: readOutput(line),
    encoding: oneOf('encoding', text('encoding') ?? 'utf8', ['utf8', 'base64']),
  };
}

export function readOutput(line: CommandLine): Output {
  return oneOf('output', line.flags.output ?? 'text', ['text', 'json']);
}

function oneOf<T extends string>(flag: CommonFlag, given: string | true, names: readonly T[]): T {
  const found = names.find((name) => name === given);
  if (found !== undefined) return found;
  throw new UsageError(`--${flag} ${JSON.stringify(given)} is unknown: use ${names.join(' or ')}`);
}
