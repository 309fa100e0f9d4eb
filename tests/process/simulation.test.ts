import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../packages/testkit/dist/simulator/main.js', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));

function simulate(args: readonly string[], env: Record<string, string> = {}): { code: number | null; lines: string[] } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
  return { code: status, lines: `${stdout}${stderr}`.trimEnd().split('\n') };
}

const hashes = (lines: readonly string[]): string[] => lines.filter((line) => /^\d+ [0-9a-f]{16}$/.test(line)).sort();

describe('simulated clusters', () => {
  it('of five keep their promises in 300 storms, which have met every fault and every feature', () => {
    const { code, lines } = simulate(['--from', '1001', '--seeds', '300', '--nodes', '5', '--demand-coverage']);
    if (code !== 0) throw new Error(lines.join('\n'));
    console.log(lines.at(-1));
    expect(lines.at(-1)).toMatch(/^300 seeds passed in .* leader changes, .* operations checked$/);
  }, 900_000);

  it('do the same in every process, however Node is set', () => {
    const plain = simulate(['--seeds', '30', '--hashes']);
    expect(hashes(plain.lines)).toHaveLength(30);
    const other = simulate(['--seeds', '30', '--hashes', '--workers', '1'], {
      NODE_OPTIONS: '--max-semi-space-size=2 --stack-trace-limit=5',
    });
    expect(hashes(other.lines)).toEqual(hashes(plain.lines));
  }, 300_000);

  it('refuse options that cannot work', () => {
    expect(simulate(['--nodes', '0'])).toMatchObject({ code: 2 });
    expect(simulate(['--seeds', 'many']).lines[0]).toContain('--seeds must be a whole number');
    expect(simulate(['--colour']).code).toBe(2);
  });
});
