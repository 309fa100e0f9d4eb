import { StorageError } from '@raft/core';
import type { Storage } from '@raft/core';
import { memoryStorage } from '@raft/storage-memory';
import { afterEach, describe, expect, test } from 'vitest';
import { runClient } from '../../apps/client/src/cli.js';
import { startServer } from '../../apps/server/src/compose.js';
import type { RunningServer } from '../../apps/server/src/compose.js';
import { readFlags } from '../../apps/server/src/flags.js';
import { program, readOptions } from '../../apps/server/src/options.js';
import { freeBasePort } from '../support/ports.js';
import { eventually } from './support/eventually.js';

// What a person sees who writes to servers without room: first, perhaps, that the outcome is unknown, as the command that met the end of
// the room is in a log; then that nothing was done, and why.

let servers: RunningServer[] = [];

afterEach(async () => {
  await Promise.all(servers.map(async (server) => server.close()));
  servers = [];
});

/** Whether there is room in it is for the test to say. */
function limited(room: { isFull: boolean }): Storage {
  const storage = memoryStorage();
  const append = storage.append.bind(storage);
  storage.append = async (batch) => {
    if (room.isFull && batch.entries.length > 0) throw new StorageError('RAFT_STORAGE_FULL', 'no room for entries');
    return append(batch);
  };
  return storage;
}

async function start(transport: string, size: number, room: { isFull: boolean }): Promise<string> {
  const basePort = await freeBasePort();
  const addresses = Array.from({ length: size }, (_, at) => `127.0.0.1:${basePort + at}`);
  const peers = addresses.map((address, at) => `${at + 1}=${address}`).join(',');
  servers = await Promise.all(
    addresses.map(async (_, at) => {
      const args = ['--id', String(at + 1), '--peers', peers, '--transport', transport, '--storage', 'inmemory'];
      const quickly = ['--heartbeat-interval', '20', '--election-timeout', '100-200'];
      const given = await readFlags(program, [...args, ...quickly], {}, '0');
      if (typeof given === 'string') throw new Error(`shown: ${given}`);
      const options = readOptions(given);
      const storage = { needsData: false, make: async () => limited(room) };
      return startServer({ ...options, storage, version: '0', logger: () => {}, onFatal: () => {} });
    }),
  );
  return addresses.join(',');
}

interface Outcome {
  readonly code: number;
  readonly error: { readonly code: string; readonly message: string };
}

async function set(peers: string, transport: string, key: string): Promise<Outcome> {
  const written: Uint8Array[] = [];
  const code = await runClient(['set', key, 'value', '--timeout', '3000', '--output', 'json'], {
    ...{ env: { RAFT_PEERS: peers, RAFT_TRANSPORT: transport }, directory: '.' },
    stdout: (output) => void written.push(Buffer.from(output)),
    stderr: (line) => void written.push(Buffer.from(line)),
  });
  const { error } = JSON.parse(Buffer.concat(written).toString()) as Outcome;
  return { code, error };
}

describe.each(['tcp', 'grpc'])('raft-client over %s', (transport) => {
  test.each([1, 3])(
    'is told that the disk is full: %i servers',
    async (size) => {
      const room = { isFull: false };
      const peers = await start(transport, size, room);
      expect((await set(peers, transport, 'before')).code).toBe(0);
      room.isFull = true;
      const met = await set(peers, transport, 'met');
      // It may be in a log; or the session was, and the change itself was not proposed any more.
      expect([1, 3]).toContain(met.code);
      const refused = await set(peers, transport, 'refused');
      expect(refused).toMatchObject({ code: 1, error: { code: 'RAFT_STORAGE_FULL' } });
      expect(refused.error.message).toBe("the leader's disk is full: free some space, and try again");
      room.isFull = false;
      await eventually(() => servers.every((server) => !server.status().diskFull), 'all servers have found the room');
      expect((await set(peers, transport, 'after')).code).toBe(0);
    },
    180_000,
  );
});
