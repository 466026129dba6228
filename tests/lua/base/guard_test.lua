-- Arguments that a function does not take are refused, not dropped.
local check = require "support.check"
local guard = require "resmoon.base.guard"
local rm    = require "resmoon"

-- Calls visit(name, f) for the Lua functions that a part of rm has, and for those of the parts within.
local function walk(name, part, visit, seen)
  if seen[part] then return end
  seen[part] = true
  for key, value in next, part do
    local called = name .. "." .. tostring(key)
    if type(value) == "function" and debug.getinfo(value, "S").what ~= "C" then visit(called, value)
    elseif type(value) == "table" and not rawget(value, "__name") then walk(called, value, visit, seen) end
  end
end

check.case("every function of a part with a fixed number of arguments refuses one more", function()
  local count, silent = 0, {}
  for name in ("optim nn data metrics search explain train plot models dist json"):gmatch "%a+" do
    walk(name, rm[name], function(called, f)
      local info = debug.getinfo(guard.inner(f), "u")
      if info.isvararg then return end
      local arguments = {}
      arguments[info.nparams + 1] = true
      local ok, message = pcall(f, table.unpack(arguments, 1, info.nparams + 1))
      count = count + 1
      if ok or not tostring(message):find("is one too many", 1, true) then silent[#silent + 1] = called end
    end, {})
  end
  table.sort(silent)
  check.equal(table.concat(silent, " "), "")
  check.that(count > 150, count)
end)

check.case("classes and methods: what is too many is named, nil is none", function()
  local w = rm.ones(1, {requires_grad = true})
  check.error(function() rm.optim.SGD({w}, {lr = 1}, {momentum = 0.9}) end, "SGD: argument 3, a table, is one too many")
  check.error(function() rm.nn.Sequential(rm.nn.ReLU(), rm.nn.ReLU()) end, "expected a table of modules, got a layer")
  check.error(function() rm.nn.Sequential({rm.nn.ReLU()}, rm.nn.ReLU()) end, "argument 2, a layer, is one too many")
  local opt = rm.optim.SGD({w}, {lr = 1}, nil)
  check.error(function() opt:step(3) end, "Optimizer.step: argument 1, a number, is one too many")
  check.error(function() rm.metrics.difference({1}, {1}, 0.95) end,
              "metrics.difference: argument 3, a number, is one too many")
  opt:step(nil)
end)

check.case("a class that a user makes takes what its init takes, as in Lua", function()
  local Mine = rm.nn.class("Mine")
  function Mine:init(a) self.a = a end
  check.equal(Mine(1, 2).a, 1)
end)

check.case("a handle that is closed by an error is closed; what is none is refused by name", function()
  local net = rm.nn.Sequential {rm.nn.ReLU()}
  local calls = 0
  local ok = pcall(function()
    local handle <close> = net:register_forward_hook(function() calls = calls + 1 end)   -- luacheck: ignore 211
    net(rm.ones(1))
    error "mine"
  end)
  net(rm.ones(1))
  check.equal({ok, calls}, {false, 1})
  local handle = net:register_forward_hook(function() end)
  check.error(function() getmetatable(handle).__close "log.csv" end, "remove: expected a handle")
end)
