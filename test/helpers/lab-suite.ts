/**
 * A uvu suite with a lab of its own, and by default a gateway in it: up before the first case, down after the last.
 */
import { suite } from 'uvu';
import { Lab } from './lab.ts';

/**
 * @param prepare what to do once the lab is up; by default it starts a gateway with the lab's flags.
 *   What it returns is handed to every case.
 */
export function labTests<Context = void>(
  title: string,
  prepare: (lab: Lab) => Promise<Context>,
  cases: Record<string, (lab: Lab, context: Context) => Promise<void>>,
): void {
  const it = suite(title);
  let lab: Lab;
  let context: Context;
  it.before(async () => {
    try {
      if (process.getuid?.() !== 0) throw new Error('network namespaces need root: run as root');
      lab = await Lab.up();
      context = await prepare(lab);
    } catch (error) {
      console.error(error); // uvu counts the cases as not passed, but does not say why
      throw error;
    }
  });
  it.after(async () => {
    await lab?.down();
  });
  for (const [name, check] of Object.entries(cases)) it(name, () => check(lab, context));
  it.run();
}

/** `prepare` for suites that need just a running gateway. */
export async function withGateway(lab: Lab): Promise<void> {
  await lab.startGateway();
}
