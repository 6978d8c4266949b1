/**
 * The layers of ARCHITECTURE.md as rules: imports point down only, the core is pure, shells are strangers to each other.
 * test/tools/layers.test.ts plants a violation of every rule and sees it found.
 */
const LEAVES = '^src/(error|address)[.]ts$';
const CORE = '(wire|xlat|nat|datapath)';

/** `from` may import nothing but what matches `allowed` (packages and node: modules included). */
const only = (name, comment, from, ...allowed) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { pathNot: allowed },
});

module.exports = {
  forbidden: [
    only('wire-imports-nothing', 'bytes know nothing', '^src/wire/', '^src/wire/'),
    only('xlat-imports-wire', 'translation knows no state', '^src/xlat/', '^src/(xlat|wire)/'),
    only('nat-imports-wire', 'state knows no translation', '^src/nat/', '^src/(nat|wire)/'),
    only('datapath-imports-core', 'no clock, no packages, no node: in the core', '^src/datapath/', `^src/${CORE}/`),
    {
      name: 'shells-are-strangers',
      comment: 'a shell that needs another declares a small interface beside its own code',
      severity: 'error',
      from: { path: '^src/(config|control|dns46|stats|store|tun)/' },
      to: { path: '^src/', pathNot: ['^src/$1/', `^src/${CORE}/`, LEAVES] },
    },
    {
      name: 'commands-import-no-inner-shell',
      comment: 'a command talks to a running gateway through its control socket, and starts one through gateway/',
      severity: 'error',
      from: { path: '^src/commands/' },
      to: { path: '^src/', pathNot: ['^src/(commands|config|control|stats|gateway)/', `^src/${CORE}/`, LEAVES] },
    },
    only('error-is-a-leaf', 'every shell may import it', '^src/error[.]ts$', '^src/error[.]ts$'),
    only('address-is-a-leaf', 'text of addresses over ipaddr.js', '^src/address[.]ts$', 'node_modules/ipaddr[.]js/'),
    {
      name: 'main-knows-commands',
      comment: 'the files beside the folders are leaves, or the way in: they find the command and nothing else',
      severity: 'error',
      from: { path: '^src/[^/]+[.]ts$', pathNot: LEAVES },
      to: { path: '^src/', pathNot: ['^src/commands/', '^src/main[.]ts$', LEAVES] },
    },
    {
      name: 'gateway-stays-on-top',
      comment: 'only gateway/ knows several shells: it puts the parts together, and no part knows it',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(gateway|commands)/' },
      to: { path: '^src/gateway/' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'nothing-of-the-tests',
      comment: 'the product runs without the packages of its development',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|scripts)/' },
    },
    {
      name: 'no-development-packages',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true, // types count as well
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
