/**
 * `lmdb:DIR` — an embedded database in a folder. Keys and values are the bytes of the record and nothing else: no
 * type marks, no lengths, so that any LMDB tool shows what the documentation of the records says.
 *
 * A write is committed (visible to every process, safe from SIGKILL of this one) when its promise resolves; it
 * reaches the disk soon after. What a power failure takes away is made again: allocation is stable (slots.ts).
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { IF_EXISTS, open, type RootDatabase } from 'lmdb';
import { Nat46Error } from '../error.ts';
import { PrivateStore } from './private-store.ts';
import { KEY_PREFIX } from './record.ts';
import type { StoredRecord } from './store.ts';

const FIRST = Buffer.from(KEY_PREFIX);
/** `:` is the character after `9`: the first key behind all those that end in an IPv4 address. */
const BEHIND = Buffer.from(`${KEY_PREFIX}:`);
/** What a data file has near the start of its first meta page: 0xbeefc0de, little-endian. */
const MAGIC = Buffer.of(0xde, 0xc0, 0xef, 0xbe);

export class LmdbStore extends PrivateStore {
  readonly #database: RootDatabase<string, Buffer>;

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
      const options = { path: folder, noSubdir: false, encoding: 'string', keyEncoding: 'binary' } as const;
      return new LmdbStore(open<string, Buffer>(options));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Nat46Error(
        'NAT46_STORE',
        `--store lmdb:${folder}: cannot be opened for writing (${why}); name a folder this user may write, or use mem:`,
        { cause: error },
      );
    }
  }

  async *load(): AsyncIterable<StoredRecord> {
    for (const { key, value } of this.#database.getRange({ start: FIRST, end: BEHIND })) {
      yield { key: key.toString(), value };
    }
  }

  async get(key: string): Promise<string | null> {
    return this.#database.get(Buffer.from(key)) ?? null;
  }

  setnx(key: string, value: string): Promise<boolean> {
    const name = Buffer.from(key);
    return this.#database.ifNoExists(name, () => {
      this.#database.put(name, value);
    });
  }

  del(key: string): Promise<boolean> {
    const name = Buffer.from(key);
    return this.#database.ifVersion(name, IF_EXISTS, () => {
      this.#database.remove(name);
    });
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

/** Not `recursive`, which in Node 20 never comes back where the kernel refuses folders with ENOENT, as in /proc. */
function createFolder(folder: string): void {
  if (existsSync(folder)) {
    if (!statSync(folder).isDirectory()) throw new Error('there is a file of that name');
    return;
  }
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
