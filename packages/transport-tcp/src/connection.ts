import type { Socket } from 'node:net';
import { DecodeError } from '@raft/proto';
import { FrameError, frameHeaderBytes, writeFrameHeader } from './frame.js';
import type { FrameKind } from './frame.js';
import { FrameReader } from './frame-reader.js';

/** Below, header and payload are copied together; above, two writes in one system call are cheaper. */
const copiedPayloadBytes = 4096;

/** What does not close by itself is cut off after so many milliseconds. */
const finishTimeoutMs = 500;

export interface ConnectionEvents {
  /** The payload may be a view of a chunk that other frames came in. */
  frame(kind: number, payload: Uint8Array): void;
  /** Called once, after which nothing else is. */
  closed(end: ConnectionEnd): void;
}

export interface ConnectionEnd {
  readonly reason: string;
  /** The other side broke the protocol or a limit, so that somebody should be told. */
  readonly fault: boolean;
}

/** A socket that carries frames. Its errors end it and are told in `closed`. */
export class Connection {
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  #end: ConnectionEnd | undefined;
  #reading = true;

  constructor(socket: Socket, maxFrameBytes: number, events: ConnectionEvents) {
    this.#socket = socket;
    this.#reader = new FrameReader(maxFrameBytes, (kind, payload) => events.frame(kind, payload));
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => this.#endWith({ reason: describe(error), fault: false }));
    socket.on('close', () => {
      this.#stopReading();
      events.closed(this.#end ?? { reason: 'closed by the other side', fault: false });
    });
  }

  /** Bytes that the operating system has not taken yet. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  /** Changes when the operating system takes more bytes, and only then as long as some are unsent. */
  get progress(): number {
    // What Node itself looks at to tell a slow write from one that stands still; a write may be megabytes.
    const handle = Reflect.get(this.#socket, '_handle') as { writeQueueSize?: number } | null | undefined;
    return this.#socket.bytesWritten - this.#socket.writableLength - (handle?.writeQueueSize ?? 0);
  }

  set maxFrameBytes(bytes: number) {
    this.#reader.maxFrameBytes = bytes;
  }

  /** Sends a frame; nobody may write to the payload afterwards. `taken` runs once the operating system has taken it, if ever. */
  write(kind: FrameKind, payload: Uint8Array, taken?: () => void): void {
    if (this.#socket.destroyed || !this.#socket.writable) return;
    if (payload.length <= copiedPayloadBytes) {
      const frame = Buffer.allocUnsafe(frameHeaderBytes + payload.length);
      writeFrameHeader(frame, kind, payload);
      frame.set(payload, frameHeaderBytes);
      this.#socket.write(frame, taken);
    } else {
      const header = Buffer.allocUnsafe(frameHeaderBytes);
      writeFrameHeader(header, kind, payload);
      this.#socket.cork();
      this.#socket.write(header);
      this.#socket.write(payload, taken);
      this.#socket.uncork();
    }
  }

  /** Gathers the frames that `write` sends into one system call. */
  together(write: () => void): void {
    this.#socket.cork();
    write();
    this.#socket.uncork();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Runs `task` whenever all that had piled up was taken. */
  onDrain(task: () => void): void {
    this.#socket.on('drain', task);
  }

  /** Runs `task` when answers do not move for so long; an idle connection does not count. */
  onStall(timeoutMs: number, task: () => void): void {
    this.#socket.setTimeout(timeoutMs, () => {
      if (this.#socket.writableLength > 0) task();
    });
  }

  /** Sends what was written, then closes, by force if need be. Nothing that still arrives is handed over. */
  finish(end: ConnectionEnd): void {
    this.#end ??= end;
    this.#stopReading();
    // What arrives is thrown away: unread bytes would make the system reset the connection, and lose what we just wrote.
    this.#socket.resume();
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), finishTimeoutMs);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  /** Closes at once. */
  destroy(end: ConnectionEnd): void {
    this.#endWith(end);
  }

  #endWith(end: ConnectionEnd): void {
    this.#end ??= end;
    this.#stopReading();
    this.#socket.destroy();
  }

  #stopReading(): void {
    this.#reading = false;
    this.#reader.stop();
  }

  #onData(chunk: Buffer): void {
    if (!this.#reading) return;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      if (!(error instanceof FrameError || error instanceof DecodeError)) throw error;
      this.#endWith({ reason: error.message, fault: true });
    }
  }
}

function describe(error: NodeJS.ErrnoException): string {
  // With several addresses for a name, the message of the whole is empty.
  const inner = error instanceof AggregateError ? (error.errors as Error[]).map((each) => each.message).join(', ') : '';
  return error.message || inner || error.code || 'unknown error';
}
