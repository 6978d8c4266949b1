/**
 * Records that we write ourselves, over dns-packet (the only file that knows it). Its limits are kept away from here:
 * names are ours and plain ASCII, replies of others are never encoded again, and response codes are set by the caller
 * because its encoder ignores them.
 */
import dnsPacket, { type Answer, type OptAnswer, type PacketOpt } from 'dns-packet';
import { UDP_SIZE } from './edns.ts';
import { HEADER_LENGTH } from './message.ts';

/** Extended DNS error, RFC 8914 §2. */
export interface ExtendedError {
  readonly code: number;
  readonly text: string;
}

/** Other, §4.1. */
export const EDE_OTHER = 0;
/** Stale Answer, §4.4, and of a name that did not exist, §4.20. */
export const EDE_STALE = 3;
export const EDE_STALE_NXDOMAIN = 19;
/** Not Ready, §4.15. */
export const EDE_NOT_READY = 14;
/** Prohibited, §4.19. */
export const EDE_PROHIBITED = 18;
/** Network Error, §4.24. */
export const EDE_NETWORK_ERROR = 23;

const EDE_OPTION = 15;
/** Root, type, class, TTL and length of an OPT record. */
const OPT_HEAD_LENGTH = 11;

/** Seconds a locally made answer may be cached. */
const LOCAL_TTL_SEC = 10_800;

/** OPT record of a reply of ours. @param flags the 16 EDNS flag bits, DO of the query copied (RFC 3225 §3) */
export function optRecord(flags: number, error: ExtendedError | null): Uint8Array {
  const options = error === null ? [] : [extendedError(error)];
  return record({
    name: '.',
    type: 'OPT',
    udpPayloadSize: UDP_SIZE,
    extendedRcode: 0,
    ednsVersion: 0,
    flags,
    flag_do: false,
    options,
  } satisfies OptAnswer);
}

/** Start of authority of a zone that exists only here, for negative answers (RFC 2308 §3). @param zone ASCII text */
export function localSoa(zone: string, ttlSec = LOCAL_TTL_SEC): Uint8Array {
  return record({
    name: zone,
    type: 'SOA',
    class: 'IN',
    ttl: ttlSec,
    data: {
      mname: zone,
      rname: `nobody.invalid`,
      serial: 1,
      refresh: 3600,
      retry: 1200,
      expire: 604_800,
      minimum: ttlSec,
    },
  });
}

/** What follows the owner name of a loopback address record: type, class, TTL, rdata. */
export function loopbackTail(type: 'A' | 'AAAA'): Uint8Array {
  const data = type === 'A' ? '127.0.0.1' : '::1';
  return record({ name: '.', type, class: 'IN', ttl: LOCAL_TTL_SEC, data }).subarray(1);
}

function record(answer: Answer): Uint8Array {
  return dnsPacket.encode({ additionals: [answer] }).subarray(HEADER_LENGTH);
}

/** An option of an OPT record as bytes. */
export function extendedErrorOption(error: ExtendedError): Uint8Array {
  return optRecord(0, error).subarray(OPT_HEAD_LENGTH);
}

function extendedError(error: ExtendedError): PacketOpt {
  const text = Buffer.from(error.text, 'utf8');
  const data = Buffer.alloc(2 + text.length);
  data.writeUInt16BE(error.code, 0);
  text.copy(data, 2);
  // The package encodes any number as a code; its types know the names of its time only.
  return { code: EDE_OPTION, data } as unknown as PacketOpt;
}
