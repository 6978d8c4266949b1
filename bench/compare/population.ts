/**
 * A million sessions: 1000 inside hosts with 1000 ports each, to one server, kept alive while the bench runs.
 */
import type { Lab } from '../../test/helpers/lab.ts';
import type { Running } from '../contenders.ts';
import { type Bed, udpBurst } from './loads.ts';

/** UDP sessions end after five minutes (RFC 4787 §4.3); rounds between two refreshes are to be shorter. */
const REFRESH_MS = 150_000;
/** Slower by this factor when more is lost than a second attempt makes good. */
const FILL_PPS = 160_000;
const FILL_SLOWER = 0.6;
const FILL_LOSS = 0.02;
const ATTEMPTS = 10;
const NETWORK = '10.77.0.0/16';

export class Population {
  static readonly SOURCES = { first: '10.77.0.1', hosts: 1000, sockets: 1000 };
  /** Sessions that the table is to hold at least; hosts × sockets is the most. */
  static readonly LEAST = 990_000;
  /** Flags of a gateway that has room for it: sixteen SNAT addresses would do if clients chose them evenly. */
  static readonly FLAGS = {
    'max-sessions': '1100000',
    'snat-pool': '2001::10:244:100:1000-2001::10:244:100:103f',
  };

  readonly #lab: Lab;
  readonly #at: Running;
  readonly #control: string;
  #refreshedAt = Number.NEGATIVE_INFINITY;

  constructor(lab: Lab, at: Running, control: string) {
    this.#lab = lab;
    this.#at = at;
    this.#control = control;
  }

  /** Lets the client send from a network of inside hosts. */
  static async prepare(lab: Lab): Promise<void> {
    await lab.ok('cl1', ['ip', 'route', 'add', 'local', NETWORK, 'dev', 'lo']);
    await lab.ok('gw', ['ip', 'route', 'add', NETWORK, 'via', lab.name('CL1')]);
  }

  /** Fills the table, or keeps it full. @returns sessions in the table */
  async refresh(): Promise<number> {
    if (performance.now() - this.#refreshedAt < REFRESH_MS) return Population.LEAST;
    const { hosts, sockets } = Population.SOURCES;
    const bed: Bed = { lab: this.#lab, seconds: 0 };
    let held = 0;
    let perSecond = FILL_PPS;
    for (let attempt = 0; attempt < ATTEMPTS && held < Population.LEAST; attempt++) {
      const ms = ((hosts * sockets) / perSecond) * 1000 * 1.02;
      const burst = await udpBurst(bed, this.#at, 64, { perSecond, ms, sources: Population.SOURCES });
      if (burst.received < burst.sent * (1 - FILL_LOSS)) perSecond *= FILL_SLOWER;
      held = await this.#held();
    }
    if (held < Population.LEAST) throw new Error(`only ${held} sessions after ${ATTEMPTS} attempts`);
    this.#refreshedAt = performance.now();
    return held;
  }

  async #held(): Promise<number> {
    const argv = ['status', '--control', this.#control, '-o', 'json'];
    const { code, stdout, stderr } = await this.#lab.nat46(...argv);
    if (code !== 0) throw new Error(`nat46 status: ${stderr}`);
    return (JSON.parse(stdout) as { sessions: { current: number } }).sessions.current;
  }
}
