/**
 * A TUN device: its queues, one for each worker, and what the kernel lets it do.
 *
 * The property names are those of the tuntap2 package (`name mtu ipv4 ipv6 isUp release`). Packets do not pass
 * through here: a worker ties a queue to its arena with `shim().queueAttach`.
 */
import { closeSync } from 'node:fs';
import { Nat46Error } from '../error.ts';
import { errnoName, inUse, openError, otherKind } from './device-error.ts';
import { deviceHolder } from './device-holder.ts';
import { ipRows } from './ip-command.ts';
import * as native from './shim.ts';

export interface TunOptions {
  readonly name: string;
  /** Queues to open, 1 … 256. */
  readonly queues: number;
  /** Use a device that is there, and do not create one. A device that is not multi-queue yields one queue. */
  readonly attach?: boolean;
  /** Keep the device when the process ends. */
  readonly persist?: boolean;
}

/** One row of `ip -j -d addr show`. */
interface LinkRow {
  flags: string[];
  mtu: number;
  linkinfo?: { info_kind?: string; info_data?: { type?: string; multi_queue?: boolean; numqueues?: number } };
  addr_info?: { family: string; local: string; prefixlen: number }[];
}

/** Without TSO_ECN: a flow that signals congestion comes in single packets then, and gso_type needs no mask. */
const TCP = native.TUN_F_CSUM | native.TUN_F_TSO4 | native.TUN_F_TSO6;
const UDP = native.TUN_F_USO4 | native.TUN_F_USO6;

export class TunDevice {
  readonly name: string;
  /** File descriptors, open until `release`. */
  readonly queues: readonly number[];
  /** Whether a 10-byte virtio header precedes every packet. */
  readonly vnet = true;
  /** TUN_F_* bits that the kernel granted. */
  readonly offloads: number;
  /** Whether `open` created the device, rather than found it. */
  readonly created: boolean;
  #released = false;

  private constructor(
    name: string,
    queues: readonly number[],
    found: Pick<TunDevice, 'offloads' | 'created'>,
  ) {
    this.name = name;
    this.queues = queues;
    this.offloads = found.offloads;
    this.created = found.created;
  }

  /** @throws Nat46Error NAT46_CONFIG (name), NAT46_PERMISSION, or NAT46_RUNTIME (in use, of another kind, no driver) */
  static open(options: TunOptions): TunDevice {
    checkName(options.name);
    const { fd, created, multiQueue } = openFirst(options);
    const queues = [fd];
    try {
      while (multiQueue && queues.length < options.queues) queues.push(openQueue(options.name, MULTI));
      const offloads = negotiate(fd);
      if (options.persist === true) persist(options.name, fd);
      return new TunDevice(options.name, queues, { offloads, created });
    } catch (error) {
      for (const queue of queues) closeSync(queue);
      throw error;
    }
  }

  /** Bytes; 0 when the device is gone. */
  get mtu(): number {
    return linkRow(this.name)?.mtu ?? 0;
  }

  /** Whether UDP super-packets are read, and may be written: the kernel cuts them where they end (Linux 6.2 and newer). */
  get hasUso(): boolean {
    return (this.offloads & UDP) === UDP;
  }

  /** First IPv4 address with its prefix length, or null. */
  get ipv4(): string | null {
    return this.#address('inet');
  }

  /** First IPv6 address with its prefix length, or null. */
  get ipv6(): string | null {
    return this.#address('inet6');
  }

  get isUp(): boolean {
    return linkRow(this.name)?.flags.includes('UP') ?? false;
  }

  /** Closes the queues; a device that is not persistent goes away with the last one. No queue may be in use any more. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    for (const fd of this.queues) closeSync(fd);
  }

  #address(family: string): string | null {
    const found = linkRow(this.name)?.addr_info?.find((row) => row.family === family);
    return found === undefined ? null : `${found.local}/${found.prefixlen}`;
  }
}

const SINGLE = native.TUN_VNET_HDR;
const MULTI = native.TUN_VNET_HDR | native.TUN_MULTI_QUEUE;

/** The kernel's rule (dev_valid_name), less what is a pattern, a sysctl folder, or special in a line for `ip -batch`. */
function checkName(name: string): void {
  if (/^[^\s/:%#'"\\]{1,15}$/.test(name) && Buffer.byteLength(name) <= 15 && !RESERVED_NAMES.has(name))
    return;
  throw new Nat46Error(
    'NAT46_CONFIG',
    `--tun ${name}: not a device name: 1 to 15 letters, digits, "-", "_" or "."`,
  );
}

const RESERVED_NAMES = new Set(['.', '..', 'all', 'default']);

function openFirst(options: TunOptions): { fd: number; created: boolean; multiQueue: boolean } {
  const { name } = options;
  const attach = options.attach === true;
  if (!attach) {
    const fd = native.shim().tunOpen(name, MULTI | native.TUN_EXCLUSIVE);
    if (fd >= 0) return { fd, created: true, multiQueue: true };
    if (errnoName(-fd) !== 'EBUSY') throw openError(name, -fd);
  }
  const found = linkRow(name);
  if (found === null) throw new Nat46Error('NAT46_RUNTIME', absent(name));
  const { info_kind: kind, info_data: tun } = found.linkinfo ?? {};
  if (kind !== 'tun' || tun?.type !== 'tun') throw otherKind(name, 'no TUN device');
  if ((tun.numqueues ?? 0) > 0) throw inUse(name, deviceHolder(name));
  const multiQueue = tun.multi_queue === true;
  if (!multiQueue && !attach) throw otherKind(name, 'not multi-queue (--attach uses it as it is)');
  return { fd: openQueue(name, multiQueue ? MULTI : SINGLE), created: false, multiQueue };
}

function absent(name: string): string {
  return `no device ${name} to attach to: create it (ip tuntap add ${name} mode tun multi_queue), or leave out --attach`;
}

function openQueue(name: string, flags: number): number {
  const fd = native.shim().tunOpen(name, flags);
  if (fd >= 0) return fd;
  throw openError(name, -fd, deviceHolder(name));
}

/** Asks for sets of offloads, best first; older kernels refuse bits that they do not know. @returns what was granted */
/** @returns the most that the kernel grants */
function negotiate(fd: number): number {
  for (const bits of [TCP | UDP, TCP, native.TUN_F_CSUM]) {
    if (native.shim().tunOffload(fd, bits) === 0) return bits;
  }
  return 0;
}

function persist(name: string, fd: number): void {
  const outcome = native.shim().tunPersist(fd, true);
  if (outcome < 0) throw openError(name, -outcome);
}

function linkRow(name: string): LinkRow | null {
  const [row] = ipRows(['-d', 'addr', 'show', 'dev', name]);
  return (row as LinkRow | undefined) ?? null;
}
