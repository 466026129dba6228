--- The learning-rate finder: what it finds, and that it leaves nothing behind.
local check = require "support.check"
local rm    = require "resmoon"
local curve  = require "resmoon.train.rate_curve"
local curves = require "lua.train.rate_curves"

local function setting()
  rm.manual_seed(4)
  local set = rm.data.shapes10 {train = true, size = 64}
  local net = rm.models.resnet20 {width = 4}
  local optimizer = rm.optim.SGD(net:parameters(), {lr = 0.05, momentum = 0.9})
  local loader = rm.data.Loader(set, {batch_size = 16, shuffle = true, augment = true})
  return net, optimizer, loader
end

local function steps(net, optimizer, loader, epoch)
  for x, y in loader:epoch(epoch) do
    optimizer:zero_grad()
    net(x):cross_entropy(y):backward()
    optimizer:step()
  end
end

check.case("training goes on bit for bit as if it had not been there", function()
  local results = {}
  for try = 1, 2 do
    local net, optimizer, loader = setting()
    steps(net, optimizer, loader, 1)
    if try == 2 then
      net:eval()
      rm.train.lrfind(net, optimizer, loader, {from = 1e-4, to = 10, steps = 20})
      check.equal({net.training, optimizer.lr}, {false, 0.05})
      net:train()
    end
    steps(net, optimizer, loader, 2)
    results[try] = net:state_dict()
    results[try].random = rm.randn(3)
  end
  for _, name in ipairs(results[1]) do check.equal(results[2][name], results[1][name], name) end
  check.equal(results[2].random, results[1].random)
end)

check.case("rates grow evenly, the loss falls and then rises", function()
  local net, optimizer, loader = setting()
  local found = rm.train.lrfind(net, optimizer, loader, {from = 1e-4, to = 1000, steps = 60})
  check.close(found.lr[1], 1e-4, {rtol = 1e-9})
  check.close(found.lr[3] / found.lr[2], (1000 / 1e-4) ^ (1 / 59), {rtol = 1e-9})
  local low = math.min(table.unpack(found.smooth))
  check.that(low < found.smooth[1])
  check.that(found.stopped or found.smooth[#found.smooth] > low)
  check.that(found.suggestion > found.lr[7] and found.suggestion < (found.lost or 1000))
  check.equal(#found.lr, #found.loss)
end)

-- Rates of the curves of train/rate_curves.lua.
local function rates(n)
  local list = {}
  for i = 1, n do list[i] = 1e-6 * 1e6 ^ ((i - 1) / (n - 1)) end
  return list
end

check.case("noise of the first steps decides nothing: of five seeds all suggestions are near one another", function()
  for seed, losses in ipairs(curves) do
    local found = curve.read(rates(100), losses)
    -- Short trainings of this network with one-cycle: 4e-5 is too low to learn; 1e-3, 3e-3 and 1e-2 all learn.
    check.that(found.suggestion > 4e-4 and found.suggestion < 5e-3, ("seed %d: %g"):format(seed, found.suggestion))
    check.that(found.steepest > 2e-5 and found.steepest < found.lowest, ("seed %d: %g"):format(seed, found.steepest))
    check.that(found.lowest > 1e-4 and found.lowest < found.lost, ("seed %d: %g"):format(seed, found.lowest))
    -- An accident among the first steps, as low as no other loss, changes nothing.
    local accident = table.move(losses, 1, 100, 1, {})
    accident[2], accident[3] = 1.5, 1.5
    local same = curve.read(rates(100), accident)
    check.close(same.suggestion / found.suggestion, 1, {atol = 0.7})
    check.equal(same.lowest, found.lowest)
  end
end)

check.case("a curve without noise is read where it is", function()
  local losses = {}
  for i, rate in ipairs(rates(100)) do   -- lowest at 1e-2, where it began again at 1e-1
    local x = math.log(rate, 10)
    losses[i] = x < -4 and 2 or x < -2 and 2 - 0.5 * (x + 4) or 1 + (x + 2)
  end
  local found = curve.read(rates(100), losses)
  check.close(math.log(found.lowest, 10), -2, {atol = 0.15})
  check.that(found.steepest > 1e-4 and found.steepest < 1e-2, found.steepest)
  check.close(math.log(found.lost, 10), -1, {atol = 0.25})
  check.close(math.log(found.suggestion, 10), -1.5, {atol = 0.2})
  for i = 1, 100 do losses[i] = 2 end    -- nothing falls, nothing is lost
  found = curve.read(rates(100), losses)
  check.equal({found.lost, found.suggestion}, {nil, 0.1})
  check.that(curve.caution(found):find("The loss falls by only 0.0 standard deviations of a single step", 1, true))
  check.equal(curve.caution(curve.read(rates(100), curves[1])), nil)
end)

check.case("wrong options are named", function()
  local net, optimizer, loader = setting()
  check.error(function() rm.train.lrfind(net, optimizer, loader, {step = 3}) end, "did you mean 'steps'?")
  check.error(function() rm.train.lrfind(net, optimizer, loader, {from = 1, to = 0.1}) end, "expected 0 < from < to")
  check.error(function() rm.train.lrfind(net, optimizer, loader, {steps = 3}) end, "expected at least 10")
end)
