/**
 * A session in the journal: what identifies it on its SNAT address, and the rest, both base64.
 *
 *     session   | protocol | SNAT port 2 | far port 2 | real v6 16 |
 *     rest      | inside address 4 | synthetic v4 4 | inside port 2 | TCP state |
 */
import type { NatState } from '../nat/nat-state.ts';
import type { SessionId } from '../nat/session.ts';
import { TcpState } from '../nat/tcp-state.ts';
import * as tcp from '../wire/tcp.ts';

export interface SessionRecord {
  readonly protocol: number;
  readonly outsidePort: number;
  readonly farPort: number;
  /** Four words. */
  readonly real: Int32Array;
  readonly insideNear: number;
  readonly insideFar: number;
  readonly insidePort: number;
  readonly state: number;
}

const SESSION_BYTES = 21;
const REST_BYTES = 11;
const scratch = Buffer.alloc(SESSION_BYTES);
const restScratch = Buffer.alloc(REST_BYTES);

/** @returns the part that identifies it */
export function sessionKey({ sessions, segment }: NatState, id: SessionId): string {
  const ports = sessions.outsidePorts(id);
  const real = sessions.outsideAt(id) + 4;
  scratch.writeUInt8(sessions.protocol(id), 0);
  scratch.writeUInt32BE(ports >>> 0, 1); // SNAT port in the high half
  for (let i = 0; i < 4; i++) scratch.writeInt32BE(segment.words[real + i] ?? 0, 5 + i * 4);
  return scratch.toString('base64');
}

export function sessionRest({ sessions }: NatState, id: SessionId): string {
  restScratch.writeInt32BE(sessions.insideNear(id), 0);
  restScratch.writeInt32BE(sessions.insideFar(id), 4);
  restScratch.writeUInt16BE(sessions.insidePorts(id) >>> 16, 8);
  restScratch.writeUInt8(sessions.state(id), 10);
  return restScratch.toString('base64');
}

/** Written by another gateway. @returns null when this is no established TCP session */
export function readSession(key: string, rest: string): SessionRecord | null {
  const head = Buffer.from(key, 'base64');
  const tail = Buffer.from(rest, 'base64');
  if (head.length !== SESSION_BYTES || tail.length !== REST_BYTES) return null;
  const record = {
    protocol: head.readUInt8(0),
    outsidePort: head.readUInt16BE(1),
    farPort: head.readUInt16BE(3),
    real: Int32Array.from({ length: 4 }, (_, i) => head.readInt32BE(5 + i * 4)),
    insideNear: tail.readInt32BE(0),
    insideFar: tail.readInt32BE(4),
    insidePort: tail.readUInt16BE(8),
    state: tail.readUInt8(10),
  };
  return isEstablished(record) ? record : null;
}

function isEstablished({ protocol, state, outsidePort, farPort, insidePort }: SessionRecord): boolean {
  return (
    protocol === tcp.PROTOCOL &&
    state >= TcpState.Established &&
    state <= TcpState.FinOutside &&
    Math.min(outsidePort, farPort, insidePort) > 0
  );
}
