import type { Call, CallHandler, Channel, GroupId, Message, NodeId, Receiver, Transport } from '@raft/core';
import type { NodeOptions, StartedNode, TransportWorld } from '@raft/testkit';

/** Puts a fault into a world of a good transport. */
export type Break = (world: TransportWorld) => TransportWorld;

function plain(inner: Transport): Transport {
  return {
    start: () => inner.start(),
    attach: (group, receiver) => inner.attach(group, receiver),
    detach: (group) => inner.detach(group),
    setPeers: (group, addresses) => inner.setPeers(group, addresses),
    send: (group, messages) => inner.send(group, messages),
    close: () => inner.close(),
  };
}

/** Replaces methods of each transport. */
export function transports(change: (inner: Transport, nodeId: NodeId, node: StartedNode) => Partial<Transport>): Break {
  return (world) => ({
    ...world,
    async start(options) {
      const node = await world.start(options);
      return { ...node, transport: { ...plain(node.transport), ...change(node.transport, options.nodeId, node) } };
    },
  });
}

/** Changes what is sent. */
export function sends(change: (messages: readonly Message[], nodeId: NodeId, group: GroupId) => Message[]): Break {
  return transports((inner, nodeId) => ({
    send: (group, messages) => inner.send(group, change(messages, nodeId, group)),
  }));
}

/** Stands between a transport and its receivers. */
export function receivers(change: (inner: Receiver, group: GroupId) => Receiver): Break {
  return transports((inner) => ({ attach: (group, receiver) => inner.attach(group, change(receiver, group)) }));
}

/** Changes what is received. */
export function receives(change: (messages: readonly Message[]) => readonly Message[]): Break {
  return receivers((inner) => ({
    receive: (messages) => inner.receive(change(messages)),
    peerDown: (peer) => inner.peerDown?.(peer),
    peerUp: (peer) => inner.peerUp?.(peer),
  }));
}

/** Gathers what is received for a while, and changes that. */
export function receivesLate(change: (messages: readonly Message[]) => readonly Message[]): Break {
  return receivers((inner) => {
    let held: Message[] = [];
    return {
      receive(messages) {
        held.push(...messages);
        setTimeout(() => {
          const all = held;
          held = [];
          if (all.length > 0) inner.receive(change(all));
        }, 10);
      },
      peerDown: (peer) => inner.peerDown?.(peer),
      peerUp: (peer) => inner.peerUp?.(peer),
    };
  });
}

/** Changes the bytes that messages carry. */
export function bytes(change: (data: Uint8Array) => Uint8Array): Break {
  return receives((messages) =>
    messages.map((message): Message => {
      if (message.type === 'installSnapshot') return { ...message, data: change(message.data) };
      if (message.type !== 'appendEntries') return message;
      return { ...message, entries: message.entries.map((entry) => ({ ...entry, data: change(entry.data) })) };
    }),
  );
}

/** Changes what a node is started with. */
export function starts(change: (options: NodeOptions) => NodeOptions): Break {
  return (world) => ({ ...world, start: (options) => world.start(change(options)) });
}

/** Stands between a transport and the handler of clients' calls. */
export function calls(change: (handler: CallHandler) => CallHandler): Break {
  return starts((options) => (options.onCall === undefined ? options : { ...options, onCall: change(options.onCall) }));
}

/** The same call with other methods. */
export function otherCall(call: Call, change: Partial<Call>): Call {
  const other: Call = {
    payload: call.payload,
    respond: (payload) => call.respond(payload),
    fail: (message) => call.fail(message),
    oncancel: undefined,
    ...change,
  };
  if (!('oncancel' in change)) call.oncancel = () => other.oncancel?.();
  return other;
}

/** Replaces methods of each channel. */
export function channels(change: (inner: Channel) => Partial<Channel>): Break {
  return (world) => ({
    ...world,
    connector() {
      const connector = world.connector!();
      return {
        connect(address) {
          const inner = connector.connect(address);
          return {
            request: (payload, options) => inner.request(payload, options),
            get closed() {
              return inner.closed;
            },
            close: () => inner.close(),
            ...change(inner),
          };
        },
      };
    },
  });
}
