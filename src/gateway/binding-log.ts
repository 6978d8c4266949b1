/**
 * The binding log: who had which SNAT address and port when (RFC 6888 §4), one JSON line each time a BIB entry comes or
 * goes. Appended ten times a second from what the data plane left in the segment; opened again on SIGHUP, so that
 * logrotate can move it away.
 */
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { formatV4, formatV6 } from '../address.ts';
import { Nat46Error } from '../error.ts';
import { BindingEvent, BindingLogMode, type BindingRecord } from '../nat/binding-ring.ts';
import type { NatState } from '../nat/nat-state.ts';
import type { SessionId } from '../nat/session.ts';

const MODE = 0o640;
const WRITE_MS = 100;
/** Addresses whose text is remembered. */
const MAX_ADDRESSES = 4096;
const PROTOCOL_NAMES: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp' };

export interface BindingLogHooks {
  /** It cannot be written, and from then on not again until `worksAgain`. */
  readonly failed: (error: Error) => void;
  readonly worksAgain: () => void;
}

export class BindingLog {
  readonly #path: string;
  readonly #state: NatState;
  readonly #hooks: BindingLogHooks;
  readonly #lines = new Lines();
  #fd: number;
  #isFailing = false;
  /** The file may end in the middle of a line. */
  #isTorn = false;
  #timer: NodeJS.Timeout | null = null;

  /** @throws Nat46Error NAT46_PERMISSION or NAT46_CONFIG when the file cannot be opened for appending */
  constructor(path: string, state: NatState, hooks: BindingLogHooks) {
    this.#path = path;
    this.#state = state;
    this.#hooks = hooks;
    this.#fd = open(path);
  }

  /**
   * Tell what is there and was not told when it came: the log was off then. Before any other thread.
   * @param former mode of the gateway that made it
   */
  catchUp(former: BindingLogMode): void {
    const { bibs, bindings, sessions } = this.#state;
    this.write(); // what ended at the start
    if (former === BindingLogMode.Off) {
      this.#tell(bibs.rows.inUse(), (row) => bindings.noteBib(BindingEvent.Add, row));
    }
    if (former === BindingLogMode.BibsAndSessions) return;
    this.#tell(sessions.rows.inUse(), (row) => bindings.noteSession(BindingEvent.Add, row as SessionId));
  }

  /** Until it is closed. */
  start(): void {
    this.#timer = setInterval(() => this.write(), WRITE_MS);
  }

  /** Append what the segment has. As long as that fails, it stays there: one record is tried until it works again. */
  write(): void {
    const { bindings, segment } = this.#state;
    const isTrial = this.#isFailing;
    let lines = '';
    const lost = bindings.read(isTrial ? 1 : Number.POSITIVE_INFINITY, (record) => {
      lines += this.#lines.of(record);
    });
    if (lost > 0)
      lines += `{"time":"${this.#lines.time(segment.nowSec())}","event":"lost","count":${lost}}\n`;
    if (lines === '' || !this.#append(lines)) return;
    bindings.release();
    if (isTrial) this.write();
  }

  /** The file was moved away: go on with a new one of the same name. @throws Nat46Error, and the old one goes on */
  reopen(): true {
    this.write();
    const fd = open(this.#path);
    closeSync(this.#fd);
    this.#fd = fd;
    this.#isTorn &&= fstatSync(fd).size > 0;
    return true;
  }

  /** Write the rest, and close. */
  close(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.write();
    closeSync(this.#fd);
  }

  #tell(rows: Iterable<number>, note: (row: number) => void): void {
    for (const row of rows) {
      note(row);
      this.#state.breathe();
    }
    this.write();
  }

  /** @returns false when it could not be written as a whole */
  #append(lines: string): boolean {
    const bytes = Buffer.from(this.#isTorn ? `\n${lines}` : lines);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#fd, bytes, written);
    } catch (error) {
      this.#isTorn ||= written > 0;
      this.#fail(error as Error);
      return false;
    }
    this.#isTorn = false;
    if (this.#isFailing) this.#hooks.worksAgain();
    this.#isFailing = false;
    return true;
  }

  #fail(error: Error): void {
    if (!this.#isFailing) this.#hooks.failed(error);
    this.#isFailing = true;
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'a', MODE);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const isDenied = code === 'EACCES' || code === 'EPERM';
    throw new Nat46Error(
      isDenied ? 'NAT46_PERMISSION' : 'NAT46_CONFIG',
      `--binding-log ${path} cannot be opened for appending (${code}): name a file in a folder that exists and may be written`,
      { cause },
    );
  }
}

/** Records as lines. What was formatted is remembered: it is most of the work, and the same again and again. */
class Lines {
  readonly #addresses = new Map<string, string>();
  #seconds = -1;
  #time = '';

  /** Every value is a number or an address: nothing needs quoting. */
  of(record: BindingRecord): string {
    const event = record.event === BindingEvent.Add ? 'add' : 'remove';
    const bib =
      `{"time":"${this.time(record.timeSec)}","event":"${event}","protocol":"${PROTOCOL_NAMES[record.protocol]}",` +
      `"inside":"${formatV4(record.inside)}","inside_port":${record.insidePort},` +
      `"outside":"${this.#address(record.outside)}","outside_port":${record.outsidePort}`;
    if (!record.isSession) return `${bib}}\n`;
    const { synthetic, real, farPort } = record;
    return `${bib},"synthetic":"${formatV4(synthetic)}","real":"${this.#address(real)}","real_port":${farPort}}\n`;
  }

  /** UTC, whole seconds. */
  time(seconds: number): string {
    if (seconds !== this.#seconds) this.#time = `${new Date(seconds * 1000).toISOString().slice(0, -5)}Z`;
    this.#seconds = seconds;
    return this.#time;
  }

  #address(words: Int32Array): string {
    const key = words.join();
    const known = this.#addresses.get(key);
    if (known !== undefined) return known;
    if (this.#addresses.size >= MAX_ADDRESSES) this.#addresses.clear();
    const view = new DataView(new ArrayBuffer(16));
    for (const [i, word] of words.entries()) view.setInt32(i * 4, word);
    const text = formatV6(new Uint8Array(view.buffer));
    this.#addresses.set(key, text);
    return text;
  }
}
