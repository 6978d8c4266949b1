/** What README shows of the demo are commands that the lab prints, so that they can be typed while it is up. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { tests } from '../helpers/table.ts';

const SCRIPT = '. scripts/lab/names.sh; . scripts/lab/interactive.sh; client_commands; gateway_commands';

tests('README', {
  'the commands of the demo are those of the lab': () => {
    const env = { PATH: process.env.PATH };
    const printed = execFileSync('bash', ['-c', SCRIPT], {
      encoding: 'utf8',
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    }).split('\n');
    const shown = readFileSync('README.md', 'utf8').match(/^ {4}(?:gw|cl1)# .*$/gm) ?? [];
    assert.ok(shown.length > 5, 'there is an excerpt');
    const commands = shown.map((line) => line.replace(/^ {4}\w+# /, '').replace(/ {2,}#.*$/, ''));
    assert.equal(
      commands.filter((command) => !printed.includes(command)),
      [],
    );
  },
});
