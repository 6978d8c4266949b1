/** Parse a command line as `nat46 run` does, on a host that is the same everywhere. */
import { type Config, parseRunConfig, type Surroundings } from '../../src/config/config.ts';
import { Nat46Error } from '../../src/error.ts';

export const HOST: Surroundings = {
  resolvConf: () => 'search lan\nnameserver 10.2.2.1\nnameserver 192.0.2.53\nnameserver 2001:DB8::0:53\n',
  cores: () => 12,
  addresses: () => ['127.0.0.1', '198.51.100.7', '2001:db8:7::7'],
};

/** @param args separated by single spaces */
export function parse(args: string, env: Record<string, string> = {}): Config {
  return parseRunConfig(args === '' ? [] : args.split(' '), env, HOST);
}

/** The error these arguments must give. */
export function failure(args: string, env: Record<string, string> = {}): Nat46Error {
  try {
    parse(args, env);
  } catch (error) {
    if (error instanceof Nat46Error) return error;
    throw error;
  }
  throw new Error(`no error from: ${args}`);
}
