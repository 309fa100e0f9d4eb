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

/**
 * Commands from the first that is under way on, for which a cluster keeps results; it refuses those beyond, after they have been
 * through its log.
 */
const maxPlaces = 1024;

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

  /** A place in the session that is open; undefined when there is none, or no session: wait for {@link room}. */
  enter(): Place | undefined {
    return this.#current?.enter();
  }

  /** Resolves once there was room in a session; rejects when none could be opened. All who need one share the attempt. */
  room(): Promise<void> {
    if (this.#current !== undefined) return this.#current.room();
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
  /** Those that wait for a place; nobody overtakes them. */
  #crowd: { readonly room: Promise<void>; readonly enter: () => void } | undefined;
  #usedAt: number;
  #timer: ReturnType<Clock['setTimer']>;

  constructor(id: LogIndex, options: SessionsOptions, lost: () => void) {
    this.id = id;
    this.#options = options;
    this.#lost = lost;
    this.#usedAt = options.clock.now();
    this.#timer = this.#arm();
  }

  enter(): Place | undefined {
    if (this.#crowd !== undefined || this.#taken === maxPlaces) return undefined;
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
        // Not one by one: each time all of the crowd ask.
        if (this.#taken <= maxPlaces / 2) this.#letIn();
      },
    };
  }

  /** Places from the first that is under way on: those behind it that have ended are free only after it. */
  get #taken(): number {
    const first = this.#underWay.values().next().value;
    return first === undefined ? 0 : this.#lastSequence - first + 1;
  }

  /** Resolves when there is room, or nobody is let in any more. */
  room(): Promise<void> {
    if (this.#crowd === undefined) {
      let enter = (): void => {};
      const room = new Promise<void>((resolve) => (enter = resolve));
      this.#crowd = { room, enter };
    }
    return this.#crowd.room;
  }

  #letIn(): void {
    this.#crowd?.enter();
    this.#crowd = undefined;
  }

  end(): void {
    this.#timer.cancel();
    this.#letIn();
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
