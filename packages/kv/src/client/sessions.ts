import { type Clock, type LogIndex, RaftError, type SessionPosition } from '@raft/core';

export interface SessionsOptions {
  readonly clock: Clock;
  /** Milliseconds without a change after which `keep` is called. */
  readonly keepAliveMs: number;
  /** Opens a session with the cluster. */
  open(): Promise<LogIndex>;
  /** Tells the cluster that a session is in use. */
  keep(id: LogIndex): Promise<unknown>;
}

/** A command's place in a session, from its first attempt to its end. */
export interface Place {
  /** As it is by now: what is acknowledged moves on. */
  readonly position: SessionPosition;
  /** The cluster does not know the session any more: later commands get another. */
  lost(): void;
  /** The command has ended, however it did, and is not repeated. */
  leave(): void;
}

/** One session at a time, opened when it is first needed and anew after it was lost. */
export class Sessions {
  readonly #options: SessionsOptions;
  #current: ClientSession | undefined;
  #opening: Promise<void> | undefined;
  #closed = false;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Of the session that is open, if one is. */
  get id(): LogIndex | undefined {
    return this.#current?.id;
  }

  /** A place in the session that is open; undefined when there is none: {@link open} one. */
  enter(): Place | undefined {
    return this.#current?.enter();
  }

  /** Resolves once there was a session; rejects when it could not be opened. All who need one share the attempt. */
  open(): Promise<void> {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  close(): void {
    this.#closed = true;
    this.#current?.end();
    this.#current = undefined;
  }

  async #open(): Promise<void> {
    const id = await this.#options.open();
    if (this.#closed) return;
    const session: ClientSession = new ClientSession(id, this.#options, () => {
      session.end();
      if (this.#current === session) this.#current = undefined;
    });
    this.#current = session;
  }
}

class ClientSession {
  readonly id: LogIndex;
  readonly #options: SessionsOptions;
  readonly #lost: () => void;
  #lastSequence = 0;
  /** Sequence numbers of the commands under way, in ascending order: a Set keeps that in which they came. */
  readonly #underWay = new Set<number>();
  #usedAt: number;
  #timer: ReturnType<Clock['setTimer']>;

  constructor(id: LogIndex, options: SessionsOptions, lost: () => void) {
    this.id = id;
    this.#options = options;
    this.#lost = lost;
    this.#usedAt = options.clock.now();
    this.#timer = this.#arm();
  }

  enter(): Place {
    const { id } = this;
    const sequence = ++this.#lastSequence;
    this.#underWay.add(sequence);
    const firstUnacknowledged = (): number => this.#underWay.values().next().value ?? sequence;
    return {
      get position() {
        return { id, sequence, firstUnacknowledged: firstUnacknowledged() };
      },
      lost: this.#lost,
      leave: () => {
        this.#underWay.delete(sequence);
        this.#usedAt = this.#options.clock.now();
      },
    };
  }

  end(): void {
    this.#timer.cancel();
  }

  #arm(): ReturnType<Clock['setTimer']> {
    return this.#options.clock.setTimer(this.#usedAt + this.#options.keepAliveMs, () => {
      const { clock, keepAliveMs, keep } = this.#options;
      if (clock.now() - this.#usedAt >= keepAliveMs) {
        this.#usedAt = clock.now();
        keep(this.id).catch((error: unknown) => {
          // Any other failure is of the moment: the next time is soon enough, and a command notices if it is not.
          if (error instanceof RaftError && error.code === 'RAFT_SESSION_EXPIRED') this.#lost();
        });
      }
      this.#timer = this.#arm();
    });
  }
}
