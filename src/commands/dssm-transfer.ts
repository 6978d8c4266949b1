/**
 * `nat46 dssm export | nat46 dssm import`: all records from one store to another, byte for byte, a line each:
 *
 *     KEY VALUE
 */
import { readFileSync } from 'node:fs';
import { text as textOf } from 'node:stream/consumers';
import type { DssmRecord, DssmRestore, DssmRestored } from '../control/api.ts';
import type { ControlClient } from '../control/client.ts';
import { Nat46Error } from '../error.ts';
import { connect, gatewayCommand, type Surroundings } from './gateway-options.ts';

/** Records a request: its body stays far below what the gateway reads. */
const BATCH = 200;
const FAILED = 1;

/** @returns exit code: 1 when a record cannot be written as a line */
export async function exportRecords(
  args: readonly string[],
  { terminal, env }: Surroundings,
): Promise<number> {
  const command = gatewayCommand('nat46 dssm export', 'Print every record as a line that import reads.');
  const client = connect(command, args, env);
  const { records } = await client.ask<{ records: DssmRecord[] }>('GET', '/v1/dssm');
  const lines = records.filter(({ key, value }) => !/[\r\n]/.test(key + value));
  for (const { key, value } of lines) terminal.write(`${key} ${value}\n`);
  if (lines.length === records.length) return 0;
  terminal.note(
    `nat46: ${records.length - lines.length} malformed records have line breaks and are left out\n`,
  );
  return FAILED;
}

/** Nothing is created unless every line can be read. @returns exit code */
export async function importRecords(
  args: readonly string[],
  { terminal, env }: Surroundings,
): Promise<number> {
  const description = 'Create the records of an export. Existing ones stay as they are.';
  const command = gatewayCommand('nat46 dssm import', description).argument(
    '[FILE]',
    'the export (default: standard input)',
  );
  const client = connect(command, args, env);
  const [file] = command.args;
  const text = file === undefined ? await textOf(process.stdin) : readText(file);
  const { created, existing } = await send(client, readLines(text, file ?? 'standard input'));
  for (const key of existing) terminal.note(`nat46: ${key}: has a record already, which stays\n`);
  terminal.write(`${created} created, ${existing.length} there already\n`);
  return 0;
}

async function send(client: ControlClient, records: DssmRestore['records']): Promise<DssmRestored> {
  let created = 0;
  const existing: string[] = [];
  for (let at = 0; at < records.length; at += BATCH) {
    const body: DssmRestore = { records: records.slice(at, at + BATCH) };
    const reply = await client.ask<DssmRestored>('POST', '/v1/dssm', { body });
    created += reply.created;
    existing.push(...reply.existing);
  }
  return { created, existing };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new Nat46Error('NAT46_USAGE', `${file}: cannot be read (${why}); name the file of an export`, {
      cause,
    });
  }
}

function readLines(text: string, file: string): DssmRestore['records'] {
  return text.split('\n').flatMap((line, i) => {
    if (line === '') return [];
    const at = line.indexOf(' ');
    if (at > 0) return [{ key: line.slice(0, at), value: line.slice(at + 1) }];
    throw new Nat46Error(
      'NAT46_USAGE',
      `${file}:${i + 1}: not KEY VALUE; give what nat46 dssm export printed`,
    );
  });
}
