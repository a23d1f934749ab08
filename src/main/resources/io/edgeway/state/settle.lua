-- Corrects counters by what was used: the twin of MemoryLimitStore.adjust.
-- ARGV: holder, seconds and nanoseconds of the clock (empty: this server's), then three for each key:
--   'r', change, most       nanoseconds
--   'c', -, -
--   't', change, end millis
local sec, ns = tonumber(ARGV[2]), tonumber(ARGV[3])
if not sec then
  local t = redis.call('TIME')
  sec, ns = tonumber(t[1]), tonumber(t[2]) * 1000
end
for i, key in ipairs(KEYS) do
  local a = 3 * i + 1
  local kind, change = ARGV[a], tonumber(ARGV[a + 1])
  if kind == 'c' then
    redis.call('ZREM', key, ARGV[1])
  elseif kind == 'r' then
    local value, level = redis.call('GET', key), 0
    if value then
      local s, n = string.match(value, '^(%d+) (%d+)$')
      if s then level = math.max(0, (tonumber(s) - sec) * 1e9 + (tonumber(n) - ns)) end
    end
    if change > 0 or level > 0 then
      level = math.min(level + change, tonumber(ARGV[a + 2]))
      if level <= 0 then
        redis.call('DEL', key)
      else
        local n = ns + level
        local s = math.floor(n / 1e9)
        redis.call('SET', key, string.format('%.0f %.0f', sec + s, n - s * 1e9), 'PX', math.ceil(level / 1e6) + 1000)
      end
    end
  else
    local level = math.max(0, tonumber(redis.call('GET', key) or 0) + change)
    redis.call('SET', key, string.format('%.0f', level), 'PXAT', ARGV[a + 2] + 3600000)
  end
end
return 1
