/**
 * The log: JSON lines on stderr, or the same for human eyes. Events, never packets. Written synchronously: there is
 * little of it, and nothing is lost when the process ends.
 */
import { destination, type Logger, pino, stdTimeFunctions } from 'pino';
import pretty from 'pino-pretty';

const STDERR = 2;

/** @param format `pretty` is coloured on a terminal unless NO_COLOR is set */
export function openLog(level: string, format: 'json' | 'pretty'): Logger {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (format === 'json') return pino(options, destination({ dest: STDERR, sync: true }));
  const colorize = process.stderr.isTTY === true && (process.env.NO_COLOR ?? '') === '';
  return pino(
    options,
    pretty({ destination: STDERR, sync: true, colorize, translateTime: 'SYS:HH:MM:ss.l' }),
  );
}
