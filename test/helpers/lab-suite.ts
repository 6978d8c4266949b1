/**
 * A uvu suite with a lab of its own, and by default a gateway in it: up before the first case, down after the last.
 */
import { Lab } from './lab.ts';
import { define } from './suite.ts';

/**
 * @param prepare what to do once the lab is up; by default it starts a gateway with the lab's flags.
 *   What it returns is handed to every case.
 */
export function labTests<Context = void>(
  title: string,
  prepare: (lab: Lab) => Promise<Context>,
  cases: Record<string, (lab: Lab, context: Context) => Promise<void>>,
): void {
  let lab: Lab;
  let context: Context;
  const before = async () => {
    try {
      if (process.getuid?.() !== 0) throw new Error('network namespaces need root: run as root');
      lab = await Lab.up();
      context = await prepare(lab);
    } catch (error) {
      console.error(error); // uvu counts the cases as not passed, but does not say why
      throw error;
    }
  };
  const after = async () => {
    await lab?.down();
  };
  const all = Object.entries(cases).map(([name, check]) => ({ name, check: () => check(lab, context) }));
  define(title, all, { before, after });
}

/** `prepare` for suites that need just a running gateway. */
export async function withGateway(lab: Lab): Promise<void> {
  await lab.startGateway();
}
