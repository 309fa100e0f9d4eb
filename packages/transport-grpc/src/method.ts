import { InvalidArgumentError } from '@raft/core';

/** Where servers of this project serve clients' pipelined streams, and clients look for it. */
export const defaultCallPath = '/kv.v1.KV/Pipeline';

/** The service of a method such as `/kv.v1.KV/Pipeline`. Throws {@link InvalidArgumentError}. */
export function serviceOf(path: string): string {
  const [, service] = /^\/([\w.]+)\/\w+$/.exec(path) ?? [];
  if (service === undefined) {
    throw new InvalidArgumentError(`${JSON.stringify(path)} is no method: write /package.Service/Method`);
  }
  return service;
}

/** The method of the service that raft.proto names; part of the protocol. */
export const peerPath = '/raft.v1.Peer/Stream';
