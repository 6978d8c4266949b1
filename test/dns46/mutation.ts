/**
 * Messages that nobody should send: good ones with some bytes changed, and noise.
 */
import { a, aaaa, cname, ednsRecord, query, reply, soa } from './packets.ts';

/** xorshift32: the same messages on every run. */
export function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

export const ASKED = query({
  name: 'www.example',
  edns: 1232,
  options: [{ code: 10, data: Buffer.alloc(8) }],
});
const SEEDS: readonly Buffer[] = [
  ASKED,
  query({ name: 'x.onion' }),
  reply(ASKED, { answers: [a('www.example', '192.0.2.1')] }),
  reply(ASKED, {
    answers: [
      cname('www.example', 'b.example'),
      aaaa('b.example', '2001:db8::1'),
      aaaa('b.example', '2001:db8::2'),
    ],
    authorities: [soa('example', 60, 60)],
    additionals: [a('ns.example', '192.0.2.2'), ednsRecord()],
  }),
];

/** A seed with some bytes changed, a piece cut off or doubled, or plain noise. */
export function mutated(random: (below: number) => number): Buffer {
  const seed = SEEDS[random(SEEDS.length)]!;
  if (random(20) === 0) return Buffer.from(Array.from({ length: random(120) }, () => random(256)));
  const bytes = Buffer.from(seed);
  for (let edits = 1 + random(6); edits > 0; edits--) {
    const at = random(bytes.length);
    const interesting = [0, 1, 0x3f, 0x40, 0xc0, 0xc0 | random(2), 12, 0xff, random(256)];
    bytes[at] = interesting[random(interesting.length)]!;
  }
  const shape = random(8);
  if (shape === 0) return bytes.subarray(0, random(bytes.length + 1));
  return shape === 1 ? Buffer.concat([bytes, bytes.subarray(random(bytes.length))]) : bytes;
}
