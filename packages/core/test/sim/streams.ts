import type { SnapshotRequest } from '../../src/consensus/effects.js';
import type { InstallSnapshotResponse, Message } from '../../src/messages.js';
import type { NodeId, SnapshotMeta, Term } from '../../src/types.js';
import type { Host } from './host.js';
import { must } from './violation.js';

const PIECES = 3;

interface Stream {
  readonly id: number;
  readonly term: Term;
  readonly meta: SnapshotMeta;
  offset: number;
  tries: number;
}

let nextId = 1;

/** Sends snapshots as a host does, a piece at a time: three of a byte each. */
export class Streams {
  readonly #host: Host;
  readonly #send: (message: Message) => void;
  readonly #streams = new Map<NodeId, Stream>();

  constructor(host: Host, send: (message: Message) => void) {
    this.#host = host;
    this.#send = send;
  }

  get peers(): NodeId[] {
    return [...this.#streams.keys()];
  }

  begin({ peer, term }: SnapshotRequest): void {
    const meta = this.#host.disk.snapshot;
    must(meta !== undefined, () => `${this.#host.id} is to send a snapshot that it does not have`);
    this.#streams.set(peer, { id: nextId++, term, meta, offset: 0, tries: 0 });
    this.sendPiece(peer);
  }

  acknowledged({ from, streamId, offset, outcome }: InstallSnapshotResponse): void {
    const stream = this.#streams.get(from);
    if (stream?.id !== streamId) return;
    if (outcome === 'installed') this.#streams.delete(from);
    else if (outcome === 'refused') this.#fail(from);
    else if (offset > stream.offset) {
      stream.offset = offset;
      stream.tries = 0;
      this.sendPiece(from);
    }
  }

  /** Also when an answer is overdue: from where it was last acknowledged on. */
  sendPiece(peer: NodeId): void {
    const stream = this.#streams.get(peer);
    if (stream === undefined) return;
    if (stream.tries++ >= 5) return this.#fail(peer);
    const { id, term, meta, offset } = stream;
    const data = new Uint8Array(1);
    const piece = { snapshot: meta, streamId: id, offset, data, checksum: 0, done: offset + 1 >= PIECES };
    const message = this.#host.raft.snapshotPiece(peer, term, piece);
    if (message === undefined) this.#streams.delete(peer);
    else this.#send(message);
  }

  #fail(peer: NodeId): void {
    this.#streams.delete(peer);
    this.#host.calls.push((raft, now) => raft.snapshotFailed(peer, now));
  }
}
