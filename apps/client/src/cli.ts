import { readFileSync } from 'node:fs';
import type { Connector } from '@raft/core';
import { KvClient } from '@raft/kv';
import { execute } from './execute.js';
import { describeError, exitCodeOf, exitCodes } from './exit-codes.js';
import { readCommandLine } from './flags.js';
import type { CommandLine, Environment } from './flags.js';
import { readCommon } from './options.js';
import type { CommonOptions, TransportName } from './options.js';
import { readRequest } from './request.js';
import type { Result } from './result.js';

/** Only what is used is loaded: that is half of a command's time. */
const connectors: Readonly<Record<TransportName, () => Promise<Connector>>> = {
  grpc: async () => (await import('@raft/transport-grpc')).grpcConnector(),
  tcp: async () => (await import('@raft/transport-tcp')).tcpConnector(),
};

const help = {
  usage:
    '$0 get KEY | set KEY VALUE | delete KEY | cas KEY VALUE | list [PREFIX] | watch KEY | watch --prefix P | bench\n' +
    '       $0 status | transfer-leader [ID] | snapshot [SERVER]\n' +
    '       $0 members list | [plan] add ID=HOST:PORT | add-learner ID=HOST:PORT | promote ID | remove ID | replace OLD NEW=HOST:PORT\n' +
    '       $0 --op COMMAND [--key KEY] [--value VALUE] [options]\n\nA client of the replicated map.',
  epilogue:
    '--peers, --transport, --timeout, --output and --encoding may come from the environment: RAFT_PEERS, and so on.\n' +
    'Exit codes: 0 done, 1 failed and certainly not done, 2 wrong usage, 3 outcome unknown, 4 key not found,\n' +
    '5 the changes that a watch asks for are remembered no more.',
  version: (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string })
    .version,
};

/** What the program has around it; a test has another. */
export interface Surroundings {
  readonly env: Environment;
  /** Where a local cluster may have left word of itself. */
  readonly directory: string;
  stdout(output: string | Uint8Array): void;
  stderr(line: string): void;
  /** From the call on the user ends what goes on by this signal, instead of the program. */
  interrupted?(): AbortSignal;
}

/** Does what the command line says; gives the exit code. */
export async function runClient(args: readonly string[], around: Surroundings): Promise<number> {
  let line: CommandLine | undefined;
  try {
    const read = await readCommandLine(args, around.env, help);
    if (typeof read === 'string') {
      around.stdout(`${read}\n`);
      return exitCodes.done;
    }
    line = read;
    const { output, exitCode } = await run(line, readCommon(line, around.directory), around);
    around.stdout(output);
    return exitCode;
  } catch (error) {
    const exitCode = exitCodeOf(error);
    if (exitCode === undefined) throw error;
    around.stderr(`${describeError(error as Error, exitCode, line?.flags.output === 'json')}\n`);
    return exitCode;
  }
}

async function run(line: CommandLine, options: CommonOptions, around: Surroundings): Promise<Result> {
  const request = readRequest(line, options.encoding);
  const client = new KvClient({
    peers: options.addresses,
    connector: await connectors[options.transport](),
    timeoutMs: options.timeoutMs,
    // The servers know the limits that hold; a load may have as many calls under way as it has callers.
    maxKeyBytes: 2 ** 16,
    maxValueBytes: 2 ** 21,
    maxInFlight: request.command === 'bench' ? request.clients : 16,
    sessions: line.flags['no-session'] === undefined,
  });
  try {
    return await execute(request, client, options, around);
  } finally {
    await client[Symbol.asyncDispose]();
  }
}
