--- One network's steps, timed; and what is said of them.
local rm       = require "resmoon"
local median   = require "resmoon.bench.median"
local workload = require "resmoon.bench.workload"

local measure = {}

local function round(value, digits) return math.floor(value * 10 ^ digits + 0.5) / 10 ^ digits end

--- The record of a list of steps' milliseconds: median, rate and extremes, filled into `record`, which
-- says batch and flops (operations of a step, or nil).
function measure.summarize(record, times)
  local sorted = table.move(times, 1, #times, 1, {})
  table.sort(sorted)
  local mid = median(sorted)
  record.steps, record.times_ms = #times, times
  record.img_per_s = round(1e3 * record.batch / mid, 2)
  record.step_ms, record.step_ms_min = round(mid, 3), round(sorted[1], 3)
  record.step_ms_max = round(sorted[#sorted], 3)
  record.gflops = record.flops and round(record.flops / mid / 1e6, 2) or nil
  return record
end

--- Times options.steps steps after options.warmup steps, in this process. options: also those of workload.
-- Returns the record and the workload.
function measure.run(options)
  local work = workload(options)
  for _ = 1, options.warmup do work.step() end
  local times, clock = {}, rm.sys.clock
  for i = 1, options.steps do
    local began = clock()
    work.step()
    times[i] = round(1e3 * (clock() - began), 4)
  end
  local record = {
    framework = "resmoon", version = tostring(rm.version or ""), model = options.model, mode = options.mode,
    batch = options.batch, threads = rm.num_threads(), isa = rm.isa(), flops = work.flops,
    parameters = work.parameters, peak_rss_mb = round(rm.sys.peak_rss() / 1024 / 1024, 1),
  }
  return measure.summarize(record, times), work
end

--- The same in processes of their own, so that each network's memory is its own. `command`: a list of
-- words that prints such a record as JSON; rounds of it are joined. Errors: raises what the program said.
function measure.join(records)
  local times, joined = {}, {}
  for key, value in pairs(records[1]) do joined[key] = value end
  for _, record in ipairs(records) do
    table.move(record.times_ms, 1, #record.times_ms, #times + 1, times)
    joined.peak_rss_mb = math.max(joined.peak_rss_mb, record.peak_rss_mb)
  end
  return measure.summarize(joined, times)
end

--- Runs a program that prints one record. env: variables for it, which are taken back afterwards.
function measure.child(command, env)
  local before = {}
  for name, value in pairs(env or {}) do
    before[name] = rm.sys.getenv(name) or false
    rm.sys.setenv(name, value)
  end
  local status, out, err = rm.sys.run(command, {capture = true})
  for name, value in pairs(before) do rm.sys.setenv(name, value or nil) end
  if status ~= 0 then
    local said = tostring(err or out):gsub("%s+$", "")
    if said == "" then said = ("bench: %s ended with status %s"):format(command[1], status) end
    error((said:gsub("^resmoon bench: ", "")), 0)
  end
  return rm.json.decode(out)
end

return measure
