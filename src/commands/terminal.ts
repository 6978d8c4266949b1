/**
 * Where a command writes, and what it knows of the other side: width, colour. Tests give their own.
 */
export interface Terminal {
  /** Standard output. */
  write(text: string): void;
  /** Standard error: notes that no script should have to skip. */
  note(text: string): void;
  readonly color: boolean;
  /** Characters a line; Infinity when nobody said. */
  readonly columns: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** This process's own. NO_COLOR (no-color.org) and COLUMNS of the environment hold; colour is for terminals only. */
export function processTerminal(env: Environment = process.env): Terminal {
  const width = Number(env.COLUMNS) || (process.stdout.isTTY ? process.stdout.columns : 0);
  return {
    write: (text) => {
      process.stdout.write(text);
    },
    note: (text) => {
      process.stderr.write(text);
    },
    color: process.stdout.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb',
    columns: width > 0 ? width : Number.POSITIVE_INFINITY,
  };
}
