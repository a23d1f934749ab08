-- Takes all claims or none: the twin of MemoryLimitStore.take.
-- ARGV: holder, seconds and nanoseconds of the clock (empty: this server's), then four for each key:
--   'r', cost, burst, -           in nanoseconds
--   'c', most, lease, -           the lease in milliseconds
--   't', units, most, end         in milliseconds since 1970
-- Returns 1 or 0 (granted), then for each key its level and how long it has to wait (-1: for ever).
-- A rate is kept as the time at which its bucket is full again, in seconds with nine decimals. Seconds and decimals
-- are read apart: a double holds whole nanoseconds of a difference, not of the time since 1970.
local call, number, floor = redis.call, tonumber, math.floor
local sec, ns = number(ARGV[2]), number(ARGV[3])
if not sec then
  local t = call('TIME')
  sec, ns = number(t[1]), number(t[2]) * 1000
end
local now_ms = sec * 1000 + floor(ns / 1e6)

local out, granted = {1}, true
for i = 1, #KEYS do
  local key, a = KEYS[i], 4 * i
  local kind, x, y = ARGV[a], number(ARGV[a + 1]), number(ARGV[a + 2])
  local level, wait = 0, 0
  if kind == 'r' then
    local full = call('GET', key)
    if full then
      level = (number(string.sub(full, 1, -11)) - sec) * 1e9 + number(string.sub(full, -9)) - ns
      if level < 0 then level = 0 end
    end
    if x > y then wait = -1 elseif level + x > y then wait = level + x - y end
  elseif kind == 'c' then
    call('ZREMRANGEBYSCORE', key, '-inf', now_ms)
    level = call('ZCARD', key)
    if level >= x then wait = 1e9 end
  else
    level = number(call('GET', key) or 0)
    if x > y then
      wait = -1
    elseif level + x > y then
      wait = math.max(1, (number(ARGV[a + 3]) - now_ms) * 1e6)
    end
  end
  if wait ~= 0 then granted = false end
  out[2 * i] = level
  out[2 * i + 1] = wait
end
if not granted then
  out[1] = 0
  return out
end

for i = 1, #KEYS do
  local key, a = KEYS[i], 4 * i
  local kind, x, y = ARGV[a], number(ARGV[a + 1]), number(ARGV[a + 2])
  local level = out[2 * i]
  if kind == 'r' then
    level = level + x
    if level > 0 then
      local at = ns + level
      local s = floor(at / 1e9)
      call('SET', key, string.format('%d.%09d', sec + s, at - s * 1e9), 'PX', floor(level / 1e6) + 1000)
    end
  elseif kind == 'c' then
    call('ZADD', key, now_ms + y, ARGV[1])
    call('PEXPIRE', key, y + 1000)
    level = level + 1
  else
    level = level + x
    call('SET', key, string.format('%d', level), 'PXAT', ARGV[a + 3])
  end
  out[2 * i] = level
end
return out
