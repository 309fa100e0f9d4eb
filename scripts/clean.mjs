// Removes what a build has written below the current folder; the arguments name more to remove.
import { rmSync } from 'node:fs';

for (const folder of ['dist', '.turbo', ...process.argv.slice(2)]) rmSync(folder, { recursive: true, force: true });
