// The generated code is JavaScript with declarations beside it, which the compiler reads but does not copy.
import { cpSync, existsSync } from 'node:fs';

const from = new URL('../src/generated/', import.meta.url);
if (existsSync(from)) cpSync(from, new URL('../dist/generated/', import.meta.url), { recursive: true });
