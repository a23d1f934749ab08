-- Takes all claims or none: the twin of MemoryLimitStore.take.
-- ARGV: holder, seconds and nanoseconds of the clock (empty: this server's), then four for each key:
--   'r', cost, burst, -         nanoseconds
--   'c', max, lease millis, -
--   't', units, max, end millis
-- Returns 1 or 0 (granted), then for each key its level and how long it has to wait (-1: for ever).
-- A rate is kept as the time when its bucket is full again, in seconds and nanoseconds: doubles hold whole
-- nanoseconds of a difference, not of the time since 1970.
local sec, ns = tonumber(ARGV[2]), tonumber(ARGV[3])
if not sec then
  local t = redis.call('TIME')
  sec, ns = tonumber(t[1]), tonumber(t[2]) * 1000
end
local now_ms = sec * 1000 + math.floor(ns / 1e6)

local function backlog(key)
  local value = redis.call('GET', key)
  if not value then return 0 end
  local s, n = string.match(value, '^(%d+) (%d+)$')
  if not s then return 0 end
  return math.max(0, (tonumber(s) - sec) * 1e9 + (tonumber(n) - ns))
end

local out, granted = {1}, true
for i, key in ipairs(KEYS) do
  local a = 4 * i
  local kind, x, y = ARGV[a], tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2])
  local level, wait = 0, 0
  if kind == 'r' then
    level = backlog(key)
    if x > y then wait = -1 else wait = math.max(0, level + x - y) end
  elseif kind == 'c' then
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now_ms)
    level = redis.call('ZCARD', key)
    if level >= x then wait = 1e9 end
  else
    level = tonumber(redis.call('GET', key) or 0)
    if x > y then wait = -1
    elseif level + x > y then wait = math.max(1, (tonumber(ARGV[a + 3]) - now_ms) * 1e6) end
  end
  if wait ~= 0 then granted = false end
  out[2 * i] = level
  out[2 * i + 1] = wait
end
if not granted then
  out[1] = 0
  return out
end

for i, key in ipairs(KEYS) do
  local a = 4 * i
  local kind, x, y = ARGV[a], tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2])
  local level = out[2 * i]
  if kind == 'r' then
    level = level + x
    if level > 0 then
      local n = ns + level
      local s = math.floor(n / 1e9)
      redis.call('SET', key, string.format('%.0f %.0f', sec + s, n - s * 1e9), 'PX', math.ceil(level / 1e6) + 1000)
    end
  elseif kind == 'c' then
    redis.call('ZADD', key, now_ms + y, ARGV[1])
    redis.call('PEXPIRE', key, y + 1000)
    level = level + 1
  else
    level = level + x
    redis.call('SET', key, string.format('%.0f', level), 'PXAT', ARGV[a + 3] + 3600000)
  end
  out[2 * i] = level
end
return out
