import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';
import { expect, test } from 'vitest';
import { fileDescriptors } from '../src/descriptors.js';

/** The inverse of what the descriptors were made with. */
function parse(bytes: Uint8Array): protobuf.Root {
  const file = descriptor.FileDescriptorProto.decode(bytes);
  return protobuf.Root.fromDescriptor(descriptor.FileDescriptorSet.encode({ file: [file] }).finish());
}

test.each([...fileDescriptors.keys()])('the descriptor of %s holds what the file says', (name) => {
  const source = readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
  const root = new protobuf.Root();
  protobuf.parse(source, root, { keepCase: true });
  root.resolveAll();
  const described = parse(fileDescriptors.get(name)?.bytes ?? new Uint8Array(0));
  const compared = new Set<string>();
  for (const type of typesOf(root)) {
    const twin = described.lookupType(type.fullName);
    expect(fieldsOf(twin)).toEqual(fieldsOf(type));
    compared.add(type.name);
  }
  expect(compared.size).toBeGreaterThan(1);
});

test('the services and their streams are described', () => {
  const kv = parse(fileDescriptors.get('kv/v1/kv.proto')?.bytes ?? new Uint8Array(0)).lookupService('kv.v1.KV');
  expect(Object.keys(kv.methods)).toEqual(expect.arrayContaining(['Get', 'Set', 'Watch', 'ChangeMembers', 'Pipeline']));
  expect(kv.methods['Pipeline']).toMatchObject({ requestStream: true, responseStream: true });
  expect(kv.methods['Get']?.requestStream ?? false).toBe(false);
});

function* typesOf(namespace: protobuf.NamespaceBase): Generator<protobuf.Type> {
  for (const nested of namespace.nestedArray) {
    if (nested instanceof protobuf.Type) yield nested;
    if (nested instanceof protobuf.Namespace) yield* typesOf(nested);
  }
}

function fieldsOf(type: protobuf.Type): unknown {
  return type.fieldsArray
    .map((field) => [
      field.name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      field.id,
      field.repeated,
      field.resolvedType?.fullName ?? field.type,
      field.partOf?.name,
      field.map,
    ])
    .toSorted((a, b) => Number(a[1]) - Number(b[1]));
}
