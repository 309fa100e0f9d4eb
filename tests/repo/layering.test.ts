import { describe, expect, it } from 'vitest';
import { read, repositoryFiles } from './files.js';
import { checkLayering, findCycles, type Manifest, type Workspace } from './layering.js';

function manifest(name: string, dependencies: readonly string[], entries: readonly string[] = ['.']): Manifest {
  return {
    name,
    dependencies: Object.fromEntries(dependencies.map((dependency) => [dependency, '1'])),
    exports: Object.fromEntries(entries.map((entry) => [entry, './src/index.ts'])),
  };
}

const manifests: Record<string, Manifest> = {
  'packages/core': manifest('@raft/core', []),
  proto: manifest('@raft/proto', ['@raft/core', 'protobufjs'], ['.', './descriptors']),
  'packages/storage-file': manifest('@raft/storage-file', ['@raft/core', '@raft/proto']),
  'packages/transport-tcp': manifest('@raft/transport-tcp', ['@raft/core', '@raft/proto']),
  'packages/kv': manifest('@raft/kv', ['@raft/core']),
  'apps/server': manifest('raft-server', ['@raft/core', '@raft/kv']),
};

/** A small workspace with these files, and with these dependencies besides those above. */
function workspace(files: Record<string, string>, more: Record<string, string[]> = {}): Workspace {
  const packages = Object.entries(manifests).map(([folder, known]): [string, Manifest] => {
    const added = (more[folder] ?? []).map((name) => [name, '1'] as const);
    return [folder, { ...known, dependencies: { ...known.dependencies, ...Object.fromEntries(added) } }];
  });
  return { packages: new Map(packages), files: new Map(Object.entries(files)) };
}

describe('layering', () => {
  it('is kept by every package', () => {
    const all = repositoryFiles();
    const folders = all.filter((path) => /^(proto|(packages|apps)\/[^/]+)\/package\.json$/.test(path));
    const packages = folders.map((path): [string, Manifest] => [
      path.replace('/package.json', ''),
      JSON.parse(read(path)) as Manifest,
    ]);
    const sources = all.filter((path) => /^(proto|(packages|apps)\/[^/]+)\/src\/.*(?<!\.d)\.ts$/.test(path));
    expect(sources.length).toBeGreaterThan(10);
    const files = sources.map((path): [string, string] => [path, read(path)]);
    expect(checkLayering({ packages: new Map(packages), files: new Map(files) })).toEqual([]);
  });

  it('lets a sound workspace pass', () => {
    const sound = workspace({
      'packages/core/src/consensus/raft.ts': `
        import type { Clock } from '../clock.js';
        import { step } from './step.js';
        // A comment may say Date.now() and await, and so may 'a string'.
        export const text = 'setTimeout(Promise)';
        export const raft = (state: { process: number; random: number }, now: number) =>
          ({ process: state.process, at: Math.max(now, state.random), step: \`\${step} Math.random()\` });
        export type Use = Clock;`,
      'packages/core/src/consensus/step.ts': 'export const step = 1;',
      'packages/core/src/clock.ts': 'export interface Clock { now(): number } export const now = () => Date.now();',
      'packages/transport-tcp/src/index.ts': `import net from 'node:net'; import { x } from '@raft/proto'; import '@raft/proto/descriptors'; net(x);`,
      'apps/server/src/main.ts': `import { kv } from '@raft/kv'; kv();`,
    });
    expect(checkLayering(sound)).toEqual([]);
  });

  it('takes a peer dependency for declared', () => {
    const packages = new Map([
      ['packages/testkit', { ...manifest('@raft/testkit', []), peerDependencies: { vitest: '>=3' } }],
    ]);
    const files = new Map([['packages/testkit/src/a.ts', `import { test } from 'vitest';`]]);
    expect(checkLayering({ packages, files })).toEqual([]);
  });

  const bad: [rule: string, file: string, text: string, problem: string][] = [
    [
      'core imports no package',
      'packages/core/src/a.ts',
      `import x from 'left-pad';`,
      'not even the types of left-pad',
    ],
    ['core imports no types', 'packages/core/src/a.ts', `import type { N } from 'net';`, 'not even the types of net'],
    ['core imports no module of Node', 'packages/core/src/a.ts', `await import('node:fs');`, 'of node:fs'],
    ['core re-exports nothing', 'packages/core/src/a.ts', `export * from '@raft/kv';`, 'of @raft/kv'],
    ['core names no type elsewhere', 'packages/core/src/a.ts', `type A = import('@raft/kv').A;`, 'of @raft/kv'],
    [
      'a storage imports no transport',
      'packages/storage-file/src/a.ts',
      `import '@raft/transport-tcp';`,
      'may not import',
    ],
    [
      'a transport imports no storage',
      'packages/transport-tcp/src/a.ts',
      `import '@raft/storage-file';`,
      'may not import',
    ],
    [
      'a transport does not import kv',
      'packages/transport-tcp/src/a.ts',
      `import '@raft/kv';`,
      'may not import @raft/kv',
    ],
    ['no package imports an app', 'packages/kv/src/a.ts', `import 'raft-server';`, 'may not import raft-server'],
    ['an import is declared', 'packages/kv/src/a.ts', `import 'sorted-btree';`, 'not among the dependencies'],
    [
      'no import reaches inside',
      'packages/kv/src/a.ts',
      `import '@raft/core/dist/a.js';`,
      'is not among the exports of @raft/core',
    ],
    ['no path leaves a package', 'packages/kv/src/a.ts', `import '../../core/src/a.js';`, 'leads out of the package'],
    ['no source imports a test', 'packages/kv/src/a.ts', `import '../test/a.js';`, 'leads out of the package'],
    [
      'imports are written out',
      'packages/kv/src/a.ts',
      `export const f = (name: string) => import(name);`,
      'at run time',
    ],
  ];
  it.each(bad)('%s', (_rule, file, text, problem) => {
    expect(checkLayering(workspace({ [file]: text }))).toEqual([expect.stringMatching(`^${file}: .*${problem}`)]);
  });

  const impure: [what: string, text: string][] = [
    ['Date', 'export const a = new Date();'],
    ['Date', 'export const a = (d: Date) => d;'],
    ['performance', 'export const a = performance.now();'],
    ['setTimeout', 'setTimeout(() => {}, 1);'],
    ['setImmediate', 'setImmediate(() => {});'],
    ['queueMicrotask', 'queueMicrotask(() => {});'],
    ['Math.random', 'export const a = Math.random();'],
    ['Math.random', 'export const a = Math["random"]();'],
    ['crypto', 'export const a = crypto.randomUUID();'],
    ['Buffer', 'export const a = Buffer.alloc(1);'],
    ['process', 'export const a = { process };'],
    ['console', 'console.log(1);'],
    ['globalThis', 'export const a = globalThis;'],
    ['Promise', 'export const a = Promise.resolve();'],
    ['Promise', 'export interface A { a(): Promise<void> }'],
    ['async', 'export const a = async () => {};'],
    ['async', 'export class A { async a() {} }'],
    ['await', 'await (undefined as unknown);'],
    ['await', 'export {}; for await (const a of []) void a;'],
  ];
  it.each(impure)('the consensus uses no %s: %s', (what, text) => {
    const problems = checkLayering(workspace({ 'packages/core/src/consensus/raft.ts': text }));
    expect(problems).toContain(`packages/core/src/consensus/raft.ts: the consensus may not use ${what}`);
  });

  it('the consensus reaches nothing impure through an import', () => {
    const problems = checkLayering(
      workspace({
        'packages/core/src/consensus/raft.ts': `export { now } from '../clock.js';`,
        'packages/core/src/clock.ts': `export const now = () => Date.now();`,
      }),
    );
    expect(problems).toEqual(['packages/core/src/clock.ts: the consensus may not use Date']);
  });

  it('files import each other in no cycle, not even for types', () => {
    const problems = checkLayering(
      workspace({
        'packages/kv/src/a.ts': `import type { B } from './b.js'; export type A = B;`,
        'packages/kv/src/b.ts': `export * from './c.js'; export type B = 1;`,
        'packages/kv/src/c.ts': `import { type A } from './a.js'; export type C = A;`,
      }),
    );
    expect(problems).toEqual([expect.stringContaining('import cycle packages/kv/src/a.ts → packages/kv/src/b.ts → ')]);
  });

  it('packages depend on each other in no cycle and only downwards', () => {
    const problems = checkLayering(workspace({}, { 'packages/core': ['@raft/kv'], 'packages/kv': ['raft-server'] }));
    expect(problems).toContain('packages/core: core depends on nothing, but package.json names @raft/kv');
    expect(problems).toContain('packages/core: package cycle packages/core → packages/kv → packages/core');
    expect(problems).toContain('packages/kv: package.json may not depend on apps/server');
  });

  it('finds a file that imports itself, and none in a diamond', () => {
    expect(findCycles(new Map([['a', ['a']]]))).toEqual([['a', 'a']]);
    expect(
      findCycles(
        new Map([
          ['a', ['b', 'c']],
          ['b', ['d']],
          ['c', ['d']],
        ]),
      ),
    ).toEqual([]);
  });
});
