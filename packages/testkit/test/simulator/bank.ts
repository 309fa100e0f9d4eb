import type { Applied, Codec, StateMachine } from '@raft/core';

export interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly amount: number;
}

export type Balance = number | undefined;

const json = <T>(): Codec<T> => ({
  encode: (value) => new TextEncoder().encode(JSON.stringify(value)),
  decode: (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as T,
});

/** Accounts that money moves between; the bank's own may be overdrawn. */
export class Bank implements StateMachine<Transfer, boolean, string, Balance> {
  readonly codec: Codec<Transfer> = json();
  readonly resultCodec: Codec<boolean> = json();
  protected balances = new Map<string, number>();

  apply(entries: readonly Applied<Transfer>[]): boolean[] {
    return entries.map(({ command }) => this.transfer(command));
  }

  protected transfer({ from, to, amount }: Transfer): boolean {
    const left = (this.balances.get(from) ?? 0) - amount;
    if (left < 0 && from !== 'bank') return false;
    this.balances.set(from, left);
    this.balances.set(to, (this.balances.get(to) ?? 0) + amount);
    return true;
  }

  query(account: string): Balance {
    return this.balances.get(account);
  }

  async *snapshot(): AsyncGenerator<Uint8Array> {
    const whole = new TextEncoder().encode(JSON.stringify([...this.balances]));
    for (let at = 0; at < whole.length; at += 16) yield whole.slice(at, at + 16);
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    this.balances = new Map(JSON.parse(Buffer.concat(parts).toString()) as [string, number][]);
  }
}

const people = ['ann', 'bob', 'cid'];

/** What its suite and the simulator want to know. */
export const bank = {
  name: 'a bank',
  create: (): Bank => new Bank(),
  commands: [
    ...people.map((to) => ({ from: 'bank', to, amount: 100 })),
    ...people.flatMap((from) => people.map((to) => ({ from, to, amount: 30 }))),
  ],
  queries: ['bank', ...people],
};
