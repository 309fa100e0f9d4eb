// The generated code is JavaScript with declarations beside it, which the compiler reads but does not copy.
import { cpSync, existsSync } from 'node:fs';

const from = new URL('../src/generated/', import.meta.url);
const to = new URL('../dist/generated/', import.meta.url);
const compiled = (file) => file.endsWith('.ts') && !file.endsWith('.d.ts');
if (existsSync(from)) cpSync(from, to, { recursive: true, filter: (file) => !compiled(file) });
