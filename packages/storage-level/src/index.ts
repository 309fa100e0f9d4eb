export { inspectLevelStorage } from './inspector.js';
export type { InspectOptions } from './inspector.js';
export { levelDatabase, levelStorage } from './level-storage.js';
export type { LevelDatabase, LevelStorageOptions } from './level-storage.js';
