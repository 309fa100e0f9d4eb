import { RaftError } from '@raft/core';
import type { MembershipChange, NodeId } from '@raft/core';
import type { Dice } from './dice.js';
import type { LoadScene } from './caller.js';
import { addressesOf, LostCallError } from './member.js';
import type { Member, SimulatedNode } from './member.js';

/** Milliseconds between two requests of the operator, in election timeouts. */
const GAP = 4;

/** The operator: asks for snapshots, transfers and changes of the membership, whichever the run has. */
export class Admin {
  readonly #dice: Dice;
  readonly #scene: LoadScene;

  constructor(dice: Dice, scene: LoadScene) {
    this.#dice = dice;
    this.#scene = scene;
  }

  async run(isOver: () => boolean): Promise<void> {
    const { features, node } = this.#scene.profile;
    const requests = [
      ...(features.snapshots ? [() => this.#snapshot()] : []),
      ...(features.transfers ? [() => this.#transfer()] : []),
      ...(features.membership ? [() => this.#change(), () => this.#change()] : []),
    ];
    while (requests.length > 0) {
      await this.#scene.sleep(this.#dice.between(0, GAP * node.electionTimeoutMs.max));
      if (isOver()) return;
      await this.#dice.pick(requests)();
    }
  }

  async #snapshot(): Promise<void> {
    const member = this.#dice.pick(this.#scene.members);
    await this.#ask(member, `${member.id} is asked for a snapshot`, (node) => node.snapshot(this.#patience()));
  }

  async #transfer(): Promise<void> {
    const member = this.#scene.leader ?? this.#dice.pick(this.#scene.members);
    const target = this.#dice.chance(0.7) ? this.#dice.pick(this.#scene.members).id : undefined;
    const isDone = await this.#ask(member, `${member.id} is asked to hand over to ${target ?? 'anyone'}`, (node) =>
      node.transferLeadership(target, this.#patience()),
    );
    this.#scene.coverage.counts[isDone ? 'transfersDone' : 'transfersFailed']++;
  }

  async #change(): Promise<void> {
    const member = this.#scene.leader;
    const membership = member?.status?.membership;
    if (member === undefined || membership === undefined) return;
    const { counts } = this.#scene.coverage;
    const change = this.#someChange([...membership.voters], [...membership.learners]);
    const next = votersAfter(membership.voters, change);
    // Two voters one of which has lost its disk can do nothing for ever: not what an operator may ask for.
    if (next.length < 3 && next.some((id) => this.#scene.isForgetful(id))) return;
    const expected = this.#dice.chance(0.3) ? { expected: membership.index } : {};
    const failIfBehind = this.#dice.chance(0.2);
    counts.changesBegun++;
    this.#scene.votersAsked = next.length;
    const isDone = await this.#ask(member, `${member.id} is asked to change ${JSON.stringify(change)}`, (node) =>
      node.changeMembership(change, { ...this.#patience(), ...expected, failIfBehind }),
    );
    this.#scene.votersAsked = undefined;
    if (!isDone) return;
    counts.changesDone++;
    if (change.remove?.includes(member.id) === true) counts.leadersRemoved++;
    if (change.add?.some((id) => !membership.voters.includes(id)) === true) counts.nodesAdded++;
  }

  /** Any set of voters, from one to all, most often near to what it is. */
  #someChange(voters: NodeId[], learners: NodeId[]): MembershipChange {
    const all = this.#scene.members.map((member) => member.id);
    const isSmall = this.#dice.chance(0.6);
    const next = isSmall
      ? all.filter((id) => voters.includes(id) !== this.#dice.random() < 1.2 / all.length)
      : this.#dice.some(all, 0.6);
    const wanted = next.length > 0 ? next : [this.#dice.pick(all)];
    const add = wanted.filter((id) => !voters.includes(id));
    const gone = voters.filter((id) => !wanted.includes(id));
    const stepBack = this.#dice.some(gone, 0.3);
    const remove = [
      ...gone.filter((id) => !stepBack.includes(id)),
      ...learners.filter((id) => !add.includes(id) && this.#dice.chance(0.3)),
    ];
    const change: MembershipChange = { addresses: addressesOf(add) };
    return {
      ...change,
      ...(add.length > 0 ? { add } : {}),
      ...(remove.length > 0 ? { remove } : {}),
      ...(stepBack.length > 0 ? { learners: stepBack } : {}),
    };
  }

  #patience(): { readonly timeoutMs: number } {
    return { timeoutMs: this.#dice.between(1, 10) * this.#scene.profile.node.electionTimeoutMs.max };
  }

  /** Whether it was done. */
  async #ask(member: Member, what: string, make: (node: SimulatedNode) => Promise<unknown>): Promise<boolean> {
    this.#scene.note(() => `-- ${what}`);
    try {
      await member.call(make);
      this.#scene.note(() => `-- done: ${what}`);
      return true;
    } catch (error) {
      if (!(error instanceof RaftError || error instanceof LostCallError)) throw error;
      this.#scene.note(() => `-- not done: ${what}: ${error.message}`);
      return false;
    }
  }
}

function votersAfter(voters: readonly NodeId[], { add = [], remove = [], learners = [] }: MembershipChange): NodeId[] {
  return [...new Set([...voters, ...add])].filter((id) => !remove.includes(id) && !learners.includes(id));
}
