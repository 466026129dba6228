-- The operator timer of the core, and the report made of it.
local check   = require "support.check"
local rm      = require "resmoon"
local profile = require "resmoon.base.profile"
local train   = require "resmoon.train"

local function network()
  return rm.nn.Sequential {rm.nn.Conv2d(3, 4, 3, {padding = 1}), rm.nn.BatchNorm2d(4), rm.nn.ReLU(), rm.nn.Flatten(),
                           rm.nn.Linear(256, 10)}
end

local function find(list, name, kind)
  for _, each in ipairs(list) do
    if each.name == name and (not kind or each.kind == kind) then return each end
  end
end

check.case("calls and gradients are counted under the operator's name", function()
  local net, x, y = network(), rm.randn(2, 3, 8, 8), rm.tensor({1, 2}, "int64")
  rm.profile.start()
  for _ = 1, 3 do net(x):cross_entropy(y):backward() end
  local list = rm.profile.stop()
  for _, name in ipairs {"conv2d", "linear", "cross_entropy"} do
    check.equal(find(list, name, "call").calls, 3)
    check.equal(find(list, name, "backward").calls, 3)
    check.that(find(list, name, "call").seconds > 0, name)
  end
  -- A batch norm is called once, once more where relu joins it, and once where flatten has it computed.
  check.equal(find(list, "batch_norm", "call").calls, 9)
  check.equal(find(list, "batch_norm", "backward").calls, 3)
  check.equal(find(list, "relu"), nil)
end)

check.case("names count their own time: the sum is no more than what passed", function()
  local net, x, y = network(), rm.randn(8, 3, 8, 8), rm.tensor({1, 2, 3, 4, 5, 6, 7, 8}, "int64")
  local began = rm.sys.clock()
  rm.profile.start()
  for _ = 1, 20 do net(x):cross_entropy(y):backward() end
  local sum = 0
  for _, e in ipairs(rm.profile.stop()) do sum = sum + e.seconds end
  check.that(sum > 0 and sum <= rm.sys.clock() - began, sum)
end)

check.case("stop puts every function back; errors pass through the timers", function()
  local methods, add = getmetatable(rm.zeros(1)).methods, getmetatable(rm.zeros(1)).__add
  local relu, conv = methods.relu, rm.conv2d
  rm.profile.start()
  rm.profile.start()   -- twice is once
  check.that(methods.relu ~= relu and rm.conv2d ~= conv, "nothing is timed")
  check.error(function() return rm.zeros(2) + rm.zeros(3) end, "add")
  check.error(function() rm.zeros(2, 3):matmul(rm.zeros(2, 3)) end, "matmul")
  check.equal((rm.tensor({1, -2}):relu() + 1):totable(), {2, 1})
  rm.profile.stop()
  check.that(methods.relu == relu and rm.conv2d == conv and getmetatable(rm.zeros(1)).__add == add, "left behind")
end)

check.case("nothing is counted while it is off", function()
  rm.profile.start()
  rm.profile.stop()
  rm.ones(2, 2):relu()
  check.equal(find(rm.profile.stop(), "relu"), nil)
end)

check.case("phases and operators add up to the step", function()
  local net, x, y = network(), rm.randn(4, 3, 8, 8), rm.tensor({1, 2, 3, 4}, "int64")
  local opt = rm.optim.SGD(net:parameters(), {lr = 0.1, momentum = 0.9})
  local stop = profile.start()
  for _ = 1, 5 do
    opt:zero_grad()
    net(x):cross_entropy(y):backward()
    opt:step()
  end
  local result, sum = stop(5), 0
  for _, seconds in pairs(result.phases) do sum = sum + seconds end
  check.that(math.abs(sum - result.seconds) < 1e-9, sum)
  for _, name in ipairs {"forward", "backward", "optimizer", "Lua"} do check.that(result.phases[name] > 0, name) end
  check.equal(find(result.operators, "conv2d").calls, 1)
  local lines = table.concat(profile.lines(result, 4), "\n")
  check.that(lines:find("a step takes [%d.]+ ms, %d+ img/s %(mean of 5%)"), lines)
  check.that(lines:find("conv2d +1 +[%d.]+ +1 +[%d.]+ +[%d.]+ %%"), lines)
end)

check.case("a trainer's first epoch is profiled, and trains the same", function()
  local function fit(hooks)
    rm.manual_seed(3)
    local set = rm.data.shapes10 {train = true, size = 80}
    local net = rm.models.lenet5 {input = {3, 32, 32}}
    local trainer = train.Trainer {
      net = net, optimizer = rm.optim.SGD(net:parameters(), {lr = 0.01}), epochs = 1, progress = false, hooks = hooks,
      train = rm.data.Loader(set, {batch_size = 8, shuffle = true, augment = true}),
    }
    trainer:fit()
    return trainer.log.rows[1].train_loss
  end
  local lines = {}
  local plain = fit(nil)
  check.equal(fit(require("resmoon.train.profile") {print = function(line) lines[#lines + 1] = line end}), plain)
  local all = table.concat(lines, "\n")
  check.that(all:find("%(mean of 8%)"), all)  -- 2 of the 10 steps warm up
  check.that(all:find("waiting for data"), all)
  check.that(all:find("reads ahead: [%d.]+ ms a batch"), all)
  lines = {}
  fit(require("resmoon.train.profile") {steps = 3, warmup = 1, print = function(line) lines[#lines + 1] = line end})
  check.that(lines[1]:find("%(mean of 3%)"), lines[1])
end)
