export { levelDatabase, levelStorage } from './level-storage.js';
export type { LevelDatabase, LevelStorageOptions } from './level-storage.js';
