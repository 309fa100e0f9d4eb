// Builds the packages that have changed, in the order of their dependencies.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

/** @returns {boolean} whether all went well. When quiet, only what went wrong is shown. */
export function build({ quiet }) {
  const turbo = createRequire(import.meta.url).resolve('turbo/bin/turbo');
  const { status, stdout, stderr } = spawnSync(process.execPath, [turbo, 'run', 'build', '--output-logs=errors-only'], {
    stdio: quiet ? 'pipe' : 'inherit',
    encoding: 'utf8',
    // Building is nobody else's business.
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' },
  });
  if (status !== 0) console.error(`${stdout ?? ''}${stderr ?? ''}The build failed; its messages are above.`);
  return status === 0;
}

if (resolve(process.argv[1] ?? '') === import.meta.filename && !build({ quiet: false })) process.exitCode = 1;
