import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { StorageError } from '@raft/core';

// Both locks are the kernel's: they end with the process, whatever ends it, so nothing is ever stale and nothing has to be
// cleaned. A lock file that holds a process id cannot promise that: ids are reused, and differ between containers.
//
// Node has no call for flock(2). macOS, the BSDs and Windows take the lock when they open the file. On Linux two are
// taken: a socket in the abstract namespace, named after the directory's device and inode, which needs nothing else but
// is seen within one network namespace only; and flock(2) by way of the program flock(1), to which the descriptor is
// handed (the lock belongs to the open file, which this process keeps). Where that program is missing, the socket is all.

const exclusiveOpen: Readonly<Partial<Record<NodeJS.Platform, number>>> = {
  // O_EXLOCK | O_NONBLOCK
  darwin: 0x20 | 0x04,
  freebsd: 0x20 | 0x04,
  openbsd: 0x20 | 0x04,
  // UV_FS_O_EXLOCK
  win32: 0x10000000,
};

type Release = () => Promise<void>;

/** See {@link FileSystem.lock}. The directory must exist. */
export async function lockDirectory(directory: string): Promise<Release> {
  return process.platform === 'linux' ? lockOnLinux(directory) : lockByOpening(directory);
}

async function lockByOpening(directory: string): Promise<Release> {
  const exclusive = exclusiveOpen[process.platform];
  if (exclusive === undefined) {
    throw new StorageError('RAFT_STORAGE_IO', `cannot lock ${directory}: no way is known on ${process.platform}`);
  }
  const { O_CREAT, O_RDWR } = fs.constants;
  try {
    const handle = await open(join(directory, 'LOCK'), O_RDWR | O_CREAT | exclusive, 0o600);
    return () => handle.close();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === 'EAGAIN' || code === 'EWOULDBLOCK' || code === 'EBUSY' ? inUse(directory, error) : error;
  }
}

async function lockOnLinux(directory: string): Promise<Release> {
  const releaseSocket = await bindSocket(directory);
  try {
    const handle = await open(join(directory, 'LOCK'), fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
    try {
      await flock(directory, handle.fd);
    } catch (error) {
      await handle.close();
      throw error;
    }
    return async () => {
      await handle.close();
      await releaseSocket();
    };
  } catch (error) {
    await releaseSocket();
    throw error;
  }
}

async function bindSocket(directory: string): Promise<Release> {
  const { dev, ino } = await stat(directory, { bigint: true });
  const server = createServer((socket) => socket.destroy());
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? inUse(directory, error) : error),
    );
    // Exclusive: or the workers of a cluster would share the socket.
    server.listen({ path: `\0raft-storage-${dev}-${ino}`, exclusive: true }, resolve);
  });
  return () => new Promise((resolve) => server.close(() => resolve()));
}

function flock(directory: string, fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('flock', ['-n', '-x', '3'], { stdio: ['ignore', 'ignore', 'pipe', fd] });
    let said = '';
    child.stderr?.on('data', (text: Buffer) => {
      said += text.toString();
    });
    child.once('error', (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? resolve() : reject(error)));
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else if (code === 1 && said === '') reject(inUse(directory));
      else reject(new Error(`flock ended with ${signal ?? code}: ${said.trim()}`));
    });
  });
}

function inUse(directory: string, cause?: unknown): StorageError {
  const message = `${directory} is in use by another storage, in this process or another: stop that one, or use another directory`;
  return new StorageError('RAFT_STORAGE_IN_USE', message, { cause });
}
