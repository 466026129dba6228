--- Dropout2d and StochasticDepth: what falls away, what it is scaled by, and from which numbers.
local check = require "support.check"
local rm    = require "resmoon"

local nn = rm.nn

-- The factors by which f multiplies, for each example and channel; nil where they differ within one.
local function factors(module, shape)
  local x = rm.rand(shape) + 1
  local ratio, list = module(x) / x, {}
  for n = 1, shape[1] do
    for c = 1, shape[2] do
      local part = ratio[n][c]
      check.close(part, rm.full(part.shape, part:reshape(-1)[1]:item()), {atol = 1e-6})
      list[#list + 1] = part:reshape(-1)[1]:item()
    end
  end
  return list
end

local function counts(list, scale)
  local zeros, kept = 0, 0
  for _, f in ipairs(list) do
    if f == 0 then zeros = zeros + 1
    else
      check.close(f, scale, {rtol = 1e-5})
      kept = kept + 1
    end
  end
  return zeros, kept
end

check.case("Dropout2d drops whole channels and scales the others", function()
  local zeros, kept = counts(factors(nn.Dropout2d(0.25), {40, 50, 3, 2}), 1 / 0.75)
  check.that(math.abs(zeros / (zeros + kept) - 0.25) < 0.05, zeros)
  check.equal(#factors(nn.Dropout2d(0.25), {4, 5, 6}), 20)
  check.equal(select(2, counts(factors(nn.Dropout2d(1), {4, 5, 2, 2}), 1)), 0)
end)

check.case("StochasticDepth drops whole examples, or the batch; the scale is torchvision's", function()
  local list = factors(nn.StochasticDepth(0.25, "row"), {400, 2, 3})
  for i = 1, #list, 2 do check.close(list[i], list[i + 1], {rtol = 1e-6}) end
  local zeros, kept = counts(list, 1 / 0.75)
  check.that(math.abs(zeros / (zeros + kept) - 0.25) < 0.1, zeros)
  local batch, seen = nn.StochasticDepth(0.5, "batch"), {}
  for _ = 1, 40 do
    local each = factors(batch, {3, 2, 2})
    for i = 2, #each do check.close(each[i], each[1], {rtol = 1e-6}) end
    seen[math.floor(each[1] + 0.5)] = true
  end
  check.that(seen[0] and seen[2])
end)

check.case("in evaluation, and with p = 0, x itself passes", function()
  local x = rm.randn(2, 3, 4, 4)
  for _, module in ipairs {nn.Dropout2d(0.5), nn.StochasticDepth(0.5, "row")} do
    check.that(rawequal(module:eval()(x), x))
    module:train().p = 0
    check.that(rawequal(module(x), x))
  end
end)

check.case("the same seed gives the same bits with any number of threads, and backward the same mask", function()
  local threads = rm.num_threads()
  for _, module in ipairs {nn.Dropout2d(0.5), nn.StochasticDepth(0.5, "row"), nn.StochasticDepth(0.5, "batch")} do
    local results = {}
    for n = 1, 2 do
      rm.set_num_threads(n)
      rm.manual_seed(7)
      local x = rm.ones(64, 33, 5, 4):requires_grad_(true)
      local y = module(x)
      y:sum():backward()
      check.equal(x.grad, y:detach())
      results[n] = y:detach()
    end
    check.equal(results[1], results[2])
  end
  rm.set_num_threads(threads)
end)

check.case("a residual branch that is dropped leaves x; a checkpointed one draws the same again", function()
  local drop, conv = nn.StochasticDepth(1, "row"), nn.Conv2d(3, 3, 3, {padding = 1})
  local x = rm.randn(2, 3, 4, 4)
  check.equal(x + drop(conv(x)), x)
  local branch = nn.Sequential {conv, nn.Dropout2d(0.5)}
  local grads = {}
  for i = 1, 2 do
    rm.manual_seed(3)
    local t = x:clone():requires_grad_(true)
    branch(t):sum():backward()
    grads[i] = t.grad
    nn.checkpoint(branch)
  end
  check.equal(grads[1], grads[2])
end)

check.case("printing and errors", function()
  check.equal(tostring(nn.Sequential {nn.Dropout2d(), nn.StochasticDepth(0.2, "row")}),
    "Sequential\n  [1]: Dropout2d(p=0.5)\n  [2]: StochasticDepth(p=0.2, mode=row)")
  check.error(function() nn.Dropout2d(1.5) end, "Dropout2d: p must be a probability, 0 to 1, got 1.5")
  check.error(function() nn.Dropout2d "x" end, "p must be a probability, 0 to 1, got a string")
  check.error(function() nn.Dropout2d()(rm.zeros(2, 3)) end,
    "Dropout2d: x is (2, 3), expected (N, C, H, W) or (N, C, L)")
  check.error(function() nn.StochasticDepth() end, "StochasticDepth: p must be a probability")
  check.error(function() nn.StochasticDepth(0.1) end, 'StochasticDepth: mode is nil, expected "row" or "batch"')
end)
