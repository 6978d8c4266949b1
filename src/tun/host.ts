/**
 * What `run` does to the host, and takes back: device, addresses, routes, forwarding, neighbour proxies. Each change is in
 * the undo journal before it is made, but for what goes away with a device of our own (`leaveGroups`). A start after a crash
 * finds the journal, takes back what is not wanted any more, and keeps the oldest knowledge of how things were.
 */
import { existsSync } from 'node:fs';
import { changeKey, type HostChange, type Step, undoSteps } from './host-change.ts';
import { type HostFacts, readHostFacts, readProxies } from './host-facts.ts';
import { type HostSetup, hasProxy, type PlannedChange, planChanges } from './host-plan.ts';
import { ipBatch, ipBatchForced } from './ip-command.ts';
import { type Sysctls, sysctls } from './sysctl.ts';
import { refuseForeignJournal, UndoJournal } from './undo-journal.ts';

/** Addresses of a gateway that ended come in a burst: for so long what the host looks like is not read again. */
const BURST_MS = 1000;
/** Bytes, RFC 8200 §5. */
const LEAST_IPV6_MTU = 1280;

export class HostState {
  /** Where neighbours are answered for a SNAT address; an address without a row here is expected to be routed to us. */
  readonly proxies: readonly { readonly address: string; readonly device: string }[];
  readonly #journal: UndoJournal;
  readonly #setup: HostSetup;
  #undone = false;
  /** The host as it was when a burst began, and the addresses that were attracted since. */
  #burst: { facts: HostFacts; attracted: Set<string>; endMs: number } | null = null;

  private constructor(journal: UndoJournal, setup: HostSetup, plan: readonly PlannedChange[]) {
    this.#journal = journal;
    this.#setup = setup;
    this.proxies = plan.flatMap(({ change }) => (change.kind === 'proxy' ? [change] : []));
  }

  /**
   * Brings the host into the wanted state; what is there already stays as it is. On an error everything is taken back.
   * @throws Nat46Error NAT46_PERMISSION, or NAT46_RUNTIME (journal in use, `ip` missing, a route that another device has)
   */
  static apply(setup: HostSetup): HostState {
    const journal = UndoJournal.open(setup.journalPath);
    try {
      return new HostState(journal, setup, bringAbout(setup, journal));
    } catch (error) {
      undoAll(journal, sysctls());
      throw error;
    }
  }

  /** One more SNAT address: routed to the device, and answered for where it is on-link. @throws Nat46Error NAT46_RUNTIME */
  attract(address: string): void {
    const nowMs = performance.now();
    if (!this.#burst || nowMs >= this.#burst.endMs)
      this.#burst = { facts: readHostFacts(), attracted: new Set(), endMs: nowMs + BURST_MS };
    const { attracted, facts } = this.#burst;
    if (attracted.has(address)) return;
    const setup = { ...this.#setup, routes6: [`${address}/128`], neighbourProxies: [address] };
    try {
      doMissing(setup, this.#journal, sysctls(), facts);
      attracted.add(address);
    } catch (error) {
      this.#burst = null; // the host is not what it was
      throw error;
    }
  }

  /** Add what another wish for the same device wants. @throws Nat46Error as `apply`; `narrow` to the former wish then */
  widen(setup: HostSetup): void {
    doMissing(setup, this.#journal, sysctls());
  }

  /** Take back what this wish does not want. */
  narrow(setup: HostSetup): void {
    const tree = sysctls();
    undoUnwanted(this.#journal, tree, planChanges(setup, readHostFacts(), tree));
  }

  /** Another host answers for this address now. Its route stays: packets that still come are ours. */
  repel(address: string): void {
    this.#burst = null; // its route stays, its proxy goes
    const tree = sysctls();
    const proxies = this.#journal
      .changes()
      .filter((change) => change.kind === 'proxy' && change.address === address);
    undoChanges(proxies, this.#journal, tree);
  }

  /**
   * Takes everything back, last change first; with `persist` it keeps all of it for the next start. A second call does
   * nothing. Never throws.
   * @returns a sentence for each change that could not be taken back; the journal then stays for `cleanup`
   */
  undo(): string[] {
    if (this.#undone) return [];
    this.#undone = true;
    if (!this.#setup.persist) return undoAll(this.#journal, sysctls());
    this.#journal.close();
    return [];
  }
}

/**
 * Takes back what a gateway left that was killed, or kept the device.
 * @returns changes found in the journal, and a sentence for each that could not be taken back
 * @throws Nat46Error NAT46_RUNTIME while that gateway is running, or when it ran in another network namespace
 */
export function cleanup(journalPath: string): { found: number; problems: string[] } {
  if (!existsSync(journalPath)) return { found: 0, problems: [] };
  refuseForeignJournal(journalPath);
  const journal = UndoJournal.open(journalPath);
  const found = journal.changes().length;
  return { found, problems: undoAll(journal, sysctls()) };
}

/** Take back what the journal knows and is not wanted; do what is wanted. */
function bringAbout(setup: HostSetup, journal: UndoJournal): PlannedChange[] {
  const tree = sysctls();
  if (setup.created === true) leaveGroups(setup);
  if (journal.changes().length > 0) {
    undoUnwanted(journal, tree, planChanges(setup, readHostFacts(), tree));
  }
  return doMissing(setup, journal, tree);
}

/**
 * A host that forwards joins groups of routers on each device (RFC 4291 §2.8), and would send us reports about them. The
 * kernel forgets the groups of a device whose MTU is below 1280, and joins none where the device has no multicast. Not in
 * the journal: the device was made a moment ago, and to delete it takes this back as well.
 */
function leaveGroups({ tun, mtu }: HostSetup): void {
  ipBatch([`link set dev ${tun} multicast off mtu ${LEAST_IPV6_MTU - 1}`, `link set dev ${tun} mtu ${mtu}`]);
}

/** Do what is wanted and not there, and remember it first. */
function doMissing(
  setup: HostSetup,
  journal: UndoJournal,
  tree: Sysctls,
  facts = readHostFacts(),
): PlannedChange[] {
  const plan = planChanges(setup, facts, tree);
  journal.record(plan.filter(toRemember).map(({ change }) => change));
  perform(
    plan.flatMap(({ step, done }) => (done || step === null ? [] : [step])),
    tree,
  );
  return plan;
}

/** A setting that is right already is remembered too: another gateway must not take it away. */
function toRemember({ change, done }: PlannedChange): boolean {
  return !done || change.kind === 'sysctl';
}

/** What an earlier run did and this one does not want. */
function undoUnwanted(journal: UndoJournal, tree: Sysctls, plan: readonly PlannedChange[]): void {
  const wanted = new Set(plan.map(({ change }) => changeKey(change)));
  const leftover = journal
    .changes()
    .filter((change) => change.kind !== 'device' && !wanted.has(changeKey(change)));
  undoChanges(leftover, journal, tree);
}

function undoAll(journal: UndoJournal, tree: Sysctls): string[] {
  try {
    const problems = undoChanges(journal.changes(), journal, tree);
    if (problems.length === 0) journal.remove();
    else journal.close();
    return problems;
  } catch (error) {
    journal.close();
    return [sentence(error)];
  }
}

function undoChanges(changes: readonly HostChange[], journal: UndoJournal, tree: Sysctls): string[] {
  const problems: string[] = [];
  let lines: string[] = [];
  const flush = () => {
    problems.push(...ipBatchForced(lines));
    lines = [];
  };
  for (const change of withoutRepelled(changes).toReversed()) {
    for (const step of undoSteps(change, tree)) {
      if ('ip' in step) lines.push(step.ip);
      else {
        flush();
        if (change.kind === 'sysctl' && step.path === change.path && journal.handOver(change)) break;
        problems.push(...restore(tree, step));
      }
    }
  }
  flush();
  return problems;
}

/** `ip` ends a whole batch, forced or not, at a proxy that is not there. */
function withoutRepelled(changes: readonly HostChange[]): readonly HostChange[] {
  if (!changes.some(({ kind }) => kind === 'proxy')) return changes;
  const proxies = readProxies();
  return changes.filter((change) => change.kind !== 'proxy' || hasProxy(proxies, change));
}

/** A setting of a device that is gone needs nothing. */
function restore(tree: Sysctls, { path, value }: { path: string; value: string }): string[] {
  const now = tree.read(path);
  if (now === null || now === value) return [];
  try {
    tree.write(path, value);
    return [];
  } catch (error) {
    return [sentence(error)];
  }
}

/** Steps in order; neighbouring `ip` lines share a call. */
function perform(steps: readonly Step[], tree: Sysctls): void {
  let lines: string[] = [];
  for (const step of steps) {
    if ('ip' in step) {
      lines.push(step.ip);
      continue;
    }
    ipBatch(lines);
    lines = [];
    tree.write(step.path, step.value);
  }
  ipBatch(lines);
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
