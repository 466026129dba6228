--- Exercise 15: the rate of a large batch, and that of LARS.
local core  = require "resmoon.core"

local function judge_scaled(judge, scaled)
  local function rate(step, batch, base_rate, base, warm)
    local what = ("scaled_rate(%d, %d, %g, %d, %d)"):format(step, batch, base_rate, base, warm)
    local ok, value = judge:call(what, scaled, step, batch, base_rate, base, warm)
    if not ok then return nil end
    if type(value) ~= "number" then
      judge:that(what .. " is a number", false, "it is a " .. type(value))
      return nil
    end
    return value
  end
  for _, case in ipairs {
    {"the batch that the rate is for keeps it", 50, 64, 0.1, 64, 10, 0.1},
    {"four times the batch has four times the rate", 50, 256, 0.1, 64, 10, 0.4},
    {"half the batch has half the rate", 50, 32, 0.1, 64, 10, 0.05},
    {"the first of ten steps has a tenth", 0, 256, 0.1, 64, 10, 0.04},
    {"the fifth has half", 4, 256, 0.1, 64, 10, 0.2},
    {"the tenth has all", 9, 256, 0.1, 64, 10, 0.4},
    {"without a warm-up the first step has all", 0, 256, 0.1, 64, 0, 0.4},
  } do
    local value = rate(table.unpack(case, 2, 6))
    if not value then return end
    judge:number(case[1], value, case[7], 1e-6)
  end
end

local function judge_local(judge, rate_of)
  local w, g = core.tensor {{3, 0}, {0, 4}}, core.tensor {{0, 6}, {8, 0}}   -- norms 5 and 10
  local function rate(what, ...)
    local ok, value = judge:call(what, rate_of, ...)
    if not ok then return nil end
    if type(value) ~= "number" then
      judge:that(what .. " is a number", false, "it is a " .. type(value))
      return nil
    end
    return value
  end
  for _, case in ipairs {
    {"without decay it is trust |w| / |g|", w, g, 0.01, 0, 0.005},
    {"decay counts with |w|", w, g, 0.01, 1, 0.05 / 15},
    {"twice the weights, twice the rate", w * 2, g, 0.01, 0, 0.01},
    {"ten times the gradient, a tenth of the rate", w, g * 10, 0.01, 0, 0.0005},
    {"weights of zeros: 1", w * 0, g, 0.01, 0.5, 1},
    {"a gradient of zeros: 1", w, g * 0, 0.01, 0.5, 1},
  } do
    local value = rate("local_rate, " .. case[1], table.unpack(case, 2, 5))
    if not value then return end
    judge:number(case[1], value, case[6], 1e-5)
  end
end

return {
  {name = "scaled_rate", kind = "function", judge = judge_scaled,
   task = "scaled_rate(step, batch, rate, base, warm) returns the rate of a step, counted from 0: at the highest "
          .. "rate x batch / base, which it reaches in the first warm steps, each a warm-th more than the one before, "
          .. "and keeps"},
  {name = "local_rate", kind = "function", judge = judge_local,
   task = "local_rate(w, g, trust, decay) returns trust x |w| / (|g| + decay x |w|), where |w| is the Euclidean norm "
          .. "of all elements, and 1 where w or g is all zeros"},
}
