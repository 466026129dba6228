--- Where the time of training steps goes: by phase, and by operator.
--
--     local stop = profile.start()
--     for _ = 1, 20 do step() end
--     print(table.concat(profile.lines(stop(20)), "\n"))
--
-- The core's timers (rm.profile) count each operator's own time. What no timer has seen is Lua's:
-- the network's functions, the loop, and the bindings' way in and out.
local core = require "resmoon.core"
local text = require "resmoon.base.text"
local shown = require "resmoon.base.shown"

local profile = {}

-- Calls that are no part of the forward pass.
local phases = {
  data = "waiting for data", backward = "backward",
  sgd_step = "optimizer", adam_step = "optimizer", rmsprop_step = "optimizer", clip_grad_norm = "optimizer",
  zero_grad = "optimizer",
}
local order = {"waiting for data", "forward", "backward", "optimizer", "Lua's collector", "Lua"}

local function phase_of(entry)
  if entry.kind == "collector" then return "Lua's collector" end
  if entry.kind == "backward" then return "backward" end
  return phases[entry.name] or "forward"
end

-- The operators, those that took longest first: {name, calls, forward, back_calls, backward} per step.
local function by_operator(entries, steps)
  local list, known = {}, {}
  for _, e in ipairs(entries) do
    if e.kind == "call" or e.kind == "backward" then
      local op = known[e.name]
      if not op then
        op = {name = e.name, calls = 0, forward = 0, back_calls = 0, backward = 0}
        known[e.name], list[#list + 1] = op, op
      end
      if e.kind == "call" then op.calls, op.forward = e.calls / steps, e.seconds / steps
      else op.back_calls, op.backward = e.calls / steps, e.seconds / steps end
    end
  end
  table.sort(list, function(a, b)
    local x, y = a.forward + a.backward, b.forward + b.backward
    if x ~= y then return x > y end
    return a.name < b.name
  end)
  return shown.mark(list)
end

--- Begins to measure. Returns a function of the number of steps since, which ends it and gives
-- {steps, seconds (a step), phases = {name = seconds}, operators, worker = seconds a step of the thread
-- that reads ahead, beside the others}. All seconds are per step.
function profile.start()
  core.profile.start()
  local began = core.sys.clock()
  return function(steps)
    local seconds = (core.sys.clock() - began) / steps
    local entries = core.profile.stop()
    local result = {steps = steps, seconds = seconds, phases = {}, worker = 0,
                    operators = by_operator(entries, steps)}
    for _, name in ipairs(order) do result.phases[name] = 0 end
    local rest = seconds
    for _, e in ipairs(entries) do
      if e.kind == "worker" then
        result.worker = result.worker + e.seconds / steps
      else
        local phase = phase_of(e)
        result.phases[phase] = result.phases[phase] + e.seconds / steps
        rest = rest - e.seconds / steps
      end
    end
    result.phases.Lua = math.max(rest, 0)
    return result
  end
end

local function ms(seconds) return ("%.2f"):format(1e3 * seconds) end
local function count(n) return n == 0 and "" or ("%.4g"):format(n) end

--- Lines to print. result: of start()'s function; images: per step, for the rate (nil: none).
function profile.lines(result, images)
  local lines = {("a step takes %.2f ms%s (mean of %d)"):format(1e3 * result.seconds,
    images and (", %.0f img/s"):format(images / result.seconds) or "", result.steps)}
  local function share(seconds) return ("%.1f %%"):format(100 * seconds / result.seconds) end
  local rows = {{"phase", "ms", "share"}}
  for _, name in ipairs(order) do
    local seconds = result.phases[name]
    if seconds > 0 or name ~= "waiting for data" then rows[#rows + 1] = {name, ms(seconds), share(seconds)} end
  end
  table.move(text.columns(rows, {indent = "  "}), 1, #rows + 1, #lines + 1, lines)
  if result.worker > 0 then
    lines[#lines + 1] = ("  beside it, in the thread that reads ahead: %s ms a batch"):format(ms(result.worker))
  end
  lines[#lines + 1] = ""
  rows = {{"operator", "calls", "forward ms", "calls", "backward ms", "share"}}
  for _, op in ipairs(result.operators) do
    local both = op.forward + op.backward
    if both >= 5e-6 then  -- what rounds to 0.00 is left out
      rows[#rows + 1] = {op.name, count(op.calls), op.calls > 0 and ms(op.forward) or "", count(op.back_calls),
                         op.back_calls > 0 and ms(op.backward) or "", share(both)}
    end
  end
  table.move(text.columns(rows, {indent = "  "}), 1, #rows + 1, #lines + 1, lines)
  return lines
end

return profile
