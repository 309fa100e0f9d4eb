import { InvalidArgumentError, TransportError } from '@raft/core';
import type { Address, CallHandler, GroupId, NodeId, Receiver, Transport } from '@raft/core';
import type { Endpoint, Hub } from './hub.js';
import { createLink } from './link.js';
import type { Link } from './link.js';

export interface MemoryTransportOptions {
  readonly nodeId: NodeId;
  /** Where clients find it beside its id. Default none. */
  readonly address?: Address;
  /** Serves clients' requests. Without it they are refused. */
  readonly onCall?: CallHandler;
}

export function createTransport(hub: Hub, options: MemoryTransportOptions): Transport {
  const { nodeId, address, onCall } = options;
  const receivers = new Map<GroupId, Receiver>();
  const links = new Map<NodeId, Map<GroupId, Link>>();
  const calls = new Set<() => void>();
  const names = new Set(address === undefined ? [nodeId] : [nodeId, address]);
  let state: 'new' | 'started' | 'closed' = 'new';

  const endpoint: Endpoint = {
    nodeId,
    receiver: (group) => receivers.get(group),
    peerDown(peer) {
      for (const receiver of receivers.values()) receiver.peerDown?.(peer);
    },
    peerUp(peer) {
      for (const receiver of receivers.values()) receiver.peerUp?.(peer);
    },
    call(call, lost) {
      if (onCall === undefined) return call.fail(`node ${nodeId} serves no clients`);
      calls.add(lost);
      onCall(call);
    },
    release: (lost) => void calls.delete(lost),
  };

  function link(to: NodeId, group: GroupId): Link {
    const groups = links.get(to) ?? new Map<GroupId, Link>();
    links.set(to, groups);
    let found = groups.get(group);
    if (found === undefined) {
      found = createLink({
        clock: hub.clock,
        random: hub.random,
        faults: () => hub.faults(),
        maxQueuedBytes: hub.maxQueuedBytes,
        deliver: (messages) => hub.deliver(nodeId, to, group, messages),
        dropped: (count) => void (hub.stats.dropped += count),
      });
      groups.set(group, found);
    }
    return found;
  }

  return {
    async start() {
      if (state !== 'new')
        throw new TransportError(
          'RAFT_TRANSPORT',
          `the transport of node ${nodeId} is ${state} already: make a new one`,
        );
      for (const name of names) {
        if (hub.endpoints.has(name)) {
          throw new TransportError(
            'RAFT_ADDRESS_IN_USE',
            `${name} is on this network already: close its transport first`,
          );
        }
      }
      state = 'started';
      hub.join(endpoint, names);
    },
    attach(group, receiver) {
      if (receivers.has(group)) throw new InvalidArgumentError(`group ${group} is attached already: detach it first`);
      receivers.set(group, receiver);
    },
    detach: (group) => void receivers.delete(group),
    setPeers() {},
    send(group, messages) {
      hub.stats.sent += messages.length;
      for (const message of messages) {
        if (state === 'started' && message.to !== nodeId) link(message.to, group).send(message);
        else hub.stats.dropped += 1;
      }
    },
    async close() {
      if (state === 'started') hub.leave(endpoint);
      state = 'closed';
      receivers.clear();
      for (const lost of calls) lost();
      calls.clear();
    },
  };
}
