import type { Clock } from '../../clock.js';

/** Work of many bytes that lets other work of the event loop have its turn now and then. */
export class Stretch {
  readonly #clock: Clock;
  readonly #maxBytes: number;
  #bytes = 0;

  /** `maxBytes`: as many are worked on at a stretch. */
  constructor(clock: Clock, maxBytes: number) {
    this.#clock = clock;
    this.#maxBytes = maxBytes;
  }

  /** Resolves when it may go on. */
  async worked(bytes: number): Promise<void> {
    this.#bytes += bytes;
    if (this.#bytes < this.#maxBytes) return;
    this.#bytes = 0;
    await new Promise<void>((resolve) => this.#clock.defer(resolve));
  }
}
