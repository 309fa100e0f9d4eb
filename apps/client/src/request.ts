import type { ReadLevel } from '@raft/core';
import { toBytes } from './bytes.js';
import type { Encoding } from './bytes.js';
import { readConsistency } from './consistency.js';
import { UsageError } from './exit-codes.js';
import type { CommandLine, FlagName, SpecialFlag } from './flags.js';
import { readMembers } from './members-request.js';
import type { MembersRequest } from './members-request.js';

/** What the command line asks for, checked. */
export type Request =
  | { readonly command: 'get'; readonly key: Uint8Array; readonly level: ReadLevel | undefined }
  | { readonly command: 'set'; readonly key: Uint8Array; readonly value: ValueSource }
  | { readonly command: 'delete'; readonly key: Uint8Array }
  | { readonly command: 'cas'; readonly key: Uint8Array; readonly expected: Expected; readonly value: ValueSource }
  | {
      readonly command: 'list';
      readonly prefix: Uint8Array;
      readonly limit: number;
      readonly after: Uint8Array | undefined;
      readonly level: ReadLevel | undefined;
    }
  | {
      readonly command: 'watch';
      readonly select: { readonly key: Uint8Array } | { readonly prefix: Uint8Array };
      readonly from: number | undefined;
      /** Changes. */
      readonly limit: number | undefined;
    }
  | { readonly command: 'status' }
  | ({
      readonly command: 'members';
      readonly expected: number | undefined;
      readonly failIfBehind: boolean;
    } & MembersRequest)
  | { readonly command: 'transfer-leader' | 'snapshot'; readonly server: string | undefined }
  | ({ readonly command: 'bench' } & BenchRequest);

/** The value itself, or the file that holds it; `-` is stdin. */
export type ValueSource = { readonly bytes: Uint8Array } | { readonly file: string };

/** What has to be there for a compare-and-set. */
export type Expected = { readonly absent: true } | { readonly value: Uint8Array } | { readonly revision: number };

export interface BenchRequest {
  readonly clients: number;
  readonly valueSize: number;
  readonly durationMs: number;
  readonly warmUpMs: number;
  readonly keys: number;
  /** Fraction of the operations. */
  readonly reads: number;
}

type CommandName = Request['command'];

/** What may follow each command, and which flags mean something to it. */
const commands: Readonly<
  Record<CommandName, { readonly words: readonly SpecialFlag[]; readonly flags: readonly SpecialFlag[] }>
> = {
  get: { words: ['key'], flags: ['consistency'] },
  set: { words: ['key', 'value'], flags: ['value-file', 'no-session'] },
  delete: { words: ['key'], flags: ['no-session'] },
  cas: { words: ['key', 'value'], flags: ['value-file', 'absent', 'expect', 'expect-revision', 'no-session'] },
  list: { words: ['prefix'], flags: ['limit', 'after', 'consistency'] },
  watch: { words: ['key'], flags: ['prefix', 'from-revision', 'limit'] },
  status: { words: [], flags: [] },
  // Its words are read by themselves.
  members: { words: [], flags: ['expected', 'fail-if-behind'] },
  'transfer-leader': { words: ['server'], flags: [] },
  snapshot: { words: ['server'], flags: [] },
  bench: { words: [], flags: ['clients', 'value-size', 'duration', 'warm-up', 'keys', 'reads', 'no-session'] },
};

const commonFlags: readonly FlagName[] = ['peers', 'transport', 'timeout', 'output', 'encoding'];

/** Throws {@link UsageError}. */
export function readRequest(line: CommandLine, encoding: Encoding): Request {
  const [command, words] = readCommand(line);
  const text = readTexts(command, command === 'members' ? [] : words, line);
  const key = (): Uint8Array => {
    const given = text('key');
    if (given === undefined) throw new UsageError(`${command} needs a key: raft-client ${command} KEY`);
    return toBytes(given, encoding, 'key');
  };
  switch (command) {
    case 'get':
      return { command, key: key(), level: readConsistency(text('consistency')) };
    case 'delete':
      return { command, key: key() };
    case 'set':
      return { command, key: key(), value: readValue(command, text, encoding) };
    case 'cas':
      return { command, key: key(), expected: readExpected(text, encoding), value: readValue(command, text, encoding) };
    case 'list':
      return {
        command,
        prefix: toBytes(text('prefix') ?? '', encoding, 'prefix'),
        limit: wholeNumber('--limit', text('limit'), 1, 1_000_000) ?? 1000,
        after: optionalBytes(text('after'), encoding, 'key after which to list'),
        level: readConsistency(text('consistency')),
      };
    case 'watch':
      return { command, ...readWatch(text, encoding) };
    case 'status':
      return { command };
    case 'members': {
      const expected = wholeNumber('--expected', text('expected'), 0, Number.MAX_SAFE_INTEGER);
      return { command, expected, failIfBehind: text('fail-if-behind') !== undefined, ...readMembers(words) };
    }
    case 'transfer-leader':
    case 'snapshot':
      return { command, server: text('server') };
    case 'bench':
      return { command, ...readBench(text) };
  }
}

/** The command stands first, or after `--op`. */
function readCommand({ words, flags }: CommandLine): [CommandName, readonly string[]] {
  const [first, ...rest] = words;
  const name = flags.op ?? first;
  const names = Object.keys(commands).join(', ');
  if (name === undefined) throw new UsageError(`say what to do: one of ${names}; see raft-client --help`);
  if (name === true || !Object.hasOwn(commands, name)) {
    throw new UsageError(`unknown command ${JSON.stringify(name)}: use one of ${names}`);
  }
  return [name as CommandName, flags.op === undefined ? rest : words];
}

type Texts = (flag: SpecialFlag) => string | undefined;

/** Brings words and flags together, and refuses those that mean nothing to the command. */
function readTexts(command: CommandName, words: readonly string[], { flags }: CommandLine): Texts {
  const { words: names, flags: own } = commands[command];
  const extra = words[names.length];
  if (extra !== undefined)
    throw new UsageError(`${command} has no use for ${JSON.stringify(extra)}: quote what belongs together`);
  for (const flag of Object.keys(flags) as FlagName[]) {
    const known = [...commonFlags, 'op', ...names, ...own] as FlagName[];
    if (!known.includes(flag)) throw new UsageError(`${command} has no flag --${flag}: leave it out`);
    const at = (names as readonly FlagName[]).indexOf(flag);
    if (at >= 0 && words[at] !== undefined)
      throw new UsageError(`the ${flag} is given twice, also as --${flag}: give it once`);
  }
  return (flag) => {
    const given = flags[flag] === true ? 'true' : flags[flag];
    return given ?? words[names.indexOf(flag)];
  };
}

function readValue(command: string, text: Texts, encoding: Encoding): ValueSource {
  const given = text('value');
  const file = text('value-file');
  if (given !== undefined && file !== undefined) throw new UsageError('a value and --value-file: give one of them');
  if (file !== undefined) return { file };
  if (given !== undefined) return { bytes: toBytes(given, encoding, 'value') };
  throw new UsageError(`${command} needs a value: raft-client ${command} KEY VALUE, or --value-file FILE`);
}

function readWatch(text: Texts, encoding: Encoding): Omit<Extract<Request, { command: 'watch' }>, 'command'> {
  const key = optionalBytes(text('key'), encoding, 'key');
  const prefix = optionalBytes(text('prefix'), encoding, 'prefix');
  const select = key === undefined ? prefix && { prefix } : { key };
  if (select === undefined || (key !== undefined && prefix !== undefined)) {
    throw new UsageError('watch needs a key or --prefix P, one of them: raft-client watch KEY');
  }
  return {
    select,
    from: wholeNumber('--from-revision', text('from-revision'), 1, Number.MAX_SAFE_INTEGER),
    limit: wholeNumber('--limit', text('limit'), 1, Number.MAX_SAFE_INTEGER),
  };
}

function readExpected(text: Texts, encoding: Encoding): Expected {
  const flags = (['absent', 'expect', 'expect-revision'] as const).filter((flag) => text(flag) !== undefined);
  const [flag] = flags;
  if (flag === undefined || flags.length > 1) {
    throw new UsageError('cas needs to know what must be there: one of --absent, --expect VALUE, --expect-revision N');
  }
  if (flag === 'absent') return { absent: true };
  if (flag === 'expect') return { value: toBytes(text(flag) ?? '', encoding, 'expected value') };
  return { revision: wholeNumber('--expect-revision', text(flag), 1, Number.MAX_SAFE_INTEGER) ?? 0 };
}

function readBench(text: Texts): BenchRequest {
  return {
    clients: wholeNumber('--clients', text('clients'), 1, 100_000) ?? 64,
    valueSize: wholeNumber('--value-size', text('value-size'), 0, 2 ** 20) ?? 256,
    durationMs: 1000 * (number('--duration', text('duration'), 0.1, 86_400) ?? 10),
    warmUpMs: 1000 * (number('--warm-up', text('warm-up'), 0, 3600) ?? 1),
    keys: wholeNumber('--keys', text('keys'), 1, 10_000_000) ?? 10_000,
    reads: number('--reads', text('reads'), 0, 1) ?? 0,
  };
}

function optionalBytes(text: string | undefined, encoding: Encoding, what: string): Uint8Array | undefined {
  return text === undefined ? undefined : toBytes(text, encoding, what);
}

export function wholeNumber(flag: string, text: string | undefined, min: number, max: number): number | undefined {
  const value = number(flag, text, min, max);
  if (value === undefined || Number.isSafeInteger(value)) return value;
  throw new UsageError(`${flag} is ${JSON.stringify(text)}: give a whole number from ${min} to ${max}`);
}

function number(flag: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(`${flag} is ${JSON.stringify(text)}: give a number from ${min} to ${max}`);
}
