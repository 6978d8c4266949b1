/** Trains of UDP datagrams through `nat46 siit`: read as super-packets, translated whole, cut where they have to be. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DEVICE, OWN, POOL6, SERVER, SiitLab } from '../helpers/siit-lab.ts';
import { supersRead, TRAIN_BYTES, trainsOf, UdpTrains } from '../helpers/udp-train.ts';

const FLAGS = { tun: DEVICE, pool6: POOL6, eam: [`${SERVER.v4}=${SERVER.v6}`], self4: OWN.v4, self6: OWN.v6 };
const SMALL = 1200;
const LARGE = 1472;

const it = suite('siit: trains of UDP');
let lab: SiitLab;
let trains: UdpTrains;

it.before(async () => {
  try {
    lab = await SiitLab.up();
    await lab.translator(FLAGS).ready();
    trains = new UdpTrains(lab, lab.folder);
  } catch (error) {
    console.error(error); // uvu counts the cases as not passed, but does not say why
    throw error;
  }
});
it.after(() => lab?.down());

for (const [name, port, there, df] of [
  ['[22] there and back whole: a train is one packet to the translator', 9300, SMALL, true],
  ['[7] DF=0 and too large for IPv6: every datagram is fragmented', 9301, LARGE, false],
] as const) {
  it(name, async () => {
    let saw = '';
    const supers = await supersRead(lab, DEVICE, async () => {
      saw = await trains.exchange({ address: SERVER.v4, port, there, back: SMALL, df });
    });
    assert.is(saw, `${Math.ceil(TRAIN_BYTES / there)} ${there}`);
    assert.equal(supers, { ip: trainsOf(there), ip6: trainsOf(SMALL) });
  });
}

it.run();
