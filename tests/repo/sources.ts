import { parseSync, visitorKeys } from 'oxc-parser';

/** One import or re-export, wherever it stands in a file. */
export interface Import {
  readonly specifier: string;
  /** It vanishes when the types do. */
  readonly typeOnly: boolean;
}

/** What the layering rules want to know about a file. */
export interface Source {
  readonly imports: readonly Import[];
  /** Names used as values or types (not as properties), member accesses like `Math.random`, and `async`, `await`. */
  readonly names: ReadonlySet<string>;
}

export interface SyntaxNode {
  readonly type: string;
  readonly [key: string]: unknown;
}

export function parseSource(path: string, text: string): Source {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const imports: Import[] = [];
  const names = new Set<string>();
  visit(program as unknown as SyntaxNode, (node) => {
    collectImport(node, imports);
    collectNames(node, names);
  });
  return { imports, names };
}

function visit(node: SyntaxNode, see: (node: SyntaxNode) => void): void {
  see(node);
  for (const key of visitorKeys[node.type] ?? []) {
    // Names of properties are nobody's variables: `node.process` and `{ process: 1 }` use no global.
    if (isPropertyName(node, key)) continue;
    const child = node[key];
    for (const item of Array.isArray(child) ? child : [child]) if (isNode(item)) visit(item, see);
  }
}

function isPropertyName(node: SyntaxNode, key: string): boolean {
  if (node['computed'] === true) return false;
  if (node.type === 'MemberExpression') return key === 'property';
  if (node.type === 'TSQualifiedName') return key === 'right';
  // In `{ process }` key and value are the same name, and the value is visited.
  return key === 'key';
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function collectImport(node: SyntaxNode, imports: Import[]): void {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration': {
      if (!isNode(node['source'])) return;
      const typeOnly = node['importKind'] === 'type' || node['exportKind'] === 'type';
      imports.push({ specifier: String(node['source']['value']), typeOnly });
      return;
    }
    case 'ImportExpression':
    case 'TSImportType': {
      const source = node['source'];
      const literal = isNode(source) && source.type === 'Literal';
      imports.push({
        specifier: literal ? String(source['value']) : '(computed)',
        typeOnly: node.type === 'TSImportType',
      });
      return;
    }
    default:
  }
}

function collectNames(node: SyntaxNode, names: Set<string>): void {
  if (node.type === 'Identifier') names.add(String(node['name']));
  if (node.type === 'AwaitExpression' || node['await'] === true) names.add('await');
  if (node['async'] === true) names.add('async');
  if (node.type === 'MemberExpression' || node.type === 'TSQualifiedName') {
    const object = node[node.type === 'MemberExpression' ? 'object' : 'left'];
    const property = node[node.type === 'MemberExpression' ? 'property' : 'right'];
    if (!isNode(object) || !isNode(property)) return;
    const name = property.type === 'Literal' ? property['value'] : property['name'];
    names.add(`${String(object['name'])}.${String(name)}`);
  }
}
