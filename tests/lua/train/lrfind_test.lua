--- The learning-rate finder: what it finds, and that it leaves nothing behind.
local check = require "support.check"
local rm    = require "resmoon"

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
  check.that(found.suggestion < found.lowest and found.suggestion >= 1e-4)
  check.equal(#found.lr, #found.loss)
end)

check.case("wrong options are named", function()
  local net, optimizer, loader = setting()
  check.error(function() rm.train.lrfind(net, optimizer, loader, {step = 3}) end, "did you mean 'steps'?")
  check.error(function() rm.train.lrfind(net, optimizer, loader, {from = 1, to = 0.1}) end, "expected 0 < from < to")
  check.error(function() rm.train.lrfind(net, optimizer, loader, {steps = 3}) end, "expected at least 10")
end)
