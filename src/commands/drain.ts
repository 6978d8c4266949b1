/**
 * `nat46 drain`: hand SNAT addresses and established sessions over to the other gateways of the store. Sessions go on here
 * until the network sends their packets elsewhere; then the gateway may be stopped.
 */
import type { DrainReply } from '../control/api.ts';
import { connect, formatOf, gatewayCommand, processSurroundings, withFormat } from './gateway-options.ts';
import { printJson } from './table-output.ts';

/** @returns exit code */
export async function drain(args: readonly string[], surroundings = processSurroundings()): Promise<number> {
  const { terminal, env } = surroundings;
  const description = [
    'Hand SNAT addresses and sessions over to the other data gateways of the store.',
    'It refuses when none of them is alive. Established sessions go on here until the network sends their packets elsewhere;',
    'new ones are refused here from now on. Only a restart of the gateway undoes it.',
  ].join(' ');
  const command = withFormat(gatewayCommand('nat46 drain', description));
  const client = connect(command, args, env);
  const format = formatOf(command);
  const reply = await client.ask<DrainReply>('POST', '/v1/drain');
  if (format === 'json') printJson(terminal, reply);
  else terminal.write(said(reply));
  return 0;
}

/** What a person reads. */
export function said({ addresses, sessions }: DrainReply): string {
  if (addresses.length === 0) return 'nothing to hand over: drained before, or without a SNAT address\n';
  if (sessions === 0) return 'no established session to hand over; the route may change now\n';
  const next = 'before you change the route, wait until `nat46 status` of another gateway says: taken over';
  return `${sessions} sessions on ${addresses.length} addresses can be taken over now; ${next}\n`;
}
