import { membersOf } from '../consensus/configuration.js';
import type { Effects } from '../consensus/effects.js';
import type { Logger } from '../logger.js';
import type { Configuration, NodeId } from '../types.js';
import type { Events } from './events.js';

/** What happens seldom, and whoever runs the node wants to know. */
export class Notices {
  readonly #id: NodeId;
  readonly #logger: Logger;
  readonly #events: Events;
  removed = false;
  diskFull = false;

  constructor(id: NodeId, logger: Logger, events: Events) {
    this.#id = id;
    this.#logger = logger;
    this.#events = events;
  }

  entered(configuration: Configuration): void {
    if (membersOf(configuration).has(this.#id)) this.removed = false;
  }

  tell({ wiped, removed, diskFull }: Effects): void {
    for (const id of wiped) {
      this.#logger('warn', `node ${id} has lost what its storage held: its votes and acknowledgements do not count`);
      this.#events.emit('wiped', { id });
    }
    if (removed !== undefined) {
      this.removed = true;
      this.#logger('warn', `entry ${removed} removed this node from the cluster: it may be stopped`);
      this.#events.emit('removed', { index: removed });
    }
    if (diskFull === undefined) return;
    this.diskFull = diskFull;
    if (diskFull)
      this.#logger('error', 'the disk is full: free some space, nothing more is written until there is room');
    else this.#logger('info', 'the disk has room again');
    this.#events.emit('diskFull', { full: diskFull });
  }
}
