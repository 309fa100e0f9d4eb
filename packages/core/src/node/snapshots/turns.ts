/** One at a time, in the order of asking: a storage writes one snapshot at a time, taken here or sent by a leader. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when it is the caller's turn, with the function that ends the turn. */
  take(): Promise<() => void> {
    const before = this.#last;
    let end = (): void => {};
    this.#last = new Promise((resolve) => (end = resolve));
    return before.then(() => end);
  }
}
