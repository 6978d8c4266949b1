/**
 * A command that is a group of verbs: `nat46` itself, and `nat46 dssm`. Written without commander, which would have to be
 * loaded before the verb is known: `nat46 --help` and a wrong word are answered at once.
 */
import { Nat46Error } from '../error.ts';
import { processTerminal } from './terminal.ts';

export interface Verb {
  readonly summary: string;
  /** @param args behind the verb @returns exit code */
  readonly run: (args: string[]) => Promise<number>;
}

export interface VerbGroup {
  /** As typed: `nat46 dssm`. */
  readonly name: string;
  readonly description: string;
  readonly verbs: Readonly<Record<string, Verb>>;
  /** Options it takes itself, beside --help. */
  readonly options?: readonly string[];
  /** Below the list of verbs in the help. */
  readonly footer?: string;
}

/**
 * Find the verb and run it with everything behind it; `help VERB` is `VERB --help`.
 * @returns exit code
 * @throws Nat46Error NAT46_USAGE when there is no verb or an unknown one, with the nearest
 */
export async function runVerb(
  group: VerbGroup,
  args: readonly string[],
  terminal = processTerminal(),
): Promise<number> {
  const [word, ...rest] = args;
  if (word === undefined) throw usage(group, `a command is missing: ${Object.keys(group.verbs).join(', ')}`);
  if (word === 'help' && rest[0] !== undefined) return findVerb(group, rest[0]).run(['--help']);
  if (['help', '--help', '-h'].includes(word)) {
    terminal.write(helpText(group));
    return 0;
  }
  return findVerb(group, word).run(rest);
}

function findVerb(group: VerbGroup, word: string): Verb {
  const verb = Object.hasOwn(group.verbs, word) ? group.verbs[word] : undefined;
  if (verb) return verb;
  const isOption = word.startsWith('-');
  const near = nearest(word, isOption ? ['--help', ...(group.options ?? [])] : Object.keys(group.verbs));
  const what = isOption ? 'option' : 'command';
  throw usage(group, `unknown ${what} '${word}'${near === null ? '' : ` (Did you mean ${near}?)`}`);
}

function usage(group: VerbGroup, problem: string): Nat46Error {
  return new Nat46Error('NAT46_USAGE', `${problem}; see ${group.name} --help`);
}

function helpText({ name, description, verbs, footer }: VerbGroup): string {
  const width = Math.max(...Object.keys(verbs).map((verb) => verb.length));
  const lines = Object.entries(verbs).map(([verb, { summary }]) => `  ${verb.padEnd(width)}  ${summary}`);
  return [
    `Usage: ${name} COMMAND [options]`,
    '',
    description,
    '',
    'Commands:',
    ...lines,
    '',
    `${name} COMMAND --help says more about one.`,
    ...(footer === undefined ? [] : ['', footer]),
    '',
  ].join('\n');
}

/** Misspelt by so many letters at most. */
const MAX_DISTANCE = 2;

function nearest(word: string, candidates: readonly string[]): string | null {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .filter(({ distance, candidate }) => distance <= MAX_DISTANCE && distance < candidate.length)
    .sort((one, other) => one.distance - other.distance);
  return ranked[0]?.candidate ?? null;
}

/** Letters to insert, remove or replace (Levenshtein). */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
