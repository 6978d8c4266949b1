/**
 * A UDP socket that takes and sends datagrams by the batch: two rows of slots in one arena, those received and those to be
 * sent. What lies in a slot is described in native-shims/udp.c.
 */
import { closeSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { getSystemErrorName } from 'node:util';
import type { Endpoint } from './upstream-question.ts';

/** An attached socket. */
export type UdpSocket = { readonly brand: 'UdpSocket' };

/** What is needed of the native shim; see src/tun/shim.ts. */
export interface UdpCalls {
  udpOpen(address: string, port: number, flags: number, receiveBufferBytes: number): number;
  udpConnect(fd: number, address: string, port: number): number;
  udpPort(fd: number): number;
  udpAttach(
    fd: number,
    arena: ArrayBuffer,
    lengths: Int32Array,
    slotBytes: number,
    slots: number,
  ): UdpSocket | number;
  udpReceive(socket: UdpSocket): number;
  udpSend(socket: UdpSocket, count: number): number;
  udpWatch(socket: UdpSocket, callback: () => void): number;
  udpClose(socket: UdpSocket): void;
}

/** Where a datagram came from, and how a reply gets back: the first bytes of a slot. */
export const ENVELOPE_BYTES = 64;
/** Longer datagrams are no queries, and no reply by UDP is longer (edns.ts). */
export const MAX_DATAGRAM_BYTES = 4096;
/** Datagrams a system call. */
export const SLOTS = 64;

const SLOT_BYTES = ENVELOPE_BYTES + MAX_DATAGRAM_BYTES;
/** Bursts wait here while the loop is busy. */
const RECEIVE_BUFFER_BYTES = 4 << 20;
const ANY_PORT = 0;

/** Memory of one socket, or of several that take turns: whoever receives or queues has done with it before the next does. */
export class Arena {
  readonly bytes = new Uint8Array(2 * SLOTS * SLOT_BYTES);
  /** Of the messages, in the order of the slots. */
  readonly lengths = new Int32Array(2 * SLOTS);
}

export class BatchSocket {
  readonly port: number;
  readonly #calls: UdpCalls;
  readonly #socket: UdpSocket;
  readonly #arena: Uint8Array;
  readonly #lengths: Int32Array;
  #queued = 0;
  #open = true;

  private constructor(calls: UdpCalls, fd: number, arena: Arena) {
    this.#calls = calls;
    this.#arena = arena.bytes;
    this.#lengths = arena.lengths;
    const socket = calls.udpAttach(fd, arena.bytes.buffer, arena.lengths, SLOT_BYTES, SLOTS);
    if (typeof socket === 'number') {
      closeSync(fd); // attached, it would be the socket's to close
      throw systemError(socket);
    }
    this.#socket = socket;
    this.port = this.#orClosed(calls.udpPort(fd));
  }

  /** One that many may send to. @throws an error with the `code` of the system when the address cannot be bound */
  static listening(calls: UdpCalls, endpoint: Endpoint): BatchSocket {
    const fd = succeeded(calls.udpOpen(endpoint.address, endpoint.port, 0, RECEIVE_BUFFER_BYTES));
    return new BatchSocket(calls, fd, new Arena());
  }

  /**
   * One that talks to this endpoint only, from a port of the system's choice.
   * @throws an error with the `code` of the system when there is no way there
   */
  static connected(calls: UdpCalls, endpoint: Endpoint, arena: Arena): BatchSocket {
    const any = isIPv6(endpoint.address) ? '::' : '0.0.0.0';
    const fd = succeeded(calls.udpOpen(any, ANY_PORT, 0, RECEIVE_BUFFER_BYTES));
    const result = calls.udpConnect(fd, endpoint.address, endpoint.port);
    const socket = new BatchSocket(calls, fd, arena);
    socket.#orClosed(result);
    return socket;
  }

  /** Calls back whenever there is something to receive. @throws an error of the system; the socket is closed then */
  watch(callback: () => void): void {
    this.#orClosed(this.#calls.udpWatch(this.#socket, callback));
  }

  /** Takes what is there, SLOTS at most; views of the last batch change. @returns how many, or -errno */
  receive(): number {
    return this.#open ? this.#calls.udpReceive(this.#socket) : 0;
  }

  /** @returns a view of the message in a received slot; null when it was longer than a slot */
  message(slot: number): Uint8Array | null {
    const length = this.#lengths[slot] ?? -1;
    const at = slot * SLOT_BYTES + ENVELOPE_BYTES;
    return length < 0 ? null : this.#arena.subarray(at, at + length);
  }

  /** A view of the start of a received message that was longer than its slot. */
  start(slot: number): Uint8Array {
    return this.#arena.subarray(slot * SLOT_BYTES + ENVELOPE_BYTES, (slot + 1) * SLOT_BYTES);
  }

  /** A view of the envelope of a received slot. */
  envelope(slot: number): Uint8Array {
    return this.#arena.subarray(slot * SLOT_BYTES, slot * SLOT_BYTES + ENVELOPE_BYTES);
  }

  /** Copies a message to be sent by the next `flush`. @param envelope of the datagram it replies to @param message at most MAX_DATAGRAM_BYTES */
  queue(envelope: Uint8Array, message: Uint8Array): void {
    if (this.#queued === SLOTS) this.flush();
    const at = (SLOTS + this.#queued) * SLOT_BYTES;
    this.#arena.set(envelope, at);
    this.#arena.set(message, at + ENVELOPE_BYTES);
    this.#lengths[SLOTS + this.#queued] = message.length;
    this.#queued++;
  }

  /** Sends what is queued. @returns how many left; -errno when none could */
  flush(): number {
    const count = this.#queued;
    this.#queued = 0;
    return count > 0 && this.#open ? this.#calls.udpSend(this.#socket, count) : 0;
  }

  /** Calling it twice is harmless. */
  close(): void {
    if (this.#open) this.#calls.udpClose(this.#socket);
    this.#open = false;
  }

  /** A socket that is of no use leaves no descriptor behind. */
  #orClosed(result: number): number {
    if (result < 0) this.close();
    return succeeded(result);
  }
}

function systemError(result: number): Error {
  return Object.assign(new Error(`errno ${-result}`), { code: getSystemErrorName(result) });
}

function succeeded(result: number): number {
  if (result < 0) throw systemError(result);
  return result;
}
