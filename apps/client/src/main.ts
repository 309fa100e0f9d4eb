#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import type { Connector } from '@raft/core';
import { KvClient } from '@raft/kv';
import { execute } from './execute.js';
import type { Result } from './execute.js';
import { describeError, exitCodeOf } from './exit-codes.js';
import { readCommandLine } from './flags.js';
import type { CommandLine } from './flags.js';
import { readCommon } from './options.js';
import type { CommonOptions, TransportName } from './options.js';
import { readRequest } from './request.js';

/** Only what is used is loaded: that is half of a command's time. */
const connectors: Readonly<Record<TransportName, () => Promise<Connector>>> = {
  grpc: async () => (await import('@raft/transport-grpc')).grpcConnector(),
  tcp: async () => (await import('@raft/transport-tcp')).tcpConnector(),
};

const help = {
  usage:
    '$0 [get KEY | set KEY VALUE | delete KEY | cas KEY VALUE | list [PREFIX] | status | bench] [options]\n' +
    '       $0 --op COMMAND [--key KEY] [--value VALUE] [options]\n\nA client of the replicated map.',
  epilogue:
    '--peers, --transport, --timeout, --output and --encoding may come from the environment: RAFT_PEERS, and so on.\n' +
    'Exit codes: 0 done, 1 failed and certainly not done, 2 wrong usage, 3 outcome unknown, 4 key not found.',
  version: (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string })
    .version,
};

// Whoever reads the output may go before its end, as `head` does.
process.stdout.on('error', () => process.exit());
process.exitCode = await main();

async function main(): Promise<number> {
  let line: CommandLine | undefined;
  try {
    const read = await readCommandLine(process.argv.slice(2), process.env, help);
    if (typeof read === 'string') return print({ output: `${read}\n`, exitCode: 0 });
    line = read;
    const options = readCommon(line, process.cwd());
    return print(await run(line, options));
  } catch (error) {
    const exitCode = exitCodeOf(error);
    if (exitCode === undefined) throw error;
    process.stderr.write(`${describeError(error as Error, exitCode, line?.flags.output === 'json')}\n`);
    return exitCode;
  }
}

async function run(line: CommandLine, options: CommonOptions): Promise<Result> {
  const request = readRequest(line, options.encoding);
  const client = new KvClient({
    peers: options.addresses,
    connector: await connectors[options.transport](),
    timeoutMs: options.timeoutMs,
    // The servers know the limits that hold; a load may have as many calls under way as it has callers.
    maxKeyBytes: 2 ** 16,
    maxValueBytes: 2 ** 21,
    maxInFlight: request.command === 'bench' ? request.clients : 16,
  });
  try {
    return await execute(request, client, options);
  } finally {
    client.close();
  }
}

function print({ output, exitCode }: Result): number {
  process.stdout.write(output);
  return exitCode;
}
