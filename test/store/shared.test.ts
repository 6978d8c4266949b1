/** One store, many gateways: what others write, what a failover loses, whose life goes on. Without a server. */
import * as assert from 'uvu/assert';
import { formatV4 } from '../../src/address.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { formatRecord, recordKey } from '../../src/store/record.ts';
import { type Life, type StoreListener, StoreLost } from '../../src/store/store.ts';
import { table, tests } from '../helpers/table.ts';
import { GroupWorld } from './group-world.ts';
import { Rig, v4, v6 } from './rig.ts';

const ADDRESS = '10.2.2.9';
const KEY = recordKey(v4(ADDRESS));
const REAL = v6('2001:db8::9');
const OTHER = v6('2001:db8::aa');

/** A store that others write to: the test says what they do, and what it says of its own accord. */
class SharedStore extends MemoryStore {
  override readonly group = new GroupWorld().group('one');
  listener!: StoreListener;
  isLost = false;
  /** What it says to every write, or null. */
  refusal: string | null = null;
  /** Seconds that a record lives for others. */
  left = 0;
  readonly told: Life[] = [];
  isReady: Promise<void> = Promise.resolve();
  /** Before a record is read. */
  getting: (key: string) => Promise<void> = async () => {};

  override listen(listener?: StoreListener): void {
    if (listener) this.listener = listener;
  }

  override ready(): Promise<void> {
    return this.isReady;
  }

  override async get(key: string): Promise<string | null> {
    if (this.isLost) throw new StoreLost();
    await this.getting(key);
    return super.get(key);
  }

  override async setnx(key: string, value: string): Promise<boolean> {
    if (this.isLost) throw new StoreLost();
    if (this.refusal !== null) throw new Error(this.refusal);
    return super.setnx(key, value);
  }

  override async retire(key: string): Promise<number> {
    if (this.isLost) throw new StoreLost();
    if (this.refusal !== null) throw new Error(this.refusal);
    return this.left > 0 ? this.left : super.retire(key);
  }

  override async prolong(lives: readonly Life[] = []): Promise<boolean> {
    if (this.isLost) throw new StoreLost();
    if (this.refusal !== null) throw new Error(this.refusal);
    this.told.push(...lives);
    return true;
  }

  override async rest(): Promise<void> {
    if (this.isLost) throw new StoreLost();
    if (this.refusal !== null) throw new Error(this.refusal);
  }
}

async function rigOn(store: SharedStore): Promise<Rig> {
  const rig = new Rig({ store });
  await rig.directory.loadAll();
  rig.logged.length = 0;
  return rig;
}

/** What was begun in the background is over. */
async function settled(): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.resolve();
}

tests('shared store: what others write', {
  'a record takes effect, and its end as well, with its sessions; the address rests, a new record ends that [82]':
    async () => {
      const store = new SharedStore();
      const rig = await rigOn(store);
      await store.setnx(KEY, formatRecord(REAL, 0));
      store.listener.changed([KEY]);
      await settled();
      assert.is(rig.mapped(ADDRESS), '2001:db8::9');
      rig.addSessions(ADDRESS, 2);
      await store.del(KEY);
      store.listener.changed([KEY]);
      await settled();
      assert.is(rig.mapped(ADDRESS), 'resting');
      assert.equal(rig.ended.map(formatV4), [ADDRESS]);
      assert.is(rig.counts.followed, 2);
      await store.setnx(KEY, formatRecord(OTHER, 0));
      store.listener.changed([KEY]);
      await settled();
      assert.is(rig.mapped(ADDRESS), '2001:db8::aa');
    },
  'an address that another gateway was given for the same name while we were refused one is the answer [81]':
    async () => {
      const given = async (rig: Rig): Promise<string> => {
        const found = await rig.directory.allocate(REAL);
        return 'v4' in found ? formatV4(found.v4) : 'exhausted';
      };
      const first = await given(new Rig());
      const taken = new SharedStore();
      await taken.setnx(recordKey(v4(first)), formatRecord(OTHER, 0));
      const second = await given(await rigOn(taken));
      const store = new SharedStore();
      const rig = await rigOn(store);
      await store.setnx(recordKey(v4(first)), formatRecord(OTHER, 0));
      await store.setnx(recordKey(v4(second)), formatRecord(REAL, 0));
      store.getting = async (key) => {
        if (key !== recordKey(v4(first))) return;
        store.listener.changed([recordKey(v4(second))]); // the news comes before the next offer
        await settled();
      };
      assert.is(await given(rig), second);
      assert.is((await rig.directory.list()).length, 2);
    },
  'a record that became malformed ends its mapping': async () => {
    const store = new SharedStore();
    await store.setnx(KEY, formatRecord(REAL, 0));
    const rig = await rigOn(store);
    await store.del(KEY);
    await store.setnx(KEY, 'garbage');
    store.listener.changed([KEY]);
    await settled();
    assert.is(rig.mapped(ADDRESS), 'resting');
    assert.is(rig.counts.malformed, 1);
  },
  'a miss that is remembered ends when the record comes': async () => {
    const store = new SharedStore();
    const rig = await rigOn(store);
    await rig.directory.resolve(v4(ADDRESS));
    assert.is(rig.mapped(ADDRESS), 'miss');
    await store.setnx(KEY, formatRecord(REAL, 0));
    store.listener.changed([KEY]);
    await settled();
    assert.is(rig.mapped(ADDRESS), '2001:db8::9');
  },
  'what changes while all is compared is read again behind it': async () => {
    const store = new SharedStore();
    await store.setnx(KEY, formatRecord(REAL, 0));
    const rig = await rigOn(store);
    const { load } = store;
    store.load = async function* () {
      yield* load.call(store); // what is loaded is old when it arrives
      await store.del(KEY);
      await store.setnx(KEY, formatRecord(OTHER, 0));
      store.listener.changed([KEY]);
      await settled();
      yield { key: KEY, value: formatRecord(REAL, 0) };
    };
    store.listener.compare();
    for (let i = 0; i < 5; i++) await settled();
    assert.is(rig.mapped(ADDRESS), '2001:db8::aa');
  },
  'the last record is deleted, and nobody says so: the next comparison ends its mapping, no other brings it back':
    async () => {
      const store = new SharedStore();
      const rig = await rigOn(store);
      await rig.directory.set(v4(ADDRESS), REAL, 60);
      await store.del(KEY);
      for (let i = 0; i < 2; i++) {
        store.listener.compare();
        await settled();
        assert.is(rig.mapped(ADDRESS), 'resting');
        assert.is(await store.get(KEY), null);
      }
    },
  'keys of something else are no matter': async () => {
    const rig = await rigOn(new SharedStore());
    (rig.store as SharedStore).listener.changed(['x', `${KEY}.1`]);
    await settled();
    assert.is(rig.counts.followed, 0);
  },
});

table(
  'shared store: a record is missing after an outage',
  [
    { name: 'on the same server: it was deleted', isSame: true, others: true, is: 'resting', stored: false },
    {
      name: 'on another server: it was lost, and is written again',
      isSame: false,
      others: true,
      is: '2001:db8::9',
      stored: true,
    },
    {
      name: 'all are missing, on the same server: they were deleted',
      isSame: true,
      others: false,
      is: 'resting',
      stored: false,
    },
    {
      name: 'all are missing, on another server: they were lost',
      isSame: false,
      others: false,
      is: '2001:db8::9',
      stored: true,
    },
  ],
  async (row) => {
    const store = new SharedStore();
    const rig = await rigOn(store);
    await rig.directory.allocate(REAL);
    await rig.directory.set(v4(ADDRESS), REAL, 60);
    const keys = (await rig.directory.list()).map(({ key }) => key);
    for (const key of keys) await store.del(key);
    if (row.others) await store.setnx(recordKey(v4('10.2.2.77')), formatRecord(OTHER, 0));
    store.listener.lost('gone');
    store.listener.resumed(row.isSame);
    await settled();
    assert.is(rig.mapped(ADDRESS), row.is);
    assert.is(await store.get(KEY), row.stored ? formatRecord(REAL, 60) : null);
    assert.is(rig.counts.rewritten, row.stored ? keys.length : 0);
  },
);

tests('shared store: outage', {
  'another got the address on the new server: the store is right, and the sessions end': async () => {
    const store = new SharedStore();
    const rig = await rigOn(store);
    await rig.directory.set(v4(ADDRESS), REAL, 60);
    rig.addSessions(ADDRESS, 1);
    await store.del(KEY);
    await store.setnx(KEY, formatRecord(OTHER, 60));
    store.listener.resumed(false);
    await settled();
    assert.is(rig.mapped(ADDRESS), '2001:db8::aa');
    assert.equal(rig.ended.map(formatV4), [ADDRESS]);
  },
  'a comparison that was cut short by the next outage does not forget that records may be lost': async () => {
    const store = new SharedStore();
    const rig = await rigOn(store);
    await rig.directory.set(v4(ADDRESS), REAL, 60);
    await store.del(KEY);
    await store.setnx(recordKey(v4('10.2.2.77')), formatRecord(OTHER, 0));
    const { load } = store;
    // biome-ignore lint/correctness/useYield: it is cut short
    store.load = async function* () {
      throw new StoreLost();
    };
    store.listener.resumed(false);
    await settled();
    store.load = load;
    store.listener.resumed(true);
    await settled();
    assert.is(rig.mapped(ADDRESS), '2001:db8::9');
    assert.is(rig.counts.rewritten, 1);
  },
  'a comparison that the next outage overtakes does not answer for the other server': async () => {
    const store = new SharedStore();
    const rig = await rigOn(store);
    await rig.directory.set(v4(ADDRESS), REAL, 60);
    await store.setnx(recordKey(v4('10.2.2.77')), formatRecord(OTHER, 0));
    const { load } = store;
    store.load = async function* () {
      store.load = load;
      yield* load.call(store);
      await store.del(KEY); // the other server does not have it
      store.listener.resumed(false);
    };
    store.listener.compare();
    for (let i = 0; i < 5; i++) await settled();
    assert.is(rig.mapped(ADDRESS), '2001:db8::9');
    assert.is(await store.get(KEY), formatRecord(REAL, 60));
  },
  'one line when it is lost, one when it is back, with what was done; calls in between log nothing':
    async () => {
      const store = new SharedStore();
      const rig = await rigOn(store);
      await rig.directory.set(v4(ADDRESS), REAL, 60);
      rig.logged.length = 0;
      store.isLost = true;
      for (let i = 0; i < 3; i++) {
        await rig.directory.allocate(v6(`2001:db8::b${i}`)).then(
          () => assert.unreachable(),
          (error: Error) => assert.is(error.name, 'StoreLost'),
        );
        assert.is(await rig.directory.resolve(v4(`10.2.2.2${i}`)), false);
      }
      store.listener.lost('h:1 cannot be reached');
      store.listener.lost('h:1 cannot be reached');
      store.isLost = false;
      store.listener.resumed(true);
      await settled();
      assert.equal(
        rig.logged.map(({ fields, message }) => [message, fields.reason ?? fields]),
        [
          ['store failed; established flows go on, new mappings are unknown', 'h:1 cannot be reached'],
          ['store works again', { records: 1, rewritten: 0, forgotten: 0 }],
        ],
      );
      assert.equal([rig.counts.lost, rig.counts.resumed], [1, 1]);
    },
  'a store that answers and refuses writes: one line, and one when a write is taken, whatever is asked meanwhile':
    async () => {
      const store = new SharedStore();
      const rig = await rigOn(store);
      await rig.directory.set(v4(ADDRESS), REAL, 60);
      rig.addSessions(ADDRESS, 1);
      rig.logged.length = 0;
      store.refusal = 'NOREPLICAS Not enough good replicas to write.';
      for (let i = 0; i < 5; i++) {
        await rig.directory.allocate(v6(`2001:db8::b${i}`)).catch(() => {});
        await rig.directory.expire();
        await rig.directory.resolve(v4(`10.2.2.2${i}`));
        store.listener.compare();
        await settled();
      }
      assert.is(rig.directory.storeProblem, store.refusal);
      store.refusal = null;
      await rig.directory.expire(); // the lives that it was not told
      assert.is(rig.directory.storeProblem, null);
      assert.equal(
        rig.logged.map(({ message }) => message.split(';')[0]),
        ['store failed', 'store works again'],
      );
      assert.equal([rig.counts.lost, rig.counts.resumed], [1, 1]);
    },
  'a store that is lost for two reasons in turn: each once': async () => {
    const store = new SharedStore();
    const rig = await rigOn(store);
    for (const reason of ['no answer', 'a read-only replica', 'no answer', 'a read-only replica'])
      store.listener.lost(reason);
    assert.equal(
      rig.logged.map(({ fields }) => fields.reason),
      ['no answer', 'a read-only replica'],
    );
    assert.is(rig.directory.storeProblem, 'a read-only replica');
    store.listener.resumed(true);
    await settled();
    store.listener.lost('no answer');
    assert.is(rig.logged.at(-1)?.fields.reason, 'no answer', 'another outage');
    assert.equal([rig.counts.lost, rig.counts.resumed], [2, 1]);
  },
  'names that are mapped keep their address': async () => {
    const store = new SharedStore();
    const rig = await rigOn(store);
    const first = await rig.directory.allocate(REAL);
    store.isLost = true;
    assert.equal(await rig.directory.allocate(REAL), first);
  },
  'no mapping ends while nobody can say whether it is over': async () => {
    const store = new SharedStore();
    const rig = await rigOn(store);
    await rig.directory.set(v4(ADDRESS), REAL, 10);
    store.isLost = true;
    rig.clock.sec += 1000;
    assert.is(await rig.directory.expire(), 0);
    assert.is(rig.mapped(ADDRESS), '2001:db8::9');
    store.isLost = false;
    for (let i = 0; i < 61; i++) await rig.directory.expire();
    assert.is(rig.mapped(ADDRESS), 'resting');
  },
  'a start without the store goes on with the mappings that the table has, and compares later': async () => {
    const store = new SharedStore();
    const before = await rigOn(store);
    await before.directory.set(v4(ADDRESS), REAL, 60);
    store.isReady = Promise.reject(new Error('h:1 cannot be reached'));
    store.isReady.catch(() => {});
    const after = new Rig({ store, table: before.table });
    await after.directory.loadAll();
    assert.is(after.mapped(ADDRESS), '2001:db8::9');
    assert.is(after.logged.length, 1);
    store.listener.resumed(true);
    await settled();
    assert.is(after.logged.at(-1)?.message, 'store works again');
  },
  'the first comparison after a start without the store is one of a start: all missing were lost, some were deleted':
    async () => {
      for (const others of [false, true]) {
        const store = new SharedStore();
        const before = await rigOn(store);
        await before.directory.set(v4(ADDRESS), REAL, 60);
        await store.del(KEY);
        if (others) await store.setnx(recordKey(v4('10.2.2.77')), formatRecord(OTHER, 0));
        store.isReady = Promise.reject(new Error('h:1 cannot be reached'));
        store.isReady.catch(() => {});
        const after = new Rig({ store, table: before.table });
        await after.directory.loadAll();
        store.listener.resumed(true);
        await settled();
        assert.is(after.mapped(ADDRESS), others ? 'resting' : '2001:db8::9');
        assert.is(await store.get(KEY), others ? null : formatRecord(REAL, 60));
      }
    },
  'a start without the store and without mappings fails': async () => {
    const store = new SharedStore();
    store.isReady = Promise.reject(new Error('h:1 cannot be reached'));
    store.isReady.catch(() => {});
    await new Rig({ store }).directory.loadAll().then(
      () => assert.unreachable(),
      (error: Error) => assert.is(error.message, 'h:1 cannot be reached'),
    );
  },
});

tests('shared store: what stands beside a record', {
  'a record is deleted although the store refuses to note that its address rests': async () => {
    const store = new SharedStore();
    const rig = await rigOn(store);
    await rig.directory.set(v4(ADDRESS), REAL, 800);
    store.refusal = 'OOM command not allowed';
    assert.equal(await rig.directory.del(v4(ADDRESS)), { sessions: 0 });
    assert.is(rig.mapped(ADDRESS), 'resting');
    await rig.directory.resolve(v4('10.2.2.10')); // a question that is answered
    assert.is(rig.directory.storeProblem, 'OOM command not allowed', 'only a write says that it works again');
  },
  'another server that comes during the start is told what it lost at once': async () => {
    const store = new SharedStore();
    const before = await rigOn(store);
    await before.directory.set(v4(ADDRESS), REAL, 60);
    const after = new Rig({ store, table: before.table });
    store.isReady = store.del(KEY).then(() => {
      store.isReady = Promise.resolve();
      throw new Error('h:1 went away');
    });
    store.isReady.catch(() => {});
    const loading = after.directory.loadAll();
    store.listener.resumed(false);
    await loading;
    await settled();
    assert.is(await store.get(KEY), formatRecord(REAL, 60));
  },
});

tests('shared store: lives', {
  'a mapping that others use does not end here [82]': async () => {
    const store = new SharedStore();
    const rig = await rigOn(store);
    await rig.directory.set(v4(ADDRESS), REAL, 100);
    store.left = 50;
    rig.clock.sec += 101;
    assert.is(await rig.directory.expire(), 0);
    assert.is(rig.mapped(ADDRESS), '2001:db8::9');
    store.left = 0;
    rig.clock.sec += 50;
    for (let i = 0; i < 61; i++) await rig.directory.expire();
    assert.is(rig.mapped(ADDRESS), '2001:db8::9', 'it was promised 50 s');
    rig.clock.sec += 1;
    for (let i = 0; i < 61; i++) await rig.directory.expire();
    assert.is(rig.mapped(ADDRESS), 'resting');
  },
  'an answer that goes out while the store is asked brings the record back': async () => {
    const store = new SharedStore();
    const rig = await rigOn(store);
    await rig.directory.set(v4(ADDRESS), REAL, 100);
    rig.clock.sec += 101;
    const { retire } = store;
    store.retire = async (key) => {
      const left = await retire.call(store, key);
      rig.directory.answered(v4(ADDRESS), REAL, 60);
      return left;
    };
    assert.is(await rig.directory.expire(), 0);
    assert.is(rig.mapped(ADDRESS), '2001:db8::9');
    assert.is(await store.get(KEY), formatRecord(REAL, 100));
  },
  'what is in use is told in batches, again only when it has grown by a part of itself': async () => {
    const store = new SharedStore();
    const rig = await rigOn(store);
    await rig.directory.set(v4(ADDRESS), REAL, 800);
    await rig.directory.set(v4('10.2.2.10'), OTHER, 800);
    await rig.directory.expire();
    assert.equal(store.told, [], 'others saw the record when we did');
    rig.addSessions(ADDRESS, 1);
    rig.clock.sec += 5;
    await rig.directory.expire();
    assert.is(store.told.length, 1);
    for (let sec = 6; sec <= 200; sec++) {
      rig.clock.sec++;
      await rig.directory.expire();
    }
    assert.equal(
      store.told.map(({ key, sec }) => [key, sec]),
      [
        [KEY, 900],
        [KEY, 900],
      ],
      'at once and a hundred seconds later, each for 800 s and an eighth',
    );
  },
  'one that is in use when it is seen first is told at once': async () => {
    const store = new SharedStore();
    const rig = await rigOn(store);
    await rig.directory.set(v4(ADDRESS), REAL, 800);
    rig.addSessions(ADDRESS, 1);
    await rig.directory.expire();
    assert.equal(store.told, [{ key: KEY, sec: 900 }]);
  },
  'an answer that outlives the timeout is told at once': async () => {
    const store = new SharedStore();
    const rig = await rigOn(store);
    await rig.directory.set(v4(ADDRESS), REAL, 8);
    rig.directory.answered(v4(ADDRESS), REAL, 120);
    await rig.directory.expire();
    assert.equal(store.told, [{ key: KEY, sec: 181 }]);
  },
  'news that did not arrive are told again': async () => {
    const store = new SharedStore();
    const rig = await rigOn(store);
    await rig.directory.set(v4(ADDRESS), REAL, 8);
    rig.directory.answered(v4(ADDRESS), REAL, 120);
    store.isLost = true;
    await rig.directory.expire();
    store.isLost = false;
    await rig.directory.expire();
    assert.is(store.told.length, 1);
  },
  'news of a mapping that is idle since they did not arrive are told as well': async () => {
    const store = new SharedStore();
    const rig = await rigOn(store);
    await rig.directory.set(v4(ADDRESS), REAL, 800);
    await rig.directory.expire(); // known as a new one
    rig.addSessions(ADDRESS, 1);
    rig.clock.sec += 5;
    store.isLost = true;
    await rig.directory.expire();
    rig.addSessions(ADDRESS, -1);
    store.isLost = false;
    rig.clock.sec += 5;
    await rig.directory.expire();
    assert.equal(
      store.told.map(({ key }) => key),
      [KEY],
    );
  },
});
