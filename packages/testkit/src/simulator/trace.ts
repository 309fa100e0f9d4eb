/** All that happened in a run: as a hash, which two equal runs share, and as lines to be read, when they are wanted. */
export class Trace {
  /** A line for each event; undefined when nobody wants to read them. */
  readonly lines: string[] | undefined;
  #low = 0x811c9dc5;
  #high = 0x1b873593;

  constructor(options: { readonly log: boolean }) {
    this.lines = options.log ? [] : undefined;
  }

  /** Of all facts so far: 16 hexadecimal digits. */
  get hash(): string {
    return [this.#high, this.#low].map((part) => (part >>> 0).toString(16).padStart(8, '0')).join('');
  }

  /** What two equal runs have in common. Numbers below 2^53, whose integer part counts. */
  fact(...numbers: readonly number[]): void {
    for (const number of numbers) {
      this.#low = Math.imul(this.#low ^ (number | 0), 0x01000193);
      this.#high = (Math.imul(this.#high ^ (number / 4_294_967_296), 0x5bd1e995) + this.#low) | 0;
    }
  }

  /** `text` is asked for only when somebody reads. Milliseconds. */
  note(now: number, text: () => string): void {
    this.lines?.push(`${now.toFixed(3).padStart(10)}  ${text()}`);
  }
}

/** A number for a text or bytes, to be used as a fact (FNV-1a). */
export function digest(data: string | Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let place = 0; place < data.length; place++) {
    const unit = typeof data === 'string' ? data.charCodeAt(place) : (data[place] as number);
    hash = Math.imul(hash ^ unit, 0x01000193);
  }
  return hash >>> 0;
}
