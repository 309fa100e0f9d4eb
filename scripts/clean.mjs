// Removes what a build of the package in the current folder has written.
import { rmSync } from 'node:fs';

for (const folder of ['dist', '.turbo']) rmSync(folder, { recursive: true, force: true });
