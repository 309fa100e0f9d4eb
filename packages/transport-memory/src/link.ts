import { messageBytes } from '@raft/core';
import type { Clock, Message, Random, Timer } from '@raft/core';
import type { Faults } from './faults.js';

/** Carries the messages of one group from one node to another, in order unless a fault says otherwise. */
export interface Link {
  send(message: Message): void;
}

export interface LinkOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Read at each message, so that faults can change while messages are under way. */
  readonly faults: () => Faults | undefined;
  readonly maxQueuedBytes: number;
  /** Takes messages that arrive together; never called within `send`. */
  readonly deliver: (messages: readonly Message[]) => void;
  readonly dropped: (count: number) => void;
}

interface Delayed {
  readonly at: number;
  readonly message: Message;
}

export function createLink(options: LinkOptions): Link {
  const { clock, random, deliver } = options;
  /** Arrive together after this turn of the event loop. */
  let ready: Message[] = [];
  /** Sorted by time of arrival; equal times in the order of sending. */
  const delayed: Delayed[] = [];
  let timer: { readonly at: number; readonly handle: Timer } | undefined;
  /** The latest arrival so far: messages in order do not arrive before it. */
  let lastAt = 0;
  let queuedBytes = 0;

  function send(message: Message): void {
    const bytes = messageBytes(message);
    if (queuedBytes + bytes > options.maxQueuedBytes) return options.dropped(1);
    const faults = options.faults();
    if (faults === undefined && delayed.length === 0) return sendReady(message, bytes);
    const { dropRate = 0, duplicateRate = 0 } = faults ?? {};
    if (dropRate > 0 && random() < dropRate) return options.dropped(1);
    sendDelayed(message, bytes, faults ?? {});
    if (duplicateRate > 0 && random() < duplicateRate) sendDelayed(message, bytes, faults ?? {});
  }

  function sendReady(message: Message, bytes: number): void {
    queuedBytes += bytes;
    if (ready.push(message) === 1) clock.defer(flush);
  }

  function sendDelayed(message: Message, bytes: number, faults: Faults): void {
    queuedBytes += bytes;
    const { min, max } = faults.delayMs ?? { min: 0, max: 0 };
    const at = clock.now() + min + (max > min ? random() * (max - min) : 0);
    const reordered = faults.reorderRate !== undefined && random() < faults.reorderRate;
    insert({ at: reordered ? at : Math.max(at, lastAt), message });
    lastAt = Math.max(at, lastAt);
    schedule();
  }

  function insert(item: Delayed): void {
    let index = delayed.length;
    while (index > 0 && (delayed[index - 1] as Delayed).at > item.at) index -= 1;
    delayed.splice(index, 0, item);
  }

  function schedule(): void {
    const first = delayed[0];
    if (first === undefined || (timer !== undefined && timer.at <= first.at)) return;
    timer?.handle.cancel();
    timer = { at: first.at, handle: clock.setTimer(first.at, onTimer) };
  }

  function onTimer(): void {
    timer = undefined;
    flush();
    const now = clock.now();
    const due = delayed.findIndex((item) => item.at > now);
    const arrived = delayed.splice(0, due === -1 ? delayed.length : due).map((item) => item.message);
    schedule();
    hand(arrived);
  }

  function flush(): void {
    const messages = ready;
    ready = [];
    hand(messages);
  }

  function hand(messages: readonly Message[]): void {
    if (messages.length === 0) return;
    for (const message of messages) queuedBytes -= messageBytes(message);
    deliver(messages);
  }

  return { send };
}
