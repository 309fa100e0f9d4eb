// The .proto files as google.protobuf.FileDescriptorProto: what a server's reflection hands to tools such as grpcurl.
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The text of a TypeScript module with the descriptors of these files, in this order. */
export function descriptorModule(files) {
  const lines = files.map((file) => `  ['${file}', '${Buffer.from(describe(file)).toString('base64')}'],`);
  return [
    '// Generated from the .proto files by scripts/generate.mjs. Each is a serialized FileDescriptorProto in base64.',
    'export const descriptors: readonly (readonly [name: string, base64: string])[] = [',
    ...lines,
    '];',
    '',
  ].join('\n');
}

function describe(file) {
  const parsed = new protobuf.Root();
  parsed.loadSync(`${root}${file}`, { keepCase: true });
  parsed.resolveAll();
  const files = parsed.toDescriptor('proto3').file;
  if (files.length !== 1) throw new Error(`${file}: imports are not supported here, adapt scripts/descriptors.mjs`);
  const [own] = files;
  own.name = file;
  for (const type of own.messageType) completeType(type, parsed.lookupType(`${own.package}.${type.name}`));
  return descriptor.FileDescriptorProto.encode(own).finish();
}

/** Gives a message what protoc gives it: full names of types, names in JSON, map entries under their prescribed names. */
function completeType(type, source) {
  const maps = new Map(type.nestedType.filter((nested) => nested.options?.mapEntry).map((map) => [map.name, map]));
  for (const map of maps.values()) map.name += 'Entry';
  for (const field of type.field) {
    const map = maps.get(field.typeName);
    if (map !== undefined) field.typeName = `${source.fullName}.${map.name}`;
    else if (field.typeName) field.typeName = source.fields[field.name].resolvedType.fullName;
    field.jsonName = field.name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());
  }
  for (const nested of type.nestedType) {
    if (!nested.options?.mapEntry) completeType(nested, source.lookupType(nested.name));
  }
}
