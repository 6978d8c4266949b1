/**
 * The native shim: the system calls that Node lacks. Compiled by `scripts/build-shim` from native-shims/*.c.
 *
 * A failed system call comes back as a negative errno (`-os.constants.errno.EPERM`), never as an exception. A wrong
 * argument throws TypeError, an offset outside the arena RangeError: both are mistakes of the caller. Every thread
 * loads the shim for itself; a queue or watch belongs to the thread that made it, a file descriptor to the process.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Nat46Error } from '../error.ts';

/** Flags of `tunOpen`. */
export const TUN_MULTI_QUEUE = 1;
export const TUN_VNET_HDR = 2;
/** -EBUSY when a device of that name is there already, whatever it is. */
export const TUN_EXCLUSIVE = 4;

/** Bits of `tunOffload` (linux/if_tun.h): what the reader of the device accepts. */
export const TUN_F_CSUM = 0x01;
export const TUN_F_TSO4 = 0x02;
export const TUN_F_TSO6 = 0x04;
/** Both UDP bits or none; since Linux 6.2. */
export const TUN_F_USO4 = 0x20;
export const TUN_F_USO6 = 0x40;

/** Words of an exchange; the first two are the caller's. */
export const WRITE_COUNT = 0;
export const TIMEOUT_MS = 1;
/** Or -errno. */
export const READ_COUNT = 2;
/** CLOCK_MONOTONIC at the end of it, as `nowMs`. */
export const NOW_MS = 3;
/** Packets that the kernel refused since the caller set it to 0, and why it refused the last one. */
export const REFUSED = 4;
export const REFUSED_ERRNO = 5;
/** Words that a queue needs. */
export const EXCHANGE_WORDS = 6;
/** As TIMEOUT_MS: nothing is read. */
export const WRITE_ONLY = -2;

/** Bytes before every packet that is read; the last ten of them are its virtio header. */
export const HEADROOM_BYTES = 80;
/** A read needs this much room: headroom, the longest packet, and what aligning the next slot may take. */
export const SLOT_MAX_BYTES = HEADROOM_BYTES + 65535 + 64;

/**
 * Writes, then reads packets of one TUN queue: what its words say. A call without arguments is the cheapest there is.
 *
 * Written are packets k < WRITE_COUNT, each `writes[2k + 1]` bytes from `writes[2k]` (with TUN_VNET_HDR the ten bytes before it
 * are its virtio header). A negative length means that the packet goes on in the next pair, which has no virtio header: up to
 * 64 pieces are gathered into one packet. A packet that the kernel refuses is left out and counted in REFUSED; then the call does
 * not wait.
 *
 * Read is what is there into the first `readBytes` of the arena, densely: packet k starts at `reads[2k]` and has
 * `reads[2k + 1]` bytes; at least HEADROOM_BYTES before it are free, the last ten hold its virtio header (zero without
 * TUN_VNET_HDR); the next slot starts at the next multiple of 64. Ends when the queue is empty, when `reads` is full, when
 * fewer than SLOT_MAX_BYTES remain, or after a wait of -1 with one packet, if one was all lately. READ_COUNT is 0 when there are
 * none, sometimes before the time is over.
 *
 * TIMEOUT_MS is how long to wait for the first packet; 0 does not wait. -1 waits in the read itself, which only a packet and
 * `wakeReader` end; on a TUN device before Linux 6.4 it waits as for a time: whoever wakes does both.
 */
export type Exchange = () => void;

/** Flag of `udpOpen`: other sockets may have the same address and port; the kernel spreads datagrams over them. */
export const UDP_REUSE_PORT = 1;

/** A UDP socket tied to an arena. */
export type UdpSocket = { readonly brand: 'UdpSocket' };

/** A callback on an eventfd. */
export type Watch = { readonly brand: 'Watch' };

export interface Shim {
  /**
   * Opens one queue of a TUN device without packet information, non-blocking; creates the device if needed.
   * With TUN_VNET_HDR every packet is preceded by a 10-byte little-endian virtio header.
   * @param name at most 15 bytes
   * @returns file descriptor, or -errno
   */
  tunOpen(name: string, flags: number): number;

  /** Asks for offloads, for all queues of the device. @param bits TUN_F_* @returns 0 or -errno */
  tunOffload(fd: number, bits: number): number;

  /** Keeps the device when its last queue closes, or not. @returns 0 or -errno */
  tunPersist(fd: number, on: boolean): number;

  /**
   * Ties a queue to its memory, which it keeps alive; the buffers must not be transferred meanwhile. Freed with the last
   * reference to it; its file descriptors stay open.
   * @param vnet whether the fd was opened with TUN_VNET_HDR
   * @param wakeFd eventfd whose signal, which is taken, ends the waiting for a time; -1 for none
   * @param arena below 2 GiB
   * @param reads offset and length of each packet read; its size bounds a batch
   * @param writes offset and length of each packet to write
   * @param words EXCHANGE_WORDS
   * @returns or -errno
   */
  queueAttach(
    fd: number,
    vnet: boolean,
    wakeFd: number,
    arena: ArrayBuffer,
    readBytes: number,
    reads: Int32Array,
    writes: Int32Array,
    words: Int32Array,
  ): Exchange | number;

  /** Lets `wakeReader` interrupt what this thread waits for. @returns the thread, or -errno */
  interruptible(): number;

  /**
   * Ends the waiting of a thread in an exchange without a timeout, or keeps it from the next. What the thread is to find
   * must be there before.
   * @param fd of its queue @param thread what `interruptible` returned there
   * @returns 0 or -errno
   */
  wakeReader(fd: number, thread: number): number;

  /** CLOCK_MONOTONIC in ms, its low 32 bits as a signed number: the clock of NOW_MS. */
  nowMs(): number;

  /** @returns a non-blocking eventfd, or -errno */
  eventFd(): number;

  /** Wakes whoever waits for or watches an eventfd. @returns 0 or -errno */
  signalFd(fd: number): number;

  /**
   * Calls back on this thread's event loop after each signal; signals that come together may share a call. Does not keep
   * the process alive. Stop it before closing the fd.
   * @returns the watch, or -errno
   */
  watchFd(fd: number, callback: () => void): Watch | number;

  /** Ends a watch: no callback comes after this. Ending it twice does nothing. */
  unwatchFd(watch: Watch): void;

  /**
   * Maps a file, shared with every other mapping of it; `Atomics` on it are exact between threads and processes. Unmapped
   * when the buffer is collected. Writing to a mapping that is not `writable`, or past the end of a file that was cut
   * short later, kills the process.
   * @returns the buffer, or -errno; -ENODATA when the file is shorter than `bytes`
   */
  mapFd(fd: number, bytes: number, writable: boolean): ArrayBuffer | number;

  /** Takes the exclusive lock of a file until it is closed. @returns 0, -EWOULDBLOCK when another holds it, or -errno */
  lockFd(fd: number): number;

  /** Lets another thread run first. */
  yieldThread(): void;

  /** CPU time that a thread of this process has had. @param thread as of `interruptible`; 0: the caller @returns ns, or -errno */
  threadNs(thread: number): number;

  /**
   * How long a thread wants to run at a time: the shorter, the sooner after it wakes. Its share of the core and its nice value stay, a slice
   * chosen before is lost. Linux before 6.12 takes no notice.
   * @param thread as of `interruptible`; 0: the caller
   * @param ns 100,000 … 100,000,000 (other positive ones are taken as the nearest), or 0 for the kernel's own
   * @returns 0, -EINVAL when its policy is not SCHED_OTHER, or -errno
   */
  threadSlice(thread: number, ns: number): number;

  /**
   * Opens a UDP socket that does not block and notes the address each datagram was sent to. An IPv6 one takes IPv6 only.
   * @param address text of either family @param flags UDP_* @param receiveBufferBytes 0 = what the system gives
   * @returns file descriptor, or -errno
   */
  udpOpen(address: string, port: number, flags: number, receiveBufferBytes: number): number;

  /** Sends to this address only, and receives nothing from others. @returns 0 or -errno */
  udpConnect(fd: number, address: string, port: number): number;

  /** @returns the port a socket is bound to, or -errno */
  udpPort(fd: number): number;

  /**
   * Ties a socket to its memory, which it keeps alive and may share with others of this thread, and takes the descriptor over.
   * @param arena 2 × `slots` slots: those received, then those to be sent
   * @param lengths of the messages in them, as many words
   * @param slotBytes a multiple of 8: 64 of the envelope, then the message
   * @param slots 1 … 256
   * @returns the socket, or -errno
   */
  udpAttach(
    fd: number,
    arena: ArrayBuffer,
    lengths: Int32Array,
    slotBytes: number,
    slots: number,
  ): UdpSocket | number;

  /**
   * Takes what is there, a slot each: envelope (the sockaddr of the peer first, as the kernel has it) and message. The
   * length of a message that was longer than its slot is -1.
   * @returns datagrams, or -errno
   */
  udpReceive(socket: UdpSocket): number;

  /**
   * Sends slots 0 … count - 1 of the second row, to the peer of the envelope, from the address it came to; where the envelope is
   * zero, as the socket is connected.
   * @returns how many the kernel took; -errno when it took none
   */
  udpSend(socket: UdpSocket, count: number): number;

  /** Calls back on this thread's event loop as long as there is something to receive; keeps the process alive. @returns 0 or -errno */
  udpWatch(socket: UdpSocket, callback: () => void): number;

  /** Ends the watch, no callback comes after this, and closes the descriptor. Closing it twice does nothing. */
  udpClose(socket: UdpSocket): void;

  /** Tells the service manager, e.g. `READY=1`. @returns 1 sent, 0 when there is none ($NOTIFY_SOCKET unset), or -errno */
  sdNotify(message: string): number;
}

/** Beside the compiled tree: dist/nat46-shim.node for dist/src/tun/shim.js, and for dist/src/gateway/worker.cjs, which has this in it and lies as deep. */
const SHIM_PATH = fileURLToPath(new URL('../../nat46-shim.node', import.meta.url));

let loaded: Shim | undefined;

/** The shim, loaded at first use. @throws Nat46Error NAT46_RUNTIME when it is not built or does not fit this machine */
export function shim(): Shim {
  loaded ??= load();
  return loaded;
}

function load(): Shim {
  try {
    return createRequire(import.meta.url)(SHIM_PATH) as Shim;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new Nat46Error(
      'NAT46_RUNTIME',
      `native shim ${SHIM_PATH} cannot be loaded: npm start builds it (${reason})`,
      { cause },
    );
  }
}
