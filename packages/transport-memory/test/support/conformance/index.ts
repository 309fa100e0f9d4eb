/**
 * What the contracts of `Transport`, `Connector` and `Channel` promise, as named cases that take a factory. They use no
 * test runner: a case passes when its promise resolves.
 */
import { callCases } from './calls.js';
import type { Abilities, TransportCase } from './harness.js';
import { messageCases } from './messages.js';

export { runCase } from './harness.js';
export type { Abilities, NodeOptions, StartedNode, TransportCase, World, WorldFactory } from './harness.js';

/** The cases that a transport of these abilities has to pass. */
export function transportCases(abilities: Abilities): readonly TransportCase[] {
  return [...messageCases, ...callCases].filter(
    (testCase) => testCase.needs === undefined || abilities[testCase.needs],
  );
}
