/**
 * From a flag table to values: flag before environment before default, each text through its schema, every problem
 * reported and none thrown.
 */
import { type Command, Option } from 'commander';
import { environmentName, type Flag, type FlagTable, type FlagValues } from './flag.ts';
import { withoutPassword } from './store-address.ts';

/** Where a value came from. */
export type Source = 'flag' | 'environment' | 'default';

/** One flag as given: `texts` is empty when it is absent; a switch that is on has the text `true`. */
export interface Setting {
  readonly name: string;
  readonly texts: readonly string[];
  readonly source: Source;
  /** The environment variable it came from, when that is not the flag's own. */
  readonly variable?: string;
}

export interface Settings<T extends FlagTable> {
  readonly settings: ReadonlyMap<string, Setting>;
  /** A value that failed its schema is missing here and has its line in `problems`. */
  readonly values: Partial<FlagValues<T>>;
  /** Each one line: key, value, what is wrong and the remedy. */
  readonly problems: readonly string[];
}

/** Give a command the options of a table; the help text says the default of each. */
export function addFlags(command: Command, table: FlagTable): Command {
  for (const [name, flag] of Object.entries(table)) command.addOption(optionOf(name, flag));
  const [example = ''] = Object.keys(table).filter((name) => name.includes('-'));
  return command.addHelpText(
    'after',
    `\nEach option is also an environment variable: --${example} is ${environmentName(example)}. A flag goes before it.\n` +
      'A repeatable one takes several values separated by commas.',
  );
}

function optionOf(name: string, flag: Flag): Option {
  if (flag.kind === 'switch') return new Option(`--${name}`, flag.description);
  const note = flag.kind === 'value' ? flag.fallback : flag.absent;
  const repeatable = flag.kind === 'list' ? 'repeatable; ' : '';
  return new Option(
    `--${name} <${flag.placeholder}>`,
    `${flag.description} (${repeatable}default: ${note})`,
  ).argParser((text: string, before: string[] | undefined) => [...(before ?? []), text]);
}

/** @param command after it has parsed its arguments */
export function readSettings<T extends FlagTable>(
  table: T,
  command: Command,
  env: Readonly<Record<string, string | undefined>>,
): Settings<T> {
  const settings = new Map<string, Setting>();
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, flag] of Object.entries(table)) {
    const setting = locate(name, flag, command, env);
    settings.set(name, setting);
    const result = evaluate(flag, setting);
    if ('value' in result) values[name] = result.value;
    else problems.push(...result.problems);
  }
  return { settings, values: values as Partial<FlagValues<T>>, problems };
}

/** How a person wrote one value: `--mtu 9` or `NAT46_MTU=9`. A default is named as the flag. */
export function label(setting: Setting, value: string = setting.texts.join(',')): string {
  const text = withoutPassword(value);
  if (setting.source === 'environment') return `${environmentName(setting.name)}=${text}`;
  return text === '' ? `--${setting.name}` : `--${setting.name} ${text}`;
}

function locate(
  name: string,
  flag: Flag,
  command: Command,
  env: Readonly<Record<string, string | undefined>>,
): Setting {
  const key = command.options.find((option) => option.long === `--${name}`)?.attributeName() ?? name;
  if (command.getOptionValueSource(key) === 'cli') {
    const given: unknown = command.getOptionValue(key);
    if (flag.kind === 'switch') return { name, texts: ['true'], source: 'flag' };
    const texts = given as string[];
    return { name, texts: flag.kind === 'list' ? texts.flatMap(split) : texts.slice(-1), source: 'flag' };
  }
  const variable = env[environmentName(name)] ?? '';
  if (variable !== '') {
    return { name, texts: flag.kind === 'list' ? split(variable) : [variable], source: 'environment' };
  }
  return { name, texts: flag.kind === 'value' ? [flag.fallback] : [], source: 'default' };
}

function split(text: string): string[] {
  const parts = text.split(/[\s,]+/).filter((part) => part !== '');
  return parts.length > 0 ? parts : [text];
}

const SWITCH_WORDS: Readonly<Record<string, boolean>> = {
  1: true,
  true: true,
  yes: true,
  on: true,
  0: false,
  false: false,
  no: false,
  off: false,
};

function evaluate(flag: Flag, setting: Setting): { value: unknown } | { problems: string[] } {
  const [text] = setting.texts;
  if (flag.kind === 'switch') return evaluateSwitch(setting, text);
  if (text === undefined) return { value: flag.kind === 'list' ? [] : null };
  const values: unknown[] = [];
  const problems: string[] = [];
  for (const item of setting.texts) {
    const result = item === '' ? null : flag.schema.safeParse(item);
    if (result?.success) values.push(result.data);
    else
      problems.push(
        `${label(setting, item)}: ${result?.error.issues[0]?.message ?? 'the value is empty; give one'}`,
      );
  }
  if (problems.length > 0) return { problems };
  return { value: flag.kind === 'list' ? values : values[0] };
}

function evaluateSwitch(
  setting: Setting,
  text: string | undefined,
): { value: boolean } | { problems: string[] } {
  const value = text === undefined ? false : SWITCH_WORDS[text.toLowerCase()];
  return value === undefined ? { problems: [`${label(setting)}: must be true or false`] } : { value };
}
