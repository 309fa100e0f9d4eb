import { memoryNetwork } from '@raft/transport-memory';
import type { MemoryNetwork } from '@raft/transport-memory';
import { createNode } from '../../../src/index.js';
import type { LogLevel, Message, NodeId, RaftNode, RaftNodeOptions, Transport } from '../../../src/index.js';
import { recorder } from './recorder.js';
import type { Ask, Recorder } from './recorder.js';
import { tappedStorage } from './tapped-storage.js';
import type { TappedStorage } from './tapped-storage.js';
import { virtualClock } from './virtual-clock.js';
import type { VirtualClock } from './virtual-clock.js';

export type Options = RaftNodeOptions<string, string, Ask, readonly string[]>;
export type TestNode = RaftNode<string, string, Ask, readonly string[]>;

export interface Member {
  readonly id: NodeId;
  readonly node: TestNode;
  readonly machine: Recorder;
  readonly storage: TappedStorage;
  /** What the node handed to its transport, one item a call. */
  readonly sends: (readonly Message[])[];
  /** The addresses that it told its transport, one item a call. */
  readonly peers: ReadonlyMap<NodeId, string>[];
  readonly log: { readonly level: LogLevel; readonly message: string }[];
}

export interface TestCluster {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly members: readonly Member[];
  member(id: NodeId): Member;
  /** The member's own transport, not tapped. */
  transport(id: NodeId): Transport;
  /** Starts the members that are not started and waits for the first of them to lead. */
  elect(): Promise<Member>;
  /** Makes and starts a member that waits to be added. */
  join(id: NodeId, options?: Partial<Options>): Promise<Member>;
  /** Makes the member anew on what its storage holds, or on another one; it is to be started by the test. */
  remake(id: NodeId, options?: Partial<Options>, storage?: TappedStorage): Promise<Member>;
  /** Stops all; throws when a timer is left behind. */
  end(): Promise<void>;
}

export interface ClusterOptions {
  /** Default 1, 2 and 3. The first is elected: its election timeout is the shortest. */
  readonly ids?: readonly NodeId[];
  readonly options?: Partial<Options> | ((id: NodeId) => Partial<Options>);
  /** Default {@link tappedStorage} on a memory storage. */
  readonly storage?: (id: NodeId, clock: VirtualClock) => TappedStorage;
}

const address = (id: NodeId): string => `127.0.0.1:700${id}`;

export function testCluster({
  ids = ['1', '2', '3'],
  options = {},
  storage: makeStorage = () => tappedStorage(),
}: ClusterOptions = {}): TestCluster {
  const clock = virtualClock();
  const network = memoryNetwork({ clock });
  const bootstrap = Object.fromEntries(ids.map((id) => [id, address(id)]));
  const members = new Map<NodeId, Member>();
  const transports = new Map<NodeId, Transport>();

  function make(id: NodeId, storage: TappedStorage, own: Partial<Options>): Member {
    const sends: (readonly Message[])[] = [];
    const peers: Member['peers'] = [];
    const log: Member['log'] = [];
    const inner = network.transport({ nodeId: id, address: address(id) });
    transports.set(id, inner);
    const transport: Transport = {
      ...inner,
      send(group, messages) {
        sends.push(messages);
        inner.send(group, messages);
      },
      setPeers: (_group, addresses) => void peers.push(addresses),
    };
    const common = typeof options === 'function' ? options(id) : options;
    const all: Options = {
      id,
      storage,
      transport,
      stateMachine: recorder(),
      bootstrap,
      clock,
      heartbeatIntervalMs: 50,
      electionTimeoutMs: { min: 200, max: 400 },
      // Constant, different for each: elections have one outcome.
      random: () => ids.indexOf(id) / ids.length,
      logger: (level, message) => void log.push({ level, message }),
      ...common,
      ...own,
    };
    const member = { id, node: createNode(all), machine: all.stateMachine as Recorder, storage, sends, peers, log };
    members.set(id, member);
    return member;
  }

  for (const id of ids) make(id, makeStorage(id, clock), {});

  return {
    clock,
    network,
    get members() {
      return [...members.values()];
    },
    member: (id) => members.get(id) as Member,
    transport: (id) => transports.get(id) as Transport,
    async elect() {
      for (const [id, { node, storage }] of members) {
        if (storage.isOpen || node.status().term > 0) continue;
        await transports.get(id)?.start();
        await node.start();
      }
      const [first] = [...members.values()];
      await clock.until(() => first?.node.status().role === 'leader', `node ${first?.id} leads`);
      await clock.advance(100);
      return first as Member;
    },
    async join(id, own = {}) {
      const joiner = { bootstrap: undefined, random: () => 0.9, ...own } as unknown as Partial<Options>;
      const member = make(id, makeStorage(id, clock), joiner);
      await transports.get(id)?.start();
      await member.node.start();
      return member;
    },
    async remake(id, own = {}, storage?: TappedStorage) {
      const old = members.get(id) as Member;
      await old.node.stop();
      await transports.get(id)?.close();
      const member = make(id, storage ?? old.storage, { stateMachine: recorder(), ...own });
      await transports.get(id)?.start();
      return member;
    },
    async end() {
      for (const { id, node } of members.values()) {
        await node.stop().catch(() => 'a test that makes the close fail looks at it itself');
        await transports.get(id)?.close();
      }
      await clock.settle();
      if (clock.timers > 0) throw new Error(`${clock.timers} timers are left behind`);
    },
  };
}
