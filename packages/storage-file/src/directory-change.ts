import { dirname, join } from 'node:path';
import { InvalidArgumentError, StorageError } from '@raft/core';
import { writeWhole } from './file-system.js';
import type { File, FileSystem } from './file-system.js';
import { FRAME_HEADER_BYTES, FrameType, frameBytes, payloadIsIntact, readHeader, saltOf, sealFrame } from './frame.js';
import { checkSound } from './inspect-files.js';
import { changeName, temporarySuffix } from './layout.js';
import { changeMagic, FORMAT_VERSION, PREAMBLE_BYTES, readPreamble, writePreamble } from './preamble.js';
import { decodeChange, encodeChange } from './records.js';
import type { DirectoryChange, FileChange, FileWrite } from './records.js';
import { checkVersion } from './segment-beginning.js';
import { StagedFiles } from './staged-files.js';
import { DamageError, doing } from './storage-failure.js';

/*
 * A repair or a recovery changes several files, and must be done as a whole or not at all. So all of it is first written to
 * a file of its own, `change`: a preamble and one frame. Once that is durable under its name the change is decided: whoever
 * opens the directory next does what it says, again if need be, before anything else. In the end its first byte is erased
 * before it is removed: should the removal be lost with the machine, what it says is not done to newer data.
 */

const changeSalt: number = saltOf('change');
const zeros: Buffer = Buffer.alloc(1024 * 1024);

export interface ChangeTask {
  /** A noun, for people. */
  readonly what: string;
  /** Names of the files that are there. */
  readonly names: readonly string[];
  /** A directory that does not exist: for a copy of the files that will not be the same any more. */
  readonly copyTo: string;
}

/**
 * Does to the directory what `work` does to the file system that it is given, all of it or nothing. Throws
 * {@link InvalidArgumentError} when `copyTo` exists.
 */
export async function changeDirectory(
  fileSystem: FileSystem,
  directory: string,
  { what, names, copyTo }: ChangeTask,
  work: (staged: FileSystem) => Promise<void>,
): Promise<void> {
  const staged = new StagedFiles(fileSystem, directory, names);
  await work(staged.fileSystem());
  await doing(`do a ${what} of ${directory}`, () => checkSound(staged.fileSystem(), directory));
  await copyFiles(fileSystem, directory, staged.changed, copyTo);
  const path = join(directory, changeName);
  const change = { what, files: staged.changes() };
  await doing(`write ${path}`, () => writeChange(fileSystem, directory, change, names));
  try {
    await carryOut(fileSystem, directory, change);
  } catch (error) {
    const { code, message } = error as StorageError;
    const rest = `the ${what} is decided and in part done; the next start, or use of this tool, does the rest`;
    throw new StorageError(code, `${message}; ${rest}`, { cause: error });
  }
}

/** Does the rest of a change that was decided. Gives a sentence when there was one. Throws `RAFT_STORAGE_CORRUPT` when it cannot be read. */
export async function finishChange(fileSystem: FileSystem, directory: string): Promise<string | undefined> {
  const path = join(directory, changeName);
  const change = await doing(`read ${path}`, () => readChange(fileSystem, path));
  if (change) await carryOut(fileSystem, directory, change);
  else await forget(fileSystem, directory);
  return change && `finished a ${change.what} that was interrupted`;
}

async function copyFiles(
  fileSystem: FileSystem,
  directory: string,
  names: readonly string[],
  copyTo: string,
): Promise<void> {
  await doing(`make ${copyTo}`, async () => {
    const isThere = await fileSystem.list(copyTo).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
    );
    if (isThere) {
      throw new InvalidArgumentError(`${copyTo} exists: name a directory that does not, for a copy of what is changed`);
    }
    await fileSystem.makeDirectory(copyTo);
  });
  for (const name of names) {
    await doing(`copy ${name} to ${copyTo}`, () => fileSystem.copy(join(directory, name), join(copyTo, name)));
  }
  await doing(`sync ${copyTo}`, async () => {
    await fileSystem.syncDirectory(copyTo);
    await fileSystem.syncDirectory(dirname(copyTo));
  });
}

async function writeChange(
  fileSystem: FileSystem,
  directory: string,
  change: DirectoryChange,
  names: readonly string[],
): Promise<void> {
  const path = join(directory, changeName);
  const temporary = path + temporarySuffix;
  const payload = encodeChange(change);
  const bytes = Buffer.alloc(PREAMBLE_BYTES + frameBytes(payload.length));
  writePreamble(bytes, changeMagic, FORMAT_VERSION);
  bytes.set(payload, PREAMBLE_BYTES + FRAME_HEADER_BYTES);
  const rest = { writeOffset: 0, previous: 0, firstIndex: 0, count: 0, flags: 0, type: FrameType.change };
  const fields = { segment: 0, offset: PREAMBLE_BYTES, controlBytes: payload.length, ...rest };
  sealFrame(bytes, PREAMBLE_BYTES, payload.length, fields, changeSalt);
  if (names.includes(changeName + temporarySuffix)) await fileSystem.remove(temporary);
  await makeFile(fileSystem, temporary, path, (file) => writeWhole(file, bytes, 0));
}

/** Nothing when it is done. */
async function readChange(fileSystem: FileSystem, path: string): Promise<DirectoryChange | undefined> {
  const file = await fileSystem.open(path, 'read');
  try {
    const bytes = Buffer.alloc(await file.size());
    await file.read(bytes, 0);
    const isDone = bytes[0] === 0;
    if (isDone) changeMagic.copy(bytes, 0, 0, 1);
    const preamble = readPreamble(bytes, changeMagic);
    const isLong = bytes.length >= PREAMBLE_BYTES + FRAME_HEADER_BYTES;
    const header = isLong ? readHeader(bytes, PREAMBLE_BYTES, 0, PREAMBLE_BYTES, changeSalt) : undefined;
    const isWhole = header !== undefined && PREAMBLE_BYTES + header.length === bytes.length;
    if (!preamble || !isWhole || !payloadIsIntact(bytes, PREAMBLE_BYTES, header, changeSalt)) {
      throw new DamageError(
        { path, offset: 0 },
        'a repair or a recovery was interrupted, and what it was is not known',
      );
    }
    checkVersion(preamble.version, path);
    if (isDone) return undefined;
    const payload = PREAMBLE_BYTES + FRAME_HEADER_BYTES;
    return decodeChange(bytes.subarray(payload, payload + header.controlBytes));
  } finally {
    await file.close();
  }
}

async function carryOut(fileSystem: FileSystem, directory: string, { files }: DirectoryChange): Promise<void> {
  const sync = (): Promise<void> => fileSystem.syncDirectory(directory);
  // From here on it is decided, also when the machine stops.
  await doing(`sync ${directory}`, sync, 'broken');
  for (const file of files) {
    const path = join(directory, file.name);
    await doing(`change ${path}`, () => applyTo(fileSystem, path, file), 'broken');
  }
  await doing(`sync ${directory}`, sync, 'broken');
  await forget(fileSystem, directory);
}

async function applyTo(
  fileSystem: FileSystem,
  path: string,
  { removed, madeBytes, writes }: FileChange,
): Promise<void> {
  if (removed) return removeIfThere(fileSystem, path);
  if (madeBytes > 0) {
    const temporary = path + temporarySuffix;
    await removeIfThere(fileSystem, temporary);
    return makeFile(fileSystem, temporary, path, (file) =>
      writeAll(file, [{ offset: 0, data: new Uint8Array(), zeros: madeBytes }, ...writes]),
    );
  }
  const file = await fileSystem.open(path, 'write');
  try {
    await writeAll(file, writes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function makeFile(
  fileSystem: FileSystem,
  temporary: string,
  path: string,
  fill: (file: File) => Promise<void>,
): Promise<void> {
  const file = await fileSystem.open(temporary, 'create');
  try {
    await fill(file);
    await file.sync();
  } finally {
    await file.close();
  }
  await fileSystem.rename(temporary, path);
}

async function writeAll(file: File, writes: readonly FileWrite[]): Promise<void> {
  for (const { offset, data, zeros: count } of writes) {
    if (count === 0) await writeWhole(file, data, offset);
    for (let at = 0; at < count; at += zeros.length) {
      await writeWhole(file, zeros.subarray(0, Math.min(zeros.length, count - at)), offset + at);
    }
  }
}

async function removeIfThere(fileSystem: FileSystem, path: string): Promise<void> {
  await fileSystem.remove(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

/** Of a change that is done. */
async function forget(fileSystem: FileSystem, directory: string): Promise<void> {
  const path = join(directory, changeName);
  await doing(
    `remove ${path}`,
    async () => {
      const file = await fileSystem.open(path, 'write');
      try {
        await writeWhole(file, zeros.subarray(0, 1), 0);
        await file.sync();
      } finally {
        await file.close();
      }
      await fileSystem.remove(path);
      await fileSystem.syncDirectory(directory);
    },
    'broken',
  );
}
