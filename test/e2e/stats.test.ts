/**
 * `tmctl -f FILE virtual_server_stat -s name,serverside.tot_conns` as documented, byte for byte but the numbers.
 */
import * as assert from 'uvu/assert';
import { labTests, withGateway } from '../helpers/lab-suite.ts';

const HEADER = ['name              serverside.tot_conns', '----------------- --------------------'];
const CONNECTIONS = 3;

labTests('statistics', withGateway, {
  'virtual_server_stat has the documented layout and counts': async (lab) => {
    for (let i = 0; i < CONNECTIONS; i++)
      await lab.ok('cl1', ['curl', '-sS', '-4', 'http://web.nat46.example/']);
    const argv = ['-f', lab.name('LAB_STATE'), 'virtual_server_stat', '-s', 'name,serverside.tot_conns'];
    const { code, stdout } = await lab.nat46('tmctl', ...argv);
    assert.is(code, 0);
    const [header, rule, nat46, dns, ...rest] = stdout.split('\n');
    assert.equal([header, rule], HEADER);
    assert.is(nat46, `egress-ipv4-nat46${String(CONNECTIONS).padStart(21)}`);
    assert.match(dns ?? '', /^egress-dns-ipv4 +[1-9]\d*$/);
    assert.is(dns?.length, HEADER[0]?.length);
    assert.equal(rest, [''], 'nothing else');
  },

  'it needs no running gateway, only the file': async (lab) => {
    const argv = [
      'tmctl',
      '-f',
      lab.name('LAB_STATE'),
      'virtual_server_stat',
      '-s',
      'name,serverside.tot_conns',
    ];
    const alone = await lab.exec('cl2', [process.execPath, 'dist/src/main.js', ...argv]);
    assert.is(alone.code, 0);
    assert.match(alone.stdout, HEADER.join('\n'));
  },
});
