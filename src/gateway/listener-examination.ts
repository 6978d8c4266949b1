/**
 * Could DNS46 listen where the configuration says? Tried for a moment; an address that the host does not have yet cannot be
 * tried, but whoever listens everywhere is in its way.
 */
import { isIPv6 } from 'node:net';
import type { Config } from '../config/config.ts';
import { tryListener } from '../dns46/listener-trial.ts';
import { textOf } from '../dns46/upstream-question.ts';
import { isHeldEverywhere, portHolder } from '../tun/port-holder.ts';
import { hasFileOpen } from '../tun/process-search.ts';
import { shim } from '../tun/shim.ts';
import type { Finding } from './host-examination.ts';

type Listener = Config['dnsListen'][number];

/** Loopback is 127.0.0.0/8: who is in the way of this address is in the way of all. */
const STAND_IN = '127.46.0.53';
const OTHER = 'stop it, or choose another --dns-listen';

/**
 * A row each, one after the other: tried at the same time, those that share the stand-in would be in each other's way.
 * @param holder who has the device open, or null: that is the gateway itself
 */
export async function examineListeners(config: Config, holder: string | null): Promise<Finding[]> {
  const found: Finding[] = [];
  if (config.role === 'data') return found;
  for (const listener of config.dnsListen) found.push(await examineListener(listener, config, holder));
  return found;
}

async function examineListener(listener: Listener, config: Config, holder: string | null): Promise<Finding> {
  const trial = await tryListener(listener, shim());
  if (trial === null) return row(listener, 'ok', false);
  if (trial.code === 'EADDRINUSE') return inUse(listener, config, holder);
  if (trial.code !== 'EADDRNOTAVAIL' || config.role === 'dns' || !config.setup)
    return row(listener, trial.message, true);
  if (await isInTheWay(listener)) return inUse(listener, config, holder);
  return row(listener, `will be put on ${config.tun}`, false);
}

function inUse(listener: Listener, { statePath }: Config, holder: string | null): Finding {
  const who = portHolder(listener.address, listener.port);
  if (who === null) return row(listener, `in use by another program (EADDRINUSE); ${OTHER}`, true);
  const isOwn = who.name === holder || hasFileOpen(who.folder, statePath);
  if (isOwn) return row(listener, `in use by ${who.name}: this gateway`, false);
  return row(listener, `in use by ${who.name} (EADDRINUSE); ${OTHER}`, true);
}

async function isInTheWay({ address, port }: Listener): Promise<boolean> {
  if (isIPv6(address)) return isHeldEverywhere(6, port);
  return (await tryListener({ address: STAND_IN, port }, shim()))?.code === 'EADDRINUSE';
}

function row(listener: Listener, result: string, isObstacle: boolean): Finding {
  return { check: 'dns listener', of: textOf(listener), result, isObstacle };
}
