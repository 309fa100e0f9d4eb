// Generates src/generated from the .proto files; with --check only compares, and says what to do when they differ.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { descriptorModule } from './descriptors.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = ['raft/v1/raft.proto', 'kv/v1/kv.proto'];
// The standard services of a gRPC server, of which only the descriptors are used.
const standard = ['health/v1/health', 'reflection/v1/reflection', 'reflection/v1alpha/reflection'];
const described = [...sources, ...standard.map((name) => `grpc/${name}.proto`)];
const cli = dirname(createRequire(import.meta.url).resolve('protobufjs-cli/package.json'));

const pbjsOptions =
  '--target static-module --wrap esm --force-number --path . ' +
  // Its own root: the default one is shared by everything in the process that uses protobufjs.
  '--root @raft/proto ' +
  // Only encode and decode are used.
  '--no-create --no-verify --no-convert --no-delimited --no-typeurl --no-service';

// `--force-number` changes only the typings; the generated code would still give Long objects.
const readUint64 = `
// Reads a varint of at most 2^53 - 1 as a number; a larger one is an error.
function $readUint64(reader) {
    let value = 0, scale = 1;
    for (let i = 0; i < 10; ++i) {
        if (reader.pos >= reader.len)
            throw $RangeError("index out of range");
        const byte = reader.buf[reader.pos++];
        value += (byte & 127) * scale;
        if (value > 9007199254740991)
            throw $RangeError("integer beyond 2^53 - 1");
        if (byte < 128)
            return value;
        scale *= 128;
    }
    throw $RangeError("invalid varint encoding");
}
`;

function run(script, args) {
  const result = spawnSync(process.execPath, [join(cli, 'bin', script), ...args], { cwd: root, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`${script} failed: ${result.stderr || result.stdout}`);
}

function replaceAll(text, from, to) {
  if (!text.includes(from)) throw new Error(`the generator no longer writes ${from}: adapt scripts/generate.mjs`);
  return text.replaceAll(from, to);
}

function withNumbers(code) {
  let text = replaceAll(
    code,
    'if (typeof (value = reader.uint64()) === "object" ? value.low || value.high : value !== 0)',
    'if ((value = $readUint64(reader)) !== 0)',
  );
  text = text.replaceAll('reader.uint64()', '$readUint64(reader)');
  text = replaceAll(text, '$util.Long ? $util.Long.fromBits(0,0,true) : 0', '0');
  text = replaceAll(text, '\nconst $root =', `${readUint64}\nconst $root =`);
  const left = /Long|reader\.\w*(?:int|fixed)64\(/.exec(text);
  if (left !== null) throw new Error(`a 64-bit read is left that gives no number: ${left[0]}`);
  return text;
}

// One name per package and version, for values and types.
function shortNames(keyword) {
  return ['raft', 'kv'].map((name) => `export ${keyword} ${name}V1 = ${name}.v1;\n`).join('');
}

function generate(folder) {
  mkdirSync(folder, { recursive: true });
  const code = join(folder, 'protos.js');
  const types = join(folder, 'protos.d.ts');
  run('pbjs', [...pbjsOptions.split(' '), '--out', code, ...sources]);
  run('pbts', ['--out', types, code]);
  // The typings come from the comments; the code does without them.
  run('pbjs', [...pbjsOptions.split(' '), '--no-comments', '--out', code, ...sources]);
  writeFileSync(code, `${withNumbers(readFileSync(code, 'utf8')).trimEnd()}\n\n${shortNames('const')}`);
  const typings = replaceAll(readFileSync(types, 'utf8'), 'import Long = require("long");\n', '');
  writeFileSync(types, `${typings.trimEnd()}\n\n${shortNames('import')}`);
  const descriptors = join(folder, 'descriptors.ts');
  writeFileSync(descriptors, descriptorModule(described));
  return [code, types, descriptors];
}

function check(committed) {
  const folder = mkdtempSync(join(tmpdir(), 'raft-proto-'));
  try {
    const stale = generate(folder).filter((file) => {
      const name = file.slice(folder.length);
      return readFileSync(file, 'utf8') !== readFileSync(join(committed, name), 'utf8');
    });
    if (stale.length === 0) return;
    console.error('proto/src/generated differs from the .proto files: run `pnpm generate` and commit the result');
    process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const committed = join(root, 'src', 'generated');
if (process.argv.includes('--check')) check(committed);
else generate(committed);
