/**
 * What a table of statistics is: a name, columns, and rows made from the segment when somebody asks. Everything that
 * shows numbers (tmctl, the control socket, metrics) reads these tables.
 */
import type { NatState } from '../nat/nat-state.ts';

export type Cell = string | number;
/** Column name → cell. */
export type Row = Readonly<Record<string, Cell>>;

export interface Column {
  readonly name: string;
  /** One sentence, for explanations. */
  readonly meaning: string;
  /** Whether its cells are numbers: those stand on the right. */
  readonly isNumber: boolean;
}

export interface StatTable {
  readonly name: string;
  readonly meaning: string;
  /** About the gateway's own memory rather than its traffic. */
  readonly isInternal: boolean;
  readonly columns: readonly Column[];
  /** Columns that tell its rows apart; not given when there is one row. */
  readonly rowNames?: readonly string[];
  /** What a row is about, where its name alone does not say. */
  readonly rowMeaning?: (row: Row) => string;
  /** Changes nothing: the segment may be mapped read-only, and others may write to it meanwhile. */
  rows(state: NatState): Row[];
}

/** A column of names. */
export function text(name: string, meaning: string): Column {
  return { name, meaning, isNumber: false };
}

/** A column of numbers. */
export function count(name: string, meaning: string): Column {
  return { name, meaning, isNumber: true };
}
