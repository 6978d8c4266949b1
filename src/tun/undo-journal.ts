/**
 * The undo journal: one change a line (host-change.ts), written before the change is made, so that a later start or
 * `nat46 cleanup` can take back what a killed process left. The file only grows; the first line about a thing holds the
 * oldest knowledge of it and counts. It goes away when everything is undone.
 *
 * The file is locked while a gateway runs. Journals of other gateways lie in the same folder. Its first line names the
 * network namespace: what was done in another one cannot be taken back from here.
 */
import {
  appendFileSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { Nat46Error } from '../error.ts';
import { changeKey, formatChange, type HostChange, parseChange, type SysctlChange } from './host-change.ts';
import { shim } from './shim.ts';

export class UndoJournal {
  readonly path: string;
  readonly #fd: number;
  readonly #known = new Set<string>();

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
    if (namespaceOf(path) !== namespace()) {
      ftruncateSync(fd, 0);
      writeSync(fd, `${JSON.stringify({ namespace: namespace() })}\n`);
    } else if (readLines(path).at(-1) !== '') writeSync(fd, '\n'); // a crash cut the last line short
    for (const change of this.changes()) this.#known.add(changeKey(change));
  }

  /** Opens or creates it; lines of another network namespace are dropped. @throws Nat46Error when it cannot be written, or another process holds it */
  static open(path: string): UndoJournal {
    const fd = openFile(path);
    if (shim().lockFd(fd) < 0) {
      closeSync(fd);
      throw new Nat46Error(
        'NAT46_RUNTIME',
        `undo journal ${path} is in use: a gateway is running; stop it first`,
      );
    }
    return new UndoJournal(path, fd);
  }

  /** Everything in the file, oldest first. Read anew each time: another gateway may have handed something over. */
  changes(): HostChange[] {
    return readJournal(this.path);
  }

  /** Whether the file knows of the thing that a change is about. */
  knows(change: HostChange): boolean {
    return this.#known.has(changeKey(change));
  }

  /** Appends the changes that the file does not know of yet. To be called before they are made. */
  record(changes: readonly HostChange[]): void {
    const unknown = changes.filter((change) => !this.knows(change));
    if (unknown.length === 0) return;
    writeSync(this.#fd, unknown.map((change) => `${formatChange(change)}\n`).join(''));
    for (const change of unknown) this.#known.add(changeKey(change));
  }

  /**
   * Leaves the restoring of a setting to another gateway that needs it too.
   * @returns whether there is one
   */
  handOver(change: SysctlChange): boolean {
    const heir = siblings(this.path).find((path) =>
      readJournal(path).some((other) => changeKey(other) === changeKey(change)),
    );
    if (heir === undefined) return false;
    appendFileSync(heir, `${formatChange(change)}\n`);
    return true;
  }

  /** Lets go of the file and keeps it. */
  close(): void {
    closeSync(this.#fd);
  }

  /** Everything is undone. */
  remove(): void {
    unlinkSync(this.path);
    closeSync(this.#fd);
  }
}

/** Changes in a journal, oldest first; lines that are no change are left out. Empty when there is no file. */
export function readJournal(path: string): HostChange[] {
  return readLines(path).flatMap((line) => parseChange(line) ?? []);
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return [];
  }
}

function siblings(path: string): string[] {
  const own = resolve(path);
  const folder = dirname(own);
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter(
      (other) => other !== own && extname(other) === extname(own) && namespaceOf(other) === namespace(),
    );
}

/** What was done in another namespace is there still, and can be taken back there. @throws Nat46Error NAT46_RUNTIME */
export function refuseForeignJournal(path: string): void {
  const written = namespaceOf(path);
  if (written === null || written === namespace()) return;
  throw new Nat46Error(
    'NAT46_RUNTIME',
    `undo journal ${path} was written in network namespace ${written}, this is ${namespace()}: ` +
      'run it there (ip netns exec NAME nat46 cleanup), or remove the file if that namespace is gone',
  );
}

/** Such as `net:[4026531840]`. */
function namespace(): string {
  return readlinkSync('/proc/self/ns/net');
}

/** @returns null for a file that is no journal */
function namespaceOf(path: string): string | null {
  const [first] = readLines(path);
  return /^\{"namespace":"([^"]+)"\}$/.exec(first ?? '')?.[1] ?? null;
}

function openFile(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, 'a+', 0o600);
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    throw new Nat46Error(
      code === 'EACCES' || code === 'EPERM' ? 'NAT46_PERMISSION' : 'NAT46_RUNTIME',
      `undo journal ${path} cannot be written (${code}): make its folder writable, or use --no-setup`,
      { cause },
    );
  }
}
