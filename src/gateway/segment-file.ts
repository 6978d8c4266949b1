/**
 * The segment as a file: created or taken over by the gateway, mapped read-only by whoever looks at statistics.
 */

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { Nat46Error } from '../error.ts';
import {
  byteLength,
  CREATED_SEC_AT,
  type Geometry,
  mismatch,
  readGeometry,
  Segment,
} from '../nat/segment.ts';
import { shim } from '../tun/shim.ts';

/** Enough to read the geometry. */
const HEADER_BYTES = 256;
const NAT46_STATE_MODE = 0o640;

export interface SegmentFile {
  readonly segment: Segment;
  /** Open as long as the gateway lives: it holds the lock, and workers map it. */
  readonly fd: number;
  /** Whether there was nothing to take over. */
  readonly fresh: boolean;
  /** Where a file of another version or geometry was moved, and why. */
  readonly setAside: { readonly path: string; readonly reason: string } | null;
}

/**
 * Take the segment file over, or create it. A file of another version or geometry is renamed, never half-read.
 * @throws Nat46Error NAT46_RUNTIME when the path cannot be written, another gateway has it, or memory is short
 */
export function openSegment(path: string, geometry: Geometry): SegmentFile {
  const fd = openLocked(path);
  const bytes = byteLength(geometry);
  const reason = unusable(fd, geometry);
  if (reason === null) {
    return { segment: new Segment(map(fd, bytes, true, path), geometry), fd, fresh: false, setAside: null };
  }
  if (reason === 'empty') return createOrNothing(fd, path, geometry, null);
  const old = `${path}.${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
  renameSync(path, old);
  closeSync(fd);
  return createOrNothing(openLocked(path), path, geometry, { path: old, reason });
}

/**
 * What `openSegment` would find there. Nothing is changed.
 * @returns the segment that it would take over, mapped read-only; why it would set the file aside; null: nothing
 * @throws Nat46Error NAT46_RUNTIME when it cannot be mapped
 */
export function lookAtSegment(path: string, geometry: Geometry): Segment | string | null {
  if (!existsSync(path)) return null;
  const fd = openSync(path, constants.O_RDONLY); // whoever asks has looked whether it may
  try {
    const reason = unusable(fd, geometry);
    if (reason !== null) return reason === 'empty' ? null : reason;
    return new Segment(map(fd, byteLength(geometry), false, path), geometry);
  } finally {
    closeSync(fd);
  }
}

/**
 * Map the segment of a gateway, running or not, to look at it.
 * @throws Nat46Error NAT46_UNREACHABLE when there is no such file, NAT46_RUNTIME when it is none of ours
 */
export function openSegmentReadOnly(path: string): Segment {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY);
  } catch (cause) {
    if (errno(cause) === 'EACCES') {
      throw new Nat46Error('NAT46_PERMISSION', `state file ${path} cannot be read (EACCES): run as root`, {
        cause,
      });
    }
    throw new Nat46Error(
      'NAT46_UNREACHABLE',
      `state file ${path} cannot be read (${errno(cause)}): start the gateway, or name its --state with -f`,
      { cause },
    );
  }
  try {
    const found = header(fd);
    if (typeof found === 'string') {
      throw new Nat46Error('NAT46_RUNTIME', `${path} is not a state file of this version (${found})`);
    }
    return new Segment(map(fd, byteLength(found), false, path), found);
  } finally {
    closeSync(fd);
  }
}

/**
 * Remove the segment of a gateway that ended, and with it its sessions.
 * @returns whether there was one
 * @throws Nat46Error NAT46_RUNTIME while a gateway has it, or when it is none of ours
 */
export function removeSegment(path: string): boolean {
  if (!existsSync(path)) return false;
  const fd = openForWriting(path);
  try {
    const found = header(fd);
    if (found === 'magic' || found === 'size')
      throw new Nat46Error(
        'NAT46_RUNTIME',
        `${path} is no state file (${found}); remove it yourself if you mean it`,
      );
    if (shim().lockFd(fd) !== 0) {
      const message = `state file ${path} is in use: a gateway is running; stop it first`;
      throw new Nat46Error('NAT46_RUNTIME', message);
    }
    rmSync(path);
    return true;
  } finally {
    closeSync(fd);
  }
}

function openLocked(path: string): number {
  const fd = openForWriting(path);
  if (shim().lockFd(fd) === 0) return fd;
  closeSync(fd);
  throw new Nat46Error(
    'NAT46_RUNTIME',
    `--state ${path} is in use by another gateway: stop it, or give this one its own --tun and --state`,
  );
}

function openForWriting(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT, NAT46_STATE_MODE);
  } catch (cause) {
    throw new Nat46Error(
      'NAT46_RUNTIME',
      `--state ${path} cannot be opened for writing (${errno(cause)}): name a writable file, best on tmpfs`,
      { cause },
    );
  }
}

function unusable(fd: number, geometry: Geometry): string | null {
  const found = header(fd);
  return typeof found === 'string' ? found : mismatch(found, geometry);
}

/** Geometry of a file, or why it has none. */
function header(fd: number): Geometry | string {
  const { size } = fstatSync(fd);
  const bytes = new Uint8Array(HEADER_BYTES);
  if (size > 0) readSync(fd, bytes, 0, HEADER_BYTES, 0);
  return readGeometry(bytes.buffer, size);
}

/** What cannot be made whole is removed again. */
function createOrNothing(...file: Parameters<typeof create>): SegmentFile {
  try {
    return create(...file);
  } catch (error) {
    rmSync(file[1], { force: true });
    throw error;
  }
}

function create(
  fd: number,
  path: string,
  geometry: Geometry,
  setAside: SegmentFile['setAside'],
): SegmentFile {
  const bytes = byteLength(geometry);
  const { bavail, bsize } = statfsSync(dirname(path));
  if (bavail * bsize < bytes) {
    throw new Nat46Error(
      'NAT46_RUNTIME',
      `--state ${path} needs ${Math.ceil(bytes / 2 ** 20)} MiB, ${Math.floor((bavail * bsize) / 2 ** 20)} are free: ` +
        'lower --max-sessions or name another file system',
    );
  }
  ftruncateSync(fd, bytes);
  const segment = new Segment(map(fd, bytes, true, path), geometry);
  segment.format(new Int32Array(new Uint8Array(randomBytes(16)).buffer));
  segment.words[CREATED_SEC_AT] = Math.floor(Date.now() / 1000);
  return { segment, fd, fresh: true, setAside };
}

function map(fd: number, bytes: number, writable: boolean, path: string): ArrayBuffer {
  const buffer = shim().mapFd(fd, bytes, writable);
  if (typeof buffer !== 'number') return buffer;
  throw new Nat46Error('NAT46_RUNTIME', `${path} cannot be mapped: errno ${-buffer}`);
}

function errno(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
}
