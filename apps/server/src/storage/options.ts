import { resolve } from 'node:path';
import { checkName, parsePeers } from '../addresses.js';
import { chooseStorage, inspectedNames } from '../choices.js';
import type { Environment, Flag, Given, Program } from '../flags.js';
import { UsageError } from '../usage-error.js';

const flags = {
  data: { describe: 'Directory of the storage; no server may have it open' },
  storage: { describe: `What kind of storage it is: ${inspectedNames}`, default: 'what the directory holds' },
  other: { describe: 'diff: the directory of the other node' },
  output: { describe: 'text or json', default: 'text' },
  apply: { describe: 'repair, recover: does it; without, it is only told what would be done', switch: true },
  'copy-to': {
    describe: 'repair, recover: new directory for a copy of what is changed or removed',
    default: '--data with a suffix',
  },
  'new-cluster-id': { describe: 'recover: the id of the new cluster, another than the old one' },
  peers: {
    describe: 'recover: the members of the new cluster, this node among them: "1=host:port"',
    default: 'this node alone',
  },
} satisfies Record<string, Flag>;

const commands = ['dump', 'verify', 'diff', 'repair', 'recover'] as const;
export type StorageCommand = (typeof commands)[number];

export const program: Program = {
  name: 'raft-server storage',
  usage:
    'dump|verify|diff|repair|recover --data DIR [options]\n\n' +
    'Looks into the storage of a node that is stopped, and mends it.\n' +
    '  dump     every record, as it lies there\n' +
    '  verify   checks all checksums and whether everything fits together\n' +
    '  diff     tells where the logs of two nodes part\n' +
    '  repair   cuts the log at the first damage\n' +
    '  recover  starts a new cluster from this node, when the majority of the old one is lost for ever',
  flags,
  prefix: 'RAFT_',
  commands,
  epilogue:
    'Exit codes: 0 all is well or done, 1 damaged, different or failed, 2 cannot be done as asked (in use, a wrong flag).',
};

/** Takes a line; resolves when there is room for more. */
export type Print = (line: string) => Promise<void> | void;

export interface StorageOptions {
  readonly command: StorageCommand;
  readonly directory: string;
  /** What the directories have to hold; undefined: whatever they do. */
  readonly storage: { readonly name: string; readonly flag: string } | undefined;
  /** Of a diff. */
  readonly other: string;
  readonly asJson: boolean;
  readonly apply: boolean;
  readonly copyTo: string;
  readonly newClusterId: string | undefined;
  readonly peers: ReadonlyMap<string, string> | undefined;
}

/** Which flags mean something to which commands; the others to all. */
const ownFlags: readonly (readonly [flag: string, commands: readonly StorageCommand[]])[] = [
  ['other', ['diff']],
  ['apply', ['repair', 'recover']],
  ['copy-to', ['repair', 'recover']],
  ['new-cluster-id', ['recover']],
  ['peers', ['recover']],
];

/** `suffix` makes the name of a copy of its own. Throws {@link UsageError}. */
export function readStorageOptions(given: Given, suffix: string): StorageOptions {
  const command = commands.find((name) => name === given.command);
  if (command === undefined) throw new UsageError(`say what to do: one of ${commands.join(', ')}`);
  for (const [flag, owners] of ownFlags) {
    const isGiven = given.text(flag) !== undefined && given.nameOf(flag) === `--${flag}`;
    if (isGiven && !owners.includes(command)) throw new UsageError(`${command} has no flag --${flag}: leave it out`);
  }
  const directory = resolve(directoryOf(given, 'data', 'of the storage'));
  const newClusterId = given.text('new-cluster-id');
  // What the environment names for other programs is not meant for a new cluster.
  const peers = given.nameOf('peers') === '--peers' ? given.text('peers') : undefined;
  return {
    command,
    directory,
    storage: readStorage(given),
    other: command === 'diff' ? resolve(directoryOf(given, 'other', "of the other node's storage")) : '',
    asJson: readOutput(given) === 'json',
    apply: given.isSet('apply'),
    copyTo: resolve(given.text('copy-to') ?? `${directory}.before-${command}-${suffix}`),
    newClusterId: newClusterId && checkName(newClusterId, given.nameOf('new-cluster-id')),
    peers: peers === undefined ? undefined : parsePeers(peers, given.nameOf('peers')),
  };
}

function readStorage(given: Given): StorageOptions['storage'] {
  const name = given.text('storage');
  if (name === undefined) return undefined;
  const flag = given.nameOf('storage');
  if (chooseStorage(name, flag).inspect !== undefined) return { name, flag };
  throw new UsageError(`${flag} ${name} leaves nothing to look into: use ${inspectedNames}`);
}

function directoryOf(given: Given, flag: 'data' | 'other', whose: string): string {
  const text = given.text(flag);
  if (text === undefined) throw new UsageError(`--${flag} is missing: give the directory ${whose}`);
  return text;
}

/** Also of a command line with something wrong in it. */
export function wantsJson(args: readonly string[], env: Environment): boolean {
  const asked = args.flatMap((arg, at) =>
    arg === '--output' ? [args[at + 1]] : (/^--output=(.*)/s.exec(arg)?.[1] ?? []),
  );
  return (asked.length > 0 ? asked[0] : env['RAFT_OUTPUT']) === 'json';
}

function readOutput(given: Given): 'text' | 'json' {
  const text = given.text('output') ?? 'text';
  if (text === 'text' || text === 'json') return text;
  throw new UsageError(`${given.nameOf('output')} ${JSON.stringify(text)} is unknown: use text or json`);
}
