// Removes what builds and test runs have written.
import { readdirSync, rmSync } from 'node:fs';

const packages = ['packages', 'apps'].flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`));
const written = [
  'coverage',
  'reports',
  ...[...packages, 'proto'].flatMap((path) => [`${path}/dist`, `${path}/.turbo`]),
];
for (const path of written) rmSync(path, { recursive: true, force: true });
