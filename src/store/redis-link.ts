/**
 * The connections to one Redis: one for commands, one that listens to what others write. Together they are up or down.
 * Up means: a master answers on both, and from now on every change of a record is heard of.
 *
 *     down ── both ready ── same server, a master? ── notices on ── up ── either closed, or silent ──► down
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Redis, type RedisOptions } from 'ioredis';
import { KEY_PREFIX } from './record.ts';
import { ANSWER_MS } from './redis-address.ts';

export interface LinkHooks {
  /**
   * @param isSame the server is the one of before, and kept what it had
   * @param refusal why it does not tell of changes, or null
   */
  readonly up: (isSame: boolean, refusal: string | null) => void;
  readonly down: () => void;
  /** Whom the Sentinels named is not the master, or does not answer as one. */
  readonly astray: () => void;
  /** Keys of database 0 that were written or deleted. */
  readonly changed: (keys: readonly string[]) => void;
}

/** Redis tells of a change in this form. */
const CHANNEL = '__keyspace@0__:';
/** Keyspace notices of generic commands (DEL), strings (SET), expiry and eviction. */
const NOTICES = ['K', 'g', '$', 'x', 'e'];
/**
 * So many times a connection closed and none was up in between: whoever is named does not answer, or is a replica, which
 * ioredis leaves before it is ready. The true successor may refuse for a moment.
 */
const ASTRAY_CLOSES = 10;

export class RedisLink {
  readonly commands: Redis;
  readonly #events: Redis;
  readonly #hooks: LinkHooks;
  #isUp = false;
  #isClosed = false;
  /** Counts what happens to the connections, so that a greeting that was overtaken by it is dropped. */
  #round = 0;
  /** Connections that closed since the link was up. */
  #closes = 0;
  /** Process and data of the server that was up last. */
  #identity: string | null = null;
  #beat: NodeJS.Timeout | null = null;
  #changes = new Set<string>();
  /** Connections whose last ping had no answer in time. */
  readonly #late = new WeakSet<Redis>();

  constructor(options: RedisOptions, hooks: LinkHooks) {
    this.#hooks = hooks;
    this.commands = this.#connection({ ...options, enableAutoPipelining: true });
    this.#events = this.#connection(options);
    this.#events.on('pmessage', (_pattern: string, channel: string) => this.#note(channel));
  }

  /** Find the master anew: it is another one. A connection that is being made finds it by itself. */
  renew(): void {
    for (const redis of this.#connections()) if (redis.status === 'ready') redis.disconnect(true);
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Begin, and go on for ever. */
  start(): void {
    for (const redis of this.#connections()) redis.connect().catch(() => {}); // its events say it
    this.#beat = setInterval(() => this.#ping(), ANSWER_MS);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#beat) clearInterval(this.#beat);
    for (const redis of this.#connections()) redis.disconnect();
  }

  #connections(): Redis[] {
    return [this.commands, this.#events];
  }

  #connection(options: RedisOptions): Redis {
    const redis = new Redis({ ...options, replyMapping: 'legacy' });
    redis.on('error', () => {}); // why it failed is looked for over a connection of its own
    redis.on('ready', () => this.#bothReady());
    redis.on('close', () => this.#closed());
    redis.on('end', () => this.#ended(redis)); // it gives up when it is told to close while it asks the Sentinels
    return redis;
  }

  #closed(): void {
    this.#round++;
    if (this.#isClosed) return;
    this.#isUp = false;
    this.#hooks.down();
    if (++this.#closes % ASTRAY_CLOSES === 0) this.#hooks.astray();
  }

  #ended(redis: Redis): void {
    const again = (): void => {
      if (!this.#isClosed && redis.status === 'end') redis.connect().catch(() => {});
    };
    setTimeout(again, ANSWER_MS).unref();
  }

  #bothReady(): void {
    if (this.#isClosed || this.#connections().some((redis) => redis.status !== 'ready')) return;
    const round = ++this.#round;
    this.#greet(round).catch(async () => {
      if (round !== this.#round || this.#isClosed) return;
      await pause(ANSWER_MS); // whatever it was, it would be the same at once
      if (round !== this.#round) return;
      this.#hooks.astray();
      this.renew();
    });
  }

  async #greet(round: number): Promise<void> {
    const [mine, others] = await Promise.all(this.#connections().map((redis) => redis.info()));
    const identity = field(mine, 'run_id') + field(mine, 'master_replid');
    if (field(mine, 'run_id') !== field(others, 'run_id'))
      throw new Error('the connections reached two servers');
    if (field(mine, 'role') !== 'master') throw new Error('a read-only replica answers');
    const refusal = await this.#askForNotices();
    await this.#events.psubscribe(`${CHANNEL}${KEY_PREFIX}*`);
    if (round !== this.#round) return;
    const isSame = this.#identity === null || this.#identity === identity;
    this.#identity = identity;
    this.#isUp = true;
    this.#closes = 0;
    this.#hooks.up(isSame, refusal);
  }

  /** Add what is missing to the notices that the server sends. @returns why not, or null */
  async #askForNotices(): Promise<string | null> {
    try {
      const [, given = ''] = (await this.commands.config('GET', 'notify-keyspace-events')) as string[];
      const has = given.replace('A', 'g$lshzxetd');
      const wanted = NOTICES.filter((flag) => !has.includes(flag));
      if (wanted.length > 0)
        await this.commands.config('SET', 'notify-keyspace-events', given + wanted.join(''));
      return null;
    } catch (error) {
      if (this.commands.status !== 'ready') throw error;
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** A broken network closes nothing: only an answer that does not come says it. One may be late, two in a row are not. */
  #ping(): void {
    for (const redis of this.#connections()) {
      if (redis.status !== 'ready') continue;
      redis.ping().then(
        () => this.#late.delete(redis),
        () => {
          if (this.#late.has(redis) && redis.status === 'ready') redis.disconnect(true);
          this.#late.add(redis);
        },
      );
    }
  }

  /** Changes come in bursts: what one turn of the event loop brings is passed on together. */
  #note(channel: string): void {
    if (this.#changes.size === 0) setImmediate(() => this.#passOn());
    this.#changes.add(channel.slice(CHANNEL.length));
  }

  #passOn(): void {
    const keys = [...this.#changes];
    this.#changes.clear();
    this.#hooks.changed(keys);
  }
}

/** A line of INFO. */
function field(info: string | undefined, name: string): string {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info ?? '')?.[1] ?? '';
}
