/**
 * The group of gateways over Redis: each step is a script, so that a lease is asked for and written in one.
 */
import type { Redis } from 'ioredis';
import { type GatewayGroup, type JournalChanges, LEASE_MS, type LeaseClaim } from './group.ts';

/** Lua: milliseconds of the server's clock; then who does not count as alive, or by a clock that went ahead, is struck out. */
const ALIVE = `
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  local untilMs, alive = now + tonumber(ARGV[2]), 'nat46:gateways:' .. ARGV[3]
  redis.call('ZREMRANGEBYSCORE', alive, '-inf', now)
  redis.call('ZREMRANGEBYSCORE', alive, '(' .. string.format('%.0f', untilMs), '+inf')`;

/**
 * ARGV: gateway, ms, subnet, then address and 1 if it is its home, 0 if not, … @returns tokens, see GatewayGroup. A token is not less
 * than the time: a store that lost its memory, or has an older one again, gives none twice. A full Redis does not
 * take the name of the gateway, but prolongs what it has.
 */
const LEASE = `
  redis.call('SELECT', 1)
  ${ALIVE}
  local tokens = {}
  local mine = ARGV[1] .. ' '
  for i = 4, #ARGV, 2 do
    local key, want, isHome = 'nat46:lease:' .. ARGV[i], 'nat46:want:' .. ARGV[i], ARGV[i + 1] == '1'
    local held = redis.call('GET', key)
    local token = 0
    if held and string.sub(held, 1, #mine) == mine then
      token = tonumber(string.sub(held, #mine + 1))
      if not isHome and redis.call('EXISTS', want) == 1 then token = -token end
      redis.call('PEXPIRE', key, ARGV[2])
    elseif held then
      if isHome then redis.call('SET', want, ARGV[1], 'PX', ARGV[2]) end
    elseif isHome or redis.call('EXISTS', want) == 0 then
      token = math.max(tonumber(redis.call('GET', 'nat46:fence') or 0) + 1, tonumber(time[1]))
      redis.call('SET', 'nat46:fence', token)
      redis.call('SET', key, mine .. token, 'PX', ARGV[2])
      redis.call('SADD', 'nat46:pool:' .. ARGV[3], ARGV[i])
      local last = redis.call('HGET', 'nat46:holders', ARGV[i])
      if not last or string.sub(last, 1, #mine) ~= mine then
        redis.call('HSET', 'nat46:holders', ARGV[i], mine .. (last and token or 0))
      end
      if isHome then redis.call('DEL', want) end
    end
    tokens[#tokens + 1] = token
  end
  local said = redis.pcall('ZADD', alive, untilMs, ARGV[1])
  if type(said) == 'table' and said.err and not string.find(said.err, 'OOM ') then return said end
  redis.call('PEXPIRE', alive, ARGV[2])
  return tokens`;

/** ARGV: gateway, addresses */
const ELSEWHERE = `
  redis.call('SELECT', 1)
  local found, mine = {}, ARGV[1] .. ' '
  for i = 2, #ARGV do
    local held = redis.call('GET', 'nat46:lease:' .. ARGV[i])
    if held and string.sub(held, 1, #mine) ~= mine then found[#found + 1] = ARGV[i] end
  end
  return found`;

/** ARGV: gateway, ms, subnet */
const RESIGN = `
  redis.call('SELECT', 1)
  ${ALIVE}
  local isMember = redis.call('ZSCORE', alive, ARGV[1])
  if redis.call('ZCARD', alive) == (isMember and 1 or 0) then return 0 end
  redis.call('ZREM', alive, ARGV[1])
  return 1`;

/** ARGV: gateway, subnet */
const LEAVE = `
  redis.call('SELECT', 1)
  redis.call('ZREM', 'nat46:gateways:' .. ARGV[2], ARGV[1])
  return 0`;

/** ARGV: gateway, address */
const RELEASE = `
  redis.call('SELECT', 1)
  local key, mine = 'nat46:lease:' .. ARGV[2], ARGV[1] .. ' '
  local held = redis.call('GET', key)
  if held and string.sub(held, 1, #mine) == mine then redis.call('DEL', key) end
  return 0`;

/** ARGV: address */
const SINCE = `
  redis.call('SELECT', 1)
  local last = redis.call('HGET', 'nat46:holders', ARGV[1])
  return tonumber(last and string.match(last, ' (%d+)$') or 0)`;

/** ARGV: gateway, subnet. An address without sessions is forgotten: whoever is configured with it takes it anew. */
const ORPHANS = `
  redis.call('SELECT', 1)
  local found = {}
  local mine = ARGV[1] .. ' '
  for _, address in ipairs(redis.call('SMEMBERS', 'nat46:pool:' .. ARGV[2])) do
    local held = redis.call('GET', 'nat46:lease:' .. address)
    local isMine = held and string.sub(held, 1, #mine) == mine
    local isFree = not held and redis.call('EXISTS', 'nat46:want:' .. address) == 0
    if isMine or isFree then
      if redis.call('EXISTS', 'nat46:journal:' .. address) == 1 then found[#found + 1] = address
      elseif isFree then redis.call('SREM', 'nat46:pool:' .. ARGV[2], address) end
    end
  end
  return found`;

/** ARGV: gateway and token, address, number of sessions to put, these with their rest, then those to remove */
const WRITE = `
  redis.call('SELECT', 1)
  if redis.call('GET', 'nat46:lease:' .. ARGV[2]) ~= ARGV[1] then return 0 end
  local key, last = 'nat46:journal:' .. ARGV[2], 3 + 2 * tonumber(ARGV[3])
  for i = 4, last, 2 do redis.call('HSET', key, ARGV[i], ARGV[i + 1]) end
  for i = last + 1, #ARGV do redis.call('HDEL', key, ARGV[i]) end
  return 1`;

/** ARGV: gateway and token, address */
const CLEAR = `
  redis.call('SELECT', 1)
  if redis.call('GET', 'nat46:lease:' .. ARGV[2]) ~= ARGV[1] then return 0 end
  redis.call('UNLINK', 'nat46:journal:' .. ARGV[2])
  return 1`;

/** ARGV: address, cursor, sessions or some more. @returns next cursor, and session, rest, session, rest, … */
const READ = `
  redis.call('SELECT', 1)
  return redis.call('HSCAN', 'nat46:journal:' .. ARGV[1], ARGV[2], 'COUNT', ARGV[3])`;

/** Sessions a command: each has to be answered within the time of one. */
const PAGE = 1000;

/** The scripts as ioredis gives them to its connections. */
export interface GroupScripts {
  nat46Lease(...args: (string | number)[]): Promise<number[]>;
  nat46Elsewhere(gateway: string, ...addresses: string[]): Promise<string[]>;
  nat46Resign(gateway: string, ms: number, subnet: string): Promise<number>;
  nat46Leave(gateway: string, subnet: string): Promise<number>;
  nat46Release(gateway: string, address: string): Promise<number>;
  nat46Since(address: string): Promise<number>;
  nat46Orphans(gateway: string, subnet: string): Promise<string[]>;
  nat46Write(...args: (string | number)[]): Promise<number>;
  nat46Clear(holder: string, address: string): Promise<number>;
  nat46Read(address: string, cursor: string, count: number): Promise<[cursor: string, sessions: string[]]>;
}

/** Teach a connection the scripts. */
export function defineGroupScripts(redis: Redis): void {
  const scripts = {
    nat46Lease: LEASE,
    nat46Elsewhere: ELSEWHERE,
    nat46Resign: RESIGN,
    nat46Leave: LEAVE,
    nat46Release: RELEASE,
    nat46Since: SINCE,
    nat46Orphans: ORPHANS,
    nat46Write: WRITE,
    nat46Clear: CLEAR,
    nat46Read: READ,
  };
  for (const [name, lua] of Object.entries(scripts)) redis.defineCommand(name, { lua, numberOfKeys: 0 });
}

export class RedisGroup implements GatewayGroup {
  readonly #gateway: string;
  readonly #subnet: string;
  readonly #ask: <T>(run: (redis: Redis & GroupScripts) => Promise<T>) => Promise<T>;

  /**
   * @param gateway name of this one, the same after a restart
   * @param subnet only gateways with the same one can take its sessions over
   * @param ask runs a command while the store can be reached
   */
  constructor(
    gateway: string,
    subnet: string,
    ask: <T>(run: (redis: Redis & GroupScripts) => Promise<T>) => Promise<T>,
  ) {
    this.#gateway = gateway;
    this.#subnet = subnet;
    this.#ask = ask;
  }

  lease(claims: readonly LeaseClaim[]): Promise<number[]> {
    const args = claims.flatMap(({ address, isHome }) => [address, isHome ? 1 : 0]);
    return this.#ask((redis) => redis.nat46Lease(this.#gateway, LEASE_MS, this.#subnet, ...args));
  }

  elsewhere(addresses: readonly string[]): Promise<string[]> {
    return this.#ask((redis) => redis.nat46Elsewhere(this.#gateway, ...addresses));
  }

  async resign(): Promise<boolean> {
    return (await this.#ask((redis) => redis.nat46Resign(this.#gateway, LEASE_MS, this.#subnet))) === 1;
  }

  async leave(): Promise<void> {
    await this.#ask((redis) => redis.nat46Leave(this.#gateway, this.#subnet));
  }

  async release(address: string): Promise<void> {
    await this.#ask((redis) => redis.nat46Release(this.#gateway, address));
  }

  since(address: string): Promise<number> {
    return this.#ask((redis) => redis.nat46Since(address));
  }

  orphans(): Promise<string[]> {
    return this.#ask((redis) => redis.nat46Orphans(this.#gateway, this.#subnet));
  }

  async write(address: string, token: number, { put, remove }: JournalChanges): Promise<boolean> {
    const args = [`${this.#gateway} ${token}`, address, put.length, ...put.flat(), ...remove];
    return (await this.#ask((redis) => redis.nat46Write(...args))) === 1;
  }

  async clear(address: string, token: number): Promise<boolean> {
    return (await this.#ask((redis) => redis.nat46Clear(`${this.#gateway} ${token}`, address))) === 1;
  }

  async read(address: string): Promise<ReadonlyMap<string, string>> {
    const sessions = new Map<string, string>();
    let cursor = '0';
    do {
      const from = cursor;
      const [next, page] = await this.#ask((redis) => redis.nat46Read(address, from, PAGE));
      for (let i = 0; i + 1 < page.length; i += 2) sessions.set(page[i] ?? '', page[i + 1] ?? '');
      cursor = next;
    } while (cursor !== '0');
    return sessions;
  }
}
