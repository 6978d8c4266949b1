/**
 * `nat46 doctor`: with the flags and the environment of `nat46 run`, is this host able to run it, and are store and DNS
 * upstreams within reach? Each step is a line, and one that fails says why and what to do.
 */
import { commandLine, readCommandLine } from '../config/command-line.ts';
import { type Config, resolveRun } from '../config/config.ts';
import { RUN_FLAGS } from '../config/run-flags.ts';
import { addFlags } from '../config/settings.ts';
import { examineFiles, examineState } from '../gateway/file-examination.ts';
import { examineHost, type Finding, readHost } from '../gateway/host-examination.ts';
import { examineListeners } from '../gateway/listener-examination.ts';
import { makePlan } from '../gateway/plan.ts';
import { examineStore } from '../gateway/store-examination.ts';
import { examineUpstreams } from '../gateway/upstream-examination.ts';
import { formatOf, processSurroundings, withFormat } from './gateway-options.ts';
import { printRows } from './table-output.ts';

const COLUMNS = [{ key: 'check' }, { key: 'of' }, { key: 'result' }] as const;
const FAILED = 1;

/** @returns exit code: 1 when something keeps a gateway from working. @throws Nat46Error NAT46_CONFIG */
export async function doctor(
  args: readonly string[],
  surroundings = processSurroundings(),
  examineThisHost = examineHere,
): Promise<number> {
  const { terminal, env } = surroundings;
  const description = 'Examine what nat46 run would need: the host, the store, the DNS upstreams.';
  const command = withFormat(addFlags(commandLine('nat46 doctor', description), RUN_FLAGS));
  readCommandLine(command, args);
  const format = formatOf(command);
  const { config } = resolveRun(command, env);
  const [here, store, upstreams] = await Promise.all([
    examineThisHost(config),
    examineStore(config.store),
    examineUpstreams(config),
  ]);
  const others = [...here, ...upstreams];
  const steps = store.findings.map(({ step, server, problem }) => ({
    check: `store ${step}`,
    of: server,
    result: problem ?? 'ok',
  }));
  const rows = [...others.map(({ check, of, result }) => ({ check, of, result })), ...steps];
  printRows(terminal, format, COLUMNS, rows);
  const obstacles = others
    .filter(({ isObstacle }) => isObstacle)
    .map((it) => `${it.check} ${it.of}: ${it.result}`);
  if (store.problem !== null) obstacles.push(`store ${config.store.label}: ${store.problem}`);
  for (const obstacle of obstacles) terminal.note(`nat46: ${obstacle}\n`);
  return obstacles.length === 0 ? 0 : FAILED;
}

async function examineHere(config: Config): Promise<Finding[]> {
  const host = readHost(config);
  const holder = host.holderOf(config.tun);
  return [
    ...examineHost(config, host),
    ...examineFiles(config, host.stateHolder, holder),
    ...examineState(config, makePlan(config, host.facts, host.machine)),
    ...(await examineListeners(config, holder)),
  ];
}
