import type { Codec } from '@raft/core';
import { DecodeError } from '@raft/proto';
import { detached } from './bytes.js';
import { decodeResponse, encodeResult } from './response.js';
import type { KvResult } from './types.js';

/** As a session keeps results: the Response that its client gets, and nothing for a command that was none. */
export const resultCodec: Codec<KvResult> = {
  encode: (result) => (result.type === 'malformed' ? new Uint8Array(0) : encodeResult(result)),
  decode(bytes) {
    if (bytes.length === 0) return { type: 'malformed' };
    const response = decodeResponse(bytes);
    switch (response.type) {
      case 'set':
      case 'delete':
        return response;
      case 'compareAndSet':
        // The bytes are the session table's, which may share them with much else.
        if (response.swapped || response.current === undefined) return response;
        return { ...response, current: { ...response.current, value: detached(response.current.value) } };
      default:
        throw new DecodeError(`malformed result: it is one of ${response.type}`);
    }
  },
};
