import { type Call, type CallHandler, RaftError, UnknownOutcomeError } from '@raft/core';
import { DecodeError } from '@raft/proto';
import type { KvNode } from './node.js';
import { KvOperations, type KvServiceOptions, type WriteOptions } from './operations.js';
import { parseRequest } from './request.js';
import { type Body, encodeBody, encodeError, encodeResult, statusBody } from './response.js';

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
  const { type, tagged, body, timeoutMs, session, forward } = parseRequest(call.payload);
  const options = { timeoutMs: operations.timeout(timeoutMs), forward };
  switch (type) {
    case 'set':
    case 'delete':
    case 'compareAndSet':
      serveWrite(call, tagged, { ...options, session }, operations);
      return;
    case 'status':
      call.respond(encodeBody(statusBody(operations.status())));
      return;
    case 'get':
    case 'list':
      serveOther(call, operations.perform(type, body, options), () => {}, operations);
      return;
    default: {
      const abort = new AbortController();
      const performing = operations.perform(type, body, { ...options, signal: abort.signal });
      serveOther(call, performing, () => abort.abort(), operations);
      return;
    }
  }
}

/** A client that is gone takes nothing back: the command is in the log by then. */
function serveWrite(call: Call, command: Uint8Array, options: WriteOptions, operations: KvOperations): void {
  operations
    .write(command, options)
    .then((result) => call.respond(encodeResult(result)))
    .catch((error: unknown) => answerError(call, outcomeOf(error, operations), operations));
}

function serveOther(call: Call, performing: Promise<Body>, cancel: () => void, operations: KvOperations): void {
  let gone = false;
  call.oncancel = () => {
    gone = true;
    cancel();
  };
  performing
    .then((body) => {
      // A page of a listing is worth not encoding for nobody.
      if (!gone) call.respond(encodeBody(body));
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
