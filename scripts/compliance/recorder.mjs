/**
 * Stands for uvu when tests are listed: suites that would run are written into the registry. A suite whose `run()` is
 * forgotten is not, as it would not run either.
 */
const registry = globalThis.testRegistry;

export function suite(title = '') {
  let pending = [];
  const it = (name, handler) => pending.push({ suite: title, name, vector: handler.vector?.() });
  const hook = () => {};
  it.before = Object.assign(hook, { each: hook });
  it.after = it.before;
  it.skip = hook;
  it.only = it;
  it.run = () => {
    registry.push(...pending);
    pending = [];
  };
  return it;
}

export const test = suite();
