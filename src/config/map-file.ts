/**
 * A file of explicit address mappings, one a line: `map V4[/len] V6[/len]`. What follows a `#` is a comment.
 */
import type { AddressPair } from '../xlat/address-map.ts';
import { mask } from '../xlat/prefix-table.ts';
import { formatPrefix, readPair } from './address-pairs.ts';

/** A mapping and where it was written, `--eam` or `file:line`. */
export interface PlacedPair {
  readonly pair: AddressPair;
  readonly place: string;
}

/** @returns mappings in order, and a line `file:line:column: what is wrong` for each that is none */
export function parseMapFile(name: string, text: string): { pairs: PlacedPair[]; problems: string[] } {
  const pairs: PlacedPair[] = [];
  const problems: string[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    const words = [...line.replace(/#.*/, '').matchAll(/\S+/g)];
    if (words.length === 0) continue;
    const [keyword, v4, v6, extra] = words;
    const at = (word = keyword): string => `${name}:${i + 1}:${(word?.index ?? 0) + 1}`;
    if (keyword?.[0] !== 'map' || v4 === undefined || v6 === undefined || extra !== undefined) {
      problems.push(
        `${at(extra)}: not a mapping; write map V4[/len] V6[/len], as in map 192.0.2.1 2001:db8::1`,
      );
      continue;
    }
    const result = readPair(v4[0], v6[0]);
    if ('value' in result) pairs.push({ pair: result.value, place: `${name}:${i + 1}` });
    else problems.push(`${at(result.side === 6 ? v6 : v4)}: ${result.problem}`);
  }
  return { pairs, problems };
}

/**
 * Of mappings with the same prefix on either side one stays: a flag before a line of the file, a later line before an
 * earlier one.
 * @returns a line for each that went, and one for each that another covers
 */
export function reconcile(
  flags: readonly PlacedPair[],
  lines: readonly PlacedPair[],
): { pairs: AddressPair[]; duplicates: string[]; overlaps: string[] } {
  const byV4 = new Map<string, PlacedPair>();
  const byV6 = new Map<string, PlacedPair>();
  const duplicates: string[] = [];
  for (const placed of [...flags, ...lines.toReversed()]) {
    const v4 = formatPrefix(placed.pair.v4, 4);
    const v6 = formatPrefix(placed.pair.v6, 6);
    const winner = byV4.get(v4) ?? byV6.get(v6);
    if (winner !== undefined) {
      duplicates.push(`${placed.place}: map ${v4} ${v6} is not used: ${winner.place} maps the same prefix`);
      continue;
    }
    byV4.set(v4, placed);
    byV6.set(v6, placed);
  }
  const pairs = [...byV4.values()];
  const overlaps = [...covered(pairs, byV4, 4), ...covered(pairs, byV6, 6)];
  return { pairs: pairs.map(({ pair }) => pair), duplicates, overlaps };
}

/** Prefixes inside another: the longer one holds for what both cover (RFC 7757 §3.3). */
function covered(
  pairs: readonly PlacedPair[],
  known: ReadonlyMap<string, PlacedPair>,
  family: 4 | 6,
): string[] {
  const side = family === 4 ? 'v4' : 'v6';
  const lengths = [...new Set(pairs.map(({ pair }) => pair[side].length))].sort((one, other) => other - one);
  return pairs.flatMap(({ pair, place }) => {
    const { words, length } = pair[side];
    for (const shorter of lengths.filter((other) => other < length)) {
      const wider = { words: words.map((word, i) => word & mask(shorter - i * 32)), length: shorter };
      const outer = known.get(formatPrefix(wider, family));
      if (outer === undefined) continue;
      const inner = formatPrefix(pair[side], family);
      return [
        `${place}: ${inner} lies inside ${formatPrefix(wider, family)} of ${outer.place}; the longer prefix holds`,
      ];
    }
    return [];
  });
}
