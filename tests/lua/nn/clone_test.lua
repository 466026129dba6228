--- net:clone(): what is copied, what is shared, and what stays behind.
local check = require "support.check"
local rm    = require "resmoon"
local nn    = rm.nn

local function same(a, b)
  local x, y = a:state_dict(), b:state_dict()
  check.equal(#x, #y)
  for i, name in ipairs(x) do
    check.equal(y[i], name)
    check.that(x[name]:eq(y[name]):all():item() == 1, name .. " differs")
  end
end

check.case("a clone of every network has the same tree, tensors and results, and none of the tensors", function()
  for _, name in ipairs {"resnet20", "plain20", "mlp", "lenet5", "resnet18", "highway19"} do
    rm.manual_seed(3)
    local net = rm.models.get(name) {input = {3, 32, 32}}:eval()
    local copy = net:clone()
    check.equal(tostring(copy), tostring(net))
    same(net, copy)
    local x = rm.randn(2, 3, 32, 32)
    check.equal(copy(x):eq(net(x)):all():item(), 1)
    local before = net:state_dict()
    local kept = before[before[1]]:clone()
    for _, p in ipairs(copy:parameters()) do p:detach():zero_() end
    check.equal(net:state_dict()[before[1]]:eq(kept):all():item(), 1)
  end
end)

check.case("training the clone leaves the original alone, running statistics too", function()
  local net = nn.Sequential {nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                             nn.Linear(4, 2)}
  local copy, reference = net:clone(), net:clone()
  local opt = rm.optim.SGD(copy:parameters(), {lr = 0.1})
  copy(rm.randn(8, 3, 8, 8)):cross_entropy(rm.tensor({1, 2, 1, 2, 1, 2, 1, 2}, "int64")):backward()
  opt:step()
  same(net, reference)
  check.equal(copy[2].num_batches_tracked:item(), 1)
  check.equal(net[2].num_batches_tracked:item(), 0)
  check.that(copy[1].weight:ne(net[1].weight):any():item() == 1)
end)

check.case("what is shared within the network is shared within the clone", function()
  local Tied = nn.class("Tied", nn.Module)
  function Tied:init()
    self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)
    self.b.weight = self.a.weight
    self.again = self.a
    self.scale = rm.ones(1, {requires_grad = true})
    self:register_buffer("seen", rm.zeros(2))
    self.options = {widths = {1, 2}, inner = {self.a}}
  end
  function Tied:forward(x) return self.b(self.again(x)) * self.scale end
  local net = Tied()
  local copy = net:clone()
  check.equal(#copy:parameters(), #net:parameters())
  check.that(copy.again == copy.a and copy.a ~= net.a)
  check.that(copy.options.inner[1] == copy.a and copy.options.widths ~= net.options.widths)
  copy.a.weight:detach():zero_()
  check.equal(copy.b.weight:abs():sum():item(), 0)
  check.that(net.b.weight:abs():sum():item() > 0)
  check.that(copy.scale.requires_grad and copy.scale.is_leaf and not copy.seen.requires_grad)
end)

check.case("modes and frozen parameters are copied; gradients, graphs and hooks are not", function()
  local net = nn.Sequential {nn.Linear(2, 2), nn.Dropout(0.5), nn.BatchNorm1d(2)}
  net[2]:eval()
  net[1].bias:requires_grad_(false)
  local called = 0
  net:register_forward_hook(function() called = called + 1 end)
  net[1]:register_forward_hook(function() called = called + 1 end)
  local y = net(rm.randn(4, 2))
  y:sum():backward()
  local copy = net:clone()
  check.equal(called, 2)
  copy(rm.randn(4, 2))
  check.equal(called, 2)
  check.that(copy.training and not copy[2].training and copy[3].training)
  check.that(not copy[1].bias.requires_grad and copy[1].weight.requires_grad)
  check.equal(copy[1].weight.grad, nil)
  check.that(net[1].weight.grad ~= nil)
  check.that(copy[3].momentum == net[3].momentum and copy[3].eps == net[3].eps)
end)

check.case("a single layer, a network of functions, and a checkpointed block", function()
  local layer = nn.Conv2d(4, 8, 3, {stride = 2, padding = 1, groups = 2, bias = false})
  local copy = layer:clone()
  check.equal(tostring(copy), tostring(layer))
  check.that(copy.weight:eq(layer.weight):all():item() == 1 and copy.bias == nil)
  local net = nn.Sequential {nn.Linear(2, 2), function(x) return x * 2 end}
  local x = rm.randn(3, 2)
  check.equal(net:clone()(x):eq(net(x)):all():item(), 1)
  local resnet = rm.models.resnet20()
  nn.checkpoint(resnet.layer1[1])
  local other = resnet:clone()
  other(rm.randn(2, 3, 32, 32)):sum():backward()
  check.that(other.layer1[1].conv1.weight.grad and not resnet.layer1[1].conv1.weight.grad)
end)

check.case("a path name and a dot instead of a colon", function()
  check.error(function() nn.ReLU().clone() end, "clone: expected a module, got nothing; it is called with a colon")
end)
