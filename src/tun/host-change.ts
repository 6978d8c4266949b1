/**
 * One change to the host, with what is needed to take it back. Its text is a line of the undo journal, which a later
 * version may read: fields are added, never renamed.
 */
import type { Sysctls } from './sysctl.ts';

export type HostChange =
  /** A device that stays when we end. */
  | { readonly kind: 'device'; readonly device: string }
  /** MTU (bytes) and state of a device as they were. */
  | { readonly kind: 'link'; readonly device: string; readonly mtu: number; readonly up: boolean }
  /** Things we added. Addresses and prefixes are text with a length. */
  | { readonly kind: 'address'; readonly device: string; readonly address: string }
  | { readonly kind: 'route'; readonly device: string; readonly prefix: string }
  | { readonly kind: 'proxy'; readonly device: string; readonly address: string }
  | SysctlChange;

export interface SysctlChange {
  readonly kind: 'sysctl';
  /** Below /proc/sys. */
  readonly path: string;
  /** Equal to `value` when it was right already: we need it, and another gateway must not take it away. */
  readonly previous: string;
  readonly value: string;
  /** Settings that the kernel changes along with this one, as they were. */
  readonly others?: Readonly<Record<string, string>>;
}

/** What to do: a line for `ip -batch`, or a setting to write. */
export type Step = { readonly ip: string } | { readonly path: string; readonly value: string };

/** Same key, same thing on the host. */
export function changeKey(change: HostChange): string {
  switch (change.kind) {
    case 'device':
    case 'link':
      return `${change.kind} ${change.device}`;
    case 'route':
      return `route ${change.prefix} ${change.device}`;
    case 'sysctl':
      return `sysctl ${change.path}`;
    default:
      return `${change.kind} ${change.address} ${change.device}`;
  }
}

/** How to take a change back, given how things are now. A setting that somebody else changed meanwhile is left alone. */
export function undoSteps(change: HostChange, sysctls: Pick<Sysctls, 'read'>): Step[] {
  switch (change.kind) {
    case 'device':
      return [{ ip: `link del dev ${change.device}` }];
    case 'link':
      return [{ ip: `link set dev ${change.device} mtu ${change.mtu} ${change.up ? 'up' : 'down'}` }];
    case 'address':
      return [{ ip: `addr del ${change.address} dev ${change.device}` }];
    case 'route':
      return [{ ip: `route del ${change.prefix} dev ${change.device}` }];
    case 'proxy':
      return [{ ip: `neigh del proxy ${change.address} dev ${change.device}` }];
    case 'sysctl':
      return undoSysctl(change, sysctls);
  }
}

function undoSysctl(change: SysctlChange, sysctls: Pick<Sysctls, 'read'>): Step[] {
  const { path, previous, value, others = {} } = change;
  if (previous === value || sysctls.read(path) !== value) return [];
  return [
    { path, value: previous },
    ...Object.entries(others).map(([other, was]) => ({ path: other, value: was })),
  ];
}

/** A line of the journal. */
export function formatChange(change: HostChange): string {
  return JSON.stringify(change);
}

/** @returns null when the line is not one of ours, e.g. cut short by a crash */
export function parseChange(line: string): HostChange | null {
  try {
    const change = JSON.parse(line) as Record<string, unknown> | null;
    if (typeof change !== 'object' || change === null) return null;
    const fields = FIELDS[change.kind as HostChange['kind']] ?? {};
    const names = Object.entries(fields);
    const whole = names.length > 0 && names.every(([name, type]) => isWord(change[name], type));
    const others = Object.entries(change.others ?? {}).flat();
    return whole && others.every((word) => isWord(word, 'string')) ? (change as unknown as HostChange) : null;
  } catch {
    return null;
  }
}

const FIELDS: Readonly<
  Record<HostChange['kind'], Readonly<Record<string, 'string' | 'number' | 'boolean'>>>
> = {
  device: { device: 'string' },
  link: { device: 'string', mtu: 'number', up: 'boolean' },
  address: { device: 'string', address: 'string' },
  route: { device: 'string', prefix: 'string' },
  proxy: { device: 'string', address: 'string' },
  sysctl: { path: 'string', previous: 'string', value: 'string' },
};

/** One word only: the text becomes part of a line for `ip`, or of a path. */
function isWord(value: unknown, type: string): boolean {
  if (typeof value === 'string') return type === 'string' && /^\S+$/.test(value) && !value.includes('..');
  return typeof value === type;
}
