import type { Clock } from '../../clock.js';
import { InvalidArgumentError, TimeoutError, UnknownOutcomeError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import { EntryType } from '../../types.js';
import type { LogIndex } from '../../types.js';
import type { CallOptions, KeepSessionOptions, Session, SessionPosition } from '../api.js';
import { DEFAULT_TIMEOUT_MS } from '../waiters.js';
import type { Waiters } from '../waiters.js';
import { encodeSessionCommand, encodeSessionEntry } from './entries.js';
import { ClientSession } from './session.js';
import type { SessionHost } from './session.js';

export interface SessionCallsOptions {
  readonly maxSessions: number;
  readonly sessionTimeoutMs: number;
  readonly electionTimeoutMs: { readonly min: number; readonly max: number };
}

export interface SessionCallsHost<Command> {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly waiters: Waiters;
  /** The bytes of a command; throws for one that cannot be proposed. */
  encode(command: Command): Uint8Array;
  /** Proposes an entry and gives what it came to. */
  submit(type: EntryType, data: Uint8Array, options: CallOptions): Promise<unknown>;
}

/** The callers' side of sessions: the entries that they propose, and the sessions that were opened on this node. */
export class SessionCalls<Command, Result> {
  readonly #host: SessionCallsHost<Command>;
  readonly #options: SessionCallsOptions;
  readonly #open = new Set<ClientSession<Command, Result>>();
  #stopped = false;

  constructor(host: SessionCallsHost<Command>, options: SessionCallsOptions) {
    this.#host = host;
    this.#options = options;
  }

  async open(options: CallOptions): Promise<Session<Command, Result>> {
    const id = await this.#registerUntil(options);
    const session = new ClientSession(id, this.#sessionHost());
    if (this.#stopped) session.stop();
    else this.#open.add(session);
    return session;
  }

  /** A register entry that nobody knows of costs little and expires, so it is repeated where the outcome is not known. */
  async #registerUntil({ timeoutMs = DEFAULT_TIMEOUT_MS, signal }: CallOptions): Promise<LogIndex> {
    const { clock } = this.#host;
    const deadline = clock.now() + timeoutMs;
    for (;;) {
      const leftMs = deadline - clock.now();
      try {
        return await this.register({ timeoutMs: Math.min(leftMs, this.#attemptMs), signal });
      } catch (error) {
        const isPassing = error instanceof UnknownOutcomeError || error instanceof TimeoutError;
        if (!isPassing || clock.now() >= deadline || signal?.aborted === true) throw error;
      }
    }
  }

  get #attemptMs(): number {
    return 2 * this.#options.electionTimeoutMs.max;
  }

  async register(options: CallOptions): Promise<LogIndex> {
    const data = encodeSessionEntry({ kind: 'register', maxSessions: this.#options.maxSessions });
    return (await this.#host.submit(EntryType.session, data, options)) as LogIndex;
  }

  async keep(id: LogIndex, { firstUnacknowledged = 0, ...options }: KeepSessionOptions): Promise<void> {
    checkNumber('the session id', id, 1);
    checkNumber('firstUnacknowledged', firstUnacknowledged, 0);
    const data = encodeSessionEntry({ kind: 'keepAlive', id, firstUnacknowledged });
    await this.#host.submit(EntryType.session, data, options);
  }

  async close(id: LogIndex, options: CallOptions): Promise<void> {
    checkNumber('the session id', id, 1);
    await this.#host.submit(EntryType.session, encodeSessionEntry({ kind: 'close', id }), options);
  }

  /** The entry of a session's command. Throws {@link InvalidArgumentError} for a place that cannot be. */
  entryOf(command: Uint8Array, { id, sequence, firstUnacknowledged = 0 }: SessionPosition): Uint8Array {
    checkNumber('session.id', id, 1);
    checkNumber('session.sequence', sequence, 1);
    checkNumber('session.firstUnacknowledged', firstUnacknowledged, 0);
    return encodeSessionCommand({ id, sequence, firstUnacknowledged, command });
  }

  stop(): void {
    this.#stopped = true;
    for (const session of this.#open) session.stop();
  }

  #sessionHost(): SessionHost<Command, Result> {
    const { clock, logger, waiters, encode, submit } = this.#host;
    return {
      clock,
      logger,
      attemptMs: this.#attemptMs,
      retryDelayMs: this.#options.electionTimeoutMs.min / 4,
      keepAliveMs: this.#options.sessionTimeoutMs / 3,
      encode,
      propose: (data, position, options) =>
        submit(EntryType.sessionCommand, this.entryOf(data, position), options) as Promise<Result>,
      keepSession: (id, options) => this.keep(id, options),
      closeSession: (id, options) => this.close(id, options),
      sleep: (timeoutMs, signal) => waiters.sleep({ timeoutMs, signal }),
      ended: (session) => void this.#open.delete(session),
    };
  }
}

function checkNumber(what: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new InvalidArgumentError(`${what} must be a whole number of at least ${least}, not ${value}`);
}
