/** Starts child.ts, to be refused or killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));

/** The first line of a child, and how it ended if it did not stay. */
export async function child(
  action: string,
  argument: string,
  ...prefix: string[]
): Promise<{ process: ChildProcess; said: string }> {
  const [file = '', ...args] = [...prefix, process.execPath, CHILD, action, argument];
  const started = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await once(started.stdout, 'data')) as [Buffer];
  if (String(said) !== 'ready\n' && started.exitCode === null) await once(started, 'exit');
  return { process: started, said: String(said) };
}

/** As a crash: no handler of the child runs. */
export async function kill(process: ChildProcess): Promise<void> {
  process.kill('SIGKILL');
  await once(process, 'exit');
}
