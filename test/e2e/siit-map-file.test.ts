/**
 * The map file of `nat46 siit`, read again on SIGHUP: added, changed and removed mappings hold at once; a file with a mistake
 * changes nothing and is named, line and column.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Exchange } from '../helpers/exchange.ts';
import type { Gateway } from '../helpers/gateway.ts';
import { EXACT, SiitLab } from '../helpers/siit-lab.ts';

const it = suite('siit map file');
let lab: SiitLab;
let exchange: Exchange;
let translator: Gateway;
let file = '';

it.before(async () => {
  try {
    lab = await SiitLab.up();
    file = path.join(lab.folder, 'map');
    exchange = await lab.exchange(path.join(lab.folder, 'out.pcap'));
    writeFileSync(
      file,
      '# two hosts\nmap 10.0.0.1 2001:db8:1::1\nmap 10.0.0.2/32 2001:db8:1::2/128 # the second\n\n',
    );
    translator = lab.translator({ ...EXACT, 'map-file': file });
    await translator.ready();
  } catch (error) {
    console.error(error); // uvu counts the cases as not passed, but does not say why
    throw error;
  }
});
it.after(async () => {
  await exchange?.end();
  await lab?.down();
});

/** Messages about files read again so far. */
const news = (): Record<string, unknown>[] => translator.messages(/mappings read again|old mappings stay/);

/** Rewrites the file, and resolves with what the translator says about it. */
async function rewrite(text: string): Promise<Record<string, unknown>> {
  const before = news().length;
  writeFileSync(file, text);
  translator.signal('SIGHUP');
  for (let tries = 0; tries < 100 && news().length === before; tries++) await pause(20);
  const [said] = news().slice(before);
  if (said === undefined) throw new Error(`nothing was said about the file:\n${translator.log}`);
  return said;
}

/** Both ways between an IPv4 address and an IPv6 one. */
async function stands(v4: string, v6: string): Promise<void> {
  const name = `${v4} = ${v6}`;
  await exchange.check({ name, send: `to4(dst="${v4}") / udp(8)`, get: `to6(dst="${v6}") / udp(8)` });
  await exchange.check({ name, send: `from6(src="${v6}") / udp(8)`, get: `from4(src="${v4}") / udp(8)` });
}

/** An IPv4 address without mapping goes by the prefix. */
const unmapped = (v4: string): Promise<void> =>
  exchange.check({ name: v4, send: `to4(dst="${v4}") / udp(8)`, get: `to6(dst=p("${v4}")) / udp(8)` });

it('as it was at the start', async () => {
  await stands('10.0.0.1', '2001:db8:1::1');
  await stands('10.0.0.2', '2001:db8:1::2');
  await unmapped('10.0.0.3');
});

it('the same again', async () => {
  await rewrite('map 10.0.0.1 2001:db8:1::1\nmap 10.0.0.2 2001:db8:1::2\n');
  await stands('10.0.0.1', '2001:db8:1::1');
  await stands('10.0.0.2', '2001:db8:1::2');
});

it('one more, one gone, one changed', async () => {
  await rewrite('map 10.0.0.3 2001:db8:1::3\nmap 10.0.0.2 2001:db8:1::22\n');
  await unmapped('10.0.0.1');
  await stands('10.0.0.2', '2001:db8:1::22');
  await stands('10.0.0.3', '2001:db8:1::3');
});

it('two that change places', async () => {
  await rewrite('map 10.0.0.2 2001:db8:1::3\nmap 10.0.0.3 2001:db8:1::22\n');
  await stands('10.0.0.2', '2001:db8:1::3');
  await stands('10.0.0.3', '2001:db8:1::22');
});

it('a network, and a host in it by a longer prefix', async () => {
  await rewrite('map 10.0.0.0/24 2001:db8:1::/120\nmap 10.0.0.3 2001:db8:3::3\n');
  await stands('10.0.0.2', '2001:db8:1::2');
  await stands('10.0.0.3', '2001:db8:3::3');
  await stands('10.0.0.255', '2001:db8:1::ff');
});

it('a mistake: the old mappings stay, and its place is told', async () => {
  const said = await rewrite('map 10.0.0.1 2001:db8:1::1\n\nmap 10.0.0.2 2001:db8::zz\n');
  assert.match(JSON.stringify(said), `${file}:3:`);
  assert.match(JSON.stringify(said), '2001:db8::zz');
  await stands('10.0.0.3', '2001:db8:3::3');
});

it('a flag holds against the file', async () => {
  await rewrite('map 192.0.2.7 2001:db8:1::7\nmap 10.0.0.1 2001:db8:1::1\n');
  await stands('10.0.0.1', '2001:db8:1::1');
  await exchange.check({ name: 'the flag', send: 'to4() / udp(8)', get: 'to6() / udp(8)' });
});

it('an empty file: only the flags', async () => {
  await rewrite('');
  await unmapped('10.0.0.1');
  await exchange.check({ name: 'the flag', send: 'from6() / udp(8)', get: 'from4() / udp(8)' });
});

it.run();
