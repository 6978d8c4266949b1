/**
 * Seconds as a person reads them: the two greatest units.
 */
const UNITS: readonly (readonly [unit: string, seconds: number])[] = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
];

/** `7325` → `2h 2m`, `59` → `59s`. @param sec whole seconds, 0 or more */
export function duration(sec: number): string {
  const first = UNITS.findIndex(([, size]) => sec >= size);
  if (first < 0) return '0s';
  const parts: string[] = [];
  let rest = sec;
  for (const [unit, size] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count}${unit}`);
    rest -= count * size;
  }
  return parts.join(' ');
}
