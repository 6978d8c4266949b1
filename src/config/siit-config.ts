/**
 * The configuration of `nat46 siit`, and how the command line and the environment become it.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { formatV4 } from '../address.ts';
import { Nat46Error } from '../error.ts';
import type { AddressPair } from '../xlat/address-map.ts';
import { mask, type Prefix } from '../xlat/prefix-table.ts';
import { formatPrefix } from './address-pairs.ts';
import { commandLine, readCommandLine } from './command-line.ts';
import { type DeviceConfig, deviceConfig, type Environment } from './device-config.ts';
import { type PlacedPair, parseMapFile, reconcile } from './map-file.ts';
import { defaultSiitStatePath } from './paths.ts';
import { addFlags, readSettings, type Setting } from './settings.ts';
import { SIIT_FLAGS, type SiitValues } from './siit-flags.ts';

export interface SiitConfig extends DeviceConfig {
  /** RFC 6052; null = none. */
  readonly pool6: Prefix | null;
  /** Of the flags alone: `readPairs` adds those of the file. */
  readonly eam: readonly AddressPair[];
  readonly mapFile: string | null;
  readonly hairpin: 'off' | 'simple' | 'intrinsic';
  readonly udpZeroChecksum: 'drop' | 'compute' | 'forward';
  readonly allowPrivate: boolean;
}

/** What is translated by which mapping, and what a person should know about it. */
export interface Pairs {
  readonly pairs: readonly AddressPair[];
  readonly warnings: readonly string[];
}

/**
 * @param args behind the word `siit`
 * @throws Nat46Error NAT46_USAGE, or NAT46_CONFIG whose message has a line for each problem
 */
export function parseSiitConfig(
  args: readonly string[],
  env: Environment,
  cores = availableParallelism,
): SiitConfig {
  const command = addFlags(
    commandLine('nat46 siit', 'Start a stateless translator (RFC 7915) in the foreground.'),
    SIIT_FLAGS,
  );
  readCommandLine(command, args);
  const { values, settings, problems } = readSettings(SIIT_FLAGS, command, env);
  const all = [...problems, ...crossProblems(values, settings)];
  if (all.length > 0) throw new Nat46Error('NAT46_CONFIG', all.join('\n'));
  const whole = values as SiitValues;
  return {
    ...deviceConfig(whole, cores()),
    statePath: whole.state ?? defaultSiitStatePath(whole.tun),
    pool6: whole.pool6,
    eam: whole.eam,
    mapFile: whole['map-file'],
    hairpin: whole.hairpin,
    udpZeroChecksum: whole['udp-zero-checksum'],
    allowPrivate: whole['allow-private-wkp'],
  };
}

/**
 * The mappings of the flags and of the file as it is now.
 * @throws Nat46Error NAT46_CONFIG when the file cannot be read, or with `file:line:column` of each line that is wrong
 */
export function readPairs(config: SiitConfig): Pairs {
  const { pairs, duplicates, overlaps } = reconcile(placed(config.eam), readMapFile(config.mapFile));
  const more = overlaps.length - MAX_OVERLAPS;
  const shown = more > 0 ? [...overlaps.slice(0, MAX_OVERLAPS), `${more} more overlaps`] : overlaps;
  return { pairs, warnings: [...duplicates, ...shown, ...ownWarnings(config, pairs)] };
}

/** Overlaps that are told one by one: a file of hosts inside a prefix is nothing unusual. */
const MAX_OVERLAPS = 5;

function placed(eam: readonly AddressPair[]): PlacedPair[] {
  return eam.map((pair) => ({ pair, place: '--eam' }));
}

/** What is sent to an own address is answered, whatever a mapping says. */
function ownWarnings({ self4, rfc6791V4 }: SiitConfig, pairs: readonly AddressPair[]): string[] {
  const own = { '--self4': self4, '--rfc6791-v4': rfc6791V4 };
  return Object.entries(own).flatMap(([flag, address]) => {
    const pair = pairs.find(
      ({ v4 }) => address !== null && ((address ^ (v4.words[0] ?? 0)) & mask(v4.length)) === 0,
    );
    if (pair === undefined || address === null) return [];
    return [
      `${flag} ${formatV4(address)} lies in the mapping of ${formatPrefix(pair.v4, 4)}: its host is not reached`,
    ];
  });
}

function readMapFile(mapFile: string | null): PlacedPair[] {
  if (mapFile === null) return [];
  let text: string;
  try {
    text = readFileSync(mapFile, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new Nat46Error(
      'NAT46_CONFIG',
      `--map-file ${mapFile} cannot be read (${code}): name a file of mappings`,
      {
        cause,
      },
    );
  }
  const { pairs, problems } = parseMapFile(mapFile, text);
  if (problems.length > 0) throw new Nat46Error('NAT46_CONFIG', problems.join('\n'));
  return pairs;
}

function crossProblems(values: Partial<SiitValues>, settings: ReadonlyMap<string, Setting>): string[] {
  const { eam = [] } = values;
  const isAbsent = (flag: string): boolean => settings.get(flag)?.texts.length === 0;
  if (isAbsent('pool6') && isAbsent('eam') && isAbsent('map-file')) {
    return ['nothing to translate by: give --pool6 PREFIX, --eam V4=V6 or --map-file FILE'];
  }
  const { duplicates } = reconcile(placed(eam), []);
  if (duplicates.length > 0) return duplicates;
  if (isAbsent('pool6') && values.hairpin !== undefined && values.hairpin !== 'off') {
    return [`--hairpin ${values.hairpin}: needs --pool6, by which the hosts see each other`];
  }
  return [];
}
