import { status as Status } from '@grpc/grpc-js';
import type { Server, ServerUnaryCall, ServerWritableStream, sendUnaryData } from '@grpc/grpc-js';
import { asBuffer } from './bytes.js';
import { message, smallField, stringOf } from './fields.js';
import { plainStatus } from './status.js';

export const healthService = 'grpc.health.v1.Health';

/** The numbers of health.proto. */
const ServingStatus = { serving: 1, notServing: 2, serviceUnknown: 3 } as const;
type ServingStatus = (typeof ServingStatus)[keyof typeof ServingStatus];

/** An object because grpc-js takes an empty string for no request at all. */
interface HealthRequest {
  readonly service: string;
}

type CheckCall = ServerUnaryCall<HealthRequest, Uint8Array>;
type WatchStream = ServerWritableStream<HealthRequest, Uint8Array>;

/** The standard health service. The empty service name stands for the server as a whole. */
export class Health {
  readonly #statuses = new Map<string, ServingStatus>();
  readonly #watchers = new Set<Watcher>();

  register(server: Server): void {
    const check = ({ request: { service } }: CheckCall, callback: sendUnaryData<Uint8Array>): void => {
      const status = this.#statuses.get(service);
      if (status !== undefined) return callback(null, encode(status));
      callback(plainStatus(Status.NOT_FOUND, `service ${JSON.stringify(service)} is not known here`));
    };
    const watch = (stream: WatchStream): void => this.#watch(stream);
    server.register(`/${healthService}/Check`, check, asBuffer, decode, 'unary');
    server.register(`/${healthService}/Watch`, watch, asBuffer, decode, 'serverStream');
  }

  set(service: string, serving: boolean): void {
    this.#statuses.set(service, serving ? ServingStatus.serving : ServingStatus.notServing);
    for (const watcher of this.#watchers) watcher.tell(this.#statusOf(watcher.service));
  }

  /** Tells the watchers that nothing is served any more, and ends their streams. */
  close(): void {
    for (const service of this.#statuses.keys()) this.set(service, false);
    for (const watcher of this.#watchers) watcher.end();
    this.#watchers.clear();
  }

  #watch(stream: WatchStream): void {
    const watcher = new Watcher(stream.request.service, stream);
    this.#watchers.add(watcher);
    stream.on('cancelled', () => this.#watchers.delete(watcher));
    watcher.tell(this.#statusOf(watcher.service));
  }

  #statusOf(service: string): ServingStatus {
    return this.#statuses.get(service) ?? ServingStatus.serviceUnknown;
  }
}

/** Tells one client of changes. A client that reads slowly misses those that are over. */
class Watcher {
  readonly service: string;
  readonly #stream: WatchStream;
  #told: ServingStatus | undefined;
  #latest: ServingStatus | undefined;
  #writing = false;

  constructor(service: string, stream: WatchStream) {
    this.service = service;
    this.#stream = stream;
  }

  tell(status: ServingStatus): void {
    this.#latest = status;
    if (this.#writing || status === this.#told) return;
    this.#writing = true;
    this.#told = status;
    this.#stream.write(encode(status), () => {
      this.#writing = false;
      if (this.#latest !== undefined && !this.#stream.writableEnded) this.tell(this.#latest);
    });
  }

  end(): void {
    this.#stream.emit('error', plainStatus(Status.UNAVAILABLE, 'the server is stopping'));
  }
}

function encode(status: ServingStatus): Uint8Array {
  return message(smallField(1, status));
}

/** Throws `DecodeError`. */
function decode(bytes: Uint8Array): HealthRequest {
  return { service: stringOf(bytes, 1) };
}
