/**
 * Ports of the SNAT pool: kept when free (RFC 4787 §4.2.1), unguessable otherwise (RFC 6056 §3.3.3, RFC 6888 REQ-15), found
 * in bounded steps or not at all, and resting after use (RFC 6888 REQ-8).
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { PORT_REST_MS } from '../../src/nat/lifetimes.ts';
import { NO_MEMBER, NO_PORT, PortPool, protocolColumn } from '../../src/nat/port-pool.ts';
import type { Segment } from '../../src/nat/segment.ts';
import { table, tests } from '../helpers/table.ts';
import { freshState, words } from './fresh-state.ts';

const TCP = 0;
const UDP = 1;
const ICMP = 2;
const LOW = 1024;
const ALL = 65_536;

function pool(seed = 1): PortPool {
  return freshState({}, undefined, [seed, seed, seed, seed]).pool;
}

/** Take every port of a range but some. */
function fill(target: PortPool, column: number, from: number, to: number, ...spare: number[]): void {
  for (let port = from; port < to; port++) if (!spare.includes(port)) target.claim(0, column, port);
}

tests('port pool', {
  '[53] a wanted port is kept while it is free': () => {
    const p = pool();
    for (const port of [1, 80, 1023, 1024, 40_000, 65_535]) {
      for (const column of [TCP, UDP, ICMP]) assert.is(p.take(0, column, port, 7), port);
    }
    assert.is(p.take(1, TCP, 80, 7), 80, 'of another member as well');
    assert.is(p.take(0, ICMP, 0, 7), 0, 'identifier 0 is as good as any');
  },

  'port 0 is nobody’s': () => {
    const p = pool();
    for (const column of [TCP, UDP]) {
      const port = p.take(0, column, 0, 7);
      assert.ok(port > 0 && port < LOW);
    }
  },

  '[53] below 1024 stays below, the others stay above (RFC 4787 REQ-3a)': () => {
    const p = pool();
    for (let salt = 0; salt < 200; salt++) {
      assert.ok(p.take(0, UDP, 53, salt) < LOW);
      assert.ok(p.take(0, UDP, 5353, salt) >= LOW);
    }
  },

  '[53] even stays even and odd stays odd, for UDP (RFC 4787 REQ-4)': () => {
    const p = pool();
    for (let asker = 0; asker < 200; asker++) {
      for (const wanted of [52, 53, 5352, 5353]) {
        const port = p.take(0, UDP, wanted, asker);
        assert.is(port & 1, wanted & 1, `${port} for ${wanted}`);
        assert.is(port < LOW, wanted < LOW);
      }
    }
  },

  '[53] the other parity when there is no more of the wanted one': () => {
    const p = pool();
    const even: number[] = [];
    for (let i = 0; i < 511; i++) even.push(p.take(0, UDP, 52, i));
    assert.ok(even.every((port) => port % 2 === 0 && port > 0));
    assert.is(new Set(even).size, 511);
    assert.is(p.take(0, UDP, 52, 7) & 1, 1);
    assert.is(p.take(0, UDP, 5352, 7), 5352, 'the other range is not touched');
  },

  '[53] TCP and ICMP have no parity': () => {
    for (const column of [TCP, ICMP]) {
      const p = pool();
      const ports = Array.from({ length: 64 }, (_, asker) => p.take(0, column, 5353, asker));
      const even = ports.filter((port) => port % 2 === 0).length;
      assert.ok(even > 16 && even < 48, `${even} of 64 are even`);
    }
  },

  '[53] no port is given twice, until the range is full (RFC 4787 REQ-3)': () => {
    const p = pool();
    const taken = new Set<number>();
    for (let i = 1; i < LOW; i++) taken.add(p.take(0, UDP, 53, i));
    assert.is(taken.size, LOW - 1);
    assert.ok(Math.min(...taken) === 1 && Math.max(...taken) === LOW - 1);
    assert.is(p.take(0, UDP, 53, 1), NO_PORT);
    assert.is(p.allocFail(0, UDP), 1);
    assert.is(p.inUse(0, UDP), LOW - 1, 'a failure takes nothing');
    assert.is(p.take(0, UDP, 1024, 1), 1024, 'the other range is not touched');
  },

  '[59] the last free port is found wherever it is': () => {
    for (const spare of [1024, 1055, 1056, 33_333, 65_504, 65_535]) {
      const p = pool();
      for (const column of [TCP, UDP]) {
        fill(p, column, LOW, ALL, spare);
        assert.is(p.take(0, column, 2000, 3), spare);
        assert.is(p.take(0, column, 2000, 3), NO_PORT);
      }
    }
  },

  '[59] unguessable: the start follows from a secret, the host and its port (RFC 6056 §3.3.3)': () => {
    const taken = (seed: number, asker: number) => {
      const p = pool(seed);
      for (let port = 2000; port < 2064; port++) p.claim(0, UDP, port);
      return Array.from({ length: 64 }, (_, i) => p.take(0, UDP, 2000 + i, asker));
    };
    const [mine, others] = [taken(1, 5), taken(2, 5)];
    assert.equal(mine, taken(1, 5), 'the same secret gives the same ports');
    const same = (a: number[], b: number[]) => a.filter((port, i) => port === b[i]).length;
    assert.ok(same(mine, others) <= 2, 'another secret, other ports');
    assert.ok(same(mine, taken(1, 6)) <= 2, 'another host, other ports');
    const steps = mine.slice(1).map((port, i) => Math.abs(port - (mine[i] ?? 0)));
    assert.ok(
      steps.filter((step) => step < 32).length <= 3,
      'neighbouring flows do not get neighbouring ports',
    );
    const thirds = new Set(mine.map((port) => Math.floor(port / 8192)));
    assert.ok(thirds.size >= 6, 'and they come from everywhere');
  },

  'like a Set, in any order of taking and giving; TCP may be taken again at once': () => {
    const wanted = fc.constantFrom(0, 1, 1023, 1024, 1025, 65_535);
    fc.assert(
      fc.property(
        fc.array(fc.record({ take: fc.boolean(), wanted, salt: fc.nat(3) }), { maxLength: 40 }),
        (steps) => {
          const p = pool();
          const used = new Set<number>();
          for (const step of steps) {
            if (step.take) {
              const port = p.take(0, TCP, step.wanted, step.salt);
              assert.not(used.has(port));
              if (step.wanted > 0 && !used.has(step.wanted)) assert.is(port, step.wanted);
              used.add(port);
            } else if (used.delete(step.wanted)) {
              p.give(0, TCP, step.wanted);
            }
            assert.is(p.inUse(0, TCP), used.size);
            assert.is(p.free(0, TCP), ALL - 1 - used.size);
          }
        },
      ),
    );
  },
});

tests('port pool: exhaustion', {
  '[59] a search that fails looks at each word once, for UDP once a parity': () => {
    const { segment, pool: setUp } = freshState();
    for (const column of [TCP, UDP]) fill(setUp, column, 1, ALL);
    let reads = 0;
    const counted = new Proxy(segment.words, {
      get: (target, name) => {
        if (typeof name === 'string' && /^\d+$/.test(name)) reads++;
        return Reflect.get(target, name) as unknown;
      },
    });
    const p = new PortPool(Object.create(segment, { words: { value: counted } }) as Segment);
    for (const [column, port, most] of [
      [TCP, 80, 32],
      [TCP, 5000, 2016],
      [UDP, 80, 2 * 32],
      [UDP, 5000, 2 * 2016],
    ] as const) {
      reads = 0;
      assert.is(p.take(0, column, port, 9), NO_PORT);
      const perMap = reads / 3;
      assert.ok(perMap >= most && perMap <= most + 2, `${perMap} words`);
    }
  },
});

table(
  'a freed port rests, RFC 6888 REQ-8',
  [
    { name: '[60] TCP: had again at once, its state is tracked (REQ-8a)', column: TCP, rotations: 0 },
    { name: '[60] UDP', column: UDP, rotations: 2 },
    { name: '[60] ICMP identifier', column: ICMP, rotations: 2 },
  ],
  ({ column, rotations }) => {
    const p = pool();
    assert.is(p.take(0, column, 5000, 1), 5000);
    p.give(0, column, 5000);
    for (let i = 0; i < rotations; i++) {
      assert.is.not(p.take(0, column, 5000, 1), 5000, `after ${i} rotations`);
      p.rotate(0);
    }
    assert.is(p.take(0, column, 5000, 1), 5000);
    // Two rotations are one whole period at least, however short before the first of them the port was freed.
    assert.ok((Math.max(rotations, 1) - 1) * PORT_REST_MS >= (rotations > 0 ? 120_000 : 0));
  },
);

tests('members of the pool', {
  'found by their address': () => {
    const p = freshState({ members: 3 }).pool; // room for one more
    const view = new DataView(new ArrayBuffer(20));
    for (const [i, text] of ['2001:db8:5::1', '2001:db8:5::2', '2001:db8:5::3', '::'].entries()) {
      words(text).forEach((word, k) => {
        view.setInt32(4 + k * 4, word);
      });
      assert.is(p.lookup(view, 4), i < 2 ? i : NO_MEMBER);
      assert.is(p.lookupWords(words(text), 0), i < 2 ? i : NO_MEMBER);
    }
  },

  'a client starts at a member that follows from its address; all members are used': () => {
    const p = pool();
    const starts = Array.from({ length: 64 }, (_, client) => p.preferredMember(client));
    assert.equal([...new Set(starts)].sort(), [0, 1]);
    assert.is(p.preferredMember(5), p.preferredMember(5));
    assert.is(freshState({}, []).pool.preferredMember(5), 0);
  },

  'another list of members: who stays keeps its resting ports and failures, wherever it stands': () => {
    const p = pool();
    p.take(0, UDP, 7000, 0);
    p.give(0, UDP, 7000);
    p.take(0, UDP, 8000, 0);
    assert.equal(p.configure(['2001:db8:5::9', '2001:db8:5::1'].map(words)), [1, NO_MEMBER]);
    assert.is.not(p.take(1, UDP, 7000, 0), 7000, 'still resting');
    assert.is(p.take(1, UDP, 8000, 0), 8000, 'who uses it is told by the BIB');
    assert.is(p.take(0, UDP, 7000, 0), 7000, 'a new member is empty');
    assert.equal(p.configure([]), [NO_MEMBER, NO_MEMBER]);
    assert.is(p.size(), 0);
  },

  'columns of protocols': () => assert.equal([6, 17, 1].map(protocolColumn), [TCP, UDP, ICMP]),
});
