// Packs every package as it would be published and looks at the result: exports that exist, types that resolve.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'raft-packages-'));
try {
  run(`pnpm --recursive --filter "!raft-for-typescript" pack --pack-destination "${folder}"`);
  for (const name of readdirSync(folder)) {
    const tarball = join(folder, name);
    run(`publint run "${tarball}" --strict`);
    // The programs have no entry point that could have types.
    if (name.startsWith('raft-core') || !/^raft-(server|client)-/.test(name)) {
      run(`attw "${tarball}" --profile esm-only --no-emoji --no-color`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function run(command) {
  const { status, stdout, stderr } = spawnSync(command, { shell: true, encoding: 'utf8' });
  if (status === 0) return;
  console.error(`$ ${command}\n${stdout}${stderr}`);
  process.exitCode = 1;
}
