import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root: string = fileURLToPath(new URL('../../', import.meta.url));

/** Every file that is committed or would be with `git add`, relative to the root. */
export function repositoryFiles(): string[] {
  // The checkout may belong to another user than the one who runs the tests.
  const args = ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (status !== 0) return filesWithoutGit();
  return stdout.split('\0').filter((path) => path !== '' && existsSync(root + path));
}

/** The same on a machine without git, or in a copy that is no checkout. Knows the two kinds of line in our .gitignore. */
export function filesWithoutGit(): string[] {
  const lines = read('.gitignore').split('\n');
  const folders = new Set(['.git', ...lines.filter((line) => line.endsWith('/')).map((line) => line.slice(0, -1))]);
  const endings = lines.filter((line) => line.startsWith('*.')).map((line) => line.slice(1));
  const walk = (folder: string): string[] =>
    readdirSync(root + folder, { withFileTypes: true }).flatMap((entry) => {
      const path = folder + entry.name;
      if (entry.isDirectory()) return folders.has(entry.name) ? [] : walk(`${path}/`);
      return endings.some((ending) => entry.name.endsWith(ending)) ? [] : [path];
    });
  return walk('');
}

export function read(path: string): string {
  return readFileSync(root + path, 'utf8');
}
