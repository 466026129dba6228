--- Solutions of exercises 12 to 15.
local function cycle(up, down, place)
  return ([[
    function one_cycle(step, steps, top)
      local peak = %s
      local function between(from, to, t) return %s end
      if step <= peak then return between(top / 25, top, step / peak) end
      local t = (step - peak) / (steps - 1 - peak)
      return %s
    end
  ]]):format(place or "0.3 * steps - 1", up, down)
end
local COSINE = "to + (from - to) / 2 * (1 + math.cos(math.pi * t))"
local DOWN = "between(top, top / 25 / 1e4, t)"

local DRAW = "function log_uniform(low, high) return low * (high / low) ^ rm.rand(1):item() end\n"
local BEST = [[
  function best(trials)
    local found
    for _, t in ipairs(trials) do
      if t.error == t.error and (not found or t.error < found.error) then found = t end
    end
    return found
  end
]]

local SHARE = "function share(n, rank, size) return n * rank // size + 1, n * (rank + 1) // size end\n"
local MEAN = [[
  function mean_gradient(gradients, counts)
    local sum, all = rm.zeros_like(gradients[1]), 0
    for i, g in ipairs(gradients) do sum, all = sum + counts[i] * g, all + counts[i] end
    return sum / all
  end
]]
local EQUAL = [[
  function mean_gradient(gradients)
    local sum = gradients[1]
    for i = 2, #gradients do sum = sum + gradients[i] end
    return sum / #gradients
  end
]]

local SCALED = [[
  function scaled_rate(step, batch, rate, base, warm)
    return rate * batch / base * (step < warm and (step + 1) / warm or 1)
  end
]]
local LOCAL = [[
  function local_rate(w, g, trust, decay)
    local of_w, of_g = w:norm():item(), g:norm():item()
    return of_w > 0 and of_g > 0 and trust * of_w / (of_g + decay * of_w) or 1
  end
]]

return {
  {
    number = "15",
    right = {SCALED .. LOCAL},
    wrong = {
      {code = "function scaled_rate(_, batch, rate, base) return rate * math.sqrt(batch / base) end\n" .. LOCAL,
       lines = {"four times the batch has four times the rate (it is too small)",
                "half the batch has half the rate (it is too large)",
                "the first of ten steps has a tenth (it is too large)",
                "the tenth has all (it is too small)",
                "without a warm-up the first step has all (it is too small)"}},
      {code = SCALED .. [[function local_rate(w, g, trust)
         return trust * w:norm():item() / g:norm():item()
       end]], lines = {"decay counts with |w| (it is too large)", "weights of zeros: 1 (it is too small)",
                       "a gradient of zeros: 1 (it is too large)"}},
    },
  },
  {
    number = "12",
    right = {cycle(COSINE, DOWN)},
    wrong = {
      {code = cycle("from + (to - from) * t", DOWN),
       lines = {"the way up is half a cosine", "the way down is half a cosine"}},
      {code = cycle(COSINE, DOWN, "0.5 * steps - 1"),
       lines = {"it is reached after 30 % of the steps (it is at step 99)", "and falls from there on",
                "the way up is half a cosine", "the way down is half a cosine",
                "another number of steps and another rate (it is too small)"}},
      {code = "function one_cycle(_, _, top) return top end",
       lines = {"the first step has a 25th of the highest rate (it is too large)",
                "it is reached after 30 % of the steps (it is at step 0)", "the rate rises until then",
                "and falls from there on", "the way up is half a cosine", "the way down is half a cosine",
                "the last step has a 10,000th of the first rate (it is too large)"}},
    },
  },
  {
    number = "13",
    right = {DRAW .. BEST},
    wrong = {
      {code = "function log_uniform(low, high) return low + (high - low) * rm.rand(1):item() end\n" .. BEST,
       lines = {"each power of ten is drawn as often as any other (0 %, 1 %, 10 %, 90 %)"}},
      {code = "function log_uniform(low, high) return low * (high / low) ^ math.random() end\n" .. BEST,
       lines = {"the same seed of rm.manual_seed gives the same draw"}},
      {code = DRAW .. [[
         function best(trials)
           local found = trials[1]
           for _, t in ipairs(trials) do
             if t.error < found.error then found = t end
           end
           return found
         end]],
       lines = {"best gives the trial with the lowest error", "a trial whose error is NaN never wins",
                "nor does one of NaN alone"}},
    },
  },
  {
    number = "14",
    right = {SHARE .. MEAN},
    wrong = {
      {code = "function share(n, rank, size) return n // size * rank + 1, n // size * (rank + 1) end\n" .. MEAN,
       lines = {"each image is in exactly one share"}},
      {code = SHARE .. EQUAL,
       lines = {"shares of 4, 5 images: it is the gradient of all images together",
                "shares of 1, 8 images: it is the gradient of all images together"}},
      {code = SHARE .. MEAN:gsub("rm.zeros_like%(gradients%[1%]%)", "gradients[1]:mul_(0)"),
       lines = {"shares of 3, 3, 3 images: it is the gradient of all images together",
                "shares of 3, 3, 3 images: the gradients that were given are unchanged",
                "shares of 4, 5 images: it is the gradient of all images together",
                "shares of 4, 5 images: the gradients that were given are unchanged",
                "shares of 1, 8 images: it is the gradient of all images together",
                "shares of 1, 8 images: the gradients that were given are unchanged"}},
    },
  },
}
