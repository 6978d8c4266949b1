/**
 * `nat46 dssm get|set|del|list|import|export`: mapping records of a running gateway, byte-exact. They take effect at once.
 */
import type { Command } from 'commander';
import { parseV4, parseV6 } from '../address.ts';
import type { DssmDeleted, DssmRecord, DssmSet } from '../control/api.ts';
import { Nat46Error } from '../error.ts';
import { exportRecords, importRecords } from './dssm-transfer.ts';
import {
  connect,
  formatOf,
  gatewayCommand,
  processSurroundings,
  type Surroundings,
  withFormat,
} from './gateway-options.ts';
import { type Column, type Format, printJson, printRows } from './table-output.ts';
import { runVerb, type VerbGroup } from './verbs.ts';

const COLUMNS: readonly Column<DssmRecord>[] = [
  { key: 'key' },
  { key: 'value' },
  { key: 'v4' },
  { key: 'v6' },
  { key: 'timeout_sec' },
  { key: 'problem' },
];

/** @returns exit code: 4 when there is no such record */
export function dssm(args: readonly string[], surroundings = processSurroundings()): Promise<number> {
  const group: VerbGroup = {
    name: 'nat46 dssm',
    description: 'Mapping records of a running gateway, byte-exact.',
    verbs: {
      get: { summary: 'print the record of an address', run: (rest) => get(rest, surroundings) },
      set: { summary: 'create a record; there must be none yet', run: (rest) => set(rest, surroundings) },
      del: {
        summary: 'delete a record; the sessions of its mapping end',
        run: (rest) => del(rest, surroundings),
      },
      list: { summary: 'print all records', run: (rest) => list(rest, surroundings) },
      export: { summary: 'print all records for import', run: (rest) => exportRecords(rest, surroundings) },
      import: {
        summary: 'create the records of an export',
        run: (rest) => importRecords(rest, surroundings),
      },
    },
  };
  return runVerb(group, args, surroundings.terminal);
}

async function get(args: readonly string[], { terminal, env }: Surroundings): Promise<number> {
  const command = withFormat(
    gatewayCommand('nat46 dssm get', 'Print key and value of a record, as they are stored.'),
  );
  command.argument('<V4>', 'synthetic IPv4 address');
  const client = connect(command, args, env);
  const format = formatOf(command);
  const record = await client.ask<DssmRecord>('GET', pathOf(command));
  printRecord(record, format, { terminal, env });
  return 0;
}

async function set(args: readonly string[], { terminal, env }: Surroundings): Promise<number> {
  const description =
    'Create a record. An existing one is never updated: delete it first. One that this gateway does not translate is kept, and said so.';
  const command = withFormat(gatewayCommand('nat46 dssm set', description))
    .argument('<V4>', 'synthetic IPv4 address')
    .argument('<V6>', 'real IPv6 address')
    .option('--timeout <SEC>', 'seconds of inactivity until it ends, 0: never (default: 0)');
  const client = connect(command, args, env);
  const format = formatOf(command);
  const [, v6 = ''] = command.args;
  if (!parseV6(v6))
    throw new Nat46Error('NAT46_USAGE', `${v6}: not an IPv6 address; write it as in 2001:db8::9`);
  const body: DssmSet = { v6, timeout_sec: timeoutOf(command) };
  const record = await client.ask<DssmRecord>('PUT', pathOf(command), { body });
  printRecord(record, format, { terminal, env });
  return 0;
}

async function del(args: readonly string[], { terminal, env }: Surroundings): Promise<number> {
  const description = 'Delete a record. Its mapping and the sessions of it end at once.';
  const command = withFormat(gatewayCommand('nat46 dssm del', description)).argument(
    '<V4>',
    'synthetic IPv4 address',
  );
  const client = connect(command, args, env);
  const format = formatOf(command);
  const deleted = await client.ask<DssmDeleted>('DELETE', pathOf(command));
  if (format === 'json') printJson(terminal, deleted);
  else if (format === 'csv') printRows(terminal, 'csv', [{ key: 'v4' }, { key: 'sessions' }], [deleted]);
  else
    terminal.write(
      `${deleted.v4} deleted, ${deleted.sessions} session${deleted.sessions === 1 ? '' : 's'} ended\n`,
    );
  return 0;
}

async function list(args: readonly string[], { terminal, env }: Surroundings): Promise<number> {
  const command = withFormat(
    gatewayCommand('nat46 dssm list', 'Print key and value of every record, as they are stored.'),
  );
  const client = connect(command, args, env);
  const format = formatOf(command);
  const { records } = await client.ask<{ records: DssmRecord[] }>('GET', '/v1/dssm');
  if (format === 'table') for (const record of records) printRecord(record, format, { terminal, env });
  else printRows(terminal, format, COLUMNS, records);
  return 0;
}

/** As a line: key, one space, value. What is wrong with it goes to standard error, so that the line stays exact. */
function printRecord(record: DssmRecord, format: Format, { terminal }: Surroundings): void {
  if (format === 'json') printJson(terminal, record);
  else if (format === 'csv') printRows(terminal, 'csv', COLUMNS, [record]);
  else {
    terminal.write(`${record.key} ${record.value}\n`);
    if (record.problem !== null)
      terminal.note(`nat46: ${record.key}: kept, not translated: ${record.problem}\n`);
  }
}

function pathOf(command: Command): string {
  const [v4 = ''] = command.args;
  if (parseV4(v4) === null)
    throw new Nat46Error('NAT46_USAGE', `${v4}: not an IPv4 address; write it as in 10.2.2.9`);
  return `/v1/dssm/${v4}`;
}

function timeoutOf(command: Command): number {
  const { timeout = '0' } = command.opts<{ timeout?: string }>();
  if (/^\d{1,10}$/.test(timeout)) return Number(timeout);
  throw new Nat46Error('NAT46_USAGE', `--timeout ${timeout}: must be a number of seconds, 0 for never`);
}
