/**
 * The layers of ARCHITECTURE.md as rules: imports point down only, the core is pure, shells are strangers to each other.
 * test/layers.test.ts plants a violation of every rule and sees it found.
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
      name: 'commands-import-config-control-stats',
      comment: 'a command talks to a running gateway through its control socket',
      severity: 'error',
      from: { path: '^src/commands/' },
      to: { path: '^src/', pathNot: ['^src/(commands|config|control|stats)/', `^src/${CORE}/`, LEAVES] },
    },
    only('error-is-a-leaf', 'every shell may import it', '^src/error[.]ts$', '^src/error[.]ts$'),
    only('address-is-a-leaf', 'text of addresses over ipaddr.js', '^src/address[.]ts$', 'node_modules/ipaddr[.]js/'),
    {
      name: 'only-roots-know-several-shells',
      comment: 'app.ts, worker.ts and main.ts put the parts together; another file beside them knows one shell at most',
      severity: 'error',
      from: { path: '^src/[^/]+[.]ts$', pathNot: ['^src/(app|worker|main)[.]ts$', LEAVES] },
      to: { path: '^src/', pathNot: ['^src/commands/', LEAVES] },
    },
    {
      name: 'roots-stay-on-top',
      comment: 'nothing but main.ts starts the application',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/main[.]ts$' },
      to: { path: '^src/(app|worker|main)[.]ts$' },
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
