/** A process for tests to kill or to be refused: `child.js open NAME` or `child.js setup JSON`. Waits to be ended. */
import { Nat46Error } from '../../src/error.ts';
import { TunDevice } from '../../src/tun/device.ts';
import { HostState } from '../../src/tun/host.ts';
import type { HostSetup } from '../../src/tun/host-plan.ts';

const LIFE_MS = 20_000;
const [action, argument = ''] = process.argv.slice(2);
try {
  if (action === 'open') TunDevice.open({ name: argument, queues: 1 });
  else {
    const setup = JSON.parse(argument) as HostSetup;
    const { created } = TunDevice.open({ name: setup.tun, queues: 1, persist: setup.persist });
    HostState.apply({ ...setup, created });
  }
  process.stdout.write('ready\n');
  setTimeout(() => {}, LIFE_MS); // a test that fails does not end it
} catch (error) {
  process.stdout.write(`${error instanceof Nat46Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof Nat46Error ? error.exitCode : 99;
}
