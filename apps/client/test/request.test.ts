import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MembershipChange } from '@raft/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../src/exit-codes.js';
import { readCommandLine } from '../src/flags.js';
import type { CommandLine, Environment } from '../src/flags.js';
import { readCommon } from '../src/options.js';
import { readRequest } from '../src/request.js';
import type { Request } from '../src/request.js';

async function parse(args: readonly string[], env: Environment = {}): Promise<CommandLine> {
  const line = await readCommandLine(args, env, { usage: '', epilogue: '', version: '' });
  if (typeof line === 'string') throw new Error(`shown: ${line}`);
  return line;
}

const bytes = (text: string): Uint8Array => Buffer.from(text);

async function request(...args: string[]): Promise<Request> {
  return readRequest(await parse(args), 'utf8');
}

function changed(
  change: MembershipChange,
  {
    expected,
    failIfBehind = false,
    dryRun = false,
  }: { expected?: number; failIfBehind?: boolean; dryRun?: boolean } = {},
): Request {
  return { command: 'members', action: 'change', dryRun, change, expected, failIfBehind };
}

describe('a command of raft-client', () => {
  const good: [args: string[], request: Request][] = [
    [['get', 'k'], { command: 'get', key: bytes('k'), level: undefined }],
    [['--op', 'get', '--key', 'k'], { command: 'get', key: bytes('k'), level: undefined }],
    [['get', '--key', ''], { command: 'get', key: bytes(''), level: undefined }],
    [['set', 'k', 'hello raft'], { command: 'set', key: bytes('k'), value: { bytes: bytes('hello raft') } }],
    [
      ['--op', 'set', '--key', 'k', '--value', 'hello raft'],
      { command: 'set', key: bytes('k'), value: { bytes: bytes('hello raft') } },
    ],
    [['set', '007', '1e3'], { command: 'set', key: bytes('007'), value: { bytes: bytes('1e3') } }],
    [['set', 'k', '--', '--x'], { command: 'set', key: bytes('k'), value: { bytes: bytes('--x') } }],
    [['set', 'k', '--value=--x'], { command: 'set', key: bytes('k'), value: { bytes: bytes('--x') } }],
    [['set', 'k', '--value', ''], { command: 'set', key: bytes('k'), value: { bytes: bytes('') } }],
    [['set', 'k', '--value-file', '-'], { command: 'set', key: bytes('k'), value: { file: '-' } }],
    [['delete', 'k'], { command: 'delete', key: bytes('k') }],
    [
      ['cas', 'k', 'v', '--absent'],
      { command: 'cas', key: bytes('k'), value: { bytes: bytes('v') }, expected: { absent: true } },
    ],
    [
      ['cas', 'k', 'v', '--expect', 'u'],
      { command: 'cas', key: bytes('k'), value: { bytes: bytes('v') }, expected: { value: bytes('u') } },
    ],
    [
      ['cas', 'k', 'v', '--expect-revision', '7'],
      { command: 'cas', key: bytes('k'), value: { bytes: bytes('v') }, expected: { revision: 7 } },
    ],
    [['list'], { command: 'list', prefix: bytes(''), limit: 1000, after: undefined, level: undefined }],
    [
      ['list', 'p', '--limit', '2', '--after', 'pa'],
      { command: 'list', prefix: bytes('p'), limit: 2, after: bytes('pa'), level: undefined },
    ],
    [['get', 'k', '--consistency', 'at-least=7'], { command: 'get', key: bytes('k'), level: { atLeast: 7 } }],
    [
      ['list', '--consistency', 'bounded-staleness=500', '--limit', '1'],
      { command: 'list', prefix: bytes(''), limit: 1, after: undefined, level: { boundedStalenessMs: 500 } },
    ],
    [['watch', 'k'], { command: 'watch', select: { key: bytes('k') }, from: undefined, limit: undefined }],
    [
      ['watch', '--prefix', '', '--from-revision', '9', '--limit', '2'],
      { command: 'watch', select: { prefix: bytes('') }, from: 9, limit: 2 },
    ],
    [['transfer-leader'], { command: 'transfer-leader', server: undefined }],
    [['transfer-leader', '2'], { command: 'transfer-leader', server: '2' }],
    [['snapshot', '127.0.0.1:1'], { command: 'snapshot', server: '127.0.0.1:1' }],
    [['members'], { command: 'members', action: 'list', expected: undefined, failIfBehind: false }],
    [
      ['members', 'add', '4=h:4', '5=h:5', '--expected', '0'],
      changed({ add: ['4', '5'], addresses: { 4: 'h:4', 5: 'h:5' } }, { expected: 0 }),
    ],
    [['members', 'add-learner', '4=h:4'], changed({ learners: ['4'], addresses: { 4: 'h:4' } })],
    [['members', 'promote', '4', '--fail-if-behind'], changed({ add: ['4'] }, { failIfBehind: true })],
    [['members', 'remove', '1', '2'], changed({ remove: ['1', '2'] })],
    [['members', 'plan', 'remove', '1'], changed({ remove: ['1'] }, { dryRun: true })],
    [['members', 'replace', '1', '4=h:4'], changed({ add: ['4'], remove: ['1'], addresses: { 4: 'h:4' } })],
    [['status'], { command: 'status' }],
    [
      ['bench', '--clients', '256', '--duration', '0.5', '--reads', '0.25'],
      { command: 'bench', clients: 256, valueSize: 256, durationMs: 500, warmUpMs: 1000, keys: 10_000, reads: 0.25 },
    ],
  ];
  it.each(good)('is read from %j', async (args, expected) => {
    expect(await request(...args)).toEqual(expected);
  });

  it('takes keys and values in base64', async () => {
    expect(readRequest(await parse(['set', '/w==', 'AAE']), 'base64')).toEqual({
      command: 'set',
      key: Buffer.from([255]),
      value: { bytes: Buffer.from([0, 1]) },
    });
    expect(() => readRequest({ words: ['get', 'a b'], flags: {} }, 'base64')).toThrow(
      new UsageError('the key "a b" is not base64: mend it, or use --encoding utf8'),
    );
  });

  const all = 'get, set, delete, cas, list, watch, status, members, transfer-leader, snapshot, bench';
  const bad: [args: string[], message: string][] = [
    [[], `say what to do: one of ${all}; see raft-client --help`],
    [['put', 'k'], `unknown command "put": use one of ${all}`],
    [['--op', 'toString'], `unknown command "toString": use one of ${all}`],
    [['get'], 'get needs a key: raft-client get KEY'],
    [
      ['get', 'k', '--consistency', 'at-least'],
      '--consistency "at-least" is unknown: use linearizable, lease, local, at-least=REVISION or bounded-staleness=MS',
    ],
    [['watch'], 'watch needs a key or --prefix P, one of them: raft-client watch KEY'],
    [['watch', 'k', '--prefix', 'p'], 'watch needs a key or --prefix P, one of them: raft-client watch KEY'],
    [['members', 'list', '1'], 'members list has no use for "1": leave it out'],
    [['members', 'add', '4'], '"4" is no member: write ID=HOST:PORT, such as 4=127.0.0.1:7604'],
    [['members', 'remove', '1=h:1'], '"1=h:1" is no id of a node: give the id alone, such as 4'],
    [['members', 'remove', '1', '1'], '1 is named twice: name each member once'],
    [
      ['members', 'replace', '1', '1=h:4'],
      'node 1 cannot take its own place: give the new node an id that was never used',
    ],
    [
      ['members', 'replace', '1'],
      'members replace needs the old node and the new one: members replace OLD NEW=HOST:PORT',
    ],
    [['get', 'a', 'b'], 'get has no use for "b": quote what belongs together'],
    [['get', 'a', '--value', 'b'], 'get has no flag --value: leave it out'],
    [['get', 'a', '--key', 'b'], 'the key is given twice, also as --key: give it once'],
    [['get', 'a', '--kye', 'b'], 'unknown flag --kye: see raft-client --help'],
    [['get', '--key'], '--key needs a value; one that starts with - is written --key=-…'],
    [['get', '--key', 'a', '--key', 'b'], '--key is given 2 times: give it once'],
    [['set', 'k'], 'set needs a value: raft-client set KEY VALUE, or --value-file FILE'],
    [['set', 'k', 'v', '--value-file', 'f'], 'a value and --value-file: give one of them'],
    [['cas', 'k', 'v'], 'cas needs to know what must be there: one of --absent, --expect VALUE, --expect-revision N'],
    [
      ['cas', 'k', 'v', '--absent', '--expect', 'u'],
      'cas needs to know what must be there: one of --absent, --expect VALUE, --expect-revision N',
    ],
    [
      ['cas', 'k', 'v', '--expect-revision', '1.5'],
      '--expect-revision is "1.5": give a whole number from 1 to 9007199254740991',
    ],
    [['bench', '--clients', '0'], '--clients is "0": give a number from 1 to 100000'],
    [['bench', '--reads', '2'], '--reads is "2": give a number from 0 to 1'],
  ];
  it.each(bad)('is refused: %j', async (args, message) => {
    await expect(request(...args)).rejects.toThrow(new UsageError(message));
  });
});

describe('the options of raft-client', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'raft-client-'));
  });
  afterEach(async () => rm(directory, { recursive: true, force: true }));

  it('default to what raft-cluster starts', async () => {
    expect(readCommon(await parse([]), directory)).toEqual({
      addresses: ['127.0.0.1:7601', '127.0.0.1:7602', '127.0.0.1:7603'],
      ...{ transport: 'grpc', timeoutMs: 5000, isTimeoutGiven: false, output: 'text', encoding: 'utf8' },
    });
  });

  it('follow the cluster in the working directory, unless told otherwise', async () => {
    await mkdir(join(directory, '.raft-cluster'));
    const file = join(directory, '.raft-cluster', 'cluster.json');
    await writeFile(file, '{"version":1,"transport":"tcp","nodes":[{"id":"1","address":"127.0.0.1:9"}]}');
    expect(readCommon(await parse([]), directory)).toMatchObject({ addresses: ['127.0.0.1:9'], transport: 'tcp' });
    const env = { RAFT_PEERS: '1=h:1, 2=[::1]:2' };
    expect(readCommon(await parse([], env), directory)).toMatchObject({
      addresses: ['h:1', '[::1]:2'],
      transport: 'grpc',
    });
    expect(readCommon(await parse(['--peers', 'g:1'], env), directory)).toMatchObject({ addresses: ['g:1'] });
    await writeFile(file, '{}');
    expect(() => readCommon({ words: [], flags: {} }, directory)).toThrow(/cluster.json tells of no cluster: /);
  });

  const bad: [args: string[], message: string][] = [
    [['--peers', 'host'], '--peers: "host" is not an address: write host:port, such as 127.0.0.1:7601'],
    [['--peers', 'h:1,'], '--peers: "" is not an address: write host:port, such as 127.0.0.1:7601'],
    [['--peers', 'h:70000'], '--peers: "h:70000" is not an address: write host:port, such as 127.0.0.1:7601'],
    [['--peers', '1=h:1,2=h:1'], '--peers names h:1 twice: name each server once'],
    [['--peers', ''], '--peers is empty: give it a value or leave it out'],
    [['--transport', 'inmemory'], '--transport "inmemory" is unknown: use grpc or tcp'],
    [['--output', 'xml'], '--output "xml" is unknown: use text or json'],
    [['--encoding', 'hex'], '--encoding "hex" is unknown: use utf8 or base64'],
    [['--timeout', '5s'], '--timeout is "5s": give a number from 1 to 3600000'],
  ];
  it.each(bad)('refuse %j', async (args, message) => {
    const line = await parse(args);
    expect(() => readCommon(line, directory)).toThrow(new UsageError(message));
  });
});
