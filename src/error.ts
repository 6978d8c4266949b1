/**
 * Errors of the control plane. Packets never throw: they get a verdict.
 *
 * A message names the key, the value and the remedy on one line. `main.ts` (or the control socket) is the only
 * place that catches one and turns it into an exit code.
 */

const EXIT_CODES = {
  NAT46_RUNTIME: 1,
  NAT46_STORE: 1,
  NAT46_USAGE: 2,
  NAT46_UNREACHABLE: 3,
  NAT46_NO_MATCH: 4,
  NAT46_PERMISSION: 5,
  NAT46_CONFIG: 78,
} as const;

/** Stable identifiers: scripts and the control socket rely on them. */
export type ErrorCode = keyof typeof EXIT_CODES;

export class Nat46Error extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'Nat46Error';
    this.code = code;
  }

  /** What the process ends with when nobody handles this error. */
  get exitCode(): number {
    return EXIT_CODES[this.code];
  }
}
