export { fileStorage } from './file-storage.js';
export type { FileStorageOptions } from './file-storage.js';
export { inspectFileStorage } from './inspector.js';
export type { File, FileSystem, OpenMode } from './file-system.js';
