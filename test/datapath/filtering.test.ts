/**
 * Filtering as packets meet it (RFC 4787 §5, REQ-8; RFC 5382 REQ-2 to REQ-4), and connections that both ends open.
 */
import * as assert from 'uvu/assert';
import { Filtering } from '../../src/nat/filtering.ts';
import { TCP_ESTABLISHED_MS, TCP_TRANSITORY_MS } from '../../src/nat/lifetimes.ts';
import type { VerdictName } from '../helpers/slot.ts';
import { table, tests } from '../helpers/table.ts';
import { Conversation, packetOf, type Said } from './conversation.ts';

const { EndpointIndependent, AddressDependent, AddressAndPortDependent } = Filtering;

interface Row {
  name: string;
  filtering: Filtering;
  before: readonly Said[];
  said: Said;
  verdict: VerdictName;
}

function rows(
  name: string,
  filtering: Filtering,
  verdicts: readonly (readonly [Said, VerdictName])[],
): Row[] {
  return verdicts.map(([said, verdict]) => {
    const before = said.endsWith('udp') ? ['in udp'] : ['in S', 'out SA'];
    return { name: `[54] ${name}: ${said}`, filtering, before, said, verdict };
  });
}

table(
  'RFC 4787 §5: filtering',
  [
    ...rows('endpoint-independent', EndpointIndependent, [
      ['out udp', 'Forward64'],
      ['out@99 udp', 'Forward64'],
      ['out2 udp', 'Forward64'],
      ['out@99 S', 'Forward64'],
      ['out2 S', 'Forward64'],
      ['out2 A', 'DropTcpNoSession'],
    ]),
    ...rows('address-dependent', AddressDependent, [
      ['out udp', 'Forward64'],
      ['out@99 udp', 'Forward64'],
      ['out2 udp', 'DropFiltered'],
      ['out A', 'Forward64'],
      ['out@99 S', 'Forward64'],
      ['out@99 A', 'DropTcpNoSession'],
      ['out2 S', 'DropFiltered'],
      ['out2 A', 'DropTcpNoSession'],
    ]),
    ...rows('address-and-port-dependent', AddressAndPortDependent, [
      ['out udp', 'Forward64'],
      ['out@99 udp', 'DropFiltered'],
      ['out2 udp', 'DropFiltered'],
      ['out A', 'Forward64'],
      ['out@99 S', 'DropFiltered'],
      ['out2 S', 'DropFiltered'],
    ]),
  ],
  ({ filtering, before, said, verdict }) => {
    const talk = new Conversation({ filtering });
    talk.say(...before);
    const outcome = talk.world.translate(packetOf(said));
    assert.is(outcome.verdict, verdict);
    assert.is(outcome.outputs.length, verdict === 'Forward64' ? 1 : 0, 'a refusal is silent');
  },
);

tests('RFC 5382 REQ-2a, REQ-4: connections that both ends open', {
  '[46] the inside first: established by the SYN from outside': () => {
    for (const filtering of Object.values(Filtering)) {
      const talk = new Conversation({ filtering });
      assert.is(talk.say('in S'), 'Forward46');
      assert.is(talk.say('out S'), 'Forward64');
      talk.wait(TCP_ESTABLISHED_MS - 1);
      assert.is(talk.say('out A'), 'Forward64');
    }
  },

  '[46] the outside first, endpoint-independent: established by the SYN from inside': () => {
    const talk = new Conversation();
    assert.is(talk.say('out S'), 'Forward64');
    assert.is(talk.say('in S'), 'Forward46');
    talk.wait(TCP_ESTABLISHED_MS - 1);
    assert.is(talk.say('out A'), 'Forward64');
  },

  '[46] the outside first, filtered: not a word in 6 s and after, and the inside opens it whenever it likes':
    () => {
      for (const filtering of [AddressDependent, AddressAndPortDependent]) {
        for (const ms of [0, 5999, 6000, 6001]) {
          const talk = new Conversation({ filtering });
          const first = talk.world.translate(packetOf('out S'));
          assert.equal([first.verdict, first.outputs.length], ['DropFiltered', 0]);
          talk.wait(ms);
          assert.is(talk.say('in S'), 'Forward46');
          assert.is(talk.say('out S'), 'Forward64', 'the SYN repeated, or that of a SYN-ACK');
          talk.wait(TCP_ESTABLISHED_MS - 1);
          assert.is(talk.say('out A'), 'Forward64');
        }
      }
    },

  '[46] [49] a filtered SYN leaves nothing behind': () => {
    const talk = new Conversation({ filtering: AddressDependent });
    talk.say('in S', 'out SA');
    const before = talk.world.state.segment.words.slice();
    for (let port = 1; port < 200; port++) assert.is(talk.say(`out2@${port} S`), 'DropFiltered');
    const { words } = talk.world.state.segment;
    assert.is(
      words.findIndex((word, at) => word !== before[at]),
      -1,
    );
  },

  '[42] a SYN from inside opens a connection anew whose end is waited for': () => {
    for (const end of [['in FA', 'out FA'], ['out R']]) {
      const talk = new Conversation();
      talk.say('in S', 'out SA', ...end);
      assert.is(talk.say('in S'), 'Forward46');
      talk.wait(TCP_TRANSITORY_MS - 1);
      assert.is(talk.say('out SA'), 'Forward64');
      talk.wait(TCP_ESTABLISHED_MS - 1);
      assert.is(talk.say('out A'), 'Forward64');
    }
  },
});
