import { existsSync } from 'node:fs';
import { mkdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClassicLevel } from 'classic-level';
import { InvalidArgumentError, RaftError, StorageError } from '@raft/core';
import type {
  ChangeOptions,
  Entry,
  GroupId,
  LogIndex,
  RecoverOptions,
  RecoverPlan,
  RepairPlan,
  StorageInspector,
  StorageProblem,
  StorageRecord,
  StoreIdentity,
  Verification,
} from '@raft/core';
import { changeName, damagedFiles, databaseName } from './database-files.js';
import type { DamagedFile } from './database-files.js';
import { changeDirectory, finishChange } from './directory-change.js';
import { useDirectory } from './directory-use.js';
import { databaseRecords, examine, problem } from './examine.js';
import type { Findings, GroupFindings } from './examine.js';
import { corrupt, doing, storageError, withoutAdvice } from './failure.js';
import { GroupKeys } from './keys.js';
import { createNote, noteName, openNote } from './note-file.js';
import type { Note } from './note-file.js';
import { decodeEntry, saltOf } from './records.js';
import type { StoreRecord } from './records.js';
import { planRecovery } from './recover.js';
import { planRepair } from './repair.js';
import { rewrite } from './rewrite.js';
import type { GroupChange } from './rewrite.js';
import { copyFiles, copyTo, databaseFiles, lockDatabase, openCopy, removeScratches } from './scratch.js';
import type { Scratch } from './scratch.js';

export interface InspectOptions {
  readonly directory: string;
  /** Which group is looked at. Default: the only one. */
  readonly groupId?: GroupId;
}

/**
 * Opens the directory of a level storage that is not in use, for the operator's tools. Looks at a copy below it (of tables: at
 * links), which it removes at the end. Throws {@link StorageError} `RAFT_STORAGE_IN_USE`, and `RAFT_STORAGE_IO` when there is
 * none.
 */
export async function inspectLevelStorage(options: InspectOptions): Promise<StorageInspector> {
  const { directory } = options;
  if (![noteName, databaseName, changeName].some((name) => existsSync(join(directory, name)))) {
    throw new StorageError('RAFT_STORAGE_IO', `${directory} holds no level storage: name the directory of one`);
  }
  const path = await doing(`find ${directory}`, () => realpath(directory));
  const release = useDirectory(path);
  try {
    const inspector = new LevelInspector(path, options.groupId, release);
    await inspector.open();
    return inspector;
  } catch (error) {
    release();
    throw error instanceof RaftError ? error : storageError(error, `look into ${path}`);
  }
}

/** What can be known of a directory. */
interface Sight {
  readonly note: Note | undefined;
  readonly noteProblem: string | undefined;
  readonly files: readonly DamagedFile[];
  /** Why LevelDB cannot open the database as it is. */
  readonly unopened: string | undefined;
  readonly level: ClassicLevel<Buffer, Buffer>;
  readonly findings: Findings;
}

class LevelInspector implements StorageInspector {
  readonly #path: string;
  readonly #groupId: GroupId | undefined;
  #release: (() => void) | undefined;
  #scratch: Scratch | undefined;
  #sight: Sight | undefined;
  identity: StoreIdentity | undefined;

  constructor(path: string, groupId: GroupId | undefined, release: () => void) {
    this.#path = path;
    this.#groupId = groupId;
    this.#release = release;
  }

  async open(): Promise<void> {
    this.#scratch = await lockDatabase(this.#path);
    try {
      if (existsSync(join(this.#path, changeName))) await finishChange(this.#path);
      await removeScratches(this.#path, this.#scratch.place);
      this.#sight = await look(this.#path, this.#scratch);
      this.identity = this.#identity();
    } catch (error) {
      await this.#letGo();
      throw error;
    }
  }

  #identity(): StoreIdentity | undefined {
    const { findings } = this.#see();
    const { store } = findings;
    const group = this.#group();
    if (!store || !group) return undefined;
    const { clusterId, nodeId } = store;
    return { clusterId, nodeId, groupId: group.id, storeId: group.record.storeId };
  }

  async *records(): AsyncIterable<StorageRecord> {
    const { level, files, findings, note } = this.#see();
    for (const { file, offset, bytes, kind, message } of files) {
      const state = kind === 'torn' ? 'torn' : 'damaged';
      yield { kind: 'unknown', file, offset, size: bytes - offset, state, note: message };
    }
    yield* databaseRecords(level, findings.store?.databaseId ?? note?.databaseId);
  }

  async *entries(from?: LogIndex): AsyncIterable<Entry> {
    const { level, findings } = this.#see();
    const group = this.#group();
    if (group && findings.store) {
      const keys = new GroupKeys(group.id);
      const first = Math.max(from ?? 0, group.record.base.index + 1);
      const salt = saltOf(findings.store.databaseId);
      for await (const [key, value] of level.iterator(keys.entries(first, group.sound.index))) {
        const stored = decodeEntry(salt, key, keys.indexOf(key), value);
        if (stored) yield stored.entry;
      }
    }
    const damage = this.#problems().find(({ kind }) => kind === 'corrupt');
    if (damage) throw corrupt(`${this.#path} is damaged: ${damage.message}`);
  }

  async verify(): Promise<Verification> {
    let records = 0;
    const problems = [...this.#problems()];
    for await (const { state, kind, note, offset, file } of this.records()) {
      records++;
      // The others are told of by what they mean.
      if (state !== 'damaged' || kind !== 'unknown' || file !== databaseName) continue;
      problems.push(problem('corrupt', `record ${offset} is damaged: ${note}`, { offset }));
    }
    const group = this.#group();
    const hardState = group?.record.hardState ?? { term: 0, votedFor: undefined, commitIndex: 0 };
    const { sound, record } = group ?? { sound: { index: 0, term: 0 }, record: undefined };
    return {
      records,
      problems,
      hardState: { term: hardState.term, votedFor: hardState.votedFor, commitIndex: hardState.commitIndex },
      firstIndex: (record?.base.index ?? 0) + 1,
      lastIndex: sound.index,
      lastTerm: sound.term,
      snapshot: record?.snapshot?.meta,
    };
  }

  async repair({ apply, copyTo }: ChangeOptions): Promise<RepairPlan> {
    const { findings, note, noteProblem, files, unopened } = this.#see();
    const store = findings.store ?? storeOf(note);
    if (store === undefined) throw corrupt(`${this.#path} cannot be repaired: nothing tells whose database it is`);
    const steps = [...(noteProblem ? [`write ${noteName} anew: ${noteProblem}`] : [])];
    for (const { message, kind } of files) {
      if (kind === 'torn') steps.push(`cut ${message}: nobody was told of the write`);
      else if (kind === 'missing' && unopened === undefined) steps.push(`go on without what is missing: ${message}`);
      else if (unopened === undefined) steps.push(`drop what follows in the log: ${message}`);
    }
    if (unopened !== undefined)
      steps.push(`let LevelDB save what can be read of the database: ${why(files) ?? unopened}`);
    const areWritesMissing = findings.root !== undefined && findings.root.writes < (note?.writes ?? 0);
    const losesEnd = unopened !== undefined || areWritesMissing || files.some(({ kind }) => kind !== 'torn');
    const filesForget = losesEnd || noteProblem !== undefined;
    const groupId = this.#group()?.id;
    const repair = planRepair({ path: this.#path, findings, store, groupId, steps, filesForget, losesEnd });
    if (!apply || repair.plan.steps.length === 0) return { ...repair.plan, applied: false };
    await this.#apply(copyTo, repair.store, repair.changes, unopened !== undefined);
    return { ...repair.plan, applied: true };
  }

  async recover(options: RecoverOptions): Promise<RecoverPlan> {
    const damage = this.#problems().find(({ kind }) => kind !== 'torn');
    if (damage) {
      throw new StorageError('RAFT_STORAGE_CORRUPT', `${this.#path} is damaged: ${damage.message}. Repair it first`);
    }
    const before = this.identity;
    if (before === undefined) throw corrupt(`${this.#path} holds no group`);
    const { plan, store, changes } = planRecovery(this.#see().findings, before, before.groupId, options);
    if (options.apply) await this.#apply(options.copyTo, store, changes, false);
    return { ...plan, applied: options.apply };
  }

  async close(): Promise<void> {
    await doing(`close ${this.#path}`, () => this.#letGo());
  }

  async #apply(copy: string, store: StoreRecord, changes: readonly GroupChange[], mend: boolean): Promise<void> {
    const path = this.#path;
    if (existsSync(copy)) {
      throw new InvalidArgumentError(`${copy} exists: name a directory that does not, for a copy of what is changed`);
    }
    const changed = (await databaseFiles(join(path, databaseName))).map((name) => join(databaseName, name));
    await copyFiles(path, [...changed, ...(existsSync(join(path, noteName)) ? [noteName] : [])], copy);
    const { findings, note, level: seen } = this.#see();
    const scratch = this.#scratch!;
    await seen.close();
    await doing(`change ${path}`, async () => {
      const made = join(scratch.place, changeName);
      await rm(made, { recursive: true, force: true });
      await mkdir(made);
      const level = await copyTo(path, join(made, databaseName), mend);
      let writes: number;
      try {
        writes = await rewrite(level, store, Math.max(findings.root?.writes ?? 0, note?.writes ?? 0), changes);
        // LevelDB leaves out, without a word, what it fails to save.
        const wrong = (await examine(level, undefined)).problems.find(({ kind }) => kind === 'corrupt');
        if (wrong)
          throw new Error(`what was made to replace it is not sound (${wrong.message}), so nothing was changed`);
      } finally {
        await level.close();
      }
      await writeNote(made, store, writes);
      await changeDirectory(path, made);
    });
    this.#sight = await look(path, scratch);
    this.identity = this.#identity();
  }

  /** The one that is asked for; undefined when none is left. */
  #group(): GroupFindings | undefined {
    const { groups } = this.#see().findings;
    if (this.#groupId !== undefined) return groups.get(this.#groupId);
    if (groups.size <= 1) return [...groups.values()][0];
    throw new InvalidArgumentError(`the database holds the groups ${[...groups.keys()].join(', ')}: name one of them`);
  }

  #problems(): StorageProblem[] {
    const { noteProblem, files, unopened, findings } = this.#see();
    const problems: StorageProblem[] = [];
    if (noteProblem)
      problems.push({ kind: 'corrupt', file: noteName, offset: 0, entries: undefined, message: noteProblem });
    for (const { file, kind, offset, message } of files) {
      problems.push({ kind: kind === 'torn' ? 'torn' : 'corrupt', file, offset, entries: undefined, message });
    }
    if (unopened !== undefined && why(files) === undefined) problems.push(problem('corrupt', unopened));
    return [...problems, ...findings.problems];
  }

  #see(): Sight {
    if (this.#sight === undefined) throw new InvalidArgumentError(`the inspector of ${this.#path} is closed`);
    return this.#sight;
  }

  async #letGo(): Promise<void> {
    const [sight, scratch, release] = [this.#sight, this.#scratch, this.#release];
    [this.#sight, this.#scratch, this.#release] = [undefined, undefined, undefined];
    try {
      await sight?.level.close();
      await scratch?.lock.close();
      if (scratch) await rm(scratch.place, { recursive: true, force: true });
    } finally {
      release?.();
    }
  }
}

async function look(path: string, scratch: Scratch): Promise<Sight> {
  let note: Note | undefined;
  let noteProblem: string | undefined;
  try {
    const found = await openNote(path, 'read');
    note = found?.file.note;
    await found?.file.close();
    if (!found) noteProblem = `${join(path, noteName)} is missing`;
  } catch (error) {
    noteProblem = withoutAdvice(error);
  }
  const files = await damagedFiles(path);
  let level: ClassicLevel<Buffer, Buffer>;
  let unopened: string | undefined;
  try {
    level = await openCopy(path, scratch, false);
  } catch (error) {
    unopened = withoutAdvice(storageError(error, 'open the database'));
    level = await openCopy(path, scratch, true);
  }
  try {
    return { note, noteProblem, files, unopened, level, findings: await examine(level, note) };
  } catch (error) {
    await level.close();
    if (unopened !== undefined) throw error;
    unopened = withoutAdvice(storageError(error, 'read the database'));
    level = await openCopy(path, scratch, true);
    return { note, noteProblem, files, unopened, level, findings: await examine(level, note) };
  }
}

/** LevelDB only says that it finds no database. */
function why(files: readonly DamagedFile[]): string | undefined {
  return files.find(({ file }) => file === join(databaseName, 'CURRENT'))?.message;
}

function storeOf(note: Note | undefined): StoreRecord | undefined {
  if (note === undefined) return undefined;
  const { format, databaseId, clusterId, nodeId } = note;
  return { format, databaseId, clusterId, nodeId };
}

async function writeNote(path: string, store: StoreRecord, writes: number): Promise<void> {
  const file = await createNote(path, store);
  try {
    await file.replace({ ...store, generation: 0, writes });
  } finally {
    await file.close();
  }
}
