import type { ChangeOutcome, ChangePreview } from '../consensus/membership.js';
import type { Raft } from '../consensus/raft.js';
import {
  AbortedError,
  InvalidArgumentError,
  MembershipError,
  ProposalDroppedError,
  TimeoutError,
  UnknownOutcomeError,
} from '../errors.js';
import type { NotLeaderError, RaftError } from '../errors.js';
import type { LogIndex, NodeId, Term } from '../types.js';
import type { Membership, MembershipChange, MembershipOptions, MembershipPreview } from './api.js';
import { inProgress, refusedChange } from './refusals.js';
import { membershipOf } from './status.js';
import type { Waiter, Waiters } from './waiters.js';

/** Entries that a voter to be may lack when the caller does not want to wait: what comes in a moment. */
const MOMENT_ENTRIES = 1000;

export interface MembershipChangesOptions {
  /**
   * Milliseconds. A learner has caught up once it gets, in less time than this, all entries that the leader had when it began to
   * (thesis, section 4.2.1): then a cluster that needs its vote does not wait for longer than it would for an election.
   */
  readonly roundMs: number;
  /** Brings back wiped members by itself. */
  readonly readmitWiped: boolean;
}

/** An entry with a configuration, appended here. */
interface Step {
  readonly index: LogIndex;
  readonly term: Term;
  readonly joint: boolean;
  /** It was seen in the log, below the commit index: a compaction may take it away now. */
  isCommitted: boolean;
}

/** How far a voter to be is: it is to have `target` by `startedAt + roundMs`. */
interface Round {
  readonly target: LogIndex;
  readonly startedAt: number;
}

interface Job {
  readonly change: MembershipChange;
  readonly options: MembershipOptions;
  waiter: Waiter<Membership>;
  ended: boolean;
  /** Entered first, so that new voters catch up as learners. */
  learning: Step | undefined;
  readonly rounds: Map<NodeId, Round>;
  readonly caughtUp: Set<NodeId>;
  step: Step | undefined;
  /** What keeps it from going on, and whether that is voters to be that have not caught up. */
  waitsFor: string;
  lags: boolean;
}

/** Changes of the membership on request: one at a time, new voters as learners first; and wiped members brought back. */
export class MembershipChanges {
  readonly #waiters: Waiters;
  readonly #options: MembershipChangesOptions;
  #queue: Job[] = [];
  #job: Job | undefined;

  constructor(waiters: Waiters, options: MembershipChangesOptions) {
    this.#waiters = waiters;
    this.#options = options;
  }

  add(
    change: MembershipChange,
    options: MembershipOptions,
    settle: { resolve: (membership: Membership) => void; reject: (error: unknown) => void },
  ): void {
    const invalid = whyInvalid(change);
    if (invalid !== undefined) return settle.reject(new InvalidArgumentError(invalid));
    const job = {
      ...{ change, options, ended: false, learning: undefined, rounds: new Map(), caughtUp: new Set() },
      ...{ step: undefined, waitsFor: 'its turn', lags: false },
    } as unknown as Job;
    job.waiter = this.#waiters.add(settle, options, (why) => {
      job.ended = true;
      return expired(job, why);
    });
    this.#queue.push(job);
  }

  /** Says what the change would do, or throws what it would throw. */
  preview(
    raft: Raft,
    change: MembershipChange,
    expected: LogIndex | undefined,
    notLeader: () => NotLeaderError,
  ): MembershipPreview {
    const invalid = whyInvalid(change);
    if (invalid !== undefined) throw new InvalidArgumentError(invalid);
    if (this.#job?.ended === false) throw inProgress(`another change waits for ${this.#job.waitsFor}`);
    const preview = raft.previewMembership({ ...change, expected });
    if (preview.refusal !== undefined) throw refusedChange(preview.refusal, notLeader);
    const { before, after, joint, behind } = preview;
    return { before, after, joint, behind };
  }

  /** Once in each turn: begins what was asked for, and goes on with what was begun. */
  turn(raft: Raft, now: number, notLeader: () => NotLeaderError): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const job of queue) {
      if (job.ended) continue;
      if (this.#job?.ended === false) end(job, inProgress(`another change waits for ${this.#job.waitsFor}`));
      else this.#job = job;
    }
    const job = this.#job;
    if (job?.ended === false) this.#advance(job, raft, now, notLeader);
    else if (raft.role === 'leader' && this.#options.readmitWiped) readmit(raft, now);
    if (this.#job?.ended === true) this.#job = undefined;
  }

  /** Fails what may be in the log; the others are left to their waiters. */
  stop(loggedError: () => RaftError): void {
    if (this.#job?.step !== undefined) end(this.#job, loggedError());
  }

  #advance(job: Job, raft: Raft, now: number, notLeader: () => NotLeaderError): void {
    if (job.step !== undefined) return settleStep(job, job.step, raft);
    if (job.learning !== undefined && !isCommitted(job.learning, raft)) {
      if (raft.role !== 'leader') end(job, notLeader());
      return;
    }
    const { expected } = job.options;
    const change = { ...job.change, expected: job.learning === undefined ? expected : undefined };
    const preview = raft.previewMembership(change);
    if (preview.refusal !== undefined) {
      // Another change that somebody asked for ends the call, what the consensus has to do by itself does not.
      const passes = preview.refusal.why === 'notReady' || (preview.refusal.why === 'inProgress' && isShort(raft));
      if (!passes) return end(job, refusedChange(preview.refusal, notLeader));
      job.waitsFor = 'the leader, which is new';
      return;
    }
    const behind = this.#behind(job, preview, raft, now);
    const refused = job.options.failIfBehind === true ? whyTooFarBehind(preview) : undefined;
    if (refused !== undefined) return end(job, refused);
    if (behind.length > 0) return this.#letCatchUp(job, behind, raft, now, notLeader);
    const outcome = raft.changeMembership(change, now);
    if (outcome.refusal !== undefined) return end(job, refusedChange(outcome.refusal, notLeader));
    job.step = stepOf(outcome, raft);
    job.waitsFor = `the configuration of index ${outcome.index} to be committed`;
    settleStep(job, job.step, raft);
  }

  /** Voters to be that have not caught up. */
  #behind(job: Job, preview: ChangePreview, raft: Raft, now: number): NodeId[] {
    const joining = preview.after.voters.filter((id) => !preview.before.voters.includes(id));
    return joining.filter((id) => {
      const round = job.rounds.get(id) ?? { target: raft.lastIndex, startedAt: now };
      job.rounds.set(id, round);
      const { matchIndex = -1, contactAt = 0 } = raft.progress.get(id) ?? {};
      if (matchIndex < round.target) return !job.caughtUp.has(id);
      job.rounds.delete(id);
      const { roundMs } = this.#options;
      if (now - round.startedAt < roundMs && now - contactAt < roundMs) job.caughtUp.add(id);
      return !job.caughtUp.has(id);
    });
  }

  #letCatchUp(job: Job, behind: readonly NodeId[], raft: Raft, now: number, notLeader: () => NotLeaderError): void {
    const lags = behind.map((id) => {
      const progress = raft.progress.get(id);
      return progress === undefined ? id : `${id} (${raft.lastIndex - progress.matchIndex} entries behind)`;
    });
    job.waitsFor = `${lags.join(', ')} to catch up`;
    job.lags = true;
    const { learners, voters, outgoing } = raft.configuration;
    const strangers = behind.filter((id) => ![...learners, ...voters, ...outgoing].includes(id));
    if (strangers.length === 0) return;
    const named = Object.entries(job.change.addresses ?? {}).filter(([id]) => strangers.includes(id));
    const { expected } = job.options;
    const outcome = raft.changeMembership({ learners: strangers, addresses: Object.fromEntries(named), expected }, now);
    if (outcome.refusal !== undefined) return end(job, refusedChange(outcome.refusal, notLeader));
    job.learning = stepOf(outcome, raft);
  }
}

function stepOf({ index, joint }: Extract<ChangeOutcome, { refusal: undefined }>, raft: Raft): Step {
  // A change that changes nothing is done already.
  return { index, joint, term: raft.termAt(index) ?? raft.term, isCommitted: index <= raft.commitIndex };
}

/** Nobody has to wait for somebody else: the entry under way is no joint one. */
function isShort(raft: Raft): boolean {
  return raft.configuration.outgoing.length === 0;
}

function isCommitted({ index, term }: Step, raft: Raft): boolean {
  return raft.commitIndex >= index && (raft.termAt(index) ?? term) === term;
}

/** It is done once a committed configuration without a joint phase follows; whoever leads by then, it goes on by itself. */
function settleStep(job: Job, step: Step, raft: Raft): void {
  const { index, term, joint } = step;
  const found = raft.termAt(index);
  if ((found ?? term) !== term) return end(job, new ProposalDroppedError(index));
  const { configurationIndex, commitIndex, configuration } = raft;
  if (commitIndex < index) return;
  step.isCommitted ||= found === term;
  if (!step.isCommitted) return end(job, new UnknownOutcomeError('a snapshot came in place of the change'));
  if (commitIndex < configurationIndex) return;
  if (joint && (configurationIndex === index || configuration.outgoing.length > 0)) return;
  job.ended = true;
  job.waiter.resolve(membershipOf(raft));
}

function end(job: Job, error: RaftError): void {
  job.ended = true;
  job.waiter.reject(error);
}

function expired({ step, lags, waitsFor }: Job, why: 'deadline' | 'abort'): RaftError {
  const what = why === 'abort' ? 'the caller gave up' : 'the deadline passed';
  if (step !== undefined) return new UnknownOutcomeError(`${what} before the change was committed`);
  if (lags) {
    const message = `${what} while the change waited for ${waitsFor}: they may be learners by now, ask again when they have`;
    return new MembershipError('RAFT_LEARNER_BEHIND', message);
  }
  return why === 'abort'
    ? new AbortedError(`${what} before anything was changed`)
    : new TimeoutError(`${what} before anything was changed: the change waited for ${waitsFor}`);
}

function whyTooFarBehind({ behind }: ChangePreview): MembershipError | undefined {
  const far = behind.filter(({ lag }) => lag === undefined || lag > MOMENT_ENTRIES);
  if (far.length === 0) return undefined;
  const lags = far.map(({ id, lag }) => `${id} ${lag === undefined ? 'was never heard of' : `lacks ${lag} entries`}`);
  return new MembershipError(
    'RAFT_LEARNER_BEHIND',
    `${lags.join(', ')}: add it as a learner, and again when it has caught up`,
  );
}

/** A refusal has passed by the next turn, or the change is not needed any more. */
function readmit(raft: Raft, now: number): void {
  const change = raft.readmission;
  if (change !== undefined) raft.changeMembership(change, now);
}

/** Whoever calls over a network, or from JavaScript, may give anything. */
function whyInvalid(change: MembershipChange): string | undefined {
  for (const key of ['add', 'remove', 'learners'] as const) {
    const ids: unknown = change[key] ?? [];
    if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string')) return `${key} must be a list of node ids`;
  }
  const addresses: unknown = change.addresses ?? {};
  const isRecord = typeof addresses === 'object' && addresses !== null && !Array.isArray(addresses);
  const texts = isRecord && Object.values(addresses).every((address) => typeof address === 'string');
  return texts ? undefined : 'addresses must give an address by node id';
}
