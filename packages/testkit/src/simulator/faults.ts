import type { NodeId } from '@raft/core';
import type { Coverage } from './coverage.js';
import type { Dice } from './dice.js';
import { diskOperations } from './disk.js';
import type { Disk } from './disk.js';
import type { Network } from './network.js';

/** What a fault may do to a node. */
export interface Victim {
  readonly id: NodeId;
  readonly disk: Disk;
  readonly isUp: boolean;
  crash(): void;
  /** Lets go of everything in good order, then ends. */
  stop(): void;
  restart(): void;
  pause(): void;
  resume(): void;
  jump(ms: number): void;
}

/** What a fault can lay its hands on. */
export interface FaultScene {
  readonly network: Network;
  readonly coverage: Coverage;
  readonly members: readonly Victim[];
  /** The latest, where several think they lead. */
  readonly leader: Victim | undefined;
  /** Whether the cluster can do without what this node has on its disk, and will tell that it is gone. */
  maySpareDisk(victim: Victim): boolean;
  /** As `maySpareDisk`, for the snapshot alone. */
  maySpareSnapshot(victim: Victim): boolean;
  readonly electionTimeoutMs: { readonly min: number; readonly max: number };
  after(delayMs: number, task: () => void): void;
}

export interface Fault {
  readonly description: string;
  undo(): void;
}

type Strike = (scene: FaultScene, dice: Dice) => Fault | undefined;

/** Each does its harm and tells how it is undone; undefined when there is nothing to harm. */
const table: Readonly<Record<string, Strike>> = {
  crash: (scene, dice) => crash(dice.pick(scene.members)),
  crashLeader: (scene) => scene.leader && crash(scene.leader),
  crashAll(scene) {
    scene.coverage.counts.crashesOfAll++;
    for (const member of scene.members) member.crash();
    return { description: 'crash all', undo: () => scene.members.forEach((member) => member.restart()) };
  },
  /** Down and up at once: what it had not synced is all it loses. */
  bounce(scene, dice) {
    const member = dice.pick(scene.members);
    member.crash();
    member.restart();
    return { description: `bounce ${member.id}`, undo: () => {} };
  },
  stop(scene, dice) {
    const member = dice.chance(0.5) ? (scene.leader ?? dice.pick(scene.members)) : dice.pick(scene.members);
    member.stop();
    return { description: `stop ${member.id}`, undo: () => member.restart() };
  },
  pause: (scene, dice) => pause(dice.pick(scene.members)),
  pauseLeader(scene) {
    if (scene.leader !== undefined) scene.coverage.counts.leadersPaused++;
    return scene.leader && pause(scene.leader);
  },
  clockJump(scene, dice) {
    const member = dice.pick(scene.members);
    const ms = dice.spread(scene.electionTimeoutMs.min / 10, scene.electionTimeoutMs.max * 10);
    scene.coverage.counts.clockJumps++;
    member.jump(ms);
    return { description: `move the clock of ${member.id} on by ${ms.toFixed(1)} ms`, undo: () => {} };
  },
  stallDisk: (scene, dice) => stall(scene, dice.pick(scene.members)),
  stallLeaderDisk: (scene) => scene.leader && stall(scene, scene.leader),
  slowDisk(scene, dice) {
    const { disk, id } = dice.pick(scene.members);
    const factor = dice.spread(2, 100);
    scene.coverage.counts.slowDisks++;
    disk.slowness = factor;
    return {
      description: `slow the disk of ${id} ${factor.toFixed(1)} times`,
      undo() {
        disk.slowness = 1;
      },
    };
  },
  /** The disk is replaced by an empty one; the node comes back under its old id. */
  wipe(scene, dice) {
    const member = dice.pick(scene.members);
    if (!scene.maySpareDisk(member)) return undefined;
    scene.coverage.counts.disksWiped++;
    member.crash();
    member.disk.wipe();
    return { description: `wipe ${member.id}`, undo: () => member.restart() };
  },
  /** Found when it is read next: for a follower, or at the next start; or at once, when it is one that is about to be installed. */
  rotSnapshot(scene, dice) {
    const member = dice.chance(0.5) ? (scene.leader ?? dice.pick(scene.members)) : dice.pick(scene.members);
    if (!scene.maySpareSnapshot(member)) return undefined;
    scene.coverage.counts.snapshotsRotted++;
    const { id, disk } = member;
    const { snapshot } = disk.durable;
    const rot = { at: dice.random(), isSeen: dice.chance(0.5) };
    if (snapshot === undefined || dice.chance(0.3)) disk.rotNext = rot;
    else snapshot.rot = rot;
    return { description: `rot the snapshot of ${id}`, undo: () => {} };
  },
  fullDisk: (scene, dice) => fillDisk(scene, dice, dice.pick(scene.members)),
  fullLeaderDisk: (scene, dice) => scene.leader && fillDisk(scene, dice, scene.leader),
  diskError: (scene, dice) => diskError(dice, dice.pick(scene.members)),
  leaderDiskError: (scene, dice) => scene.leader && diskError(dice, scene.leader),
  partition(scene, dice) {
    const ids = dice.shuffled(idsOf(scene));
    return split(scene, ids.slice(0, dice.whole(1, Math.max(1, ids.length - 1))));
  },
  leaderInMinority: (scene, dice) => splitLeader(scene, dice, (count) => Math.floor((count - 1) / 2)),
  /** What the lost leader writes is still under way when it is told to drop it. */
  stalledLeaderInMinority(scene, dice) {
    const { leader } = scene;
    const cut = splitLeader(scene, dice, (count) => Math.floor((count - 1) / 2));
    if (leader === undefined || cut === undefined) return undefined;
    const stalled = stall(scene, leader);
    return {
      description: `${cut.description}, ${stalled.description}`,
      undo() {
        cut.undo();
        scene.after(dice.between(0, 2 * scene.electionTimeoutMs.max), stalled.undo);
      },
    };
  },
  leaderInMajority: (scene, dice) => splitLeader(scene, dice, (count) => Math.floor(count / 2) + 1),
  cutOneWay(scene, dice) {
    const [from, to] = dice.shuffled(idsOf(scene)) as [NodeId, NodeId | undefined];
    return to === undefined ? undefined : cutLinks(scene, [[from, to]]);
  },
  deafLeader: (scene) => scene.leader && cutLinks(scene, linksInto(scene, scene.leader.id)),
  muteLeader: (scene) => scene.leader && cutLinks(scene, linksOutOf(scene, scene.leader.id)),
  deafNode: (scene, dice) => cutLinks(scene, linksInto(scene, dice.pick(idsOf(scene)))),
  muteNode: (scene, dice) => cutLinks(scene, linksOutOf(scene, dice.pick(idsOf(scene)))),
  isolate(scene, dice) {
    const id = dice.pick(idsOf(scene));
    return cutLinks(scene, [...linksInto(scene, id), ...linksOutOf(scene, id)]);
  },
  /** Everyone reaches only the next. */
  ring(scene, dice) {
    const ids = dice.shuffled(idsOf(scene));
    if (ids.length < 4) return undefined;
    scene.coverage.counts.rings++;
    const isNext = (a: NodeId, b: NodeId): boolean => ids[(ids.indexOf(a) + 1) % ids.length] === b;
    return cutLinks(
      scene,
      allLinks(scene).filter(([a, b]) => !isNext(a, b) && !isNext(b, a)),
    );
  },
  flap,
  /** Connections break; whoever was in the middle of something has to begin it again. */
  breakConnections(scene, dice) {
    const links = dice.some(allLinks(scene), 0.3);
    scene.coverage.counts.connectionsBroken += links.length;
    for (const [from, to] of links) scene.network.breakConnection(from, to);
    return { description: `break ${links.map((link) => link.join('->')).join(' ')}`, undo: () => {} };
  },
};

export const faultNames: readonly string[] = Object.keys(table);

export function strike(name: string, scene: FaultScene, dice: Dice): Fault | undefined {
  return table[name]?.(scene, dice);
}

export type Link = readonly [from: NodeId, to: NodeId];

const idsOf = (scene: FaultScene): NodeId[] => scene.members.map((member) => member.id);

const allLinks = (scene: FaultScene): Link[] =>
  idsOf(scene).flatMap((from) =>
    idsOf(scene)
      .filter((to) => to !== from)
      .map((to): Link => [from, to]),
  );

const linksInto = (scene: FaultScene, id: NodeId): Link[] => allLinks(scene).filter(([, to]) => to === id);

const linksOutOf = (scene: FaultScene, id: NodeId): Link[] => allLinks(scene).filter(([from]) => from === id);

function crash(member: Victim): Fault {
  member.crash();
  return { description: `crash ${member.id}`, undo: () => member.restart() };
}

function pause(member: Victim): Fault {
  member.pause();
  return { description: `pause ${member.id}`, undo: () => member.resume() };
}

function stall({ coverage }: FaultScene, { id, disk }: Victim): Fault {
  coverage.counts.diskStalls++;
  disk.stall();
  return { description: `stall the disk of ${id}`, undo: () => disk.free() };
}

function fillDisk({ coverage }: FaultScene, dice: Dice, { id, disk }: Victim): Fault {
  coverage.counts.disksFull++;
  disk.isFull = true;
  disk.hasReserve = dice.chance(0.8);
  return {
    description: `fill the disk of ${id}${disk.hasReserve ? '' : ', even its reserve'}`,
    undo() {
      disk.isFull = false;
    },
  };
}

/** The node stops at the error, whenever it comes to it; whoever looks after it starts it again. */
function diskError(dice: Dice, member: Victim): Fault {
  const { id, disk } = member;
  const operation = dice.pick(diskOperations);
  // It opens at its next start.
  if (operation === 'open') member.crash();
  disk.failing = operation;
  if (operation === 'open') member.restart();
  if (operation === 'close') member.stop();
  return {
    description: `the next ${operation} of ${id} fails`,
    undo: () => member.restart(),
  };
}

function cutLinks(scene: FaultScene, links: readonly Link[]): Fault | undefined {
  if (links.length === 0) return undefined;
  scene.coverage.counts.oneWayCuts++;
  for (const [from, to] of links) scene.network.cut(from, to);
  return {
    description: `cut ${links.map((link) => link.join('->')).join(' ')}`,
    undo: () => links.forEach(([from, to]) => scene.network.mend(from, to)),
  };
}

function split(scene: FaultScene, side: readonly NodeId[]): Fault | undefined {
  scene.coverage.counts.partitions++;
  return cutLinks(
    scene,
    allLinks(scene).filter(([from, to]) => side.includes(from) !== side.includes(to)),
  );
}

function splitLeader(scene: FaultScene, dice: Dice, sizeOfSide: (count: number) => number): Fault | undefined {
  const { leader } = scene;
  if (leader === undefined || scene.members.length < 2) return undefined;
  const others = dice.shuffled(idsOf(scene).filter((id) => id !== leader.id));
  const size = Math.max(1, sizeOfSide(scene.members.length));
  scene.coverage.counts[size <= scene.members.length / 2 ? 'leadersInMinority' : 'leadersInMajority']++;
  return split(scene, [leader.id, ...others.slice(0, size - 1)]);
}

/** A link that comes and goes faster than anyone can settle. */
function flap(scene: FaultScene, dice: Dice): Fault | undefined {
  const [from, to] = dice.shuffled(idsOf(scene)) as [NodeId, NodeId | undefined];
  if (to === undefined) return undefined;
  scene.coverage.counts.flaps++;
  let over = false;
  let cut = false;
  const turn = (): void => {
    if (cut) scene.network.mend(from, to);
    else if (!over) scene.network.cut(from, to);
    cut = !cut && !over;
    if (!over) scene.after(dice.spread(1, scene.electionTimeoutMs.min), turn);
  };
  turn();
  return {
    description: `flap ${from}->${to}`,
    undo() {
      over = true;
      if (cut) turn();
    },
  };
}
