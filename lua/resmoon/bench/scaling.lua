--- Training by many processes, measured, and projected to more of them.
--
-- All processes of the world call this together. Three steps are timed: of one process alone with the whole batch, of
-- every process at once with its part of the batch and nothing to do with the others, and of all together. The
-- projection is a model of latency and bandwidth, not a measurement: an exchange with p - 1 others takes
--
--     latency + (p - 1) (overhead + bytes / bandwidth)
--
-- and a step has as many as were counted: those that operators wait for (statistics of batch norm, the loss), and two
-- for each bucket of gradients, which backward hides but for the last bucket's latency. Its constants are measured; a
-- delay that is put into every exchange says whether its count is right.
local core   = require "resmoon.core"
local dist   = require "resmoon.dist"
local config = require "resmoon.runs.settings"
local median = require "resmoon.bench.median"
local rm     = require "resmoon"
local text   = require "resmoon.base.text"
local workload = require "resmoon.bench.workload"

local world, clock = core.world, core.sys.clock
local DELAYS = {0.001, 0.002, 0.004}
local PROCESSES = {2, 4, 8, 16, 32, 64, 128, 256, 512, 1024}

-- Seconds of a step: the median, of the slowest process.
local function timed(work, options, together)
  local times = {}
  for i = 1, options.warmup + options.steps do
    if together then world.barrier() end
    local began = clock()
    work.step()
    if i > options.warmup then times[#times + 1] = clock() - began end
  end
  table.sort(times)
  return median(times)
end

-- f() as a world of its own.
local function alone(f)
  local _ <close> = setmetatable({}, {__close = function() world.alone(false) end})
  world.alone(true)
  return f()
end

-- The least of some tries: what the network takes where nothing else disturbs.
local function exchange(count, bytes)
  local least = math.huge
  for _ = 1, 30 do least = math.min(least, dist.all_reduce(world.time(count, bytes), "max")) end
  return least
end

-- Latency (seconds of an exchange), overhead (seconds of a message) and bandwidth (bytes a second of a message).
local function constants(n)
  local one, many, big = exchange(1, 8), exchange(64, 8), exchange(1, 1 << 20)
  local overhead = math.max(0, (many - one) / 63 / (n - 1))
  return {latency = math.max(0, one - (n - 1) * overhead), overhead = overhead,
          bandwidth = (n - 1) * (1 << 20) / math.max(1e-9, big - one)}
end

-- Seconds that p processes spend on each other in a step.
local function communication(m, p)
  local t, c = m.traffic, m.constants
  local others = p - 1
  local waited = t.exchanges * (c.latency + others * c.overhead) + others * t.bytes / c.bandwidth
  local hidden = 2 * t.buckets * others * c.overhead + 2 * others / p * t.bucket_bytes / c.bandwidth
  return waited + hidden + 2 * c.latency
end

local function measure(options)
  local n = world.size()
  local part = config.with(options, {batch = options.batch // n})
  local m = {model = options.model, batch = options.batch, processes = n, library = world.library(),
             threads = rm.num_threads(), delays = {}}
  if world.rank() == 0 then m.one = alone(function() return timed(workload(options), options) end) end
  m.one = dist.broadcast(m.one or 0)
  collectgarbage()
  local own = alone(function() return timed(workload(part), options) end)   -- all at once
  m.apart = dist.all_reduce(own, "max")
  collectgarbage()
  local work = workload(config.with(part, {shared = true}))
  m.together = dist.all_reduce(timed(work, options, true), "max")
  local before, waited = {world.traffic()}, world.waited()
  work.step()
  local after = {world.traffic()}
  m.waited = dist.all_reduce(world.waited() - waited, "mean")
  m.traffic = {exchanges = after[1] - before[1], bytes = after[2] - before[2], buckets = after[3] - before[3],
               bucket_bytes = after[4] - before[4]}
  -- Of those that did not hold the whole batch.
  m.memory = dist.all_reduce(world.rank() > 0 and rm.sys.peak_rss() / 2 ^ 20 or 0, "max")
  m.constants = constants(n)
  for i, delay in ipairs(DELAYS) do
    world.delay(delay)
    local found = dist.all_reduce(timed(work, config.with(options, {warmup = 1}), true), "max")
    world.delay(0)
    m.delays[i] = {delay = delay, predicted = m.together + (m.traffic.exchanges + 2) * delay, measured = found}
  end
  m.projection = {}
  for i, p in ipairs(PROCESSES) do
    local step = m.apart + communication(m, p)
    m.projection[i] = {processes = p, step = step, img_per_s = p * part.batch / step, efficiency = m.apart / step}
  end
  return m
end

local function number(format, ...) return format:format(...) end

local function lines_of(m)
  local c, t = m.constants, m.traffic
  local lines = {
    number("training %s by %d processes of %d thread%s (%s), batch %d", m.model, m.processes, m.threads,
           m.threads == 1 and "" or "s", m.library, m.batch), ""}
  local function add(list) table.move(list, 1, #list, #lines + 1, lines) end
  add(text.columns {
    {"img/s", "step ms", "of one", "x", "efficiency", "communication", "MiB each"},
    {number("%.1f", m.batch / m.together), number("%.2f", 1e3 * m.together), number("%.1f", m.batch / m.one),
     number("%.2f", m.one / m.together), number("%.1f %%", 100 * m.one / m.together / m.processes),
     number("%.1f %%", 100 * math.max(0, 1 - m.apart / m.together)), number("%.0f", m.memory)}})
  add {"", "of one: one process alone with the whole batch; communication: what a step takes longer than the",
       number("own work of every process, %.2f ms, done at the same time", 1e3 * m.apart), "",
       number("an exchange: %.1f us, and %.1f us a message, %.2f GB/s", 1e6 * c.latency, 1e6 * c.overhead,
              c.bandwidth / 1e9),
       number("a step: %d exchanges that are waited for, %.0f KB; %d buckets of gradients, %.2f MB", t.exchanges,
              t.bytes / 1e3, t.buckets, t.bucket_bytes / 1e6), "",
       "The model against runs in which every exchange takes longer:"}
  local rows = {{"delay ms", "model ms", "measured ms", "difference"}}
  for i, d in ipairs(m.delays) do
    rows[i + 1] = {number("%.1f", 1e3 * d.delay), number("%.1f", 1e3 * d.predicted), number("%.1f", 1e3 * d.measured),
                   number("%+.1f %%", 100 * (d.predicted / d.measured - 1))}
  end
  add(text.columns(rows))
  add {"", number("A projection, not a measurement: %d images for each process, on this network.",
                  m.batch // m.processes)}
  rows = {{"processes", "step ms", "img/s", "efficiency"}}
  for i, p in ipairs(m.projection) do
    rows[i + 1] = {number("%d", p.processes), number("%.2f", 1e3 * p.step), number("%.0f", p.img_per_s),
                   number("%.1f %%", 100 * p.efficiency)}
  end
  add(text.columns(rows))
  return lines
end

--- options: those of the workload, with batch of all processes together, steps and warmup.
-- Returns what was measured, in seconds, bytes and images, and `lines`, which say it.
return function(options)
  local m = measure(options)
  m.lines = lines_of(m)
  return m
end
