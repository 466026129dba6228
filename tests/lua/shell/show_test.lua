--- How values look at the prompt; who() and mem().
local check   = require "support.check"
local program = require "support.program"
local rm      = require "resmoon"
local session = require "resmoon.shell.session"
local show    = require "resmoon.shell.show"
local who     = require "resmoon.shell.who"

check.case("a large tensor has its statistics", function()
  local x = rm.arange(1, 2000):reshape(40, 50)
  local text = show(x)
  check.that(text:find("float32 (40, 50)\nmean 1000  std 577.5  min 1  max 2000  nan 0", 1, true), text)
  x[2][3], x[3][3] = 0 / 0, 1 / 0
  check.that(show(x):find("nan 1  inf 1", 1, true))
  check.that(not show(rm.ones(10)):find("mean", 1, true))
  check.that(show(rm.zeros({2000}, "uint8")):find("min 0  max 0$"))
end)

check.case("statistics are those of the elements, whatever the layout", function()
  local x = rm.randn(4, 6, 10, 8) * 3 + 1000
  for _, each in ipairs {x, x:permute({3, 1, 4, 2}), x[2], x[{{}, 3}], x[1][1]:t()} do
    local s = rm.statistics(each)
    check.close({s.mean, s.min, s.max}, {each:mean():item(), each:min():item(), each:max():item()}, {rtol = 1e-6})
    check.close(s.std, each:std():item(), {rtol = 1e-3})
    check.equal({s.nan, s.inf}, {0, 0})
  end
  local none = rm.statistics(rm.tensor {0 / 0, -1 / 0})
  check.equal(none, {nan = 1, inf = 1})
  check.equal(rm.statistics(rm.tensor(3)), {mean = 3.0, min = 3.0, max = 3.0, nan = 0, inf = 0})
  check.equal(rm.statistics(rm.empty(0)), {nan = 0, inf = 0})
end)

check.case("a network is a tree with shapes and parameters", function()
  local nn = rm.nn
  local net = nn.Sequential {nn.Linear(2, 3), nn.ReLU(), nn.ReLU(), nn.Linear(3, 3, {bias = false})}
  check.equal(show(net), [[
Sequential  18 parameters
  [1]: Linear(2, 3)  weight (3, 2), bias (3)
  [2..3]: 2 x ReLU()
  [4]: Linear(3, 3, bias=false)  weight (3, 3)]])
  local text = show(rm.models.resnet110())
  check.that(text:find("^resnet110: ResNet  1,727,962 parameters\n"), text)
  check.that(text:find("\n    [1..18]: 18 x BasicBlock  4,672 parameters each\n", 1, true), text)
  check.that(select(2, text:gsub("\n", "")) < 40, "neighbors that are the same are shown once")
  local Own = nn.class("Own", nn.Module)
  function Own:init() self.scale = rm.ones(3, {requires_grad = true}) end
  check.equal(show(Own()), "Own  scale (3); 3 parameters")
  function Own:__tostring() return "my own" end
  check.equal(show(Own()), "my own")
end)

check.case("in tables, tensors and networks take a line", function()
  check.equal(show {x = rm.zeros(3, 4), net = rm.models.lenet5(), y = rm.ones(2)},
              "{net = lenet5, x = float32 (3, 4), y = [1., 1.]  float32 (2)}")
end)

check.case("functions say what they take", function()
  local function f(a, b, ...) return a, b, ... end
  check.that(show(f):find("^function%(a, b, %.%.%.%)  .*show_test%.lua:%d+$"), show(f))
  check.that(show(print):find("^function: "))
end)

check.case("nothing but text where there is no terminal, and with NO_COLOR", function()
  local input = "rm.randn(2000)\n{1, 'x', a = 2}\nmodels.lenet5()\nfunction f() end f\nx = 1\nwho()\nmem()\n"
                .. "error('x')\n"
  local output, errors = program.run({"-i"}, {input = input, env = "-u NO_COLOR TERM=xterm"})
  check.that(not (output .. errors):find("\27", 1, true), output .. errors)
  local steps = {"expect > ", "send {'word'}\\r", "expect {", "expect word", "expect > "}
  check.that(program.type(steps, {env = "-u NO_COLOR"}):find("\27[32m\"word\"\27[0m", 1, true))
  check.that(not program.type(steps, {env = "NO_COLOR=1"}):find("\27[32m", 1, true))
  check.that(not program.type(steps, {env = "-u NO_COLOR TERM=dumb"}):find("\27[32m", 1, true))
end)

-- Runs f with variables at the prompt.
local function with_variables(variables, f)
  for name, value in pairs(variables) do rawset(session.environment, name, value) end
  local ok, message = pcall(f)
  for name in pairs(variables) do rawset(session.environment, name, nil) end
  if not ok then error(message, 0) end
end

local function row(list, name)
  for _, each in ipairs(list) do if each.name == name then return each end end
end

check.case("who lists variables with shapes and bytes", function()
  local net = rm.nn.Linear(256, 256)
  local x = rm.zeros(64, 64)
  local never = setmetatable({}, {__index = error, __pairs = error, __len = error, __name = "Never"})
  with_variables({test_x = x, test_net = net, test_list = {x, x[1], sum = x}, test_never = never,
                  test_s = "a"}, function()
    local list = who.who()
    check.equal(row(list, "test_x").what, "float32 (64, 64)")
    check.equal(row(list, "test_x").bytes, 64 * 64 * 4)
    check.equal(row(list, "test_list").bytes, 64 * 64 * 4, "views share memory")
    check.equal(row(list, "test_net").what, "Linear, 65,792 parameters")
    check.equal(row(list, "test_net").bytes, 65792 * 4)
    check.equal(row(list, "test_never").what, "Never")
    check.equal(row(list, "test_s").what, '"a"')
    check.that(not row(list, "print") and not row(list, "rm") and not row(list, "_LOCAL"))
    check.that(tostring(list):find("test_x%s+float32 %(64, 64%)%s+16%.0 KiB"), tostring(list))
  end)
end)

check.case("data nested deeper than calls can be, and long strings", function()
  local nested = {rm.ones(100)}
  for _ = 1, 300000 do nested = {nested} end
  with_variables({test_nested = nested}, function()
    check.equal(row(who.who(), "test_nested").bytes, 400)
    check.equal(show(nested), "{{{{...}}}}")
  end)
  check.equal(#show {("x"):rep(1e6)}, #"{\n  " + 2 + 200 + 3 + #"\n}")
end)

check.case("mem says what memory is held for", function()
  local net = rm.models.mlp {input = {1, 8, 8}}
  local optimizer = rm.optim.SGD(net:parameters(), {lr = 0.1, momentum = 0.9})
  net(rm.randn(4, 1, 8, 8)):sum():backward()
  optimizer:step()
  local bytes = 0
  for _, p in net:named_parameters() do bytes = bytes + 4 * p:numel() end
  local x = rm.zeros(1000)
  local caught = function() return x end
  with_variables({test_net = net, test_optimizer = optimizer, test_f = caught, _ = rm.zeros(500)}, function()
    local mem = who.mem()
    check.equal({mem.parameters, mem.gradients, mem.optimizer}, {bytes, bytes, bytes})
    check.equal({mem.tensors, mem.results}, {4000, 2000})
    check.that(mem.live >= 3 * bytes and mem.other == mem.live - 3 * bytes - 6000 - mem.buffers)
    check.that(mem.peak >= mem.live and mem.lua > 0)
    check.that(tostring(mem):find("\n  gradients +%d"), tostring(mem))
  end)
end)

check.slow("a million small operations do not make memory grow", function()
  local x, y = rm.randn(10), rm.randn(10)
  local function run(n)
    local z
    for _ = 1, n do z = x + y end
    return z
  end
  run(20000)
  if rm.memory().cached == 0 then check.skip "an allocator that reuses nothing (a sanitizer's)" end
  collectgarbage()
  local before, live, lua = rm.sys.rss(), rm.memory().live, collectgarbage("count")
  run(1000000)
  local grown = rm.sys.rss() - before
  check.that(grown <= 1 << 20, ("%d bytes more are resident"):format(grown))
  collectgarbage()
  check.that(rm.memory().live - live <= 1 << 16, "tensors stay alive")
  check.that(collectgarbage("count") - lua <= 100, "Lua's memory grows")
end)

check.case("a number that is none is nan, whatever the sign of its bits", function()
  check.equal(show(0 / 0, -(0 / 0)), "nan\tnan")
  check.equal(show({0 / 0, a = -(0 / 0)}), "{nan, a = nan}")
  check.equal(show(math.huge, -math.huge), "inf\t-inf")
end)
