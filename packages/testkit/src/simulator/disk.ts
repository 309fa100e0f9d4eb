import type { Agenda } from './agenda.js';
import { Content } from './content.js';
import type { Rot } from './content.js';
import type { Dice, Range } from './dice.js';
import type { Mirror } from './mirror.js';

export interface DiskProfile {
  /** Milliseconds of an fsync. */
  readonly syncMs: Range;
  /** Milliseconds of reading entries or a chunk of a snapshot. */
  readonly readMs: Range;
}

/** What a storage can be asked for, and can fail at. */
export const diskOperations = [
  'open',
  'append',
  'entries',
  'compact',
  'createSnapshot',
  'write',
  'commit',
  'openSnapshot',
  'read',
  'close',
] as const;

export type DiskOperation = (typeof diskOperations)[number];

interface Write {
  /** Whether it can be cut in the middle, and so must be mended at the next start. */
  readonly canTear: boolean;
  readonly apply: (content: Content) => void;
  readonly done: () => void;
  /** Gives it to the mirror, once it is durable. */
  readonly mirror?: (mirror: Mirror) => void;
}

export interface CrashReport {
  readonly lost: number;
  readonly survived: number;
  readonly torn: boolean;
}

/** Outlives the processes that use it. What was written and not synced may be lost with one of them, the later first. */
export class Disk {
  readonly profile: DiskProfile;
  readonly #agenda: Agenda;
  readonly #dice: Dice;
  /** Another when the disk was replaced. */
  storeId: string;
  /** What a crash cannot take away. */
  durable: Content = new Content();
  /** What its process has told it to write; a process reads this. */
  written: Content = new Content();
  /** What the disk held that was replaced by this one: it may have been counted before it was lost. */
  lost: Content | undefined;
  #unsynced: Write[] = [];
  #isSyncing = false;
  #stalls = 0;
  /** Counts the crashes: a sync that began before one never ends. */
  #crashes = 0;
  /** Times everything takes longer than the profile says. */
  slowness = 1;
  isFull = false;
  /** While full, whether there is room for term and vote. */
  hasReserve = true;
  /** The next operation of this kind fails. */
  failing: DiskOperation | undefined;
  /** What becomes of the next snapshot that is committed. */
  rotNext: Rot | undefined;
  /** What the next start has to mend. */
  repairs: string[] = [];
  /** Somebody's storage that has to know the same. */
  mirror: Mirror | undefined;
  /** Taken into possession by a process. */
  owner: object | undefined;

  constructor(profile: DiskProfile, agenda: Agenda, dice: Dice) {
    this.profile = profile;
    this.#agenda = agenda;
    this.#dice = dice;
    this.storeId = `store-${dice.seed().toString(16)}`;
  }

  get unsynced(): number {
    return this.#unsynced.length;
  }

  get isStalled(): boolean {
    return this.#stalls > 0;
  }

  delay(range: Range): number {
    return this.#dice.within(range) * this.slowness;
  }

  /** Takes its place behind the earlier writes; `done` is called once it is durable. */
  write(write: Write): void {
    write.apply(this.written);
    this.#unsynced.push(write);
    this.#sync();
  }

  stall(): void {
    this.#stalls++;
  }

  free(): void {
    this.#stalls = Math.max(0, this.#stalls - 1);
    this.#sync();
  }

  /** The power fails. Any number of the unsynced writes, the earliest, are on the disk all the same; the next may be torn. */
  crash(): CrashReport {
    this.#crashes++;
    this.#isSyncing = false;
    const unsynced = this.#unsynced;
    const survived = this.#dice.whole(0, unsynced.length);
    for (const write of unsynced.slice(0, survived)) this.#settle(write);
    this.mirror?.crash();
    const torn = unsynced[survived]?.canTear === true && this.#dice.chance(0.7);
    if (torn) this.repairs.push('cut off a write that was torn by a crash');
    this.#unsynced = [];
    this.written = this.durable.copy();
    this.owner = undefined;
    return { lost: unsynced.length - survived, survived, torn };
  }

  /** Whether a snapshot on it is damaged, or will be. */
  get isRotten(): boolean {
    return (
      [this.durable, this.written].some(({ snapshot }) => snapshot?.rot !== undefined) || this.rotNext !== undefined
    );
  }

  /** Everything is gone, and it shows: the storage that is made on it has another id. */
  wipe(): void {
    this.crash();
    this.failing = undefined;
    this.lost = this.durable;
    this.durable = new Content();
    this.written = new Content();
    this.repairs = [];
    this.rotNext = undefined;
    this.mirror?.wipe();
    this.storeId = `store-${this.#dice.seed().toString(16)}`;
  }

  /** One sync at a time; what is written meanwhile shares the next. */
  #sync(): void {
    const count = this.#unsynced.length;
    if (this.#isSyncing || this.isStalled || count === 0) return;
    this.#isSyncing = true;
    const crashes = this.#crashes;
    this.#agenda.after(this.delay(this.profile.syncMs), () => {
      if (crashes !== this.#crashes) return;
      this.#isSyncing = false;
      const synced = this.#unsynced.splice(0, count);
      for (const write of synced) this.#settle(write);
      const end = (): void => {
        for (const { done } of synced) done();
        this.#sync();
      };
      // The mirror has done its part before time goes on.
      if (this.mirror === undefined) end();
      else this.#agenda.after(0, () => crashes === this.#crashes && end());
    });
  }

  #settle({ apply, mirror }: Write): void {
    apply(this.durable);
    if (this.mirror !== undefined) mirror?.(this.mirror);
  }
}
