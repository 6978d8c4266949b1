/**
 * Suites of tests that share a check, or have one each.
 */
import { define } from './suite.ts';

/** One test a row, the same check for each. @param vector of rows that are raw bytes, as `suite.ts` says */
export function table<Row extends { name: string }>(
  title: string,
  rows: readonly Row[],
  check: (row: Row) => void | Promise<void>,
  vector?: (row: Row) => string,
): void {
  const cases = rows.map((row) => ({
    name: row.name,
    check: () => check(row),
    ...(vector && { vector: vector(row) }),
  }));
  define(title, cases);
}

/** One test a property, each with a check of its own. */
export function tests(title: string, cases: Record<string, () => void | Promise<void>>): void {
  define(
    title,
    Object.entries(cases).map(([name, check]) => ({ name, check })),
  );
}
