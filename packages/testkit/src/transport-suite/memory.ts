import assert from 'node:assert/strict';
import type { Message } from '@raft/core';
import { pattern, piece, startPair, turn, withData } from './world.js';
import type { TransportCase } from './world.js';

/** Beside its own bytes, what is kept of a message may keep so many more alive: what else a turn sent. */
const slackBytes = 65_536;

/** The bytes that a message of these cases carries. */
function dataOf(message: Message | undefined): Uint8Array {
  if (message?.type === 'appendEntries' && message.entries[0] !== undefined) return message.entries[0].data;
  if (message?.type === 'installSnapshot') return message.data;
  if (message?.type === 'propose' && message.commands[0] !== undefined) return message.commands[0].data;
  return assert.fail(`a message with data, not ${message?.type}`);
}

function assertBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  assert.ok(Buffer.from(expected.buffer).equals(actual), `the bytes of ${what} are those that were sent`);
}

export const memoryCases: readonly TransportCase[] = [
  {
    name: 'messages with megabytes and with nothing arrive whole',
    async run(stage) {
      const [a, b] = await startPair(stage);
      const sizes = [1, 70_000, 1_048_576, 4_194_304, 0, 1000];
      for (const [i, size] of sizes.entries()) a.transport.send('g', [withData('1', '2', i + 1, pattern(size, i))]);
      await stage.until(() => b.inbox.messages.length === sizes.length, 'all arrive');
      for (const [i, size] of sizes.entries()) assertBytes(dataOf(b.inbox.messages[i]), pattern(size, i), `entry ${i}`);
    },
  },
  {
    name: 'pieces of a snapshot of up to a mebibyte arrive whole, in their order',
    async run(stage) {
      const [a, b] = await startPair(stage);
      const sizes = [262_144, 1_048_576, 1, 0, 300_000, 262_144, 262_144];
      for (const [i, size] of sizes.entries()) a.transport.send('g', [piece('1', '2', i, pattern(size, i))]);
      await stage.until(() => b.inbox.messages.length === sizes.length, 'all arrive');
      for (const [i, size] of sizes.entries()) {
        const message = b.inbox.messages[i];
        assert.ok(message?.type === 'installSnapshot' && message.offset === i, `piece ${i} is at its place`);
        assertBytes(message.data, pattern(size, i), `piece ${i}`);
      }
    },
  },
  {
    name: 'received bytes stay as they are, whatever arrives later',
    async run(stage) {
      const [a, b] = await startPair(stage);
      for (let i = 1; i <= 200; i += 1) {
        const data = pattern(i % 10 === 0 ? 200_000 : 100, i);
        const commands = [{ type: 1 as const, data }];
        if (i % 3 === 0) a.transport.send('g', [{ type: 'propose', from: '1', to: '2', term: 1, id: i, commands }]);
        else a.transport.send('g', [withData('1', '2', i, data)]);
        if (i % 5 === 0) await turn();
      }
      await stage.until(() => b.inbox.messages.length === 200, 'all arrive');
      for (const [position, message] of b.inbox.messages.entries()) {
        const data = dataOf(message);
        assertBytes(data, pattern(data.length, position + 1), `message ${position + 1}`);
      }
    },
  },
  {
    name: 'what is kept of a small message does not keep the memory of large ones',
    async run(stage) {
      const [a, b] = await startPair(stage);
      for (let i = 1; i <= 20; i += 1) {
        a.transport.send('g', [withData('1', '2', i, pattern(100, i))]);
        await turn();
        a.transport.send('g', [piece('1', '2', i, pattern(262_144, i))]);
        await turn();
      }
      await stage.until(() => b.inbox.messages.length === 40, 'all arrive');
      for (const message of b.inbox.messages) {
        const data = dataOf(message);
        const kept = data.buffer.byteLength;
        assert.ok(kept <= data.length + slackBytes, `${data.length} bytes of ${message.type} keep ${kept}`);
      }
    },
  },
];
