import { memoryStorage } from '@raft/storage-memory';
import type { InstallSnapshot, InstallSnapshotResponse, SnapshotMeta, SnapshotReader } from '../../../src/index.js';
import type { Storage } from '../../../src/index.js';
import { frameSnapshot } from '../../../src/node/snapshots/framing.js';
import { SnapshotReceiver } from '../../../src/node/snapshots/receiver.js';
import { SnapshotSender } from '../../../src/node/snapshots/sender.js';
import type { SenderOptions } from '../../../src/node/snapshots/sender.js';
import { Turns } from '../../../src/node/snapshots/turns.js';
import { virtualClock } from './virtual-clock.js';
import type { VirtualClock } from './virtual-clock.js';

export const PIECE_BYTES = 100;
export const SILENCE_MS = 400;
export const IDLE_MS = 10_000;

export const metaAt = (index: number): SnapshotMeta => ({
  index,
  term: 2,
  configuration: { voters: ['1', '2'], outgoing: [], learners: [], addresses: {}, stores: {}, returning: [] },
  configurationIndex: 1,
});

/** A follower at the other end of a link. */
export interface Target {
  receiver: SnapshotReceiver;
  storage: Storage;
  readonly installed: SnapshotMeta[];
  /** Awaited by each installation. */
  installing: Promise<void> | undefined;
  /** So many installations cannot read back what was written. */
  unreadable: number;
  neededIndex: number;
  /** As a crash and a start would. */
  restart(): Promise<void>;
}

/** A leader's sender and followers' receivers, and between them a link that a test can make lose what it likes. */
export interface SnapshotLink {
  readonly clock: VirtualClock;
  readonly sender: SnapshotSender;
  readonly source: Storage;
  readonly content: Uint8Array;
  readonly targets: ReadonlyMap<string, Target>;
  readonly target: Target;
  readonly pieces: InstallSnapshot[];
  readonly answers: InstallSnapshotResponse[];
  /** Snapshots asked for, with whether the present one is damaged. */
  readonly taken: boolean[];
  take: () => Promise<void>;
  handOvers: number;
  readonly failed: string[];
  readonly broken: unknown[];
  readonly log: string[];
  lose: (message: InstallSnapshot | InstallSnapshotResponse) => boolean;
  /** What a piece becomes on its way. */
  alter: (piece: InstallSnapshot) => InstallSnapshot;
  open: () => Promise<SnapshotReader | undefined>;
  /** What the consensus wants: false ends the stream. */
  wanted: boolean;
  /** The bytes of the snapshot that the follower has. */
  arrived(id?: string): Promise<number[] | undefined>;
}

export async function snapshotLink(
  bytes: number,
  options: Partial<SenderOptions> = {},
  ids: readonly string[] = ['2'],
): Promise<SnapshotLink> {
  const clock = virtualClock();
  const content = await framed(bytes);
  const source = await opened('1');
  await save(source, metaAt(10), content);
  const logger = (_: string, message: string): void => void link.log.push(message);
  const broken = (error: unknown): void => void link.broken.push(error);

  const sender = new SnapshotSender(
    {
      ...{ clock, logger, broken },
      openSnapshot: () => link.open(),
      takeSnapshot: (damaged) => {
        link.taken.push(damaged);
        return link.take();
      },
      send(peer, term, piece) {
        if (!link.wanted) return false;
        const message: InstallSnapshot = { type: 'installSnapshot', from: '1', to: peer, term, round: 1, ...piece };
        link.pieces.push(message);
        const altered = link.alter(message);
        if (!link.lose(message)) clock.defer(() => link.targets.get(peer)?.receiver.receive([altered]));
        return true;
      },
      failed: (peer) => void link.failed.push(peer),
      handOver: () => void link.handOvers++,
    },
    {
      ...{ pieceBytes: PIECE_BYTES, maxStreams: 2, bytesPerSecond: Number.POSITIVE_INFINITY, silenceMs: SILENCE_MS },
      ...options,
    },
  );

  function receiverOf(id: string, target: Target): SnapshotReceiver {
    const writing = new Turns();
    return new SnapshotReceiver(
      {
        ...{ clock, logger, broken },
        neededIndex: () => target.neededIndex,
        reserve: () => writing.take(),
        createSnapshot: (meta) => target.storage.createSnapshot(meta),
        answer({ from, term, streamId }, answer) {
          const header = { type: 'installSnapshotResponse', from: id, to: from, term, round: 1, storeId: 's' } as const;
          const message: InstallSnapshotResponse = { ...header, streamId, ...answer };
          link.answers.push(message);
          if (!link.lose(message)) clock.defer(() => sender.answered(message));
        },
        async install(meta) {
          await target.installing;
          if (target.unreadable-- > 0) return false;
          target.installed.push(meta);
          return true;
        },
      },
      IDLE_MS,
    );
  }

  async function makeTarget(id: string): Promise<Target> {
    const target = {
      installed: [],
      installing: undefined,
      unreadable: 0,
      neededIndex: 0,
      storage: await opened(id),
    } as unknown as Target;
    target.receiver = receiverOf(id, target);
    target.restart = async () => {
      await target.receiver.stop();
      target.receiver = receiverOf(id, target);
    };
    return target;
  }

  const targets = new Map<string, Target>();
  for (const id of ids) targets.set(id, await makeTarget(id));
  const link: SnapshotLink = {
    ...{ clock, sender, source, content, targets, pieces: [], answers: [], taken: [], failed: [], broken: [], log: [] },
    target: targets.get(ids[0] as string) as Target,
    take: () => Promise.resolve(),
    handOvers: 0,
    lose: () => false,
    alter: (piece) => piece,
    open: () => source.openSnapshot(),
    wanted: true,
    async arrived(id = '2') {
      const reader = await targets.get(id)?.storage.openSnapshot();
      if (reader === undefined) return undefined;
      const parts: number[] = [];
      for await (const chunk of reader.chunks()) parts.push(...chunk);
      return parts;
    },
  };
  return link;
}

/** A snapshot of so many bytes. */
async function framed(bytes: number): Promise<Uint8Array> {
  async function* machine(): AsyncGenerator<Uint8Array> {
    yield Uint8Array.from({ length: bytes - 16 }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
  }
  const content: number[] = [];
  for await (const chunk of frameSnapshot([].values(), machine())) content.push(...chunk);
  return Uint8Array.from(content);
}

async function opened(nodeId: string): Promise<Storage> {
  const storage = memoryStorage();
  await storage.open({ clusterId: 'raft', groupId: 'default', nodeId });
  return storage;
}

export async function save(storage: Storage, meta: SnapshotMeta, content: Uint8Array): Promise<void> {
  const writer = await storage.createSnapshot(meta);
  await writer.write(content);
  await writer.commit();
}
