/**
 * What must happen as one step whatever other gateways do: scripts that Redis runs, loaded once. They read mapping
 * records in database 0 and keep what is ours in database 1:
 *
 *     nat46:alive          sorted set   address → second of the server's clock until which it is in use
 *     nat46:rest:ADDRESS   real v6 whose mapping is over; expires by itself
 */
import { KEY_PREFIX } from './record.ts';

/** Lua: the real v6 that a record names, in either envelope, as it stands there. */
const REAL = `
  local function real(value)
    if string.sub(value, 1, 4) == 'V001' then return string.lower(string.match(value, 'S([^S]*)$') or '') end
    return string.lower(string.sub(value, 29))
  end`;

/** Lua: the address in a key. */
const ADDRESS = `local function address(key) return string.sub(key, ${KEY_PREFIX.length + 1}) end`;

/**
 * KEYS: candidates in order. ARGV: record, real v6.
 * @returns index of the key (from 1) and whether it is new; nil when all are others'
 */
export const CLAIM = `
  ${REAL}
  ${ADDRESS}
  local held = redis.call('MGET', unpack(KEYS))
  local free, rests = {}, {}
  for i = 1, #KEYS do
    if not held[i] then
      free[#free + 1] = i
      rests[#rests + 1] = 'nat46:rest:' .. address(KEYS[i])
    elseif real(held[i]) == ARGV[2] then
      return {i, 0}
    end
  end
  if #free == 0 then return nil end
  redis.call('SELECT', 1)
  local resting = redis.call('MGET', unpack(rests))
  local chosen = nil
  for j = 1, #free do
    if resting[j] == ARGV[2] then chosen = j break end
    if not resting[j] and not chosen then chosen = j end
  end
  if not chosen then return nil end
  redis.call('DEL', rests[chosen])
  redis.call('ZREM', 'nat46:alive', address(KEYS[free[chosen]]))
  redis.call('SELECT', 0)
  redis.call('SET', KEYS[free[chosen]], ARGV[1], 'NX')
  return {free[chosen], 1}`;

/**
 * KEYS: the record. ARGV: seconds of rest, seconds by which the news of another gateway may be late.
 * Of a record that nobody told about, those who use it are given that time to do so.
 * @returns seconds that the record still lives; 0 when it is deleted
 */
export const RETIRE = `
  ${REAL}
  ${ADDRESS}
  local v4 = address(KEYS[1])
  redis.call('SELECT', 1)
  local now = tonumber(redis.call('TIME')[1])
  local score = redis.call('ZSCORE', 'nat46:alive', v4)
  if not score then redis.call('ZADD', 'nat46:alive', now, v4) end
  local alive = tonumber(score or now) + tonumber(ARGV[2])
  if alive > now then return alive - now end
  redis.call('ZREM', 'nat46:alive', v4)
  redis.call('SELECT', 0)
  local value = redis.call('GET', KEYS[1])
  if not value then return 0 end
  redis.call('DEL', KEYS[1])
  redis.call('SELECT', 1)
  redis.call('SET', 'nat46:rest:' .. v4, real(value), 'EX', ARGV[1])
  return 0`;

/** KEYS: where a record was. ARGV: seconds of rest, real v6. */
export const REST = `
  ${ADDRESS}
  if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
  redis.call('SELECT', 1)
  redis.call('SET', 'nat46:rest:' .. address(KEYS[1]), ARGV[2], 'EX', ARGV[1])
  return 1`;

/** ARGV: address, seconds, address, seconds, … */
export const PROLONG = `
  redis.call('SELECT', 1)
  local now = tonumber(redis.call('TIME')[1])
  for i = 1, #ARGV, 2 do
    redis.call('ZADD', 'nat46:alive', 'GT', now + tonumber(ARGV[i + 1]), ARGV[i])
  end
  return #ARGV / 2`;
