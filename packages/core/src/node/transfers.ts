import type { TransferOutcome } from '../consensus/effects.js';
import type { Raft } from '../consensus/raft.js';
import { AbortedError, InvalidArgumentError, TransferError } from '../errors.js';
import type { NotLeaderError } from '../errors.js';
import type { NodeId } from '../types.js';
import type { CallOptions } from './api.js';
import type { Waiter, Waiters } from './waiters.js';

interface Transfer {
  readonly target: NodeId | undefined;
  waiter: Waiter<void>;
  ended: boolean;
}

/** Leaderships to be handed over on request, one at a time. */
export class Transfers {
  readonly #waiters: Waiters;
  #queue: Transfer[] = [];
  #underWay: Transfer | undefined;

  constructor(waiters: Waiters) {
    this.#waiters = waiters;
  }

  add(
    target: NodeId | undefined,
    options: CallOptions,
    settle: { resolve: () => void; reject: (error: unknown) => void },
  ): void {
    const transfer = { target, ended: false } as Transfer;
    transfer.waiter = this.#waiters.add(settle, options, (why) => {
      transfer.ended = true;
      return why === 'abort'
        ? new AbortedError('the caller waits no more; the leadership may yet be handed over')
        : new TransferError('nobody is known to have taken over in time; it may yet happen');
    });
    this.#queue.push(transfer);
  }

  enter(raft: Raft, now: number, notLeader: () => NotLeaderError): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const transfer of queue) if (!transfer.ended) this.#begin(transfer, raft, now, notLeader);
  }

  #begin(transfer: Transfer, raft: Raft, now: number, notLeader: () => NotLeaderError): void {
    const refusal = raft.transferLeadership(transfer.target, now);
    if (refusal === undefined) {
      this.#underWay = transfer;
      return;
    }
    transfer.ended = true;
    if (refusal.why === 'notLeader') transfer.waiter.reject(notLeader());
    else if (refusal.why === 'invalid') transfer.waiter.reject(new InvalidArgumentError(refusal.message));
    else transfer.waiter.reject(new TransferError(`${reasons[refusal.why]}: try again when that has passed`));
  }

  settle({ leaderId, reason }: TransferOutcome): void {
    const transfer = this.#underWay;
    this.#underWay = undefined;
    if (transfer === undefined || transfer.ended) return;
    transfer.ended = true;
    const isDone = leaderId !== undefined && (transfer.target === undefined || transfer.target === leaderId);
    if (isDone) transfer.waiter.resolve();
    else transfer.waiter.reject(new TransferError(`the leadership was not handed over as asked: ${reason}`));
  }
}

const reasons = {
  notReady: 'the leader is new and has committed nothing yet',
  inProgress: 'a change of the membership is under way',
  conflict: 'the membership is another by now',
  transferring: 'the leadership is being handed over already',
  diskFull: 'the disk is full',
} as const;
