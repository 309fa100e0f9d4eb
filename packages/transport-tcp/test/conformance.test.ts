import { describe, test } from 'vitest';
import { runCase, transportCases } from '../../transport-memory/test/support/conformance/index.js';
import { tcpWorld } from './support/world.js';

describe('transport conformance', () => {
  for (const testCase of transportCases({ addresses: true }))
    test(`${testCase.name}`, () => runCase(testCase, tcpWorld));
});
