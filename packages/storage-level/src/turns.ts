import type { FailStop } from './failure.js';
import { storageError } from './failure.js';

/**
 * Lets LevelDB write one thing at a time, and nothing after what failed: it would go on behind the half of a record in its log,
 * which then looks like damage, and whatever was acknowledged after it could not be had any more.
 */
export class Turns {
  readonly #failure: FailStop;
  #last: Promise<unknown> = Promise.resolve();

  constructor(failure: FailStop) {
    this.#failure = failure;
  }

  /** `doing` completes the sentence "cannot …". Throws the first error that there was. */
  take(doing: string, write: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(async () => {
      this.#failure.check();
      try {
        await write();
      } catch (error) {
        throw this.#failure.fail(storageError(error, doing));
      }
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
