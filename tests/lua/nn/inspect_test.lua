--- Looking into networks: activations, gradcheck, nan_guard.
local check = require "support.check"
local rm    = require "resmoon"
local nn    = rm.nn
local class = nn.class

local function net20() return rm.models.resnet20 {width = 4} end
local function image() return rm.randn(2, 3, 16, 16) end

check.case("activations: all results by path, in the order they are computed", function()
  local net, x = net20(), image()
  net:eval()
  local acts, y = rm.activations(net, x)
  check.equal({acts[1], acts[2], acts[3], acts[7], acts[#acts]},
              {"conv1", "bn1", "layer1.0.conv1", "layer1.0", "fc"})
  local modules = {}
  for path, module in net:named_modules() do modules[path] = module end
  for _, path in ipairs(acts) do check.that(modules[path], path) end
  check.equal(#acts, #net:modules() - 1)
  check.close(y, net(x):detach(), {tolerance = 1e-6})  -- without hooks a batch norm and relu are one pass
  check.equal(acts.fc, y)
  local inner = net.layer1[1].conv1(net.bn1(net.conv1(x)):relu()):detach()
  check.close(acts["layer1.0.conv1"], inner, {tolerance = 1e-6})
  check.that(not y.requires_grad)
  local text = tostring(acts)
  check.that(text:find("resnet20 on (2, 3, 16, 16)\n", 1, true) == 1, text)
  check.that(text:find("\nlayer2.0.downsample +PadShortcut +%(2, 8, 8, 8%) +%S+ +%S+ +%d+%%\n"), text)
end)

check.case("activations leave the network as it was, in training too", function()
  local net = nn.Sequential {nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5)}
  local mean, dropout = net[2].running_mean:clone(), rm.random.dropout:get_state()
  local acts = rm.activations(net, image())
  check.equal(net[2].running_mean, mean)
  check.equal(net[2].num_batches_tracked:item(), 0)
  check.equal(rm.random.dropout:get_state(), dropout)
  check.equal(net[1].training, true)
  check.close({acts["1"]:mean():item()}, {0}, {atol = 1e-5})
  check.that(rm.layer_hooks(net[1]) == nil)
  check.error(function() rm.activations(net, rm.randn(2, 4, 8, 8)) end, "x has 4 channels")
  check.that(rm.layer_hooks(net[1]) == nil)
end)

check.case("activations with gradients, with a pattern, of a module that is called twice", function()
  local net = nn.Sequential {nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Tanh()}
  local acts, y = rm.activations(net, rm.randn(4, 3), {grad = true})
  y:backward(rm.ones(4, 3))
  check.equal(acts.grad["2"], rm.ones(4, 3))
  check.close(acts.grad["1"], 1 - acts["2"]:detach():pow(2))
  check.that(acts.grad["0"] and net[1].weight.grad)
  check.that(tostring(acts):find("grad std", 1, true))
  check.equal({table.unpack((rm.activations(net, rm.randn(4, 3), {match = "[12]"})))}, {"1", "2"})
  local act = nn.Tanh()
  local twice = nn.Sequential {act, act}
  local both = rm.activations(twice, rm.ones(1, 1))
  check.equal({both[1], both[2]}, {"0", "0:2"})
  check.close(both["0:2"], both["0"]:tanh())
  check.error(function() rm.activations(net, rm.ones(4, 3), {grads = true}) end, "did you mean 'grad'?")
  check.error(function() rm.activations(print, 1) end, "argument 1 is a function, expected a module")
  check.error(function() rm.activations(net, 1) end, "argument 2 is a number, expected a tensor")
end)

check.case("gradcheck agrees with what is right", function()
  local block = nn.BasicBlock(2, 3, {stride = 2})
  block:train()
  local mean = block.bn1.running_mean:clone()
  block.conv1.weight.grad = rm.ones(3, 2, 3, 3)
  local net = nn.Sequential {nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Dropout(0.5)}
  local report = rm.gradcheck(net, rm.randn(8, 3), {step = 5e-3})
  check.that(report.ok and #report.tensors == 5 and report.elements == 24 + 12 + 4 + 4 + 4)
  check.that(tostring(report):find("48 elements of 5 tensors agree", 1, true), tostring(report))
  rm.gradcheck(block.conv1, rm.randn(1, 2, 5, 5), {step = 0.1})
  check.equal(block.conv1.weight.grad, rm.ones(3, 2, 3, 3))
  check.equal(block.bn1.running_mean, mean)
  rm.gradcheck(function(x, labels) return x:cross_entropy(labels) end, {rm.randn(3, 4), rm.tensor({1, 2, 4}, "int64")})
  check.that(rm.gradcheck(function(x) return x * x end, rm.tensor(3)).ok)
end)

check.case("gradcheck says which input and element is off", function()
  local function wrong(a, b) return a * b.detach(b) + b * rm.tensor {1, 1, 2} - b:detach() * rm.tensor {0, 0, 1} end
  local message = check.error(function() rm.gradcheck(wrong, {rm.ones(3), rm.ones(3) * 2}) end, "gradients differ")
  check.that(message:find("\n  input 2: 2 of 3 elements are off; worst at (1)", 1, true), message)
  check.that(not message:find "input 1", message)
  local report = rm.gradcheck(function(a, b) return a * 2 + b:detach() end, {rm.ones(2), rm.ones(2)},
                              {raise_exception = false})
  check.that(not report.ok and tostring(report):find("input 2 got no gradient", 1, true), tostring(report))
  check.error(function() rm.gradcheck(function(x) return x:detach() end, rm.ones(2)) end, "does not depend on any")
  check.error(function() rm.gradcheck(function() return 1 end, rm.ones(2)) end, "f returned a number")
  check.error(function() rm.gradcheck(3, rm.ones(2)) end, "argument 1 is a number, expected a function or module")
  check.error(function() rm.gradcheck(print, {}) end, "there is no float32 input")
  check.error(function() rm.gradcheck(print, rm.ones(1), {step = 0}) end, "step is 0, expected a number above 0")
end)

check.case("nan_guard: forward, the innermost layer and what it holds", function()
  local net, x = net20(), image()
  local guard = rm.nan_guard(net)
  net(x):sum():backward()
  rm.no_grad(function() net.layer2[1].conv2.weight[{2, 1, 1, 1}] = 0 / 0 end)
  check.error(function() net(x) end, "forward: layer2.0.conv2 (Conv2d) made the first NaN or infinity: nan at")
  check.error(function() net(x) end, "its weight holds nan at (2, 1, 1, 1)")
  x[{2, 3, 1, 1}] = -1 / 0
  check.error(function() net(x) end, "the input of resnet20 has -inf at (2, 3, 1, 1)")
  guard:remove()
  guard:remove()
  net(x)
  check.that(tostring(guard):find "removed")
  check.error(function() rm.nan_guard(3) end, "argument 1 is a number, expected a module")
end)

local Odd = class("Odd", nn.Module)
function Odd:init() self.a, self.b = nn.Linear(2, 2), nn.Linear(2, 2) end
function Odd:forward(x)
  x = self.a(x)
  if self.inside then x = (x * 0):log() end
  x = self.b(x)
  return self.outside and x / 0 or x
end

check.case("nan_guard: forward, operations between layers and behind them", function()
  local net = nn.Sequential {nn.Linear(2, 2), Odd()}
  local _ <close> = rm.nan_guard(net)
  net[2].inside = true
  check.error(function() net(rm.ones(1, 2)) end, "the operation log, which goes into 1.b (Linear), made the first")
  net[2].inside, net[2].outside = false, true
  check.error(function() net(rm.ones(1, 2)) end, "the operation div of 1 (Odd) made the first")
end)

check.case("nan_guard: backward, the layer or operation", function()
  local net = nn.Sequential {nn.Linear(2, 2), nn.Linear(2, 2)}
  local w = net[1].weight
  do
    local _ <close> = rm.nan_guard(net)
    local y = net(rm.ones(3, 2))
    check.error(function() (y - y:detach()):sqrt():sum():backward() end,
                "backward: the operation sqrt made the first NaN or infinity: the gradient of its input 1 has inf")
    y = net(rm.ones(3, 2))
    check.error(function() y:clamp(0, 0):pow(-1):sum():backward() end, "backward: the operation reciprocal")
    y = net(rm.ones(3, 2))
    local handle = y:register_hook(function(g) return g * 3e38 end)
    check.error(function() (y * 3e38):sum():backward() end, "backward: linear, in 1 (Linear) made the first")
    handle:remove()
    check.that(w.grad == nil)
  end
  local y = net(rm.ones(3, 2))
  y = (y - y:detach()):sqrt()
  y:sum():backward()
  check.that(rm.find_nonfinite(w.grad))
end)

check.case("find_nonfinite: any layout, the first in the order of rows", function()
  local x = rm.randn(2, 3, 4, 5)
  check.equal(rm.find_nonfinite(x), nil)
  x[{2, 1, 3, 4}] = 1 / 0
  x[{2, 2, 1, 1}] = 0 / 0
  check.equal(rm.find_nonfinite(x), {2, 1, 3, 4})
  check.equal(rm.find_nonfinite(x:permute(4, 3, 2, 1)), {1, 1, 2, 2})
  check.equal(rm.find_nonfinite(x[{{1, 2}, {2, 3}}]), {2, 1, 1, 1})
  check.equal(rm.find_nonfinite(rm.tensor(0 / 0)), {})
  check.equal(rm.find_nonfinite(rm.ones({3}, "int64")), nil)
  local long = rm.zeros(100000)
  long[99999] = -1 / 0
  check.equal(rm.find_nonfinite(long), {99999})
end)
