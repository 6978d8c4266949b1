/**
 * What a Packet Too Big said is kept for at least ten minutes and then forgotten for good, however long the row lives and
 * wherever the clock wraps.
 */
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { current, remember, UNKNOWN_MTU } from '../../src/nat/path-mtu.ts';
import { holds } from '../helpers/property.ts';
import { table, tests } from '../helpers/table.ts';

/** 2^16 ms, in which the time to forget is counted. */
const UNIT = 65_536;
const AT_LEAST = 600_000;
const DAY = 86_400_000;
/** The clock is a signed word. */
const WRAP = 2 ** 32;

table(
  'RFC 8201 §4 [86]: the time to forget',
  [
    { name: 'at once', told: 0, asked: 0, known: true },
    { name: 'after 10 minutes, told at the start of a unit', told: 0, asked: AT_LEAST, known: true },
    {
      name: 'after 10 minutes, told at the end of one',
      told: UNIT - 1,
      asked: UNIT - 1 + AT_LEAST,
      known: true,
    },
    { name: 'in the last millisecond', told: 0, asked: 11 * UNIT - 1, known: true },
    { name: 'forgotten 11 units later', told: 0, asked: 11 * UNIT, known: false },
    {
      name: 'told at the end of a unit: in the last millisecond',
      told: UNIT - 1,
      asked: 11 * UNIT - 1,
      known: true,
    },
    { name: 'told at the end of a unit: forgotten', told: UNIT - 1, asked: 11 * UNIT, known: false },
    { name: 'known across the wrap of the clock', told: WRAP - 1, asked: WRAP - 1 + AT_LEAST, known: true },
    { name: 'forgotten across the wrap', told: WRAP - UNIT, asked: WRAP + 10 * UNIT, known: false },
    { name: 'the clock turns negative', told: 2 ** 31 - 1, asked: 2 ** 31 + AT_LEAST, known: true },
    { name: 'a day later', told: 0, asked: DAY, known: false },
    { name: '25 days later, half the circle of the clock', told: 0, asked: 25 * DAY, known: false },
    { name: '49 days later', told: 5 * UNIT, asked: 49 * DAY, known: false },
  ],
  ({ told, asked, known }) => {
    assert.is(current(remember(1400, told | 0), asked | 0), known ? 1400 : UNKNOWN_MTU);
  },
);

const moment = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

tests('properties', {
  'RFC 8201 §4 [86]: an MTU comes back as it was for ten minutes': () =>
    holds(
      fc.tuple(fc.integer({ min: 1280, max: 65535 }), moment, fc.nat(AT_LEAST)),
      2000,
      ([mtu, told, after]) => {
        assert.is(current(remember(mtu, told), (told + after) | 0), mtu);
      },
    ),
  'from 12 minutes and 1 s on it is unknown, until the clock has gone round': () =>
    holds(fc.tuple(moment, fc.integer({ min: 11 * UNIT, max: WRAP - UNIT })), 2000, ([told, after]) => {
      assert.is(current(remember(1400, told), (told + after) | 0), UNKNOWN_MTU);
    }),
  'nothing was ever told': () => holds(moment, 200, (now) => assert.is(current(0, now), UNKNOWN_MTU)),
});
