import { ChannelError } from '@raft/core';
import type { Address, GroupId, Message, NodeId, Receiver } from '@raft/core';
import {
  bytes,
  calls,
  channels,
  otherCall,
  receivers,
  receives,
  receivesLate,
  sends,
  starts,
  transports,
} from './wrap.js';
import type { Break } from './wrap.js';

/** Whatever it was named before. */
function setPeersAs(change: (id: NodeId, address: Address, first: ReadonlyMap<NodeId, Address>) => Address): Break {
  return transports((inner) => {
    const first = new Map<NodeId, Address>();
    return {
      setPeers(group, addresses) {
        for (const [id, address] of addresses) if (!first.has(id)) first.set(id, address);
        inner.setPeers(group, new Map([...addresses].map(([id, address]) => [id, change(id, address, first)])));
      },
    };
  });
}

function synchronous(): Break {
  return (world) => {
    const everyone = new Map<string, Receiver>();
    return transports((inner, nodeId) => ({
      attach(group, receiver) {
        inner.attach(group, receiver);
        everyone.set(`${nodeId}/${group}`, receiver);
      },
      send(group, messages) {
        for (const message of messages) everyone.get(`${message.to}/${group}`)?.receive([message]);
      },
    }))(world);
  };
}

/** Reaches whoever is at an address, whatever it is called. */
function anyId(): Break {
  return (world) => {
    const whoIsAt = new Map<Address, NodeId>();
    return transports((inner, nodeId, { address }) => {
      whoIsAt.set(address, nodeId);
      const names = new Map<NodeId, NodeId>();
      return {
        setPeers(group, addresses) {
          for (const [id, at] of addresses) names.set(id, whoIsAt.get(at) ?? id);
          inner.setPeers(group, new Map([...addresses].map(([id, at]) => [names.get(id) ?? id, at])));
        },
        send: (group, messages) =>
          inner.send(
            group,
            messages.map((message) => ({ ...message, to: names.get(message.to) ?? message.to })),
          ),
      };
    })(world);
  };
}

function trustsPeersMore(): Break {
  return (world) => {
    const real = new Map<NodeId, Address>();
    return transports((inner, nodeId, { address }) => {
      real.set(nodeId, address);
      return {
        setPeers: (group, addresses) =>
          inner.setPeers(group, new Map([...addresses].map(([id, at]) => [id, real.get(id) ?? at]))),
      };
    })(world);
  };
}

function givesUp(): Break {
  return transports((inner) => {
    const dead = new Set<NodeId>();
    return {
      attach: (group, receiver) =>
        inner.attach(group, {
          receive: (messages) => receiver.receive(messages),
          peerDown(peer) {
            dead.add(peer);
            receiver.peerDown?.(peer);
          },
          peerUp: (peer) => receiver.peerUp?.(peer),
        }),
      send: (group, messages) =>
        inner.send(
          group,
          messages.filter(({ to }) => !dead.has(to)),
        ),
    };
  });
}

/** One message after the other, whatever it is. */
function inStep(): Break {
  return transports((inner) => {
    const queue: [GroupId, Message][] = [];
    const next = (): void => {
      const [group, message] = queue[0] ?? [];
      if (group === undefined || message === undefined) return;
      inner.send(group, [message]);
      setTimeout(() => {
        queue.shift();
        next();
      }, 5);
    };
    return {
      send(group, messages) {
        for (const message of messages) if (queue.push([group, message]) === 1) next();
      },
    };
  });
}

/** Keeps the last that fit. */
function dropsTheOldest(): Break {
  return transports((inner) => {
    const turn: Message[] = [];
    return {
      send(group, messages) {
        if (turn.length === 0) process.nextTick(() => inner.send(group, turn.splice(0).slice(-90)));
        turn.push(...messages);
      },
    };
  });
}

function piecesTakeTheRoom(): Break {
  return transports((inner) => {
    let pieces = 0;
    return {
      send(group, messages) {
        for (const message of messages) if (message.type === 'installSnapshot') pieces += 1;
        if (pieces < 40) inner.send(group, messages);
      },
    };
  });
}

/** Answers are given in the order of the requests, whichever they belong to. */
function mixesAnswers(): Break {
  return channels((inner) => {
    const waiting: ((answer: Uint8Array) => void)[] = [];
    return {
      request: (payload, options) =>
        new Promise((resolve, reject) => {
          waiting.push(resolve);
          inner.request(payload, options).then((answer) => waiting.shift()?.(answer), reject);
        }),
    };
  });
}

function oneAtATime(): Break {
  return (world) => {
    let last: Promise<unknown> = Promise.resolve();
    return channels((inner) => ({
      request(payload, options) {
        const own = last.then(() => inner.request(payload, options));
        last = own.catch(() => {});
        return own;
      },
    }))(world);
  };
}

const shared = new Uint8Array(300_000);

/** What is wrong, and how. */
export const broken: Readonly<Record<string, Break>> = {
  'changes what it carries': receives((messages) =>
    messages.map((message) => ('storeId' in message ? { ...message, storeId: `${message.storeId}?` } : message)),
  ),
  'loses some messages': receives((messages) => messages.filter(({ term }) => term % 97 !== 13)),
  'hands over in another order': receivesLate((messages) => messages.toReversed()),
  'sends to the first peer of a call only': sends((messages) => messages.filter(({ to }) => to === messages[0]?.to)),
  'delivers within send': synchronous(),
  'mixes senders': receivesLate((messages) => messages),
  'knows one group only': transports((inner) => ({ send: (_, messages) => inner.send('g', messages) })),
  'throws for strangers': sends((messages) => {
    if (messages.some(({ to }) => to === '9')) throw new Error('who is 9?');
    return [...messages];
  }),
  'does not detach': transports(() => ({ detach() {} })),
  'sends in one direction only': sends((messages, nodeId) => (nodeId === '1' ? [...messages] : [])),
  'throws after the close': transports((inner) => {
    let closed = false;
    return {
      close() {
        closed = true;
        return inner.close();
      },
      send(group, messages) {
        if (closed) throw new Error('closed');
        inner.send(group, messages);
      },
    };
  }),
  // What is open is closed with the world.
  'goes on after the close': transports(() => ({ async close() {} })),
  'cuts off long messages': bytes((data) => (data.length > 250_000 ? data.slice(1) : data)),
  'uses its buffers again': bytes((data) => {
    shared.set(data);
    return shared.subarray(0, data.length);
  }),
  'gives views of large buffers': bytes((data) => {
    const large = new Uint8Array(1_000_000);
    large.set(data);
    return large.subarray(0, data.length);
  }),
  'has no limit': starts(({ nodeId, silenceable = false }) => ({ nodeId, silenceable })),
  'drops the oldest': dropsTheOldest(),
  'lets pieces of snapshots take the room': piecesTakeTheRoom(),
  'sends one message after the other': inStep(),
  'waits for the first peer of a call': sends((messages) => messages.filter(({ to }) => to === messages[0]?.to)),
  'lets one group starve': sends((messages, _, group) => (group === 'small' ? [] : [...messages])),
  'gives up peers': givesUp(),
  'does not tell of peers that go': receivers((inner) => ({ receive: (messages) => inner.receive(messages) })),
  'does not tell of peers that come back': receivers((inner) => ({
    receive: (messages) => inner.receive(messages),
    peerDown: (peer) => inner.peerDown?.(peer),
  })),
  'tells one group only': receivers((inner, group) => ({
    receive: (messages) => inner.receive(messages),
    peerDown: (peer) => (group === 'g' ? inner.peerDown?.(peer) : undefined),
    peerUp: (peer) => (group === 'g' ? inner.peerUp?.(peer) : undefined),
  })),
  'tells of peers that are there': receivers((inner) => ({
    receive(messages) {
      inner.receive(messages);
      for (const { from } of messages) inner.peerDown?.(from);
    },
    peerDown: (peer) => inner.peerDown?.(peer),
    peerUp: (peer) => inner.peerUp?.(peer),
  })),
  'answers only those that it was told of': transports((inner) => {
    const named = new Set<NodeId>();
    return {
      setPeers(group, addresses) {
        for (const id of addresses.keys()) named.add(id);
        inner.setPeers(group, addresses);
      },
      send: (group, messages) =>
        inner.send(
          group,
          messages.filter(({ to }) => named.has(to)),
        ),
    };
  }),
  'trusts peers more than setPeers': trustsPeersMore(),
  'forgets no peer': transports((inner) => {
    const all = new Map<NodeId, Address>();
    return {
      setPeers(group, addresses) {
        for (const [id, address] of addresses) all.set(id, address);
        inner.setPeers(group, all);
      },
    };
  }),
  'stays with the first address': setPeersAs((id, address, first) => first.get(id) ?? address),
  'takes anybody at an address': anyId(),
  'knows no clusters': starts(({ nodeId }) => ({ nodeId })),
  'serves nobody': starts(({ nodeId }) => ({ nodeId })),
  'cuts off long answers': calls((handler) => (call) => {
    handler(otherCall(call, { respond: (payload) => call.respond(payload.subarray(0, 100_000)) }));
  }),
  'mixes up answers': mixesAnswers(),
  'hands over requests in another order': calls((handler) => {
    let held: Parameters<typeof handler>[0][] = [];
    return (call) => {
      held.push(call);
      setTimeout(() => {
        for (const each of held.toReversed()) handler(each);
        held = [];
      }, 10);
    };
  }),
  'answers what was refused': calls((handler) => (call) => {
    handler(otherCall(call, { fail: () => call.respond(new Uint8Array(0)) }));
  }),
  'takes the last answer': calls((handler) => (call) => {
    let last = new Uint8Array(0);
    const respond = (payload: Uint8Array): void => {
      last = new Uint8Array(payload);
      setTimeout(() => call.respond(last), 10);
    };
    handler(otherCall(call, { respond }));
  }),
  'serves clients unasked': starts((options) => ({ onCall: (call) => call.respond(call.payload), ...options })),
  'knows no timeout': channels((inner) => ({
    request: (payload, options) => inner.request(payload, { ...options, timeoutMs: 60_000 }),
  })),
  'does not cancel calls': calls((handler) => (call) => handler(otherCall(call, { oncancel: undefined }))),
  'knows no abort': channels((inner) => ({
    request: (payload, options) => inner.request(payload, { timeoutMs: options?.timeoutMs }),
  })),
  'says of everything that it may be delivered': channels((inner) => ({
    async request(payload, options) {
      try {
        return await inner.request(payload, options);
      } catch (error) {
        if (!(error instanceof ChannelError)) throw error;
        throw new ChannelError(error.code, error.message, 'maybe');
      }
    },
  })),
  'leaves requests hanging': channels((inner) => ({
    request: (payload, options) =>
      new Promise((resolve) => {
        inner.request(payload, options).then(resolve, () => {});
      }),
  })),
  'does not close channels': channels(() => ({ close() {} })),
  'connects once': channels((inner) => {
    let failed: unknown;
    return {
      async request(payload, options) {
        if (failed !== undefined) throw failed as Error;
        return inner.request(payload, options).catch((error: unknown) => {
          failed = error;
          throw error;
        });
      },
    };
  }),
  'serves one request at a time': oneAtATime(),
};
