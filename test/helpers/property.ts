/**
 * A property over random values: when it does not hold, the shrunk example, the seed and what the check said.
 */
import fc from 'fast-check';

/** @param runs values to try @throws Error that tells how to see it again */
export function holds<T>(arbitrary: fc.Arbitrary<T>, runs: number, check: (value: T) => void): void {
  const details = fc.check(fc.property(arbitrary, check), { numRuns: runs });
  if (!details.failed) return;
  const { seed, counterexamplePath, counterexample, errorInstance } = details;
  const example = fc.stringify(counterexample);
  const said = errorInstance instanceof Error ? explain(errorInstance) : String(errorInstance);
  throw new Error(`seed ${seed}, path ${counterexamplePath}\n${example}\n${said}`);
}

/** uvu keeps what differs beside the message. */
function explain(error: Error & { details?: string | false }): string {
  return `${error.message}\n${error.details || ''}`;
}
