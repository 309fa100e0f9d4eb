import yargs from 'yargs';
import { UsageError } from './usage-error.js';

/** A flag takes a text, unless it is a switch. Its environment variable is the program's prefix and its name in capitals. */
export interface Flag {
  readonly describe: string;
  readonly switch?: true;
  /** What holds without the flag, for the help text. */
  readonly default?: string;
}

export interface Program {
  readonly name: string;
  /** What follows the name in the first line of the help text, and what the program does. */
  readonly usage: string;
  readonly flags: Readonly<Record<string, Flag>>;
  readonly epilogue: string;
  /** Starts the names of its environment variables. */
  readonly prefix: string;
  /** What may stand before the flags, alone. Default nothing. */
  readonly commands?: readonly string[];
}

/** What was asked for, before anything is checked but the flags' names. */
export interface Given {
  /** One of the program's commands, or undefined. */
  readonly command: string | undefined;
  /** The flag's text, else that of its environment variable. Throws {@link UsageError} when it is empty. */
  text(flag: string): string | undefined;
  /** How the person who gave it knows it: `--id`, or `RAFT_ID`. */
  nameOf(flag: string): string;
  isSet(flag: string): boolean;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads a command line; what is not there is looked up in the environment. A text is returned when all that is wanted is
 * to be shown it (`--help`, `--version`). Throws {@link UsageError} at flags that are unknown, repeated or without a value.
 */
export async function readFlags(
  program: Program,
  args: readonly string[],
  env: Environment,
  version: string,
): Promise<Given | string> {
  const parser = makeParser(program);
  const given: Readonly<Record<string, unknown>> = await parser.parseAsync([...args]);
  if (given['help'] === true) return parser.getHelp();
  if (given['version'] === true) return version;
  for (const name of Object.keys(program.flags)) {
    if (Array.isArray(given[name]))
      throw new UsageError(`--${name} is given ${given[name].length} times: give it once`);
  }
  return { command: readCommand(program, given['_'] as unknown[]), ...lookUp(program, given, env) };
}

function readCommand(program: Program, words: readonly unknown[]): string | undefined {
  const [first, second] = words.map(String);
  const unknown = first !== undefined && program.commands?.includes(first) ? second : first;
  if (unknown === undefined) return first;
  throw new UsageError(`unknown argument ${JSON.stringify(unknown)}: see ${program.name} --help`);
}

function makeParser(program: Program): ReturnType<typeof yargs> {
  const parser = yargs()
    .scriptName(program.name)
    .usage(`$0 ${program.usage}`)
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
    .epilogue(program.epilogue)
    .wrap(120)
    .fail((message: string | null, error: Error | undefined) => {
      if (error !== undefined && error.name !== 'YError') throw error;
      throw new UsageError(explain(message ?? 'the command line cannot be read', program.name));
    });
  for (const [name, flag] of Object.entries(program.flags)) {
    parser.option(name, {
      type: flag.switch ? 'boolean' : 'string',
      describe: flag.describe,
      ...(flag.switch ? {} : { requiresArg: true }),
      ...(flag.default === undefined ? {} : { defaultDescription: flag.default }),
    });
  }
  return parser;
}

/** Puts the parser's messages in the words of a person who can do something about them. */
function explain(message: string, program: string): string {
  const missing = /^Not enough arguments following: (.+)$/.exec(message)?.[1];
  if (missing !== undefined) return `--${missing} needs a value`;
  const unknown = /^Unknown arguments?: (.+)$/.exec(message)?.[1]?.split(', ')[0];
  if (unknown === undefined) return message.replaceAll(/\s*\n\s*/g, ' ');
  return `unknown flag --${unknown}: see ${program} --help`;
}

function lookUp(program: Program, given: Readonly<Record<string, unknown>>, env: Environment): Omit<Given, 'command'> {
  const variable = (flag: string): string => `${program.prefix}${flag.toUpperCase().replaceAll('-', '_')}`;
  const onCommandLine = (flag: string): boolean => given[flag] !== undefined;
  const nameOf = (flag: string): string => (onCommandLine(flag) ? `--${flag}` : variable(flag));
  const text = (flag: string): string | undefined => {
    if (program.flags[flag] === undefined) throw new Error(`the flag ${flag} is not declared`);
    const value = onCommandLine(flag) ? String(given[flag]) : env[variable(flag)];
    if (value === '') throw new UsageError(`${nameOf(flag)} is empty: give it a value or leave it out`);
    return value;
  };
  const isSet = (flag: string): boolean => {
    const value = text(flag);
    if (value === undefined || value === 'true' || value === 'false') return value === 'true';
    throw new UsageError(`${nameOf(flag)} is ${JSON.stringify(value)}: say true or false`);
  };
  return { text, nameOf, isSet };
}
