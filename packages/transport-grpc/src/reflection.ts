import { status as Status } from '@grpc/grpc-js';
import type { Server } from '@grpc/grpc-js';
import { DecodeError } from '@raft/proto';
import type { FileDescriptor } from '@raft/proto/descriptors';
import { asBuffer } from './bytes.js';
import type { DescriptorIndex } from './descriptor-index.js';
import { bytesField, bytesFields, message, smallField, stringField, text } from './fields.js';
import { endStream } from './inbound-peer.js';
import type { ServerStream } from './inbound-peer.js';
import { plainStatus } from './status.js';

/** The same protocol under two names; older tools know the second only. */
export const reflectionServices: readonly string[] = [
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
];

/** Field numbers of reflection.proto. */
const Request = {
  host: 1,
  fileByFilename: 3,
  fileContainingSymbol: 4,
  fileContainingExtension: 5,
  allExtensionNumbersOfType: 6,
  listServices: 7,
} as const;
const Response = { validHost: 1, originalRequest: 2, files: 4, extensionNumbers: 5, services: 6, error: 7 } as const;

/** The standard reflection service. */
export class Reflection {
  readonly #index: DescriptorIndex;
  readonly #services: readonly string[];

  /** `services` are the full names of all that the server serves. */
  constructor(index: DescriptorIndex, services: readonly string[]) {
    this.#index = index;
    this.#services = services;
  }

  register(server: Server): void {
    const serve = (stream: ServerStream): void => this.#serve(stream);
    for (const service of reflectionServices) {
      server.register(`/${service}/ServerReflectionInfo`, serve, asBuffer, (bytes: Buffer) => bytes, 'bidi');
    }
  }

  #serve(stream: ServerStream): void {
    stream.on('data', (request: Uint8Array) => {
      let response: Uint8Array;
      try {
        response = this.#answer(request);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        return endStream(stream, plainStatus(Status.INVALID_ARGUMENT, error.message));
      }
      // One at a time, so that answers which nobody reads do not gather.
      stream.pause();
      stream.write(response, () => stream.resume());
    });
    stream.on('end', () => stream.end());
  }

  #answer(request: Uint8Array): Uint8Array {
    const fields = bytesFields(request);
    const host = fields.findLast(({ field }) => field === Request.host)?.value ?? new Uint8Array(0);
    // Of the alternatives the last one counts.
    const query = fields.findLast(({ field }) => field >= Request.fileByFilename && field <= Request.listServices);
    return message(
      bytesField(Response.validHost, host),
      bytesField(Response.originalRequest, request),
      query === undefined ? failure(Status.INVALID_ARGUMENT, 'the request asks nothing') : this.#find(query),
    );
  }

  #find({ field, value }: { field: number; value: Uint8Array }): Uint8Array {
    switch (field) {
      case Request.fileByFilename:
        return filesResponse(this.#index.byName(text(value)), `file ${text(value)}`);
      case Request.fileContainingSymbol:
        return filesResponse(this.#index.bySymbol(text(value)), `symbol ${text(value)}`);
      case Request.listServices:
        return bytesField(
          Response.services,
          message(...this.#services.map((name) => bytesField(1, stringField(1, name)))),
        );
      case Request.allExtensionNumbersOfType:
        if (this.#index.bySymbol(text(value)) === undefined) return notFound(`type ${text(value)}`);
        // proto3 has no extensions.
        return bytesField(Response.extensionNumbers, stringField(1, text(value)));
      default:
        return notFound('extension');
    }
  }
}

function filesResponse(files: readonly FileDescriptor[] | undefined, what: string): Uint8Array {
  if (files === undefined) return notFound(what);
  return bytesField(Response.files, message(...files.map(({ bytes }) => bytesField(1, bytes))));
}

function notFound(what: string): Uint8Array {
  return failure(Status.NOT_FOUND, `${what} is not known here`);
}

function failure(code: Status, reason: string): Uint8Array {
  return bytesField(Response.error, message(smallField(1, code), stringField(2, reason)));
}
