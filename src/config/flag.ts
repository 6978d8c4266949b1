/**
 * What a flag is. One list of these (run-flags.ts) gives the options of the command line, the environment
 * variables, the text of `--help` and, through zod, the type and the check of every value.
 */
import type { z } from 'zod';

interface Described {
  /** How `--help` names the value, as in `--subnet CIDR`. */
  readonly placeholder: string;
  readonly description: string;
}

/** Has a value always: its own or the default, which passes the same schema. */
export interface ValueFlag<T> extends Described {
  readonly kind: 'value';
  readonly fallback: string;
  readonly schema: z.ZodType<T, string>;
}

/** May be absent: null. `absent` says in `--help` what happens then. */
export interface OptionalFlag<T> extends Described {
  readonly kind: 'optional';
  readonly absent: string;
  readonly schema: z.ZodType<T, string>;
}

/** Repeatable; a comma or white space separates several in one value, which is how the environment repeats. */
export interface ListFlag<T> extends Described {
  readonly kind: 'list';
  readonly absent: string;
  readonly schema: z.ZodType<T, string>;
}

/** On when given. In the environment: 1, true, yes, on or 0, false, no, off. */
export interface SwitchFlag {
  readonly kind: 'switch';
  readonly description: string;
}

// biome-ignore lint/suspicious/noExplicitAny: a table of flags holds every value type at once
export type Flag = ValueFlag<any> | OptionalFlag<any> | ListFlag<any> | SwitchFlag;
/** Flag name without dashes → flag. */
export type FlagTable = Readonly<Record<string, Flag>>;

/** What a flag's text becomes. */
export type FlagValue<F> =
  F extends ValueFlag<infer T>
    ? T
    : F extends OptionalFlag<infer T>
      ? T | null
      : F extends ListFlag<infer T>
        ? readonly T[]
        : boolean;
export type FlagValues<T extends FlagTable> = { readonly [K in keyof T]: FlagValue<T[K]> };

export function value<T>(flag: Omit<ValueFlag<T>, 'kind'>): ValueFlag<T> {
  return { kind: 'value', ...flag };
}

export function optional<T>(flag: Omit<OptionalFlag<T>, 'kind'>): OptionalFlag<T> {
  return { kind: 'optional', ...flag };
}

export function list<T>(flag: Omit<ListFlag<T>, 'kind'>): ListFlag<T> {
  return { kind: 'list', ...flag };
}

export function toggle(description: string): SwitchFlag {
  return { kind: 'switch', description };
}

/** `snat-pool` → `NAT46_SNAT_POOL` */
export function environmentName(flag: string): string {
  return `NAT46_${flag.toUpperCase().replaceAll('-', '_')}`;
}
