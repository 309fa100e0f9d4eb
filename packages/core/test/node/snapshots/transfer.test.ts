import { afterEach, expect, test } from 'vitest';
import { StorageError } from '../../../src/index.js';
import { IDLE_MS, PIECE_BYTES, SILENCE_MS, metaAt, save, snapshotLink } from '../support/snapshot-link.js';
import type { SnapshotLink } from '../support/snapshot-link.js';

let link: SnapshotLink;
afterEach(async () => {
  await link.sender.stop();
  for (const { receiver } of link.targets.values()) await receiver.stop();
  await link.clock.settle();
  if (link.clock.timers > 0) throw new Error(`${link.clock.timers} timers are left behind`);
});

const offsets = (): number[] => link.pieces.map((piece) => piece.offset);

test('a snapshot arrives whole, in pieces of bounded size, and is visible only then', async () => {
  link = await snapshotLink(1050);
  link.sender.start('2', 3);
  await link.clock.turn();
  expect(await link.arrived()).toBeUndefined();
  await link.clock.settle();
  expect(await link.arrived()).toEqual([...link.content]);
  expect(link.pieces.map((piece) => piece.data.length)).toEqual([...Array(10).fill(100), 50]);
  expect(link.pieces.map((piece) => piece.done)).toEqual([...Array(10).fill(false), true]);
  expect(link.target.installed).toEqual([metaAt(10)]);
  expect([link.failed, link.broken]).toEqual([[], []]);
});

test('no more than four pieces are under way', async () => {
  link = await snapshotLink(2000);
  link.lose = (message) => message.type === 'installSnapshotResponse';
  link.sender.start('2', 3);
  await link.clock.settle();
  expect(offsets()).toEqual([0, 100, 200, 300]);
});

test('whichever piece or answer is lost, what follows is sent again from there and from nowhere earlier', async () => {
  for (let lost = 0; lost < 21; lost++) {
    link = await snapshotLink(1000);
    let count = 0;
    link.lose = () => count++ === lost;
    link.sender.start('2', 3);
    await link.clock.advance(3 * SILENCE_MS);
    expect(await link.arrived()).toEqual([...link.content]);
    expect(link.pieces.length).toBeLessThanOrEqual(10 + 4);
    expect(link.failed).toEqual([]);
  }
});

test('a connection that breaks for a while costs what was under way, not what was written', async () => {
  link = await snapshotLink(5000);
  let broken = false;
  link.lose = () => broken || (broken = link.pieces.length === 20);
  link.sender.start('2', 3);
  await link.clock.advance(5 * SILENCE_MS);
  broken = false;
  link.lose = () => false;
  await link.clock.advance(SILENCE_MS);
  expect(await link.arrived()).toEqual([...link.content]);
  expect(offsets().filter((offset) => offset < 1500).length).toBe(15);
});

test('after an attempt that was given up, the next one goes on where the follower is', async () => {
  link = await snapshotLink(5000);
  link.lose = () => link.pieces.length > 20;
  link.sender.start('2', 3);
  await link.clock.advance(12 * SILENCE_MS);
  expect(link.failed).toEqual(['2']);
  const before = link.pieces.length;
  link.lose = () => false;
  link.sender.start('2', 3);
  await link.clock.settle();
  expect(await link.arrived()).toEqual([...link.content]);
  expect(
    offsets()
      .slice(before)
      .filter((offset) => offset < 1500),
  ).toEqual([0, 100, 200, 300]);
});

test('a follower that forgot what it had, in a restart, gets it from the beginning', async () => {
  link = await snapshotLink(2000);
  link.sender.start('2', 3);
  while (link.pieces.length < 12) await link.clock.turn();
  await link.target.restart();
  await link.clock.advance(2 * SILENCE_MS);
  expect(await link.arrived()).toEqual([...link.content]);
  expect(link.failed).toEqual([]);
});

test('a piece that is damaged on its way is asked for again', async () => {
  link = await snapshotLink(1000);
  link.alter = (piece) => {
    if (piece.offset !== 500 || offsets().filter((offset) => offset === 500).length > 1) return piece;
    return { ...piece, data: Uint8Array.from(piece.data, (byte, i) => (i === 3 ? byte ^ 1 : byte)) };
  };
  link.sender.start('2', 3);
  await link.clock.advance(2 * SILENCE_MS);
  expect(await link.arrived()).toEqual([...link.content]);
  expect(link.log).toContain('a piece of the snapshot from 1 is damaged at offset 500: asked for again');
});

test('a follower that never gets on is given up after a limited number of tries', async () => {
  link = await snapshotLink(1000);
  link.alter = (piece) => ({ ...piece, checksum: piece.checksum ^ 1 });
  link.sender.start('2', 3);
  await link.clock.advance(60 * SILENCE_MS);
  expect(link.failed).toEqual(['2']);
  expect(link.pieces.length).toBeLessThan(60);
});

test('a follower that takes long to install it is waited for as long as it answers', async () => {
  link = await snapshotLink(1000);
  let finish = (): void => {};
  link.target.installing = new Promise((resolve) => (finish = resolve));
  link.sender.start('2', 3);
  await link.clock.advance(100 * SILENCE_MS);
  expect([link.failed, link.target.installed]).toEqual([[], []]);
  finish();
  await link.clock.advance(SILENCE_MS);
  expect(link.target.installed).toEqual([metaAt(10)]);
  expect(link.log.at(-1)).toBe('the snapshot for 2 ended: installed');
  // It is asked with the last byte, not with the whole again.
  expect(link.pieces.slice(11).every((piece) => piece.data.length === 1)).toBe(true);
});

test('a partial snapshot is removed when another leads, and nothing of it is mixed with the next', async () => {
  link = await snapshotLink(2000);
  link.sender.start('2', 3);
  while (link.pieces.length < 8) await link.clock.turn();
  link.wanted = false;
  link.target.receiver.termIs(4);
  await link.clock.settle();
  expect(await link.arrived()).toBeUndefined();
  const writer = await link.target.storage.createSnapshot(metaAt(11));
  await writer.abort();
});

test('a partial snapshot whose leader falls silent is removed after a while', async () => {
  link = await snapshotLink(2000);
  link.lose = (message) => message.type === 'installSnapshot' && link.pieces.length > 5;
  link.sender.start('2', 3);
  await link.clock.settle();
  await expect(link.target.storage.createSnapshot(metaAt(11))).rejects.toThrow('a snapshot is being written');
  await link.clock.advance(IDLE_MS);
  const writer = await link.target.storage.createSnapshot(metaAt(11));
  await writer.abort();
});

test('a stream ends when this node leads no more, or the follower is no member any more', async () => {
  link = await snapshotLink(2000);
  link.lose = () => true;
  for (const end of [
    () => link.sender.retain(undefined, new Map([['2', 0]])),
    () => link.sender.retain(4, new Map([['2', 0]])),
    () => link.sender.retain(3, new Map()),
    () => (link.wanted = false),
  ]) {
    link.wanted = true;
    link.sender.start('2', 3);
    await link.clock.settle();
    link.sender.retain(3, new Map([['2', 0]]));
    end();
    await link.clock.advance(SILENCE_MS);
    const sent = link.pieces.length;
    await link.clock.advance(20 * SILENCE_MS);
    expect(link.pieces.length).toBe(sent);
    expect(link.sender.sentBytes('2')).toBeUndefined();
  }
});

test('the bytes of a second are limited, for all streams together', async () => {
  link = await snapshotLink(2000, { bytesPerSecond: 1000 }, ['2', '3']);
  link.sender.start('2', 3);
  link.sender.start('3', 3);
  await link.clock.advance(1000);
  expect(link.pieces.length).toBe(11);
  await link.clock.advance(1000);
  expect(link.pieces.length).toBe(21);
  await link.clock.advance(2000);
  expect(await link.arrived('2')).toEqual([...link.content]);
  expect(await link.arrived('3')).toEqual([...link.content]);
});

test('one stream for each follower, a few at a time, the others in line', async () => {
  link = await snapshotLink(1000, { maxStreams: 2 }, ['2', '3', '4']);
  link.lose = (message) => message.to === '2';
  for (const id of ['2', '2', '3', '4']) link.sender.start(id, 3);
  await link.clock.turn();
  expect(new Set(link.pieces.map((piece) => piece.to))).toEqual(new Set(['2', '3']));
  await link.clock.settle();
  expect(await link.arrived('3')).toEqual([...link.content]);
  expect(await link.arrived('4')).toEqual([...link.content]);
  expect(link.pieces.filter((piece) => piece.to === '2').length).toBe(4);
});

/** What is read of the leader's snapshot, chunk by chunk; undefined: its end. */
function readThrough(alter: (chunk: Uint8Array) => Uint8Array): void {
  const good = link.open;
  link.open = async () => {
    const reader = await good();
    return (
      reader && {
        ...reader,
        async *chunks(offset) {
          for await (const chunk of reader.chunks(offset)) yield alter(chunk);
        },
      }
    );
  };
}

test('a snapshot that turns out damaged is replaced at once, and the follower gets the good one', async () => {
  link = await snapshotLink(1000);
  const good = link.open;
  readThrough(() => {
    throw new StorageError('RAFT_STORAGE_CORRUPT', 'snapshot-10 is damaged at offset 300');
  });
  link.take = async () => void (link.open = good);
  link.sender.start('2', 3);
  await link.clock.settle();
  expect([link.taken, link.failed, link.broken, link.handOvers]).toEqual([[true], [], [], 0]);
  expect(link.log.join()).toContain('snapshot-10 is damaged at offset 300');
  expect(await link.arrived()).toEqual([...link.content]);
});

test('damage that the storage does not see is found by the follower, before its own snapshot is replaced', async () => {
  link = await snapshotLink(1000);
  await save(link.target.storage, metaAt(5), Uint8Array.of(5));
  const good = link.open;
  readThrough((chunk) => Uint8Array.from(chunk, (byte, i) => (i === 700 ? byte ^ 1 : byte)));
  link.take = async () => {
    expect(await link.arrived()).toEqual([5]);
    link.open = good;
  };
  link.sender.start('2', 3);
  await link.clock.settle();
  expect(link.log.join()).toContain('the snapshot from 1 is not what was written');
  expect([link.taken, link.failed, link.broken, link.handOvers]).toEqual([[true], [], [], 0]);
  expect(link.target.installed).toEqual([metaAt(10)]);
  expect(await link.arrived()).toEqual([...link.content]);
  // Nothing of the damaged one is taken for a part of the new one, though it has the same index.
  expect(link.pieces.at(-1)?.streamId).not.toBe(link.pieces[0]?.streamId);
});

test('a snapshot of another format is refused by its number: its leader need not make another', async () => {
  link = await snapshotLink(1000);
  readThrough((chunk) => Uint8Array.from(chunk, (byte, i) => (i === 0 ? 9 : byte)));
  link.sender.start('2', 3);
  await link.clock.settle();
  expect(link.log.join()).toContain('the snapshot from 1 has format 9, and this version reads 2');
  expect([link.taken, link.failed, link.broken, link.handOvers]).toEqual([[], ['2'], [], 0]);
});

test('a leader whose snapshots are all damaged tries a limited number of times, and hands over', async () => {
  link = await snapshotLink(1000);
  readThrough((chunk) => Uint8Array.from(chunk, (byte, i) => (i === 700 ? byte ^ 1 : byte)));
  link.sender.start('2', 3);
  await link.clock.advance(100 * SILENCE_MS);
  expect([link.taken, link.failed, link.broken, link.handOvers]).toEqual([[true, true, true], ['2'], [], 1]);
  expect([link.target.installed, await link.arrived()]).toEqual([[], undefined]);
});

test('a leader that cannot replace its damaged snapshot hands over', async () => {
  link = await snapshotLink(1000);
  readThrough((chunk) => Uint8Array.from(chunk, (byte, i) => (i === 700 ? byte ^ 1 : byte)));
  link.take = () => Promise.reject(new Error('no room'));
  link.sender.start('2', 3);
  await link.clock.settle();
  expect([link.taken, link.failed, link.broken, link.handOvers]).toEqual([[true], ['2'], [], 1]);
});

test('a snapshot that the follower cannot read back is sent again from its beginning', async () => {
  link = await snapshotLink(1000);
  link.target.unreadable = 1;
  link.sender.start('2', 3);
  await link.clock.settle();
  expect([link.target.installed, link.failed, link.taken]).toEqual([[], ['2'], []]);
  const before = link.pieces.length;
  link.sender.start('2', 3);
  await link.clock.settle();
  expect(link.target.installed).toEqual([metaAt(10)]);
  expect(offsets().slice(before)).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
});

test('a leader without a snapshot takes one first', async () => {
  link = await snapshotLink(1000);
  const good = link.open;
  link.open = () => (link.taken.length === 0 ? Promise.resolve(undefined) : good());
  link.sender.start('2', 3);
  await link.clock.settle();
  expect(link.taken).toEqual([false]);
  expect(await link.arrived()).toEqual([...link.content]);
});

test('any other error of the storage is final, on both sides', async () => {
  link = await snapshotLink(1000);
  const broken = new StorageError('RAFT_STORAGE_IO', 'read snapshot-10: EIO');
  const good = link.open;
  link.open = () => Promise.reject(broken);
  link.sender.start('2', 3);
  await link.clock.settle();
  expect(link.broken).toEqual([broken]);
  link.open = good;
  link.target.storage = { ...link.target.storage, createSnapshot: () => Promise.reject(broken) };
  link.sender.start('2', 4);
  await link.clock.settle();
  expect(link.broken).toContain(broken);
});

test('a follower without room for it refuses, keeps nothing, and is tried again later', async () => {
  link = await snapshotLink(1000);
  const { storage } = link.target;
  const full = new StorageError('RAFT_STORAGE_FULL', 'no room');
  link.target.storage = Object.assign(Object.create(storage) as typeof storage, {
    async createSnapshot(meta: Parameters<typeof storage.createSnapshot>[0]) {
      const writer = await storage.createSnapshot(meta);
      let left = 3;
      return { ...writer, write: (chunk: Uint8Array) => (left-- > 0 ? writer.write(chunk) : Promise.reject(full)) };
    },
  });
  link.sender.start('2', 3);
  await link.clock.settle();
  expect([link.failed, link.broken, link.taken]).toEqual([['2'], [], []]);
  link.target.storage = storage;
  link.sender.start('2', 3);
  await link.clock.settle();
  expect(await link.arrived()).toEqual([...link.content]);
});

test('a snapshot that is too old for the follower is refused, and a newer one is taken', async () => {
  link = await snapshotLink(1000);
  link.target.neededIndex = 20;
  link.sender.start('2', 3);
  await link.clock.settle();
  expect([link.failed, link.taken]).toEqual([['2'], [false]]);
  await save(link.source, metaAt(25), link.content);
  link.sender.start('2', 3);
  await link.clock.settle();
  expect(link.target.installed).toEqual([metaAt(25)]);
});

test('both sides may be stopped at any turn: nothing is left behind', async () => {
  for (let turns = 0; turns < 20; turns++) {
    link = await snapshotLink(600);
    link.sender.start('2', 3);
    for (let i = 0; i < turns; i++) await link.clock.turn();
    await link.sender.stop();
    await link.target.receiver.stop();
    await link.clock.settle();
    expect(link.clock.timers).toBe(0);
    const writer = await link.target.storage.createSnapshot(metaAt(11));
    await writer.abort();
    const arrived = await link.arrived();
    if (arrived !== undefined) expect(arrived).toEqual([...link.content]);
  }
});

test('a late copy of a piece of what is whole is answered, and the next snapshot is received all the same', async () => {
  link = await snapshotLink(600);
  link.sender.start('2', 3);
  await link.clock.settle();
  link.target.receiver.receive([link.pieces.at(-1)!]);
  await link.clock.settle();
  expect(link.answers.at(-1)).toMatchObject({ outcome: 'installed' });
  await save(link.source, metaAt(25), link.content);
  link.sender.start('2', 3);
  await link.clock.settle();
  expect(link.target.installed).toEqual([metaAt(10), metaAt(25)]);
});

test('pieces that nobody asked for do not fill the memory', async () => {
  link = await snapshotLink(100);
  let open = (): void => {};
  const { storage } = link.target;
  const opened = new Promise<void>((resolve) => (open = resolve));
  link.target.storage = Object.assign(Object.create(storage) as typeof storage, {
    createSnapshot: (meta: Parameters<typeof storage.createSnapshot>[0]) =>
      opened.then(() => storage.createSnapshot(meta)),
  });
  link.sender.start('2', 3);
  await link.clock.settle();
  const piece = link.pieces[0]!;
  for (let i = 0; i < 1000; i++) link.target.receiver.receive([{ ...piece, done: false }]);
  open();
  await link.clock.settle();
  expect(link.answers.length).toBeLessThan(20);
  expect(PIECE_BYTES).toBe(piece.data.length);
});
