import { describe, expect, it } from 'vitest';
import { readFlags } from '../src/flags.js';
import type { Environment } from '../src/flags.js';
import { program, readOptions } from '../src/options.js';
import type { ServerOptions } from '../src/options.js';
import { UsageError } from '../src/usage-error.js';

async function parse(args: readonly string[], env: Environment = {}): Promise<ServerOptions> {
  const given = await readFlags(program, args, env, '1.2.3');
  if (typeof given === 'string') throw new Error(`shown: ${given}`);
  return readOptions(given);
}

const three = '1=127.0.0.1:7001,2=127.0.0.1:7002,3=127.0.0.1:7003';
const good = ['--id', '1', '--peers', three];

describe('the command line of raft-server', () => {
  it('has defaults for all but the id and the peers', async () => {
    const { transport: _transport, storage: _storage, ...options } = await parse(good);
    expect(options).toEqual({
      id: '1',
      clusterId: 'raft',
      peers: new Map([
        ['1', '127.0.0.1:7001'],
        ['2', '127.0.0.1:7002'],
        ['3', '127.0.0.1:7003'],
      ]),
      transportName: 'grpc',
      storageName: 'inmemory',
      directory: '',
      listen: '127.0.0.1:7001',
      advertise: '127.0.0.1:7001',
      priority: 1,
      snapshotThresholdEntries: 100_000,
      snapshotThresholdBytes: 67_108_864,
      retainedEntries: 10_000,
      leaseReads: false,
      maxClockDrift: 0.1,
      sessionTimeoutMs: 3_600_000,
      heartbeatIntervalMs: 100,
      electionTimeoutMs: { min: 500, max: 1000 },
      http: undefined,
      maxKeyBytes: 4096,
      maxValueBytes: 1_048_576,
      logLevel: 'info',
      stopOnStdinEnd: false,
    });
  });

  it('starts a node that waits to be added', async () => {
    expect(await parse(['--id', '4', '--join', '--listen', '127.0.0.1:7004'])).toMatchObject({
      ...{ id: '4', peers: undefined, listen: '127.0.0.1:7004', advertise: '127.0.0.1:7004' },
    });
    const elsewhere = ['--listen', '0.0.0.0:7004', '--advertise', 'host-4:7004'];
    expect((await parse(['--id', '4', ...elsewhere], { RAFT_JOIN: 'true' })).advertise).toBe('host-4:7004');
  });

  it.each([
    [['--id', '4', '--join'], /--join needs an address to listen on/],
    [[...good, '--join'], /--join and --peers: .* leave one of them out/],
    [['--id', '4', '--join', '--listen', 'a:1', '--transport', 'inmemory'], /reaches no cluster to join/],
  ])('refuses %j', async (args, why) => {
    await expect(parse(args)).rejects.toThrow(why);
  });

  it('takes every flag', async () => {
    const options = await parse([
      ...['--id', 'a.b', '--peers', 'a.b=[::1]:7001, c=host:7002', '--transport=tcp', '--storage', 'simplefile'],
      ...['--data', '/x', '--listen', '0.0.0.0:7001', '--cluster-id', 'c1', '--heartbeat-interval', '20'],
      ...['--election-timeout', '100-150', '--http', '127.0.0.1:0', '--max-key-bytes', '10', '--max-value-bytes', '20'],
      ...['--log-level', 'error', '--stop-on-stdin-end', '--advertise', 'host-1:7001', '--priority', '0'],
      ...['--snapshot-threshold', '0', '--snapshot-threshold-bytes', '1', '--retained-entries', '2', '--lease-reads'],
      ...['--max-clock-drift', '5', '--session-timeout', '1000'],
    ]);
    expect(options).toMatchObject({
      id: 'a.b',
      peers: new Map([
        ['a.b', '[::1]:7001'],
        ['c', 'host:7002'],
      ]),
      ...{ transportName: 'tcp', storageName: 'simplefile', directory: '/x', listen: '0.0.0.0:7001', clusterId: 'c1' },
      ...{ heartbeatIntervalMs: 20, electionTimeoutMs: { min: 100, max: 150 }, http: '127.0.0.1:0', maxKeyBytes: 10 },
      ...{ maxValueBytes: 20, logLevel: 'error', stopOnStdinEnd: true, advertise: 'host-1:7001', priority: 0 },
      ...{ snapshotThresholdEntries: 0, snapshotThresholdBytes: 1, retainedEntries: 2, leaseReads: true },
      ...{ maxClockDrift: 0.05, sessionTimeoutMs: 1000 },
    });
  });

  it('is completed by the environment, and goes before it', async () => {
    const env = { RAFT_ID: '2', RAFT_PEERS: three, RAFT_ELECTION_TIMEOUT: '300-600', RAFT_STOP_ON_STDIN_END: 'true' };
    expect(await parse([], env)).toMatchObject({
      id: '2',
      electionTimeoutMs: { min: 300, max: 600 },
      stopOnStdinEnd: true,
    });
    expect(await parse(['--id', '3'], env)).toMatchObject({ id: '3' });
  });

  it('shows help and version', async () => {
    expect(await readFlags(program, ['--version'], {}, '1.2.3')).toBe('1.2.3');
    const help = await readFlags(program, ['--help'], {}, '1.2.3');
    for (const flag of Object.keys(program.flags)) expect(help).toContain(`--${flag}`);
  });

  const bad: [args: readonly string[], message: string][] = [
    [[], '--id is missing: give the id of this node, such as 1'],
    [['--id', '1'], '--peers is missing: give "1=host:port,2=host:port", or --join'],
    [['--id', '4', '--peers', three], '--id 4 is not in --peers: use one of 1, 2, 3, or add it to --peers'],
    [['--id'], '--id needs a value'],
    [['--id='], '--id is empty: give it a value or leave it out'],
    [[...good, '--id', '2'], '--id is given 2 times: give it once'],
    [[...good, '--idd', '2'], 'unknown flag --idd: see raft-server --help'],
    [[...good, 'start'], 'unknown argument "start": see raft-server --help'],
    [
      ['--id', '1', '--peers', '127.0.0.1:7001'],
      '--peers: "127.0.0.1:7001" is not id=host:port: write --peers "1=host:port,2=host:port"',
    ],
    [['--id', '1', '--peers', '1=a:1,'], '--peers: "" is not id=host:port: write --peers "1=host:port,2=host:port"'],
    [['--id', '1', '--peers', '1=7001'], '--peers: "7001" is not an address: write host:port, such as 127.0.0.1:7601'],
    [
      ['--id', '1', '--peers', '1=::1:7001'],
      '--peers: "::1:7001" is not an address: write host:port, such as 127.0.0.1:7601',
    ],
    [['--id', '1', '--peers', '1=a:0'], '--peers: port 0 in "a:0" is none: choose one from 1 to 65535'],
    [['--id', '1', '--peers', '1=a:65536'], '--peers: port 65536 in "a:65536" is none: choose one from 1 to 65535'],
    [['--id', '1', '--peers', '1=a:1,1=b:1'], '--peers names id 1 twice: give each node an id of its own'],
    [
      ['--id', '1', '--peers', '1=a:1,2=A:1'],
      '--peers gives A:1 to both 1 and 2: give each node an address of its own',
    ],
    [
      ['--id', 'a/b', '--peers', 'a/b=a:1'],
      '--peers: "a/b" cannot be a name: use 1 to 64 letters, digits, ".", "_" and "-", the first a letter or digit',
    ],
    [[...good, '--transport', 'udp'], '--transport "udp" is unknown: use grpc, tcp or inmemory'],
    [[...good, '--transport', 'toString'], '--transport "toString" is unknown: use grpc, tcp or inmemory'],
    [
      [...good, '--transport', 'inmemory'],
      '--transport inmemory reaches no other process, but --peers names 3 nodes: use grpc or tcp, or name one node',
    ],
    [[...good, '--storage', 'disk'], '--storage "disk" is unknown: use inmemory, simplefile or level'],
    [[...good, '--storage', 'level'], '--storage level needs a directory for its files: add --data DIR'],
    [[...good, '--storage', 'simplefile'], '--storage simplefile needs a directory for its files: add --data DIR'],
    [[...good, '--data', 'x'], '--storage inmemory writes nothing to x: use simplefile or level, or leave --data out'],
    [
      [...good, '--cluster-id', 'a b'],
      '--cluster-id: "a b" cannot be a name: use 1 to 64 letters, digits, ".", "_" and "-", the first a letter or digit',
    ],
    [[...good, '--listen', 'here'], '--listen: "here" is not an address: write host:port, such as 127.0.0.1:7601'],
    [[...good, '--listen', 'a:0'], '--listen: port 0 in "a:0" is none: choose one from 1 to 65535'],
    [[...good, '--http', '8080'], '--http: "8080" is not an address: write host:port, such as 127.0.0.1:7601'],
    [
      [...good, '--heartbeat-interval', '-1'],
      '--heartbeat-interval is "-1": give a whole number of milliseconds from 1 to 600000',
    ],
    [
      [...good, '--heartbeat-interval', '1.5'],
      '--heartbeat-interval is "1.5": give a whole number of milliseconds from 1 to 600000',
    ],
    [
      [...good, '--election-timeout', '500'],
      '--election-timeout is "500": give min-max, a whole number of milliseconds from 1 to 600000 each and min below max, such as 500-1000',
    ],
    [
      [...good, '--election-timeout', '900-500'],
      '--election-timeout is "900-500": give min-max, a whole number of milliseconds from 1 to 600000 each and min below max, such as 500-1000',
    ],
    [
      [...good, '--heartbeat-interval', '300'],
      'the heartbeat interval of 300 ms is too long for an election timeout of 500-1000 ms: use --heartbeat-interval 250 or less, or --election-timeout 600-1200',
    ],
    [[...good, '--max-key-bytes', '0'], '--max-key-bytes is "0": give a whole number of bytes from 1 to 65536'],
    [
      [...good, '--max-value-bytes', 'big'],
      '--max-value-bytes is "big": give a whole number of bytes from 1 to 2097152',
    ],
    [[...good, '--log-level', 'loud'], '--log-level "loud" is unknown: use debug, info, warn, error, silent'],
  ];
  it.each(bad)('refuses %j', async (args, message) => {
    await expect(parse(args)).rejects.toThrow(new UsageError(message));
    expect(message).not.toContain('\n');
  });

  it('names the variable when that is what is wrong', async () => {
    const env = { RAFT_TRANSPORT: 'udp', RAFT_PEERS: three };
    await expect(parse(['--id', '1'], env)).rejects.toThrow(
      new UsageError('RAFT_TRANSPORT "udp" is unknown: use grpc, tcp or inmemory'),
    );
    await expect(parse(['--id', '1'], { RAFT_PEERS: 'x' })).rejects.toThrow(/^RAFT_PEERS: "x" is not id=host:port/);
    await expect(parse(good, { RAFT_STOP_ON_STDIN_END: 'yes' })).rejects.toThrow(
      new UsageError('RAFT_STOP_ON_STDIN_END is "yes": say true or false'),
    );
  });
});
