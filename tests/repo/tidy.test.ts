import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesWithoutGit, read, repositoryFiles } from './files.js';
import { brokenLinks, uncommentedFlags, unpinned } from './tidy.js';

interface Manifest {
  readonly [field: string]: unknown;
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const files = repositoryFiles();
const manifests = new Map(
  files.filter((path) => posix.basename(path) === 'package.json').map((path) => [path, parse(path) as Manifest]),
);
const packages = new Map([...manifests].filter(([path]) => path !== 'package.json'));

/** JSON with comments on lines of their own. */
function parse(path: string): unknown {
  return JSON.parse(read(path).replace(/^\s*\/\/.*$/gm, ''));
}

describe('the repository', () => {
  it('holds nothing that is built, installed or configured for one machine', () => {
    expect(
      files.filter((path) => /(^|\/)(node_modules|dist|coverage)\/|\.npmrc$|\.tgz$|\.tsbuildinfo$/.test(path)),
    ).toEqual([]);
  });

  it('holds no large file', () => {
    const free = /^(pnpm-lock\.yaml|proto\/src\/generated\/.*)$/;
    expect(files.filter((path) => !free.test(path) && read(path).length > 100_000)).toEqual([]);
  });

  it('holds source files that can be read at a sitting', () => {
    const sources = files.filter((path) => /\.(m?js|tsx?)$/.test(path) && !path.startsWith('proto/src/generated/'));
    const limit = (path: string): number => (/(^|\/)tests?\//.test(path) ? 1000 : 600);
    expect(sources.filter((path) => read(path).split('\n').length > limit(path))).toEqual([]);
  });

  it('names no place to download from', () => {
    expect(read('pnpm-lock.yaml')).not.toMatch(/https?:|tarball:/);
    expect(files.filter((path) => /registry\.\w/.test(read(path)))).toEqual([]);
  });

  it('has every test file where the test runner looks', () => {
    const place = /^(packages\/[^/]+\/test|proto\/test|apps\/[^/]+\/test|tests)\/.+\.test\.ts$/;
    expect(files.filter((path) => /\.(test|spec)\.\w+$/.test(path) && !place.test(path))).toEqual([]);
  });

  it('has links in its documents that lead somewhere', () => {
    const known = new Set(files.flatMap((path) => [path, ...parents(path)]));
    const documents = files.filter((path) => path.endsWith('.md'));
    expect(documents.length).toBeGreaterThan(3);
    expect(documents.flatMap((path) => brokenLinks(path, read(path), known))).toEqual([]);
  });
});

describe('the list of files', () => {
  it('can be made with and without git', () => {
    const known = ['package.json', '.ci/run', 'tests/repo/files.ts', 'packages/core/src/index.ts'];
    for (const list of [repositoryFiles(), filesWithoutGit()]) {
      expect(list).toEqual(expect.arrayContaining(known));
      expect(list.filter((path) => /(^|\/)(node_modules|dist|\.git)\//.test(path))).toEqual([]);
    }
  });
});

describe('compiler flags', () => {
  it.each(files.filter((path) => /(^|\/)tsconfig[^/]*\.json$/.test(path)))('have a reason each in %s', (path) => {
    expect(uncommentedFlags(read(path))).toEqual([]);
  });

  it('would be found without one', () => {
    const text =
      '{\n  "compilerOptions": {\n    // Why.\n    "a": true,\n    "b": [\n      "c"\n    ]\n  },\n  "include": []\n}';
    expect(uncommentedFlags(text)).toEqual(['b']);
    expect(uncommentedFlags('{ "compilerOptions": { "a": true } }')).toEqual(['a']);
  });
});

describe('packages', () => {
  it.each([...packages])('%s says what it is', (path, manifest) => {
    const folder = posix.dirname(path);
    expect(manifest['description']).toMatch(/^[A-Z].{20,}\.$/);
    expect(manifest).toMatchObject({
      license: 'Apache-2.0',
      type: 'module',
      sideEffects: false,
      engines: manifests.get('package.json')?.['engines'],
      publishConfig: { access: 'public' },
    });
    expect(manifest['files']).toEqual(expect.arrayContaining(['dist', 'src']));
    expect(files).toContain(`${folder}/README.md`);
    expect(read(`${folder}/README.md`)).toMatch(new RegExp(`^# ${manifest.name}\n`));
  });

  it.each([...packages])('%s is built after what it depends on', (path, manifest) => {
    const folder = posix.dirname(path);
    const own = new Map([...packages].map(([other, { name }]) => [name, posix.dirname(other)]));
    const wanted = Object.keys(manifest.dependencies ?? {}).flatMap((name) => own.get(name) ?? []);
    const config = parse(`${folder}/tsconfig.json`) as { references?: { path: string }[] };
    const references = (config.references ?? []).map((reference) => posix.join(folder, reference.path));
    expect(references.toSorted()).toEqual(wanted.toSorted());
  });

  it('are all in the root tsconfig', () => {
    const config = parse('tsconfig.json') as { references: { path: string }[] };
    const listed = config.references.map((reference) => posix.join(reference.path, 'package.json'));
    expect(listed.toSorted()).toEqual([...packages.keys()].toSorted());
  });

  it('pin what they depend on, and to the same version', () => {
    const versions = new Map<string, string>();
    const problems: string[] = [];
    for (const [path, manifest] of manifests) {
      for (const [name, version] of Object.entries({ ...manifest.devDependencies, ...manifest.dependencies })) {
        if (unpinned(version)) problems.push(`${path}: ${name} ${version} is not pinned`);
        if (version.startsWith('workspace:')) continue;
        if ((versions.get(name) ?? version) !== version)
          problems.push(`${path}: ${name} ${version} is another elsewhere`);
        versions.set(name, version);
      }
    }
    expect(problems).toEqual([]);
    expect(['1.2.3', 'workspace:^', '^1.2.3', '1', 'latest', '1.x'].map(unpinned)).toEqual([
      false,
      false,
      true,
      true,
      true,
      true,
    ]);
  });
});

describe('links', () => {
  const known = new Set(['docs', 'docs/a.md', 'README.md']);

  it('may lead to files, folders, headings and elsewhere', () => {
    const text = '[a](a.md) [b](../README.md#x) [c](.) [d](#here) [e](https://example.org/x) ![f](/README.md)';
    expect(brokenLinks('docs/a.md', text, known)).toEqual([]);
  });

  it('are found when they lead nowhere', () => {
    expect(brokenLinks('docs/a.md', '[a](b.md) [b]: c.md', known)).toEqual(['docs/a.md: b.md']);
    expect(brokenLinks('README.md', 'See [x].\n\n[x]: docs/c.md\n', known)).toEqual(['README.md: docs/c.md']);
  });
});

function parents(path: string): string[] {
  const parent = posix.dirname(path);
  return parent === '.' ? ['.'] : [parent, ...parents(parent)];
}
