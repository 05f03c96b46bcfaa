-- What wrk sends: PATH, BODY and KEY of the environment, again and again for SECONDS, with a PAUSE before each. Then nothing, so that what is
-- under way is answered before wrk ends and breaks its connections: what it counts is what was answered.
local ffi = require("ffi")
ffi.cdef("typedef struct { long sec, nsec; } moment; int clock_gettime(int clock, moment *now);")
local MONOTONIC = 1
local now = ffi.new("moment")
local whole, ends

local function seconds()
  ffi.C.clock_gettime(MONOTONIC, now)
  return tonumber(now.sec) + tonumber(now.nsec) / 1e9
end

function init(_)
  local headers = { ["Content-Type"] = "application/json", ["X-API-Key"] = os.getenv("LOAD_KEY") }
  whole = wrk.format("POST", os.getenv("LOAD_PATH"), headers, os.getenv("LOAD_BODY"))
  ends = seconds() + tonumber(os.getenv("LOAD_SECONDS"))
end

function request()
  return seconds() < ends and whole or ""
end

-- wrk asks for it where it is there. It takes whole milliseconds, so that a part of one is the share of the longer pauses.
local pause = tonumber(os.getenv("LOAD_PAUSE")) * 1000
if pause > 0 then
  function delay()
    return math.floor(pause + math.random())
  end
end

function done(summary, latency, _)
  local broken = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format('\n{"answers": %d, "refused": %d, "broken": %d, "p50": %f, "p99": %f}\n',
    summary.requests, summary.errors.status, broken, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
