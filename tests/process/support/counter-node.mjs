// One member of a cluster that counts, as a process of its own: tcp, durable files, snapshots every few thousand entries. Its parent
// starts it with its options as JSON, and calls the node by messages {id, call, options, …}, answered by {id, value} or {id, error}.
import { createNode } from '@raft/core';
import { fileStorage } from '@raft/storage-file';
import { tcpTransport } from '@raft/transport-tcp';

const { id, peers, directory, snapshotThresholdEntries } = JSON.parse(process.argv[2]);
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const codec = { encode: (text) => encoder.encode(text), decode: (bytes) => decoder.decode(bytes) };

/** Counts commands and remembers all of them, in order: a command that is applied twice is counted twice. */
let commands = [];
const stateMachine = {
  codec,
  resultCodec: codec,
  apply: (entries) => entries.map(({ command }) => `${command} is number ${commands.push(command)}`),
  query: () => commands,
  async *snapshot() {
    yield encoder.encode(JSON.stringify(commands));
  },
  async restore(chunks) {
    const parts = [];
    for await (const chunk of chunks) parts.push(chunk);
    commands = JSON.parse(Buffer.concat(parts).toString());
  },
};

const transport = tcpTransport({ nodeId: id, clusterId: 'counter', listen: peers[id], advertise: peers[id] });
const node = createNode({
  ...{ id, clusterId: 'counter', transport, stateMachine, bootstrap: peers },
  storage: fileStorage({ directory }),
  ...{ snapshotThresholdEntries, retainedEntries: Math.ceil(snapshotThresholdEntries / 4) },
  logger: (level, message) => level === 'error' && console.error(`node ${id}: ${message}`),
});
node.on('fatal', ({ error }) => {
  console.error(`node ${id}: ${error.message}`);
  process.exit(1);
});
await transport.start();
await node.start();

const calls = {
  register: ({ options }) => node.registerSession(options),
  propose: ({ command, options }) => node.propose(command, options),
  commands: ({ options }) => node.read(undefined, options),
  status: async () => node.status(),
};
process.on('message', (message) => {
  calls[message.call](message).then(
    (value) => process.send({ id: message.id, value }),
    ({ code, message: text }) => process.send({ id: message.id, error: { code, message: text } }),
  );
});
process.on('disconnect', () => process.exit());
process.send({ ready: true });
