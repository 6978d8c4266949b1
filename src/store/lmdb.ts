/**
 * `lmdb:DIR` — an embedded database in a folder. Keys and values are the bytes of the record and nothing else: no
 * type marks, no lengths, so that any LMDB tool shows what the documentation of the records says.
 *
 * What `setnx` and `del` say is committed: visible to every process, safe from SIGKILL of this one; it reaches the disk
 * soon after. A claim, for which a client waits, does not wait for the commit, which a slow disk holds up for 100 ms: until then
 * the record is in the segment, from which a gateway that starts again completes its store. What a power failure takes away
 * is made again: allocation is stable (slots.ts).
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { IF_EXISTS, open, type RootDatabase } from 'lmdb';
import { Nat46Error } from '../error.ts';
import { PrivateStore, sameReal } from './private-store.ts';
import { KEY_PREFIX } from './record.ts';
import type { Claim, StoredRecord } from './store.ts';

const FIRST = Buffer.from(KEY_PREFIX);
/** `:` is the character after `9`: the first key behind all those that end in an IPv4 address. */
const BEHIND = Buffer.from(`${KEY_PREFIX}:`);
/** What a data file has near the start of its first meta page: 0xbeefc0de, little-endian. */
const MAGIC = Buffer.of(0xde, 0xc0, 0xef, 0xbe);

/** Batches of a turn have a promise that nobody gets: one that fails, on a full disk, would end the process. */
const OPTIONS = {
  noSubdir: false,
  encoding: 'string',
  keyEncoding: 'binary',
  eventTurnBatching: false,
} as const;
/** The declarations of lmdb 3 know options for writes that wait only. */
const NO_OVERWRITE = { noOverwrite: true } as unknown as number;

/** A record that is being written, or removed (null). */
interface Change {
  readonly value: string | null;
}

export class LmdbStore extends PrivateStore {
  readonly #database: RootDatabase<string, Buffer>;
  /** Key → last change that is not committed: who asks meanwhile sees it. */
  readonly #underway = new Map<string, Change>();
  /** A write failed, and none has succeeded since: then a claim does wait. */
  #isFailing = false;

  private constructor(database: RootDatabase<string, Buffer>) {
    super();
    this.#database = database;
  }

  /** @param folder created if it does not exist. @throws Nat46Error NAT46_STORE naming the folder and the remedy */
  static open(folder: string): LmdbStore {
    try {
      createFolder(path.resolve(folder));
      accessSync(folder, constants.W_OK | constants.X_OK);
      refuseForeignFile(path.join(folder, 'data.mdb'));
      return new LmdbStore(open<string, Buffer>({ ...OPTIONS, path: folder }));
    } catch (error) {
      throw refusal(folder, error);
    }
  }

  /** Would `open` work? What is not there yet is tried where it would be, under another name. @throws as `open` */
  static async examine(folder: string): Promise<void> {
    if (existsSync(path.join(folder, 'data.mdb'))) return LmdbStore.open(folder).close();
    let trial: string | null = null;
    try {
      trial = mkdtempSync(path.join(nearestFolder(path.resolve(folder)), '.nat46-'));
      await open<string, Buffer>({ ...OPTIONS, path: trial }).close();
    } catch (error) {
      throw refusal(folder, error);
    } finally {
      if (trial !== null) rmSync(trial, { recursive: true });
    }
  }

  async *load(): AsyncIterable<StoredRecord> {
    await Promise.allSettled([this.#database.committed]); // one that failed is not there
    for (const { key, value } of this.#database.getRange({ start: FIRST, end: BEHIND })) {
      yield { key: key.toString(), value };
    }
  }

  async get(key: string): Promise<string | null> {
    return this.#held(key);
  }

  async setnx(key: string, value: string): Promise<boolean> {
    return this.#held(key) === null && (await this.#write(key, value));
  }

  override async claim(keys: readonly string[], value: string): Promise<Claim | null> {
    for (const key of keys) {
      const held = this.#held(key);
      if (held !== null && sameReal(held, value)) return { key, isNew: false };
      if (held !== null) continue;
      const written = this.#write(key, value);
      if (this.#isFailing) await written;
      else written.catch(() => {}); // the next claim says it
      return { key, isNew: true };
    }
    return null;
  }

  del(key: string): Promise<boolean> {
    return this.#follow(key, null, this.#database.remove(Buffer.from(key), IF_EXISTS));
  }

  /** As it will be when all that is under way is committed. */
  #held(key: string): string | null {
    const change = this.#underway.get(key);
    return change ? change.value : (this.#database.get(Buffer.from(key)) ?? null);
  }

  #write(key: string, value: string): Promise<boolean> {
    return this.#follow(key, value, this.#database.put(Buffer.from(key), value, NO_OVERWRITE));
  }

  async #follow(key: string, value: string | null, committed: Promise<boolean>): Promise<boolean> {
    const change: Change = { value };
    this.#underway.set(key, change);
    try {
      const isDone = await committed;
      this.#isFailing = false;
      return isDone;
    } catch (error) {
      this.#isFailing = true;
      throw new Error(await reasonOf(error), { cause: error });
    } finally {
      if (this.#underway.get(key) === change) this.#underway.delete(key);
    }
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

/** What LMDB says, without page numbers, is in a promise of its own, which ends the process if nobody looks at it. */
async function reasonOf(error: unknown): Promise<string> {
  const { commitError, message } = error as { commitError?: Promise<never>; message: string };
  const reason = await commitError?.catch((said: Error) => said.message.split(':')[0]);
  return reason ?? message;
}

function refusal(folder: string, error: unknown): Nat46Error {
  const why = error instanceof Error ? error.message : String(error);
  return new Nat46Error(
    'NAT46_STORE',
    `--store lmdb:${folder}: cannot be opened for writing (${why}); name a folder this user may write, or use mem:`,
    { cause: error },
  );
}

/** The folder, or else the one in which it would be made. */
function nearestFolder(folder: string): string {
  if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) return nearestFolder(path.dirname(folder));
  if (!existsSync(folder)) throw new Error('it is a link to what is not there');
  if (!statSync(folder).isDirectory()) throw new Error('there is a file of that name');
  return folder;
}

/** Not `recursive`, which in Node 20 never comes back where the kernel refuses folders with ENOENT, as in /proc. */
function createFolder(folder: string): void {
  if (nearestFolder(folder) === folder) return;
  createFolder(path.dirname(folder));
  mkdirSync(folder);
}

/** LMDB would end the process on a file that is none of its own. */
function refuseForeignFile(file: string): void {
  if (!existsSync(file)) return;
  const head = Buffer.alloc(64);
  const descriptor = openSync(file, 'r+');
  try {
    const length = readSync(descriptor, head, 0, head.length, 0);
    if (length > 0 && !head.includes(MAGIC)) throw new Error(`${file} is not an LMDB database`);
  } finally {
    closeSync(descriptor);
  }
}
