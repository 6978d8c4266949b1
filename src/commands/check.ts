/**
 * `nat46 check`: the flags and the environment of `nat46 run`, parsed and validated; nothing is opened. Prints what
 * would run, and where each value comes from.
 */
import { commandLine, readCommandLine } from '../config/command-line.ts';
import { type Config, describeConfig, resolveRun } from '../config/config.ts';
import { environmentName } from '../config/flag.ts';
import { RUN_FLAGS } from '../config/run-flags.ts';
import { addFlags, type Setting } from '../config/settings.ts';
import { formatOf, processSurroundings, withFormat } from './gateway-options.ts';
import { printJson, printRows } from './table-output.ts';

interface Line {
  readonly flag: string;
  readonly value: string;
  readonly from: string;
}

/** @returns exit code. @throws Nat46Error NAT46_CONFIG with a line for each problem */
export async function check(args: readonly string[], surroundings = processSurroundings()): Promise<number> {
  const { terminal, env } = surroundings;
  const description = 'Validate what nat46 run would be given; nothing is opened.';
  const command = withFormat(addFlags(commandLine('nat46 check', description), RUN_FLAGS));
  readCommandLine(command, args);
  const format = formatOf(command);
  const { config, settings } = resolveRun(command, env);
  if (format === 'json') printJson(terminal, describeConfig(config));
  else {
    const columns = [{ key: 'flag' }, { key: 'value' }, { key: 'from' }] as const;
    printRows(
      terminal,
      format,
      columns,
      [...settings.values()].map((setting) => line(setting, config)),
    );
    for (const address of config.dnsUpstreamOwn)
      terminal.note(`nat46: /etc/resolv.conf names ${address}, where DNS46 itself listens: left out\n`);
    terminal.note('nat46: the configuration is valid\n');
  }
  return 0;
}

function line(setting: Setting, config: Config): Line {
  const variable = setting.variable ?? environmentName(setting.name);
  const from = setting.source === 'environment' ? variable : setting.source;
  return {
    flag: `--${setting.name}`,
    value: setting.texts.join(' ') || fallback(setting.name, config),
    from,
  };
}

/** What holds for a flag that was not given. */
function fallback(name: string, config: Config): string {
  const endpoints = (list: Config['dnsListen']): string =>
    list
      .map(({ address, port }) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`))
      .join(' ');
  const derived: Readonly<Record<string, string>> = {
    'dns-listen': endpoints(config.dnsListen),
    'dns-upstream': endpoints(config.dnsUpstream),
    state: config.statePath,
    control: config.controlPath,
  };
  const flag = RUN_FLAGS[name as keyof typeof RUN_FLAGS];
  return derived[name] ?? (flag.kind === 'switch' ? 'off' : 'absent' in flag ? `(${flag.absent})` : '');
}
