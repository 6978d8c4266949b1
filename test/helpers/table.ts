/**
 * uvu suites that run themselves: a suite whose `.run()` is forgotten would pass silently.
 */
import { suite } from 'uvu';

/**
 * One test a row, the same check for each.
 * @param vector of rows that are raw bytes: direction, and all that makes one different from others; asked by
 *   `scripts/compliance`
 */
export function table<Row extends { name: string }>(
  title: string,
  rows: readonly Row[],
  check: (row: Row) => void | Promise<void>,
  vector?: (row: Row) => string,
): void {
  const it = suite(title);
  for (const row of rows)
    it(
      row.name,
      Object.assign(() => check(row), { vector: () => vector?.(row) }),
    );
  it.run();
}

/** One test a property, each with a check of its own. */
export function tests(title: string, cases: Record<string, () => void | Promise<void>>): void {
  const it = suite(title);
  for (const [name, check] of Object.entries(cases)) it(name, check);
  it.run();
}
