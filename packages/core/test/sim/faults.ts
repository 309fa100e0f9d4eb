import type { NodeId } from '../../src/types.js';
import type { Coverage } from './coverage.js';
import type { Dice } from './dice.js';
import type { Member } from './member.js';
import type { Network } from './network.js';

/** What a fault can lay its hands on. */
export interface FaultScene {
  readonly dice: Dice;
  readonly network: Network;
  readonly coverage: Coverage;
  readonly members: readonly Member[];
  readonly leader: Member | undefined;
  /** Whether the cluster survives that this one forgets everything. */
  mayWipe(member: Member): boolean;
  /** Runs `task` after a random time, short of an election timeout. */
  soon(task: () => void): void;
  /** Runs `task` after an election timeout or two. */
  later(task: () => void): void;
}

export interface Fault {
  readonly description: string;
  undo(): void;
}

/** Each does its harm and tells how it is undone; undefined when there is nothing to harm. */
const table = {
  crash: (scene: FaultScene) => crash(scene.dice.pick(scene.members)),
  crashLeader: (scene: FaultScene) => scene.leader && crash(scene.leader),
  crashAll(scene: FaultScene) {
    scene.coverage.counts.crashesOfAll++;
    for (const member of scene.members) member.crash();
    return { description: 'crash all', undo: () => scene.members.forEach((member) => member.restart()) };
  },
  /** Down and up at once: what it had not synced is all it loses. */
  bounce(scene: FaultScene) {
    const member = scene.dice.pick(scene.members);
    member.crash();
    member.restart();
    return { description: `bounce ${member.id}`, undo: () => {} };
  },
  pause: (scene: FaultScene) => pause(scene.dice.pick(scene.members)),
  pauseLeader: (scene: FaultScene) => scene.leader && pause(scene.leader),
  stallDisk(scene: FaultScene) {
    const member = scene.dice.pick(scene.members);
    member.stallDisk();
    return { description: `stall the disk of ${member.id}`, undo: () => member.freeDisk() };
  },
  stallLeaderDisk(scene: FaultScene) {
    const { leader } = scene;
    leader?.stallDisk();
    return leader && { description: `stall the disk of ${leader.id}, who leads`, undo: () => leader.freeDisk() };
  },
  fillDisk(scene: FaultScene) {
    const member = scene.dice.chance(0.5)
      ? (scene.leader ?? scene.dice.pick(scene.members))
      : scene.dice.pick(scene.members);
    scene.coverage.counts.disksFilled++;
    member.fillDisk(true);
    return { description: `fill the disk of ${member.id}`, undo: () => member.fillDisk(false) };
  },
  wipe(scene: FaultScene) {
    const member = scene.dice.pick(scene.members);
    if (!scene.mayWipe(member)) return undefined;
    scene.coverage.counts.disksWiped++;
    member.wipe();
    return { description: `wipe ${member.id}`, undo: () => {} };
  },
  partition(scene: FaultScene) {
    const ids = scene.dice.shuffled(idsOf(scene));
    return split(scene, ids.slice(0, scene.dice.whole(1, ids.length - 1)));
  },
  leaderInMinority: (scene: FaultScene) => splitLeader(scene, (count) => Math.floor((count - 1) / 2)),
  /** What the lost leader writes is still under way when it is told to drop it. */
  stalledLeaderInMinority(scene: FaultScene) {
    const { leader } = scene;
    const cut = splitLeader(scene, (count) => Math.floor((count - 1) / 2));
    if (leader === undefined || cut === undefined) return undefined;
    leader.stallDisk();
    return {
      description: `${cut.description}, stall the disk of ${leader.id}`,
      undo() {
        cut.undo();
        scene.later(() => leader.freeDisk());
      },
    };
  },
  leaderInMajority: (scene: FaultScene) => splitLeader(scene, (count) => Math.floor(count / 2) + 1),
  cutOneWay(scene: FaultScene) {
    const [from, to] = scene.dice.shuffled(idsOf(scene)) as [NodeId, NodeId];
    return cutLinks(scene, [[from, to]]);
  },
  deafLeader: (scene: FaultScene) => scene.leader && cutLinks(scene, linksInto(scene, scene.leader.id)),
  muteLeader: (scene: FaultScene) => scene.leader && cutLinks(scene, linksOutOf(scene, scene.leader.id)),
  deafNode: (scene: FaultScene) => cutLinks(scene, linksInto(scene, scene.dice.pick(idsOf(scene)))),
  muteNode: (scene: FaultScene) => cutLinks(scene, linksOutOf(scene, scene.dice.pick(idsOf(scene)))),
  /** Everyone reaches only the next. */
  ring(scene: FaultScene) {
    const ids = scene.dice.shuffled(idsOf(scene));
    const isNext = (a: NodeId, b: NodeId): boolean => ids[(ids.indexOf(a) + 1) % ids.length] === b;
    return cutLinks(
      scene,
      allLinks(scene).filter(([a, b]) => !isNext(a, b) && !isNext(b, a)),
    );
  },
  flap,
} satisfies Record<string, (scene: FaultScene) => Fault | undefined>;

export type FaultName = keyof typeof table;

export const faultNames = Object.keys(table) as FaultName[];

export function strike(name: FaultName, scene: FaultScene): Fault | undefined {
  return table[name](scene);
}

type Link = readonly [from: NodeId, to: NodeId];

const idsOf = (scene: FaultScene): NodeId[] => scene.members.map((member) => member.id);

const allLinks = (scene: FaultScene): Link[] =>
  idsOf(scene).flatMap((from) =>
    idsOf(scene)
      .filter((to) => to !== from)
      .map((to): Link => [from, to]),
  );

export const linksInto = (scene: FaultScene, id: NodeId): Link[] => allLinks(scene).filter(([, to]) => to === id);

export const linksOutOf = (scene: FaultScene, id: NodeId): Link[] => allLinks(scene).filter(([from]) => from === id);

function crash(member: Member): Fault {
  member.crash();
  return { description: `crash ${member.id}`, undo: () => member.restart() };
}

function pause(member: Member): Fault {
  member.pause();
  return { description: `pause ${member.id}`, undo: () => member.resume() };
}

export function cutLinks(scene: FaultScene, links: readonly Link[]): Fault | undefined {
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

function splitLeader(scene: FaultScene, sizeOfSide: (count: number) => number): Fault | undefined {
  const { leader } = scene;
  if (leader === undefined || scene.members.length < 2) return undefined;
  const others = scene.dice.shuffled(idsOf(scene).filter((id) => id !== leader.id));
  const size = Math.max(1, sizeOfSide(scene.members.length));
  if (size <= scene.members.length / 2) scene.coverage.counts.leadersInMinority++;
  return split(scene, [leader.id, ...others.slice(0, size - 1)]);
}

/** A link that comes and goes faster than anyone can settle. */
function flap(scene: FaultScene): Fault | undefined {
  const [from, to] = scene.dice.shuffled(idsOf(scene)) as [NodeId, NodeId | undefined];
  if (to === undefined) return undefined;
  scene.coverage.counts.flaps++;
  let over = false;
  let cut = false;
  const turn = (): void => {
    if (cut) scene.network.mend(from, to);
    else if (!over) scene.network.cut(from, to);
    cut = !cut && !over;
    if (!over) scene.soon(turn);
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
