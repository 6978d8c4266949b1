/** SIGHUP: the flags are the configuration and stay, but logs and certificates are files. */
interface ReloadLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ReloadStep {
  /** What the log says when it was done. */
  readonly done: string;
  /** What it says when that failed. */
  readonly failed: string;
  /** @returns false when there is no such file @throws Error, and nothing has changed */
  readonly run: () => boolean;
}

/** Each file on its own: one that cannot be used keeps no other from being read. One line says what was done. */
export function reloadFiles(steps: readonly ReloadStep[], log: ReloadLog): void {
  const done: string[] = [];
  let failures = 0;
  for (const step of steps) {
    try {
      if (step.run()) done.push(step.done);
    } catch (err) {
      failures++;
      log.error({ err }, `SIGHUP: ${step.failed}`);
    }
  }
  if (done.length === 0 && failures > 0) return;
  const what = done.length === 0 ? 'no file to read again' : done.join(', ');
  log.info({}, `SIGHUP: ${what}; flags change with a restart`);
}
