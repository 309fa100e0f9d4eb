import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/idle-groups.mjs', import.meta.url));

test(
  'two hundred groups in three processes, one transport and one database each, rest: from the start, without one process, and with it again',
  { timeout: 120_000 },
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      script,
      ...['--groups', '200', '--storage', 'level', '--seconds', '1'],
    ]);
    const lines = stdout.split('\n');
    expect(lines.filter((line) => line.startsWith('200 of 200 groups have a leader; at rest after'))).toHaveLength(3);
    expect(lines.filter((line) => /process \d, idle for 1 s: 0 messages/.test(line))).toHaveLength(8);
    expect(lines.filter((line) => line.endsWith('; 0 although theirs was there'))).toHaveLength(2);
  },
);
