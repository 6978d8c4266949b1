/**
 * Trains of UDP datagrams, as QUIC sends them: read as super-packets, translated whole, cut where they have to be. RFC 7915
 * §4.1 (fragments of each datagram, fragmentation needed), §4 (order).
 */
import * as assert from 'uvu/assert';
import type { Lab } from '../helpers/lab.ts';
import { labTests } from '../helpers/lab-suite.ts';
import { supersRead, TRAIN_BYTES, trainsOf, UdpTrains } from '../helpers/udp-train.ts';

const DEVICE = 'nat46';
/** Fits both ways; the largest of the client's link, which does not fit IPv6. */
const SMALL = 1200;
const LARGE = 1472;
/** Flows at once: both workers have some. */
const FLOWS = 4;
/** Links of the gateway and its devices that may leave the cutting and summing to others. */
const LINKS = ['in1', 'out'];

let nextPort = 9300;
const count = (segment: number): string => `${Math.ceil(TRAIN_BYTES / segment)} ${segment}`;

/** Packets dropped because they do not fit. */
async function tooBig(lab: Lab): Promise<number> {
  const { stdout } = await lab.nat46('tmctl', '-f', lab.name('LAB_STATE'), 'nat46_drop_stat');
  return Number(/^ *too_big +(\d+)/m.exec(stdout)?.[1]);
}

for (const workers of ['1', '2']) {
  const prepare = async (lab: Lab): Promise<UdpTrains> => {
    await lab.startGateway({ workers });
    return new UdpTrains(lab, lab.name('LAB_DIR'));
  };

  labTests(`trains of UDP, ${workers} workers`, prepare, {
    '[22] there and back whole: a train is one packet to the translator': async (lab, trains) => {
      const address = await lab.lookup('web');
      let saw = '';
      const supers = await supersRead(lab, DEVICE, async () => {
        saw = await trains.exchange({ address, port: nextPort++, there: SMALL, back: SMALL, df: true });
      });
      assert.is(saw, count(SMALL));
      assert.equal(supers, { ip: trainsOf(SMALL), ip6: trainsOf(SMALL) });
    },

    '[7] DF=0 and too large for IPv6: every datagram is fragmented': async (lab, trains) => {
      const address = await lab.lookup('web');
      let saw = '';
      const supers = await supersRead(lab, DEVICE, async () => {
        saw = await trains.exchange({ address, port: nextPort++, there: LARGE, back: 1452, df: false });
      });
      assert.is(saw, count(LARGE));
      assert.equal(supers, { ip: trainsOf(LARGE), ip6: trainsOf(1452) });
    },

    'datagrams of 40 bytes, 64 a train': async (lab, trains) => {
      const address = await lab.lookup('web');
      const saw = await trains.exchange({ address, port: nextPort++, there: 400, back: 40, df: true });
      assert.is(saw, count(400));
    },

    'several flows at once, some of them fragmented': async (lab, trains) => {
      const address = await lab.lookup('web');
      const flows = Array.from({ length: FLOWS }, (_, i) =>
        trains.exchange({
          address,
          port: nextPort++,
          there: i % 2 ? SMALL : LARGE,
          back: SMALL,
          df: i % 2 === 1,
        }),
      );
      const saw = await Promise.all(flows);
      assert.equal(
        saw,
        saw.map((_, i) => count(i % 2 ? SMALL : LARGE)),
      );
    },

    '[8] DF=1 and too large: the client learns the MTU': async (lab, trains) => {
      const address = await lab.lookup('web');
      await trains.send(address, nextPort++, LARGE, 10 * LARGE);
      assert.is(await tooBig(lab), 10);
      assert.match(await lab.ok('cl1', ['ip', 'route', 'get', address]), /mtu 1480/);
      await lab.ok('cl1', ['ip', 'route', 'flush', 'cache']);
    },

    '[18] links that leave nothing to others: checksums are right': async (lab, trains) => {
      for (const link of LINKS) {
        await lab.ok('gw', ['ethtool', '-K', link, 'tx', 'off', 'tso', 'off', 'gso', 'off']);
      }
      const address = await lab.lookup('web');
      for (const [there, df] of [
        [SMALL, true],
        [LARGE, false],
      ] as const) {
        assert.is(await trains.exchange({ address, port: nextPort++, there, back: SMALL, df }), count(there));
      }
    },
  });
}
