import { posix } from 'node:path';
import { parseSource, type Source } from './sources.js';

export interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
}

/** A workspace as the rules see it. All paths are relative to the root, with slashes. */
export interface Workspace {
  /** Package manifests by folder, such as `packages/core`. */
  readonly packages: ReadonlyMap<string, Manifest>;
  /** Source texts by path, such as `packages/core/src/index.ts`. */
  readonly files: ReadonlyMap<string, string>;
}

/** Which of our packages each kind of package may import. The first pattern that fits decides; no pattern means none. */
const allowed: readonly (readonly [folder: RegExp, imports: RegExp])[] = [
  [/^packages\/core$/, /^$/],
  [/^proto$/, /^packages\/core$/],
  [/^packages\/(storage|transport)-/, /^(packages\/core|proto)$/],
  [/^packages\/kv$/, /^(packages\/core|proto)$/],
  [/^packages\/testkit$/, /^(packages\/core|packages\/kv|proto)$/],
  [/^apps\//, /^(packages\/|proto$)/],
];

const consensusFolder = 'packages/core/src/consensus/';

/** What the consensus may not use: time, randomness and whatever else is not a function of its events. */
const impure: ReadonlySet<string> = new Set([
  ...['Date', 'performance', 'Temporal', 'setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval'],
  ...['Math.random', 'crypto', 'Promise', 'async', 'await', 'queueMicrotask', 'AbortController', 'AbortSignal'],
  ...['process', 'Buffer', 'console', 'fetch', 'require', 'globalThis', 'global'],
  ...['WeakRef', 'FinalizationRegistry', 'eval', 'Function'],
]);

/** A problem in one line, which starts with the file that has it. Sorted; empty when every rule is kept. */
export function checkLayering(workspace: Workspace): string[] {
  const sources = new Map([...workspace.files].map(([path, text]) => [path, parseSource(path, text)]));
  return [
    ...checkImports(workspace, sources),
    ...checkConsensus(sources),
    ...checkCycles(sources),
    ...checkPackageCycles(workspace),
  ].toSorted();
}

function checkImports(workspace: Workspace, sources: ReadonlyMap<string, Source>): string[] {
  const problems: string[] = [];
  const folderByName = new Map([...workspace.packages].map(([folder, manifest]) => [manifest.name, folder]));
  for (const [path, source] of sources) {
    const folder = packageFolder(path);
    const manifest = workspace.packages.get(folder);
    if (!manifest) throw new Error(`${path} belongs to no package`);
    for (const { specifier } of source.imports) {
      const problem = checkImport(path, folder, manifest, specifier, folderByName, workspace);
      if (problem) problems.push(`${path}: ${problem}`);
    }
  }
  return problems;
}

function checkImport(
  path: string,
  folder: string,
  manifest: Manifest,
  specifier: string,
  folderByName: ReadonlyMap<string, string>,
  workspace: Workspace,
): string | undefined {
  if (specifier === '(computed)') return 'imports a name that is made at run time';
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier);
    return target.startsWith(`${folder}/src/`) ? undefined : `${specifier} leads out of the package's sources`;
  }
  if (folder === 'packages/core') return `core imports nothing from outside, not even the types of ${specifier}`;
  if (specifier.startsWith('node:')) return undefined;
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  const target = folderByName.get(name);
  if (target !== undefined && !mayImport(folder, target)) return `${manifest.name} may not import ${name}`;
  const entry = `.${specifier.slice(name.length)}`;
  if (target !== undefined && workspace.packages.get(target)?.exports?.[entry] === undefined) {
    return `${specifier} is not among the exports of ${name}`;
  }
  const listed = manifest.dependencies?.[name] ?? manifest.peerDependencies?.[name];
  if (listed === undefined) return `${name} is not among the dependencies of ${manifest.name}`;
  return undefined;
}

function mayImport(folder: string, target: string): boolean {
  const rule = allowed.find(([from]) => from.test(folder));
  return rule !== undefined && rule[1].test(target);
}

/** Looks at the consensus and at everything that it imports at run time. */
function checkConsensus(sources: ReadonlyMap<string, Source>): string[] {
  const problems: string[] = [];
  const reached = new Set([...sources.keys()].filter((path) => path.startsWith(consensusFolder)));
  for (const path of reached) {
    const source = sources.get(path);
    if (!source) continue;
    for (const target of targets(path, source, sources, { types: false })) reached.add(target);
    for (const name of source.names) if (impure.has(name)) problems.push(`${path}: the consensus may not use ${name}`);
  }
  return problems;
}

function checkCycles(sources: ReadonlyMap<string, Source>): string[] {
  const graph = new Map([...sources].map(([path, source]) => [path, targets(path, source, sources, { types: true })]));
  return findCycles(graph).map((cycle) => `${cycle[0]}: import cycle ${cycle.join(' → ')}`);
}

function checkPackageCycles(workspace: Workspace): string[] {
  const folderByName = new Map([...workspace.packages].map(([folder, manifest]) => [manifest.name, folder]));
  const problems: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [folder, manifest] of workspace.packages) {
    const own = Object.keys(manifest.dependencies ?? {}).flatMap((name) => folderByName.get(name) ?? []);
    graph.set(folder, own);
    for (const target of own) {
      if (!mayImport(folder, target)) problems.push(`${folder}: package.json may not depend on ${target}`);
    }
    const dependencies = Object.keys(manifest.dependencies ?? {});
    if (folder === 'packages/core' && dependencies.length > 0) {
      problems.push(`${folder}: core depends on nothing, but package.json names ${dependencies.join(', ')}`);
    }
  }
  return [...problems, ...findCycles(graph).map((cycle) => `${cycle[0]}: package cycle ${cycle.join(' → ')}`)];
}

/** The files of the same package that a file imports. */
function targets(
  path: string,
  source: Source,
  sources: ReadonlyMap<string, Source>,
  { types }: { types: boolean },
): string[] {
  const found = source.imports
    .filter((item) => item.specifier.startsWith('.') && (types || !item.typeOnly))
    .map((item) => posix.join(posix.dirname(path), item.specifier).replace(/\.js$/, '.ts'))
    .filter((target) => sources.has(target));
  return [...new Set(found)];
}

/** One cycle for each edge that closes one in a depth-first walk; each ends with the node it starts with. */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const walk = (node: string): void => {
    if (done.has(node)) return;
    const start = trail.indexOf(node);
    if (start >= 0) {
      cycles.push([...trail.slice(start), node]);
      return;
    }
    trail.push(node);
    for (const next of graph.get(node) ?? []) walk(next);
    trail.pop();
    done.add(node);
  };
  for (const node of graph.keys()) walk(node);
  return cycles;
}

function packageFolder(path: string): string {
  return path.startsWith('proto/') ? 'proto' : path.split('/', 2).join('/');
}
