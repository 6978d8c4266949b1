/**
 * `nat46 doctor`: with the flags and the environment of `nat46 run`, is the store within reach? Each step is a line, and
 * the first that fails says why and what to do.
 */
import { commandLine, readCommandLine } from '../config/command-line.ts';
import { resolveRun } from '../config/config.ts';
import { RUN_FLAGS } from '../config/run-flags.ts';
import { addFlags } from '../config/settings.ts';
import { examineStore } from '../gateway/store-examination.ts';
import { formatOf, processSurroundings, withFormat } from './gateway-options.ts';
import { printRows } from './table-output.ts';

const COLUMNS = [{ key: 'check' }, { key: 'of' }, { key: 'result' }] as const;
const FAILED = 1;

/** @returns exit code: 1 when something keeps a gateway from working. @throws Nat46Error NAT46_CONFIG */
export async function doctor(args: readonly string[], surroundings = processSurroundings()): Promise<number> {
  const { terminal, env } = surroundings;
  const description = 'Examine what nat46 run would need: the store, step by step.';
  const command = withFormat(addFlags(commandLine('nat46 doctor', description), RUN_FLAGS));
  readCommandLine(command, args);
  const format = formatOf(command);
  const { config } = resolveRun(command, env);
  const { findings, problem } = await examineStore(config.store);
  const rows = findings.map(({ step, server, problem: why }) => ({
    check: `store ${step}`,
    of: server,
    result: why ?? 'ok',
  }));
  printRows(terminal, format, COLUMNS, rows);
  if (problem === null) return 0;
  terminal.note(`nat46: store ${config.store.label}: ${problem}\n`);
  return FAILED;
}
