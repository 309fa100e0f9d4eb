import { encodeConfiguration, isVoter, membersOf } from '../../src/consensus/configuration.js';
import type { Message } from '../../src/messages.js';
import { EntryType } from '../../src/types.js';
import type { NodeId } from '../../src/types.js';
import { Agenda } from './agenda.js';
import { Checker } from './checker.js';
import { Coverage } from './coverage.js';
import { Dice } from './dice.js';
import { Disk } from './disk.js';
import type { DiskContent } from './disk.js';
import { cutLinks, linksInto, linksOutOf, strike } from './faults.js';
import type { Fault, FaultScene } from './faults.js';
import type { Turn } from './host.js';
import type { Journal } from './journal.js';
import { isQuorum } from './ledger.js';
import { Member } from './member.js';
import type { World } from './member.js';
import { Network } from './network.js';
import { drawProfile } from './profile.js';
import type { Profile } from './profile.js';
import { must } from './violation.js';

export interface SimulationOptions {
  readonly seed: number;
  /** Default: any number from 1 to 7. */
  readonly nodes?: number | undefined;
  /** Keeps a journal; slow. */
  readonly journal?: Journal | undefined;
}

export interface SimulationResult {
  /** Of everything that happened: equal for equal seeds. */
  readonly hash: number;
  readonly coverage: Coverage;
  readonly virtualMs: number;
  readonly steps: number;
}

/** Runs one seed: a storm, then calm, in which the cluster must come to rest in agreement. Throws at the first thing amiss. */
export function simulate(options: SimulationOptions): SimulationResult {
  return new Simulation(options).run();
}

class Simulation implements World, FaultScene {
  readonly agenda = new Agenda();
  readonly coverage = new Coverage();
  readonly journal: Journal | undefined;
  readonly profile: Profile;
  readonly dice: Dice;
  readonly checker: Checker;
  readonly network: Network;
  readonly members: readonly Member[];
  readonly #broken = new Set<NodeId>();
  readonly #disks: Map<NodeId, Disk>;
  /** Those whose new storage is not on record yet. */
  readonly #wiped = new Set<NodeId>();
  #faults: Fault[] = [];
  #isStorm = true;
  #nextId = 1;
  /** Why a command was refused, the last one that was. */
  #lastRefusal: string | undefined;
  #hash = 0;
  /** Pairs of members of which the first was told that the second is not there. */
  readonly #lost = new Set<string>();

  constructor({ seed, nodes, journal }: SimulationOptions) {
    const dice = new Dice(seed);
    this.profile = drawProfile(dice, nodes);
    this.journal = journal;
    this.journal?.note(0, JSON.stringify(this.profile));
    this.dice = dice.fork();
    this.network = new Network(this.profile.network, {
      agenda: this.agenda,
      dice: dice.fork(),
      coverage: this.coverage,
      deliver: (message) => this.#memberOf(message.to).receive(message),
    });
    const content = contentOf(this.profile);
    const founders = membersOf(this.profile.configuration);
    this.#disks = new Map(this.profile.ids.map((id) => [id, this.#newDisk(id, founders.has(id) ? content : nothing)]));
    if (founders.size < this.profile.ids.length) this.coverage.counts.strangers++;
    this.checker = new Checker(content.base, this.#disks, this.profile.raft);
    this.members = [...this.#disks].map(([id, disk]) => new Member(id, disk, dice.fork(), this));
  }

  run(): SimulationResult {
    const { configuration, stormMs } = this.profile;
    if (configuration.outgoing.length > 0) this.coverage.counts.jointConfigurations++;
    if (configuration.learners.length > 0) this.coverage.counts.learners++;
    if (configuration.outgoing.length === 0 && configuration.voters.length === 1) this.coverage.counts.singleVoters++;
    this.#planLoad();
    this.#planFault();
    if (this.profile.raft.quiesce) this.#tellWhoIsThere();
    this.agenda.runUntil(stormMs);
    this.#calm();
    this.#converge('after the storm');
    this.#disturb();
    const { committedIndex } = this.checker.ledger;
    this.#askOnceMore();
    // Its leader handed over just then, and has: the next one takes it.
    if (this.#lastRefusal === 'transferring') this.#askOnceMore();
    must(this.checker.ackedIndex > committedIndex, () => 'the last command was not acknowledged');
    return { hash: this.#hash, coverage: this.coverage, virtualMs: this.agenda.now, steps: this.agenda.steps };
  }

  #askOnceMore(): void {
    this.#lastRefusal = undefined;
    const leader = this.leader as Member;
    leader.propose(this.#nextId++, new Uint8Array(1));
    leader.read(this.#nextId++);
    this.#converge('after one more command and one more read');
  }

  /** The latest, where several think they lead. */
  get leader(): Member | undefined {
    return this.members
      .filter((member) => member.isRunning && member.host.raft.role === 'leader')
      .sort((a, b) => b.host.raft.term - a.host.raft.term)[0];
  }

  send(message: Message): void {
    this.network.send(message);
  }

  replaced({ id, disk }: Member): void {
    this.#disks.set(id, disk);
    this.#wiped.add(id);
  }

  #newDisk(id: NodeId, content: DiskContent): Disk {
    return new Disk({ ...content, storeId: this.profile.hasStores ? `${id}.1` : '' });
  }

  /** One at a time, and only one whose storage everybody knows who could be elected: the others may vote with it otherwise. */
  mayWipe({ id, disk }: Member): boolean {
    this.#forgetWhoIsBack();
    if (this.#wiped.size > 0 || !this.profile.hasStores || !this.#isEnough((other) => other !== id)) return false;
    return this.members.every(({ host: { raft } }) => {
      const { stores } = raft.configuration;
      return raft.configurationIndex === 0 || stores[id] === disk.storeId;
    });
  }

  #forgetWhoIsBack(): void {
    for (const id of this.#wiped) if (this.#isBack(id)) this.#wiped.delete(id);
  }

  /** It votes with its new storage, or has no vote at all, and that is committed. */
  #isBack(id: NodeId): boolean {
    const raft = this.leader?.host.raft;
    if (raft === undefined || raft.configurationIndex > raft.commitIndex) return false;
    const { configuration } = raft;
    const store = this.#disks.get(id)?.storeId;
    const isBack = !membersOf(configuration).has(id) || configuration.stores[id] === store;
    if (isBack && configuration.voters.includes(id)) this.coverage.counts.wipedReadmitted++;
    return isBack;
  }

  soon(task: () => void): void {
    this.agenda.after(this.dice.spread(1, this.profile.raft.electionTimeoutMs.min), task);
  }

  later(task: () => void): void {
    const { max } = this.profile.raft.electionTimeoutMs;
    this.agenda.after(this.dice.between(0, 2 * max), task);
  }

  turned({ id, host: { raft } }: Member, { effects, refused }: Turn): void {
    this.#lastRefusal = refused.at(-1)?.why ?? this.#lastRefusal;
    const facts = [
      this.agenda.now * 1000,
      Number(id),
      raft.term,
      raft.lastIndex,
      raft.commitIndex,
      effects.messages.length,
    ];
    for (const fact of facts) this.#hash = (Math.imul(this.#hash ^ fact, 0x01000193) + 1) | 0;
  }

  #memberOf(id: NodeId): Member {
    return this.members[Number(id) - 1] as Member;
  }

  // Load

  #planLoad(): void {
    const { proposalGapMs, readGapMs, proposalBurst, maxDataBytes } = this.profile;
    const again = (gapMs: number, task: () => void): void => {
      this.agenda.after(this.dice.between(0, 2 * gapMs), () => {
        if (!this.#isStorm) return;
        task();
        again(gapMs, task);
      });
    };
    again(proposalGapMs, () => {
      const member = this.#someMember();
      for (let left = this.dice.whole(1, proposalBurst); left > 0 && member.isUp; left--)
        member.propose(this.#nextId++, new Uint8Array(this.dice.whole(0, maxDataBytes)));
    });
    again(readGapMs, () => {
      const member = this.#someMember();
      if (member.isUp) member.read(this.#nextId++);
    });
    const { snapshotGapMs, changeGapMs, transferGapMs } = this.profile;
    if (snapshotGapMs < Number.POSITIVE_INFINITY)
      again(snapshotGapMs, () => this.dice.pick(this.members).takeSnapshot());
    if (changeGapMs < Number.POSITIVE_INFINITY) again(changeGapMs, () => this.#change());
    if (transferGapMs < Number.POSITIVE_INFINITY)
      again(transferGapMs, () => {
        const target = this.dice.chance(0.5) ? this.dice.pick(this.profile.ids) : undefined;
        this.#someMember().call((raft, now) => raft.transferLeadership(target, now));
      });
  }

  /** Anybody may be added, removed or made a learner, wise or not. */
  #change(): void {
    this.#forgetWhoIsBack();
    const { counts } = this.coverage;
    const [add, remove, learners] = [[] as NodeId[], [] as NodeId[], [] as NodeId[]];
    const likely = this.dice.pick([0.15, 0.15, 0.5]);
    for (const id of this.profile.ids)
      if (this.dice.chance(likely)) this.dice.pick([add, add, remove, learners]).push(id);
    this.#someMember().call((raft, now) => {
      // Who takes away those that remember leaves the others without a quorum.
      if (this.#wiped.size > 0) return;
      const members = membersOf(raft.configuration);
      const change = { add, remove: remove.filter((id) => members.has(id)), learners };
      counts[raft.changeMembership(change, now).refusal === undefined ? 'changesBegun' : 'changesRefused']++;
    });
  }

  /** What a transport finds out by itself: that a peer is not there any more, or is back. */
  #tellWhoIsThere(): void {
    this.agenda.after(this.profile.raft.electionTimeoutMs.max, () => {
      for (const member of this.members)
        for (const peer of this.members) if (peer !== member && member.isRunning) this.#tellOf(peer, member);
      this.#tellWhoIsThere();
    });
  }

  #tellOf(peer: Member, member: Member): void {
    const pair = `${member.id}:${peer.id}`;
    const isOpen = this.network.isOpen(peer.id, member.id) && this.network.isOpen(member.id, peer.id);
    if (!peer.isRunning || !isOpen) {
      this.#lost.add(pair);
      member.call((raft, now) => raft.peerDown(peer.id, now));
    } else if (this.#lost.delete(pair)) member.call((raft, now) => raft.peerUp(peer.id, now));
  }

  /** Callers know who leads, most of the time; some believe in one that was deposed and does not know it. */
  #someMember(): Member {
    const leaders = this.members.filter((member) => member.isUp && member.host.raft.role === 'leader');
    if (leaders.length > 0 && this.dice.chance(0.7))
      return this.dice.chance(0.6) ? (this.leader ?? this.dice.pick(leaders)) : this.dice.pick(leaders);
    return this.dice.pick(this.members);
  }

  // Faults

  #planFault(): void {
    const { faults, faultGapMs, raft } = this.profile;
    this.agenda.after(this.dice.between(0, 2 * faultGapMs), () => {
      if (!this.#isStorm) return;
      const fault = this.members.length > 1 || this.dice.chance(0.5) ? this.#strike(this.dice.pick(faults)) : undefined;
      if (fault !== undefined) {
        const { min, max } = raft.electionTimeoutMs;
        this.agenda.after(this.dice.spread(min / 10, max * 5), () => this.#undo(fault));
      }
      this.#planFault();
    });
  }

  #strike(name: Profile['faults'][number]): Fault | undefined {
    const fault = strike(name, this);
    if (fault === undefined) return undefined;
    this.journal?.note(this.agenda.now, `** ${fault.description}`);
    this.#faults.push(fault);
    return fault;
  }

  #undo(fault: Fault): void {
    if (!this.#faults.includes(fault)) return;
    this.#faults = this.#faults.filter((other) => other !== fault);
    this.journal?.note(this.agenda.now, `** no more: ${fault.description}`);
    fault.undo();
  }

  /** All faults end; in some runs a minority stays broken for ever, which must not keep the others from agreeing. */
  #calm(): void {
    this.#isStorm = false;
    for (const fault of this.#faults) this.#undo(fault);
    this.network.mendAll();
    this.network.profile = { ...this.network.profile, lossRate: 0, duplicateRate: 0, lateRate: 0 };
    this.journal?.note(this.agenda.now, '** calm');
    const { preVote, checkQuorum } = this.profile.raft;
    if (preVote && checkQuorum && this.dice.chance(0.5)) this.#breakMinority();
    for (const member of this.members) {
      if (this.#broken.has(member.id)) continue;
      member.restart();
      member.resume();
      member.freeDisk();
      member.fillDisk(false);
    }
  }

  #breakMinority(): void {
    for (const member of this.dice.shuffled(this.members)) {
      const isEnough = this.#isEnough((id) => id !== member.id && !this.#broken.has(id));
      if (!isEnough || this.dice.chance(0.3)) continue;
      this.#broken.add(member.id);
      this.coverage.counts.minoritiesLeftBroken++;
      const harm = this.dice.pick(['crash', 'pause', 'deaf', 'mute', 'isolated']);
      this.journal?.note(this.agenda.now, `** for ever: ${harm} ${member.id}`);
      if (harm === 'crash') member.crash();
      if (harm === 'pause') member.pause();
      if (harm === 'deaf' || harm === 'isolated') cutLinks(this, linksInto(this, member.id));
      if (harm === 'mute' || harm === 'isolated') cutLinks(this, linksOutOf(this, member.id));
    }
  }

  /** Of every configuration that anybody knows: which of them is the last is to be found out. */
  #isEnough(has: (id: NodeId) => boolean): boolean {
    const known = this.members.map(({ host }) => host.raft.configuration);
    return known.every((configuration) => isQuorum(configuration, (id) => has(id) && !this.#wiped.has(id)));
  }

  /** One that cannot hear the others for a while, or neither be heard, and comes back: the leader must go on leading. */
  #disturb(): void {
    const { preVote, checkQuorum, electionTimeoutMs } = this.profile.raft;
    // On an ordered link a late message of the storm holds up those behind it.
    this.agenda.runUntil(this.agenda.now + this.profile.network.lateMs);
    this.#converge('after the last late message');
    const leader = this.leader as Member;
    const members = membersOf(leader.host.raft.configuration);
    const others = this.members.filter(
      ({ id, isRunning }) => isRunning && id !== leader.id && members.has(id) && !this.#broken.has(id),
    );
    const lost = others.length === 0 ? undefined : this.dice.pick(others).id;
    const isQuorumLeft = isQuorum(leader.host.raft.configuration, (id) => id !== lost && !this.#broken.has(id));
    const prefers = Object.keys(this.profile.priorities).length > 0;
    if (lost === undefined || !checkQuorum || !isQuorumLeft || prefers) return;
    this.coverage.counts.returnsOfTheLost++;
    const { term } = leader.host.raft;
    const fault = cutLinks(
      this,
      preVote ? [...linksInto(this, lost), ...linksOutOf(this, lost)] : linksInto(this, lost),
    );
    this.journal?.note(this.agenda.now, `** ${fault?.description}`);
    if (this.dice.chance(0.5)) leader.propose(this.#nextId++, new Uint8Array(1));
    this.agenda.runUntil(this.agenda.now + electionTimeoutMs.max * this.dice.between(1, 8));
    const back = (): void => {
      fault?.undo();
      this.#converge('after the return of a lost node');
    };
    // Without pre-votes it is in a later term by now, and says so when it is back.
    if (preVote) back();
    const { role, term: termAfter } = leader.host.raft;
    must(
      role === 'leader' && termAfter === term,
      () => `${lost}, which was lost, deposes ${leader.id}, the leader of term ${term}`,
    );
    if (!preVote) back();
  }

  // Rest

  /** Within a bounded time one leads, all healthy nodes hold and have applied the same, and nothing is under way. */
  #converge(when: string): void {
    const { electionTimeoutMs } = this.profile.raft;
    const entries = Math.max(...this.members.map(({ host }) => host.raft.lastIndex)) - this.profile.base.index + 100;
    const messageMs = 2 * (this.profile.network.delayMs.max + this.profile.syncMs.max + this.profile.turnDelayMs.max);
    const until = this.agenda.now + 40 * electionTimeoutMs.max + entries * (messageMs + this.profile.loadMs.max);
    const stepMs = electionTimeoutMs.min / 2;
    let unrest: string | undefined = 'nothing has happened';
    while (unrest !== undefined && this.agenda.now < until) {
      this.agenda.runUntil(this.agenda.now + stepMs);
      unrest = this.#unrest();
    }
    must(unrest === undefined, () => `no rest ${when}: ${unrest}`);
    for (const member of this.members) if (member.isUp) this.checker.checkWholeLog(member.host);
  }

  #unrest(): string | undefined {
    const { leader } = this;
    if (leader === undefined) return 'nobody leads';
    const { raft } = leader.host;
    if (this.#broken.has(leader.id)) return `${leader.id} leads, which is broken`;
    const { configuration, commitIndex, configurationIndex } = raft;
    if (configuration.outgoing.length > 0 || configurationIndex > commitIndex)
      return `${leader.id} changes the membership`;
    for (const id of raft.wipedMembers) if (!this.#broken.has(id)) return `${id} is not admitted again`;
    const refusal = raft.refusal(1);
    if (refusal !== undefined) return `${leader.id} takes no commands: ${refusal}`;
    if (!isVoter(raft.configuration, leader.id)) return `${leader.id} leads and has no vote`;
    const members = membersOf(raft.configuration);
    for (const { id, host, reading, disk } of this.members) {
      if (this.#broken.has(id) || !members.has(id)) continue;
      if (host.raft.leaderId !== leader.id) return `${id} follows ${host.raft.leaderId}, not ${leader.id}`;
      if (host.appliedIndex !== raft.lastIndex || host.raft.lastIndex !== raft.lastIndex)
        return `${id} has applied ${host.appliedIndex} of ${host.raft.lastIndex}, the leader has ${raft.lastIndex}`;
      if (disk.unsynced.length > 0) return `${id} is still writing`;
      if (reading.size > 0) return `${id} owes the answers to ${reading.size} reads`;
      const progress = raft.progress.get(id);
      if (progress === undefined) continue;
      const { state, inflightMessages, inflightBytes, matchIndex } = progress;
      if (inflightMessages > 0 || inflightBytes > 0) return `${inflightBytes} bytes are in flight to ${id}`;
      if (state !== 'replicate' || matchIndex !== raft.lastIndex) return `${id} matches up to ${matchIndex} (${state})`;
    }
    return undefined;
  }
}

const nothing: DiskContent = {
  base: { index: 0, term: 0 },
  configuration: undefined,
  hardState: { term: 0, votedFor: undefined, commitIndex: 0 },
  entries: [],
};

/** What every disk holds at the start. */
function contentOf({ base, configuration }: Profile): DiskContent {
  const hardState = { term: Math.max(1, base.term), votedFor: undefined, commitIndex: base.index };
  if (base.index > 0) return { base, configuration, hardState, entries: [] };
  const first = { index: 1, term: 1, type: EntryType.configuration, data: encodeConfiguration(configuration) };
  return { base, configuration: undefined, hardState, entries: [first] };
}
