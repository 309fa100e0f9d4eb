import assert from 'node:assert/strict';
import type { Connector } from '@raft/core';
import type { Suite, SuiteCase } from '../suite.js';
import { callCases } from './calls.js';
import { memoryCases } from './memory.js';
import { messageCases } from './messages.js';
import { peerCases } from './peers.js';
import { pressureCases } from './pressure.js';
import { observed, until } from './world.js';
import type { Stage, TransportAbilities, TransportCase, TransportWorld, TransportWorldFactory } from './world.js';

export interface TransportSuiteOptions {
  /** Of the transport, for the report. */
  readonly name: string;
  /** Makes a world for each case. */
  readonly open: TransportWorldFactory;
  /** What it can do. Default: everything. */
  readonly supports?: Partial<TransportAbilities>;
  /** How long a case waits for anything, in milliseconds: longer than connections and the silence of a peer take. Default 10,000. */
  readonly patienceMs?: number;
}

const cases: readonly TransportCase[] = [
  ...messageCases,
  ...memoryCases,
  ...pressureCases,
  ...peerCases,
  ...callCases.map((each): TransportCase => ({ ...each, needs: 'clients' })),
];

/** What the contracts of `Transport`, `Connector` and `Channel` promise, as cases for a transport of yours. */
export function transportSuite(options: TransportSuiteOptions): Suite {
  return { name: `${options.name}: transport suite`, cases: cases.map((each) => prepared(each, options)) };
}

function prepared({ name, needs, run }: TransportCase, options: TransportSuiteOptions): SuiteCase {
  const { open, supports = {}, patienceMs = 10_000 } = options;
  const missing = needs !== undefined && supports[needs] === false;
  return {
    name,
    skipped: missing ? `needs the ability "${needs}"` : undefined,
    timeoutMs: 6 * patienceMs,
    async run() {
      const world = await open();
      try {
        await run(stageOf(world, patienceMs));
      } finally {
        await world.dispose();
      }
    },
  };
}

function connectorOf(world: TransportWorld): Connector {
  const connector = world.connector?.() ?? assert.fail('a world that supports clients has a connector');
  return {
    connect(address) {
      const channel = connector.connect(address);
      return {
        request: (payload, options) => observed(channel.request(payload, options)),
        get closed() {
          return channel.closed;
        },
        close: () => channel.close(),
      };
    },
  };
}

function stageOf(world: TransportWorld, patienceMs: number): Stage {
  return {
    start: (options) => world.start(options),
    unusedAddress: () => world.unusedAddress(),
    connector: () => connectorOf(world),
    silence: (node) => (world.silence === undefined ? assert.fail('such a world can silence') : world.silence(node)),
    dispose: () => world.dispose(),
    until: (condition, what) => until(condition, what, patienceMs),
  };
}
