/**
 * The store that a configuration names, examined without a gateway.
 */
import type { StoreAddress } from '../config/store-address.ts';
import { examine, type Finding, obstacle } from '../store/examination.ts';
import { readTls } from '../store/redis-address.ts';

export interface StoreExamination {
  /** Every step that was taken. */
  readonly findings: readonly Pick<Finding, 'step' | 'server' | 'problem'>[];
  /** What keeps the store from working, or null. */
  readonly problem: string | null;
}

export async function examineStore(address: StoreAddress): Promise<StoreExamination> {
  if (address.kind === 'redis') {
    const files = problemOf(() => readTls(address));
    if ('problem' in files) return failed('certificates', address.label, files.problem);
    const findings = await examine(address, files.value);
    return { findings, problem: obstacle(findings)?.problem ?? null };
  }
  try {
    if (address.kind === 'lmdb') await (await import('../store/lmdb.ts')).LmdbStore.examine(address.folder);
  } catch (error) {
    return failed('open', address.label, messageOf(error));
  }
  return { findings: [{ step: 'open', server: address.label, problem: null }], problem: null };
}

function failed(step: string, server: string, problem: string): StoreExamination {
  return { findings: [{ step, server, problem }], problem };
}

function problemOf<T>(run: () => T): { value: T } | { problem: string } {
  try {
    return { value: run() };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
