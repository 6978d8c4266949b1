/**
 * Upstreams before scripted servers, with system calls that fail when told and a clock that stands still.
 */
import { randomInt } from 'node:crypto';
import { constants } from 'node:os';
import * as assert from 'uvu/assert';
import { SocketShortage } from '../../src/dns46/socket-shortage.ts';
import { Arena } from '../../src/dns46/udp-batch.ts';
import type { Endpoint } from '../../src/dns46/upstream-question.ts';
import { Upstreams } from '../../src/dns46/upstreams.ts';
import { shim } from '../../src/tun/shim.ts';
import { FakeCounters, FakeLog } from './fake-parts.ts';
import { ManualClock } from './manual-clock.ts';
import { a, query } from './packets.ts';
import { ScriptedUpstream } from './scripted-upstream.ts';

const { EMFILE, ENETUNREACH } = constants.errno;
export const TRY_MS = 1200;
export const BUDGET_MS = 3600;
export const ASKED = query({ name: 'www.example', id: 0 });
export const FOUND = { answers: [a('www.example', '192.0.2.1')] };

export class Setup {
  readonly clock = new ManualClock();
  readonly counters = new FakeCounters();
  readonly log = new FakeLog();
  readonly upstreams: Upstreams;
  readonly servers: ScriptedUpstream[];
  /** What the next ones who send are told instead. */
  sendFailure: number | null = null;
  /** Port of the upstream that the network has no way to. */
  noRouteTo: number | null = null;
  /** What whoever watches a socket is told instead. */
  watchFailure: number | null = null;
  /** From here on no socket can be opened. */
  noSockets = false;
  /** Sockets opened so far, and those of them that are open. */
  opened = 0;
  open = 0;

  constructor(servers: ScriptedUpstream[], endpoints: Endpoint[]) {
    this.servers = servers;
    const context = {
      clock: this.clock,
      counters: this.counters,
      mixedCase: false,
      shortage: new SocketShortage(this.clock, this.log),
      random: (below: number) => randomInt(below),
    };
    const { udpOpen, udpConnect, udpSend, udpWatch, udpClose, ...others } = shim();
    const open: typeof udpOpen = (...args) => {
      if (this.noSockets) return -EMFILE;
      this.opened++;
      this.open++;
      return udpOpen(...args);
    };
    const close: typeof udpClose = (socket) => {
      this.open--;
      udpClose(socket);
    };
    const connect: typeof udpConnect = (fd, address, port) =>
      port === this.noRouteTo ? -ENETUNREACH : udpConnect(fd, address, port);
    const send: typeof udpSend = (...args) => this.sendFailure ?? udpSend(...args);
    const watch: typeof udpWatch = (...args) => this.watchFailure ?? udpWatch(...args);
    const calls = {
      ...others,
      udpOpen: open,
      udpConnect: connect,
      udpSend: send,
      udpWatch: watch,
      udpClose: close,
    };
    const transport = { calls, arena: new Arena() };
    this.upstreams = new Upstreams(
      { zone: null, endpoints, tryTimeoutMs: TRY_MS },
      transport,
      context,
      this.log,
    );
  }

  exchange(message: Uint8Array = ASKED) {
    return this.upstreams.ask(message, this.clock.now() + BUDGET_MS, (bytes) => bytes);
  }

  async ask(message: Uint8Array = ASKED): Promise<Uint8Array | null> {
    return this.exchange(message).reply;
  }
}

export function upstreamTest(
  count: number,
  run: (setup: Setup, ...servers: ScriptedUpstream[]) => Promise<void>,
) {
  return async () => {
    const servers = await Promise.all(Array.from({ length: count }, () => ScriptedUpstream.start()));
    const made = new Setup(
      servers,
      servers.map((server) => server.endpoint),
    );
    try {
      await run(made, ...servers);
    } finally {
      made.upstreams.close();
      await Promise.all(servers.map((server) => server.stop()));
    }
    assert.is(made.clock.pending, 0, 'no timer is left behind');
  };
}
