import { seededRandom } from '@raft/core';
import { expect, test } from 'vitest';
import { targetMessageBytes } from '../src/limits.js';
import { messageBytes } from '../src/message-bytes.js';
import { Outbox } from '../src/outbox.js';
import { numbered, withData } from './support/nodes.js';

test('small messages of a group make one batch, and groups take turns', () => {
  const outbox = new Outbox();
  for (let i = 1; i <= 3; i += 1) for (const group of ['a', 'b']) outbox.add(group, numbered('1', '2', i), 64);
  expect(outbox.take()).toMatchObject({ group: 'a', messages: [{ term: 1 }, { term: 2 }, { term: 3 }] });
  expect(outbox.take()).toMatchObject({ group: 'b', messages: [{ term: 1 }, { term: 2 }, { term: 3 }] });
  expect(outbox.take()).toBeUndefined();
});

test('a group with much to send is split, and does not hold up another', () => {
  const outbox = new Outbox();
  for (let i = 1; i <= 6; i += 1) {
    const message = withData('1', '2', i, targetMessageBytes / 2);
    outbox.add('large', message, messageBytes(message));
  }
  outbox.add('small', numbered('1', '2', 1), 64);
  const batches = [outbox.take(), outbox.take(), outbox.take(), outbox.take()];
  expect(batches.map((batch) => [batch?.group, batch?.messages.length])).toEqual([
    ['large', 2],
    ['small', 1],
    ['large', 2],
    ['large', 2],
  ]);
  expect(outbox).toMatchObject({ bytes: 0, messages: 0 });
});

test('whatever is added and taken, each group keeps its order and the sums are right', () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const random = seededRandom(seed);
  const outbox = new Outbox();
  const waiting = new Map<string, number[]>(['a', 'b', 'c'].map((group) => [group, []]));
  for (let step = 1; step <= 2000; step += 1) {
    const group = 'abc'[Math.floor(random() * 3)]!;
    const action = random();
    if (action < 0.7) {
      const message = withData('1', '2', step, Math.floor(random() ** 4 * 800_000));
      outbox.add(group, message, messageBytes(message));
      waiting.get(group)!.push(step);
    } else if (action < 0.95) {
      const batch = outbox.take();
      const taken =
        batch?.messages.map((message) => message.type === 'appendEntries' && message.prevLogIndex + 1) ?? [];
      expect(waiting.get(batch?.group ?? 'a')!.splice(0, taken.length), `seed ${seed}`).toEqual(taken);
      expect(taken.length > 0 || outbox.messages === 0, `seed ${seed}`).toBe(true);
    } else {
      expect(outbox.dropGroup(group), `seed ${seed}`).toBe(waiting.get(group)!.length);
      waiting.set(group, []);
    }
    expect(outbox.messages, `seed ${seed}`).toBe([...waiting.values()].flat().length);
    if (outbox.messages === 0) expect(outbox.bytes, `seed ${seed}`).toBe(0);
  }
  outbox.clear();
  expect(outbox.take()).toBeUndefined();
});
