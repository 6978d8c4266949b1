/**
 * `/v1/dssm`: mapping records by hand, over whatever keeps them.
 */
import { formatV4, parseV4, parseV6 } from '../address.ts';
import { Nat46Error } from '../error.ts';
import type { DssmDeleted, DssmRecord, DssmRestored } from './api.ts';
import type { ControlRequest, Routes } from './server.ts';

/** Addresses in host order, 16 bytes. */
export interface MappingRecords {
  list(): Promise<readonly DssmRecord[]>;
  get(v4: number): Promise<DssmRecord | null>;
  /** @throws Nat46Error when there is a record, or there cannot be one */
  set(v4: number, v6: Uint8Array, timeoutSec: number): Promise<DssmRecord>;
  /** @returns for each whether it was created. @throws Nat46Error naming the first that is malformed */
  restore(records: readonly { key: string; value: string }[]): Promise<boolean[]>;
  /** @returns null when there was none */
  del(v4: number): Promise<{ sessions: number } | null>;
}

export function dssmRoutes(records: MappingRecords): Routes {
  return {
    'GET /v1/dssm': async () => ({ records: await records.list() }),
    'POST /v1/dssm': async ({ body }): Promise<DssmRestored> => {
      const given = readRecords(body);
      const created = await records.restore(given);
      return {
        created: created.filter(Boolean).length,
        existing: given.filter((_, i) => !created[i]).map(({ key }) => key),
      };
    },
    'GET /v1/dssm/:v4': async (request) => {
      const v4 = addressOf(request);
      return (await records.get(v4)) ?? noRecord(v4);
    },
    'PUT /v1/dssm/:v4': (request) => {
      const { v6, timeoutSec } = readSet(request.body);
      return records.set(addressOf(request), v6, timeoutSec);
    },
    'DELETE /v1/dssm/:v4': async (request): Promise<DssmDeleted> => {
      const v4 = addressOf(request);
      const { sessions } = (await records.del(v4)) ?? noRecord(v4);
      return { v4: formatV4(v4), sessions };
    },
  };
}

function addressOf(request: ControlRequest): number {
  const text = request.params.v4 ?? '';
  const v4 = parseV4(text);
  if (v4 === null)
    throw new Nat46Error('NAT46_USAGE', `${text}: not an IPv4 address; write it as in 10.2.2.9`);
  return v4;
}

function readSet(body: unknown): { v6: Uint8Array; timeoutSec: number } {
  const { v6: text, timeout_sec: timeoutSec = 0 } = (
    typeof body === 'object' && body !== null ? body : {}
  ) as Record<string, unknown>;
  const v6 = typeof text === 'string' ? parseV6(text) : null;
  if (!v6)
    throw new Nat46Error('NAT46_USAGE', `${String(text)}: not an IPv6 address; write it as in 2001:db8::9`);
  if (typeof timeoutSec !== 'number')
    throw new Nat46Error('NAT46_USAGE', 'timeout_sec: not a number of seconds');
  return { v6, timeoutSec };
}

function readRecords(body: unknown): { key: string; value: string }[] {
  const { records } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const isRecord = (one: Record<string, unknown> | null): boolean =>
    typeof one?.key === 'string' && typeof one.value === 'string';
  if (Array.isArray(records) && records.every(isRecord)) return records;
  throw new Nat46Error('NAT46_USAGE', 'records: not a list of objects with key and value');
}

function noRecord(v4: number): never {
  throw new Nat46Error('NAT46_NO_MATCH', `${formatV4(v4)}: no record; nat46 dssm list shows those there are`);
}
