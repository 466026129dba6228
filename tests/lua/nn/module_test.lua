local check = require "support.check"
local rm    = require "resmoon"
local nn    = rm.nn
local class = nn.class

local Block = class("Block", nn.Module)
function Block:init(n)
  self.fc    = nn.Linear(n, n)
  self.scale = rm.ones(n):requires_grad_(true)
  self.bn    = nn.BatchNorm1d(n)
  self:register_buffer("seen", rm.zeros(1))
end
function Block:forward(x) return self.bn(self.fc(x)) * self.scale + x end

local Net = class("Net", nn.Module)
function Net:init()
  self.layer = nn.Sequential {Block(3), nn.ReLU(), Block(3)}
  self.fc    = nn.Linear(3, 2, {bias = false})
end
function Net:forward(x) return self.fc(self.layer(x)) end

local function names(iterator)
  local list = {}
  for name in iterator do list[#list + 1] = name end
  return list
end

check.case("parameters and buffers keep the order of assignment; own ones come first", function()
  check.equal(names(Block(2):named_parameters()), {"scale", "fc.weight", "fc.bias", "bn.weight", "bn.bias"})
  check.equal(names(Block(2):named_buffers("b")),
              {"b.seen", "b.bn.running_mean", "b.bn.running_var", "b.bn.num_batches_tracked"})
  local state = Net():state_dict()
  check.equal({state[1], state[2], state[10], state[#state]},
              {"layer.0.scale", "layer.0.seen", "layer.2.scale", "fc.weight"})
  check.shape(state["layer.2.fc.weight"], {3, 3})
end)

check.case("children, modules and their names", function()
  local net = Net()
  check.equal(names(net:named_children()), {"layer", "fc"})
  check.equal(names(net:named_modules()), {"", "layer", "layer.0", "layer.0.fc", "layer.0.bn", "layer.1", "layer.2",
                                           "layer.2.fc", "layer.2.bn", "fc"})
  check.equal(#net:children(), 2)
  check.equal(#net:modules(), 10)
  check.equal(names(nn.ReLU():named_modules()), {""})
end)

check.case("a module or layer in two places gives its parameters once", function()
  local net = nn.Module()
  net.a = nn.Linear(2, 2)
  net.b = net.a
  check.equal(names(net:named_parameters()), {"a.weight", "a.bias"})
  check.equal(#net:state_dict(), 4)
end)

check.case("computed tensors are no parameters, frozen ones still are", function()
  local net = nn.Module()
  net.w = rm.ones(2):requires_grad_(true)
  net.last = net.w * 2
  net:register_parameter("c", rm.ones(1))
  check.equal(names(net:named_parameters()), {"w", "c"})
  net:requires_grad_(false)
  check.equal(names(net:named_parameters()), {"w", "c"})
  check.that(not net.w.requires_grad)
end)

check.case("a plain table of modules is refused, ModuleList is not called", function()
  local net = nn.Module()
  check.error(function() net.layers = {nn.ReLU()} end, "Module.layers: a plain table hides its modules")
  net.layers = nn.ModuleList {nn.Linear(2, 2)}
  check.equal(names(net:named_parameters()), {"layers.0.weight", "layers.0.bias"})
  check.error(function() net.layers(1) end, "a list is not called")
  check.error(function() net(1) end, "Module has no forward")
end)

check.case("a field taken away and given back", function()
  local net = Net()
  net.fc = nil
  check.equal(names(net:named_children()), {"layer"})
  net.fc = nn.Linear(3, 5)
  check.equal(names(net:named_children()), {"layer", "fc"})
end)

check.case("train and eval reach everything", function()
  local net = Net()
  check.that(net.training and net.layer[1].bn.training)
  check.that(net:eval() == net)
  for _, module in ipairs(net:modules()) do check.equal(module.training, false) end
  net:train()
  for _, module in ipairs(net:modules()) do check.equal(module.training, true) end
end)

check.case("apply visits children first", function()
  local order = {}
  Net():apply(function(m) order[#order + 1] = nn.Module.type_of(m) end)
  check.equal(order, {"Linear", "BatchNorm1d", "Block", "ReLU", "Linear", "BatchNorm1d", "Block", "Sequential",
                      "Linear", "Net"})
end)

check.case("zero_grad forgets, gradients match central differences", function()
  local net = Net()
  net(rm.randn(4, 3)):sum():backward()
  check.that(net.fc.weight.grad ~= nil)
  net:zero_grad()
  check.equal(net.fc.weight.grad, nil)
  check.gradients(Block(3), rm.randn(8, 3), {step = 1e-2})
end)

check.case("a state goes from one net to another, through a file as well", function()
  local a, b, c = Net(), Net(), Net()
  a(rm.randn(16, 3))  -- running statistics that are not those of a new net
  b:load_state_dict(a:state_dict())
  local path = os.tmpname()
  rm.save(path, a:state_dict())
  c:load_state_dict((rm.load(path)))
  os.remove(path)
  local x = rm.randn(5, 3)
  a:eval()
  b:eval()
  c:eval()
  check.equal(b(x):detach(), a(x):detach())
  check.equal(c(x):detach(), a(x):detach())
end)

check.case("a state that does not fit is refused as a whole", function()
  local net = nn.Sequential {nn.Linear(2, 3), nn.Linear(3, 1)}
  local before = net[1].weight:detach():clone()
  local state = {["0.weight"] = rm.zeros(3, 2), ["0.bias"] = rm.zeros(4), ["1.weight"] = rm.zeros(1, 3),
                 other = rm.zeros(1)}
  local message = check.error(function() net:load_state_dict(state) end, "load_state_dict: Sequential")
  check.that(message:find("do not fit: 0.bias is float32 (4), expected float32 (3)", 1, true), message)
  check.that(message:find("missing: 1.bias", 1, true) and message:find("unexpected: other", 1, true), message)
  check.equal(net[1].weight:detach(), before)
  state["0.bias"] = nil
  local missing, unexpected = net:load_state_dict(state, {strict = false})
  check.equal({missing, unexpected}, {{"0.bias", "1.bias"}, {"other"}})
  check.equal(net[1].weight:sum():item(), 0)
end)

check.case("an error says where in the network it happened", function()
  local net = Net()
  net.name = "tiny"
  net.layer[3].fc = nn.Linear(4, 3)
  check.error(function() net(rm.randn(2, 3)) end, "\n  at      tiny.layer[3].fc")
  local Odd = class("Odd", nn.Module)
  function Odd:forward(x) return x:conv2d(x) end
  net.layer:append(Odd())
  net.layer[3].fc = nn.Linear(3, 3)
  check.error(function() net(rm.randn(2, 3)) end, "\n  at      tiny.layer[4]")
  local message = check.error(function() nn.Linear(2, 2)(rm.randn(2, 3)) end, "linear")
  check.that(not message:find("\n  at "), "nothing runs any more: " .. message)
end)

check.case("printing is an indented tree", function()
  local net = nn.Sequential {nn.Linear(2, 3), nn.Sequential {nn.ReLU()}}
  check.equal(tostring(net), "Sequential\n  [1]: Linear(2, 3)\n  [2]: Sequential\n    [1]: ReLU()")
end)

check.case("classes: inheritance of methods and metamethods, type tests, errors", function()
  local A = class("A")
  function A:init(x) self.x = x end
  function A:twice() return 2 * self.x end
  function A:__eq(other) return self.x == other.x end
  local B = class("B", A)
  function B:init(x) A.init(self, x + 1) end
  check.equal(B(1):twice(), 4)
  check.that(B(1) == B(1) and B(1) ~= B(2))
  check.that(A.is(B(1)) and B.is(B(1)) and not B.is(A(1)) and not A.is(3))
  check.equal({tostring(B), B.super == A}, {"class B", true})
  check.error(function() class(3) end, "name is a number")
  check.error(function() class("C", {}) end, "the base of C is a table, expected a class")
end)

check.case("a module inside itself, near or far below, is refused, and the network is as it was", function()
  local net = nn.Sequential {nn.Linear(2, 2)}
  check.error(function() net:append(net) end, "Sequential.2: a module cannot be inside itself")
  check.error(function() net.self = net end, "Sequential.self: a module cannot be inside itself")
  local outer = nn.Sequential {nn.Sequential {net}}
  check.error(function() net:append(outer) end, "a module cannot be inside itself")
  check.equal({#net, #outer:parameters()}, {1, 2})
  net[1] = net   -- a field that is there is replaced by Lua alone
  check.error(function() net:parameters() end, "1: a module cannot be inside itself")
  check.error(function() tostring(net) end, "1: a module cannot be inside itself")
end)

check.case("a cycle that replaced fields closed is an error of every walk, wherever it begins", function()
  local net = nn.Sequential {nn.Linear(4, 4), nn.Sequential {nn.Linear(4, 4)}}
  net[2][1] = net
  local walks = {
    parameters = net.parameters, state_dict = net.state_dict, modules = net.modules, hash = net.hash, train = net.train,
    clone = function() return net:clone():modules() end, apply = function() net:apply(function() end) end,
    tostring = tostring, inner = function() return net[2]:parameters() end, summary = function() net:summary {4} end,
  }
  for name, walk in pairs(walks) do
    check.error(function() walk(net) end, "Sequential.[12]: a module cannot be inside itself", name)
  end
end)

check.case("what stands in a field that was replaced is what counts", function()
  local function count(change)
    local block = Block(4)
    change(block)
    return names(block:named_parameters())
  end
  local rest = {"fc.weight", "fc.bias", "bn.weight", "bn.bias"}
  -- A field that was no parameter at first becomes one, and stays one while it is frozen.
  local late = count(function(b)
    b.late = false
    b.late = rm.ones(4, {requires_grad = true})
    b:parameters()
    b.late:requires_grad_(false)
  end)
  check.equal(late, {"scale", "late", table.unpack(rest)})
  -- A parameter that gave way to a number, a text or a module is none; nor is it saved or asked for.
  for _, instead in ipairs {3, "none", nn.ReLU()} do
    check.equal(count(function(b) b.scale = instead end), rest)
    local block = Block(4)
    block.scale, block.seen = instead, 5
    check.that(block:state_dict().scale == nil and block:state_dict().seen == nil)
    block:load_state_dict(block:state_dict())
    check.that(block:hash() ~= Block(4):hash())
  end
  check.equal(count(function(b) b.fc = rm.ones(2, {requires_grad = true}) end), {"fc", "scale", "bn.weight", "bn.bias"})
  check.error(function() count(function(b) b.scale = b.scale * 2 end) end,
              "Block.scale: a computed tensor took the place of a parameter; copy_ within rm.no_grad")
end)

check.case("a plain table that hides modules is refused, in a new field, in a replaced one, and by name", function()
  local said = "a plain table hides its modules from parameters%(%); use nn.Sequential or nn.ModuleList"
  for _, hiding in ipairs {{nn.Linear(4, 4)}, {1, nn.Linear(4, 4)}, {left = nn.Linear(4, 4)}} do
    local block = Block(4)
    check.error(function() block.more = hiding end, "Block.more: " .. said)
    block.fc = hiding
    check.error(function() block:parameters() end, "Block.fc: " .. said)
  end
  local block = Block(4)
  block.names = {first = block.fc, block.bn}  -- second names of its own children
  check.equal(#block:parameters(), 5)
end)
