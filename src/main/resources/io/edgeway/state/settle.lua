-- Corrects counters by what was used: the twin of MemoryLimitStore.adjust.
-- ARGV: holder, seconds and nanoseconds of the clock (empty: this server's), then three for each key:
--   'r', change, most       in nanoseconds
--   'c', -, -
--   't', change, end        in milliseconds since 1970
local call, number, floor = redis.call, tonumber, math.floor
local sec, ns = number(ARGV[2]), number(ARGV[3])
if not sec then
  local t = call('TIME')
  sec, ns = number(t[1]), number(t[2]) * 1000
end
for i = 1, #KEYS do
  local key, a = KEYS[i], 3 * i + 1
  local kind, change = ARGV[a], number(ARGV[a + 1])
  if kind == 'c' then
    call('ZREM', key, ARGV[1])
  elseif change == 0 then
    -- Estimated right.
  elseif kind == 'r' then
    local full, level = call('GET', key), 0
    if full then
      level = math.max(0, (number(string.sub(full, 1, -11)) - sec) * 1e9 + number(string.sub(full, -9)) - ns)
    end
    if change > 0 or level > 0 then
      level = math.min(level + change, number(ARGV[a + 2]))
      if level <= 0 then
        call('DEL', key)
      else
        local at = ns + level
        local s = floor(at / 1e9)
        call('SET', key, string.format('%d.%09d', sec + s, at - s * 1e9), 'PX', floor(level / 1e6) + 1000)
      end
    end
  else
    local level = math.max(0, number(call('GET', key) or 0) + change)
    call('SET', key, string.format('%d', level), 'PXAT', ARGV[a + 2])
  end
end
return 1
