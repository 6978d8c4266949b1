/**
 * Parameters of SVCB and HTTPS records, RFC 9460 §2.2: address hints taken out or replaced. Pure.
 *
 *     | priority 2 | target name | key 2, length 2, value | … |      keys in ascending order, each once
 *
 * A hint is an address that a client may use before it has asked for A records (§7.3). Those of a server that is reached
 * through synthetic addresses would lead around them.
 */
import { viewOf } from './message.ts';
import { skipName } from './name.ts';

/** Numbers of parameters, §14.3.2. */
const MANDATORY = 0;
const IPV4HINT = 4;
const IPV6HINT = 6;

/** Where the parameters of a record start. @returns null for AliasMode (priority 0, §2.4.2), which has none, and what cannot be read */
export function parametersAt(rdata: Uint8Array): number | null {
  const view = viewOf(rdata);
  if (view.byteLength < 3 || view.getUint16(0) === 0) return null;
  const at = skipName(view, 2);
  return at < 0 || at > view.byteLength ? null : at;
}

interface Parameter {
  readonly key: number;
  readonly value: Uint8Array;
}

/** @returns null when they are malformed */
function parameters(rdata: Uint8Array, from: number): Parameter[] | null {
  const view = viewOf(rdata);
  const found: Parameter[] = [];
  for (let at = from; at < view.byteLength; ) {
    if (at + 4 > view.byteLength) return null;
    const key = view.getUint16(at);
    const end = at + 4 + view.getUint16(at + 2);
    if (end > view.byteLength || key <= (found.at(-1)?.key ?? -1)) return null;
    found.push({ key, value: rdata.subarray(at + 4, end) });
    at = end;
  }
  return found;
}

/** Whether a record has address hints. */
export function hasHints(rdata: Uint8Array): boolean {
  const from = parametersAt(rdata);
  const found = from === null ? null : parameters(rdata, from);
  return found?.some(isHint) ?? false;
}

/**
 * The rdata with other hints: none, or these IPv4 addresses. What `mandatory` lists is kept to what is there (§8).
 * @param addresses host order
 * @returns null when there is nothing to change or the record is malformed
 */
export function withHints(rdata: Uint8Array, addresses: readonly number[]): Uint8Array | null {
  const from = parametersAt(rdata);
  const found = from === null ? null : parameters(rdata, from);
  if (from === null || found === null || !found.some(isHint)) return null;
  const kept = found.filter((parameter) => !isHint(parameter));
  if (addresses.length > 0) kept.push({ key: IPV4HINT, value: hintOf(addresses) });
  kept.sort((one, other) => one.key - other.key);
  const present = new Set(kept.map((parameter) => parameter.key));
  const scrubbed = kept.flatMap((parameter) =>
    parameter.key === MANDATORY ? listed(parameter, present) : [parameter],
  );
  return Buffer.concat([rdata.subarray(0, from), ...scrubbed.map(encoded)]);
}

function isHint({ key }: Parameter): boolean {
  return key === IPV4HINT || key === IPV6HINT;
}

/** The list without keys that are gone; nothing when it is empty, which it must not be. */
function listed({ key, value }: Parameter, present: ReadonlySet<number>): Parameter[] {
  const view = viewOf(value);
  const left: Uint8Array[] = [];
  for (let at = 0; at + 2 <= value.length; at += 2) {
    if (present.has(view.getUint16(at))) left.push(value.subarray(at, at + 2));
  }
  return left.length === 0 ? [] : [{ key, value: Buffer.concat(left) }];
}

function hintOf(addresses: readonly number[]): Uint8Array {
  const value = Buffer.alloc(4 * addresses.length);
  for (const [index, v4] of addresses.entries()) value.writeUInt32BE(v4, 4 * index);
  return value;
}

function encoded({ key, value }: Parameter): Uint8Array {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(key, 0);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value]);
}
