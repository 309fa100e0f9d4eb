import { describe, test } from 'vitest';
import { runCase, transportCases } from '../../transport-memory/test/support/conformance/index.js';
import { tcpWorld } from './support/world.js';

describe('transport conformance', () => {
  test.each(transportCases({ addresses: true }))('$name', (testCase) => runCase(testCase, tcpWorld));
});
