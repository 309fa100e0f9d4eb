import { type Call, type CallHandler, type CallOptions, RaftError, UnknownOutcomeError } from '@raft/core';
import { DecodeError } from '@raft/proto';
import { type KvNode, KvOperations, type KvServiceOptions } from './operations.js';
import { parseRequest } from './request.js';
import { encodeAnswer, encodeError, encodeResult, encodeStatus } from './response.js';
import type { KvAnswer } from './types.js';

/**
 * Serves clients' requests (kv.proto's Request and Response) with a node. What is malformed is refused; whatever a node ends
 * a request with is an answer. Throws {@link InvalidArgumentError} for limits that cannot work.
 */
export function kvService(node: KvNode, options: KvServiceOptions = {}): CallHandler {
  const operations = new KvOperations(node, options);
  return (call) => {
    try {
      serve(call, operations);
    } catch (error) {
      answerError(call, error, operations);
    }
  };
}

function serve(call: Call, operations: KvOperations): void {
  const { type, tagged, body, timeoutMs } = parseRequest(call.payload);
  const options = { timeoutMs: operations.timeout(timeoutMs) };
  switch (type) {
    case 'set':
    case 'delete':
    case 'compareAndSet':
      serveWrite(call, tagged, options, operations);
      return;
    case 'get':
      serveRead(call, operations.get(body, options), operations);
      return;
    case 'list':
      serveRead(call, operations.list(body, options), operations);
      return;
    case 'status':
      call.respond(encodeStatus(operations.status()));
      return;
  }
}

/** A client that is gone takes nothing back: the command is in the log by then. */
function serveWrite(call: Call, command: Uint8Array, options: CallOptions, operations: KvOperations): void {
  operations
    .write(command, options)
    .then((result) => call.respond(encodeResult(result)))
    .catch((error: unknown) => answerError(call, outcomeOf(error, operations), operations));
}

function serveRead(call: Call, reading: Promise<KvAnswer>, operations: KvOperations): void {
  let gone = false;
  call.oncancel = () => {
    gone = true;
  };
  reading
    .then((answer) => {
      // A page of a listing is worth not encoding for nobody.
      if (!gone) call.respond(encodeAnswer(answer));
    })
    .catch((error: unknown) => answerError(call, error, operations));
}

/** What a proposal ended in; after a mistake in the node nobody knows whether it was done. */
export function outcomeOf(error: unknown, operations: KvOperations): RaftError {
  if (error instanceof RaftError) return error;
  operations.logger('error', 'a proposal met a mistake in the server', { error });
  return new UnknownOutcomeError('the proposal met a mistake in the server (see its log)');
}

/** Ends a call that is not done or whose error says how far it came. */
function answerError(call: Call, error: unknown, operations: KvOperations): void {
  if (error instanceof RaftError) {
    call.respond(encodeError(error));
  } else if (error instanceof DecodeError) {
    call.fail(error.message);
  } else {
    operations.logger('error', 'a request met a mistake in the server', { error });
    call.fail('the request met a mistake in the server: see its log');
  }
}
