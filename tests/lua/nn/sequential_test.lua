local check = require "support.check"
local rm    = require "resmoon"
local nn    = rm.nn

check.case("a list: length, places from both ends, append, iteration", function()
  local a, b, c = nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)
  local net = nn.Sequential {a, b}
  check.that(net:append(c) == net)
  check.equal(#net, 3)
  check.that(net[1] == a and net[-1] == c and net[4] == nil and net[0] == nil)
  local n = 0
  for i, module in ipairs(net) do
    n = n + 1
    check.that(module == net[i])
  end
  check.equal(n, 3)
  local x = rm.randn(4, 2)
  check.equal(net(x):detach(), c(b(a(x))):detach())
  check.equal(#nn.Sequential(), 0)
end)

check.case("a place can be filled anew, and a function stand in one", function()
  local net = nn.Sequential {nn.Linear(2, 3), function(x) return x * 2 end}
  local y = net(rm.ones(1, 2)):detach()
  net[2] = nn.Identity()
  check.close(net(rm.ones(1, 2)):detach() * 2, y)
  check.equal(#net:parameters(), 2)
end)

check.case("what is not a module is refused", function()
  check.error(function() nn.Sequential {nn.ReLU(), 3} end, "Sequential: element 2 is a number, expected a module")
  check.error(function() nn.Sequential(nn.ReLU()) end, "expected a table of modules, got a layer")
  -- What took the place of an element is seen when the list is called.
  local net = nn.Sequential {nn.ReLU(), nn.ReLU()}
  for kind, instead in pairs {number = 3, table = {nn.ReLU()}, string = "relu"} do
    net[1] = instead
    check.error(function() net(rm.ones(2)) end, ("element 1 is a %s, expected a module or function"):format(kind))
  end
  net[1] = nil
  check.error(function() net(rm.ones(2)) end, "Sequential: element 1 is nil, expected a module or function")
  net = nn.Sequential {nn.ReLU()}
  check.error(function() net[3] = nn.ReLU() end, "Sequential: there is no place 3 yet: the next one is 2")
  check.error(function() net[2] = 7 end, "Sequential: element 2 is a number, expected a module")
  net[2] = nn.Flatten()
  check.equal(#net, 2)
end)
