import yargs from 'yargs';
import { UsageError } from './exit-codes.js';

export type CommonFlag = 'peers' | 'transport' | 'timeout' | 'output' | 'encoding';
export type SpecialFlag =
  | ('op' | 'key' | 'value' | 'value-file')
  | ('absent' | 'expect' | 'expect-revision')
  | ('prefix' | 'limit' | 'after' | 'consistency' | 'from-revision')
  | ('server' | 'expected' | 'fail-if-behind' | 'no-session')
  | ('clients' | 'value-size' | 'duration' | 'warm-up' | 'keys' | 'reads');
export type FlagName = CommonFlag | SpecialFlag;

interface Flag {
  readonly describe: string;
  readonly switch?: true;
  readonly default?: string;
}

const common: Readonly<Record<CommonFlag, Flag>> = {
  peers: { describe: 'Servers: host:port,host:port or "1=host:port,2=host:port"', default: 'those of `raft-cluster`' },
  transport: { describe: 'How to reach them: grpc or tcp', default: 'grpc' },
  timeout: { describe: 'Milliseconds until a request is given up', default: '5000' },
  output: { describe: 'text or json', default: 'text' },
  encoding: { describe: 'How keys and values are given and shown: utf8 or base64', default: 'utf8' },
};

const special: Readonly<Record<SpecialFlag, Flag>> = {
  op: { describe: 'The command, in another place: --op get --key K' },
  key: { describe: 'The key, in another place' },
  value: { describe: 'The value, in another place' },
  'value-file': { describe: 'Reads the value from a file, or from stdin with -' },
  absent: { describe: 'cas: only if the key is absent', switch: true },
  expect: { describe: 'cas: only if this is the value' },
  'expect-revision': { describe: 'cas: only if this is the revision' },
  prefix: { describe: 'list: the prefix, in another place; watch: all keys with this prefix' },
  limit: { describe: 'list: this many keys at most (1000); watch: ends after this many changes' },
  after: { describe: 'list: only keys after this one' },
  consistency: {
    describe: 'get, list: linearizable, lease, local, at-least=REVISION or bounded-staleness=MS',
    default: 'linearizable',
  },
  'from-revision': { describe: 'watch: changes from this revision on', default: 'those to come' },
  server: { describe: 'transfer-leader, snapshot: the node, in another place' },
  expected: { describe: 'members: changes them only while this is the index of the membership' },
  'fail-if-behind': { describe: 'members: refuses new voters that have much to catch up with', switch: true },
  'no-session': { describe: 'set, delete, cas, bench: what may or may not be done is not tried again', switch: true },
  clients: { describe: 'bench: concurrent callers', default: '64' },
  'value-size': { describe: 'bench: bytes of a value', default: '256' },
  duration: { describe: 'bench: seconds that are measured', default: '10' },
  'warm-up': { describe: 'bench: seconds before that', default: '1' },
  keys: { describe: 'bench: distinct keys', default: '10000' },
  reads: { describe: 'bench: fraction of reads, from 0 to 1', default: '0' },
};

const all: Readonly<Record<FlagName, Flag>> = { ...common, ...special };

/** Common flags may come from the environment: RAFT_PEERS, RAFT_TRANSPORT, … */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface CommandLine {
  /** What stands without a flag: the command and its arguments. */
  readonly words: readonly string[];
  /** The text of a flag that takes one, `true` of a switch that is on. Undefined when it is not given. */
  readonly flags: Readonly<Partial<Record<FlagName, string | true>>>;
}

/** A text is returned when all that is wanted is to be shown it. Throws {@link UsageError}. */
export async function readCommandLine(
  args: readonly string[],
  env: Environment,
  help: { readonly usage: string; readonly epilogue: string; readonly version: string },
): Promise<CommandLine | string> {
  const parser = makeParser(help);
  const parsed: Readonly<Record<string, unknown>> = await parser.parseAsync([...args]);
  if (parsed['help'] === true) return parser.getHelp();
  if (parsed['version'] === true) return help.version;
  const flags: Partial<Record<FlagName, string | true>> = {};
  for (const name of Object.keys(all) as FlagName[]) {
    const value = parsed[name];
    if (Array.isArray(value)) throw new UsageError(`--${name} is given ${value.length} times: give it once`);
    const fallback = name in common ? env[`RAFT_${name.toUpperCase()}`] : undefined;
    const found = value === undefined ? fallback : value;
    if (found === true || typeof found === 'string') flags[name] = found;
  }
  return { words: (parsed['_'] as unknown[]).map(String), flags };
}

function makeParser(help: { readonly usage: string; readonly epilogue: string }): ReturnType<typeof yargs> {
  const parser = yargs()
    .scriptName('raft-client')
    .usage(help.usage)
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .help(false)
    .version(false)
    .exitProcess(false)
    .showHelpOnFail(false)
    .strictOptions()
    .option('help', { type: 'boolean', describe: 'Shows this text' })
    .option('version', { type: 'boolean', describe: 'Shows the version' })
    .epilogue(help.epilogue)
    .wrap(120)
    .fail((message: string | null, error: Error | undefined) => {
      if (error !== undefined && error.name !== 'YError') throw error;
      throw new UsageError(explain(message ?? 'the command line cannot be read'));
    });
  for (const [name, flag] of Object.entries(all)) {
    parser.option(name, {
      type: flag.switch ? 'boolean' : 'string',
      describe: flag.describe,
      ...(flag.switch ? {} : { requiresArg: true }),
      ...(flag.default === undefined ? {} : { defaultDescription: flag.default }),
    });
  }
  return parser;
}

function explain(message: string): string {
  const missing = /^Not enough arguments following: (.+)$/.exec(message)?.[1];
  if (missing !== undefined) return `--${missing} needs a value; one that starts with - is written --${missing}=-…`;
  const unknown = /^Unknown arguments?: (.+)$/.exec(message)?.[1]?.split(', ')[0];
  if (unknown === undefined) return message.replaceAll(/\s*\n\s*/g, ' ');
  return `unknown flag --${unknown}: see raft-client --help`;
}
