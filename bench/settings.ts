/** Settings of benches: environment variables, refused by name. */

/** @returns the number that a variable has, or the other one; ends the process when it is none above 0 */
export function numberSetting(name: string, otherwise: number): number {
  const text = process.env[name];
  if (text === undefined || text === '') return otherwise;
  const number = Number(text);
  if (Number.isFinite(number) && number > 0) return number;
  return refuse(`${name}=${text}: write a number above 0`);
}

/** Ends the process as a wrong command line does. */
export function refuse(problem: string): never {
  console.error(`bench: ${problem}`);
  process.exit(2);
}
