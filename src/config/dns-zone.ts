/**
 * ZONE=ADDR[:PORT]: the value of `--dns-zone`.
 */
import { dnsEndpoint, type Endpoint, reading } from './address-schemas.ts';

export interface DnsZone {
  /** Lower case, without a final dot. */
  readonly zone: string;
  readonly endpoint: Endpoint;
}

/** Text of a name: 255 bytes on the wire are 253 characters here (RFC 1035 §2.3.4). */
const MAX_ZONE_LENGTH = 253;
/** Letters, digits, hyphens, and the underscore of service names. */
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

export const dnsZone = reading<DnsZone>((text) => {
  const at = text.indexOf('=');
  if (at < 0)
    return { problem: 'not a zone and its server; write ZONE=ADDR[:PORT], as in corp.example=10.0.0.10' };
  const zone = text.slice(0, at).toLowerCase().replace(/\.$/, '');
  if (zone === '') return { problem: 'no zone before =; --dns-upstream is the server for every other name' };
  const wrong = zone.split('.').find((label) => !LABEL.test(label));
  if (wrong !== undefined || zone.length > MAX_ZONE_LENGTH) {
    return {
      problem: `${JSON.stringify(wrong ?? zone)} is not part of a domain name; write labels of 1 to 63 letters, digits and hyphens`,
    };
  }
  if (at === text.length - 1)
    return { problem: `no server behind =; write ZONE=ADDR[:PORT], as in ${zone}=10.0.0.10` };
  const endpoint = dnsEndpoint.safeParse(text.slice(at + 1));
  if (endpoint.success) return { value: { zone, endpoint: endpoint.data } };
  return {
    problem: `server ${text.slice(at + 1)}: ${endpoint.error.issues[0]?.message ?? 'cannot be read'}`,
  };
});
