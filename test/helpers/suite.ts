/**
 * uvu suites that run themselves: a suite whose `.run()` is forgotten would pass silently. When a registry stands ready,
 * tests are written into it and do not run: `scripts/compliance` asks that way which there are.
 */
import { suite } from 'uvu';

export interface Case {
  name: string;
  check: () => void | Promise<void>;
  /** Of a row of raw bytes: its direction and everything that makes it different from others. */
  vector?: string;
}

interface Registered {
  suite: string;
  name: string;
  vector?: string;
}

const registry = (globalThis as { testRegistry?: Registered[] }).testRegistry;
/** Tests are asked for, not run. */
export const isListing = registry !== undefined;

/** @param around what comes before the first case, and after the last */
export function define(
  title: string,
  cases: readonly Case[],
  around?: { before: () => Promise<void>; after: () => Promise<void> },
): void {
  if (registry !== undefined) {
    registry.push(...cases.map(({ check: _, ...told }) => ({ suite: title, ...told })));
    return;
  }
  const it = suite(title);
  if (around !== undefined) {
    it.before(around.before);
    it.after(around.after);
  }
  for (const { name, check } of cases) it(name, check);
  it.run();
}
