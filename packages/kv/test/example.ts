import { createNode } from '@raft/core';
import { KvClient, kvService, KvStateMachine } from '@raft/kv';
import { memoryStorage } from '@raft/storage-memory';
import { memoryNetwork } from '@raft/transport-memory';

const network = memoryNetwork();
const members = { 1: 'node-1', 2: 'node-2', 3: 'node-3' };

const nodes = await Promise.all(
  Object.entries(members).map(async ([id, address]) => {
    // The service needs the node and the node its transport: calls come only once both are there.
    const transport = network.transport({ nodeId: id, address, onCall: (call) => serve(call) });
    const node = createNode({
      id,
      storage: memoryStorage(),
      transport,
      stateMachine: new KvStateMachine(),
      bootstrap: members,
    });
    const serve = kvService(node);
    await transport.start();
    await node.start();
    return { node, transport };
  }),
);

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

const client = new KvClient({ peers: members, connector: network.connector() });

await client.set('greeting', 'hello');
const found = await client.get('greeting');
console.log(text(found!.value)); // hello

// Only if nobody was quicker.
const swap = await client.compareAndSet('greeting', { revision: found!.revision }, 'hello raft');
console.log(swap.swapped); // true

for await (const { key, value } of client.list('gr')) {
  console.log(`${text(key)} = ${text(value)}`); // greeting = hello raft
}

await client.delete('greeting');
console.log(await client.get('greeting')); // undefined

client.close();
for (const { node, transport } of nodes) {
  await node.stop();
  await transport.close();
}
