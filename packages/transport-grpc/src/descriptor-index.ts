import type { FileDescriptor } from '@raft/proto/descriptors';
import { bytesFields, stringOf, text } from './fields.js';

/** Field numbers of descriptor.proto, which defines what a file descriptor holds. */
const File = { package: 2, dependency: 3, messageType: 4, enumType: 5, service: 6, extension: 7 } as const;
const Message = { nestedType: 3, enumType: 4, extension: 6 } as const;
const Service = { method: 2 } as const;
/** Of everything that has a name. */
const nameField = 1;

/** Finds the files that a reflection client asks for. */
export class DescriptorIndex {
  readonly #files = new Map<string, FileDescriptor>();
  readonly #fileOf = new Map<string, FileDescriptor>();

  /** Throws `DecodeError` for bytes that are no file descriptor. */
  constructor(files: Iterable<FileDescriptor>) {
    for (const file of files) {
      this.#files.set(file.name, file);
      for (const symbol of symbolsOf(file.bytes)) this.#fileOf.set(symbol, file);
    }
  }

  /** A file and what it imports, as far as known; undefined for a name that is not known. */
  byName(name: string): readonly FileDescriptor[] | undefined {
    const file = this.#files.get(name);
    return file && this.#withImports(file);
  }

  /** The file that defines a service, method, message or enum, and what it imports. */
  bySymbol(symbol: string): readonly FileDescriptor[] | undefined {
    const file = this.#fileOf.get(symbol);
    return file && this.#withImports(file);
  }

  #withImports(first: FileDescriptor): readonly FileDescriptor[] {
    const found = new Set([first]);
    // A set is iterated in the order of insertion, what is added meanwhile included.
    for (const file of found) {
      for (const name of importsOf(file.bytes)) {
        const imported = this.#files.get(name);
        if (imported !== undefined) found.add(imported);
      }
    }
    return [...found];
  }
}

function importsOf(file: Uint8Array): string[] {
  return bytesFields(file)
    .filter(({ field }) => field === File.dependency)
    .map(({ value }) => text(value));
}

function symbolsOf(file: Uint8Array): string[] {
  const packageName = stringOf(file, File.package);
  const prefix = packageName === '' ? '' : `${packageName}.`;
  const symbols: string[] = [];
  for (const { field, value } of bytesFields(file)) {
    if (field === File.messageType) addMessage(symbols, prefix, value);
    else if (field === File.service) addService(symbols, prefix, value);
    else if (field === File.enumType || field === File.extension) symbols.push(prefix + stringOf(value, nameField));
  }
  return symbols;
}

function addMessage(symbols: string[], prefix: string, message: Uint8Array): void {
  const name = prefix + stringOf(message, nameField);
  symbols.push(name);
  for (const { field, value } of bytesFields(message)) {
    if (field === Message.nestedType) addMessage(symbols, `${name}.`, value);
    else if (field === Message.enumType || field === Message.extension) {
      symbols.push(`${name}.${stringOf(value, nameField)}`);
    }
  }
}

function addService(symbols: string[], prefix: string, service: Uint8Array): void {
  const name = prefix + stringOf(service, nameField);
  symbols.push(name);
  for (const { field, value } of bytesFields(service)) {
    if (field === Service.method) symbols.push(`${name}.${stringOf(value, nameField)}`);
  }
}
