import { posix } from 'node:path';

/** Links of a Markdown text that lead to no known file or folder. */
export function brokenLinks(path: string, text: string, known: ReadonlySet<string>): string[] {
  const prose = text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, '');
  const links = [...prose.matchAll(/\]\(([^()\s]+)\)|^\[[^\]]+\]:\s+(\S+)$/gm)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  return links
    .filter((link) => !/^(\w+:|#)/.test(link))
    .filter((link) => {
      const target = link.replace(/#.*$/, '');
      const base = target.startsWith('/') ? '.' : posix.dirname(path);
      return !known.has(posix.join(base, target).replace(/\/$/, ''));
    })
    .map((link) => `${path}: ${link}`);
}

/** Compiler options of a tsconfig that no comment on the line before explains. */
export function uncommentedFlags(text: string): string[] {
  const start = text.indexOf('"compilerOptions"');
  if (start < 0) return [];
  const body = text.slice(text.indexOf('{', start) + 1);
  const flags: string[] = [];
  let depth = 0;
  let explained = false;
  for (const [token] of body.matchAll(/\/\/.*|"[^"]*"\s*:|"[^"]*"|[{}[\]]/g)) {
    if (token.startsWith('//')) explained = true;
    else if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') {
      if (--depth < 0) break;
    } else if (depth === 0 && token.endsWith(':')) {
      if (!explained) flags.push(token.slice(1, token.lastIndexOf('"')));
      explained = false;
    }
  }
  return flags;
}

/** A dependency is one exact version, or a package of this workspace. */
export function unpinned(version: string): boolean {
  return !/^(\d+\.\d+\.\d+|workspace:[*^])$/.test(version);
}
