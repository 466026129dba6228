--- What TAB offers.
local check    = require "support.check"
local complete = require "resmoon.shell.complete"
local rm       = require "resmoon"

local function never() error("code of the user's ran") end

local environment = {
  net = rm.models.lenet5(), x = rm.ones(2, 3), conv = rm.nn.Conv2d(1, 2, 3),
  options = {alpha = 1, beta = {gamma = {delta = 1}}, [1] = {zeta = 1}},
  trap = setmetatable({own = {inner = 1}}, {__index = never, __call = never, __pairs = never, __len = never,
                                            __tostring = never, __eq = never, __name = "Trap"}),
  text = "text",
}

-- The candidates as one text, and what TAB would insert.
local function offers(text)
  local start, list, whole = complete(text, environment)
  return table.concat(list, " "), #list == 1 and text:sub(1, start - 1) .. whole or nil
end

local function inserts(text, expected)
  local list, inserted = offers(text)
  check.equal(inserted, expected, text .. " offers: " .. list)
end

check.case("variables, the library, words of Lua", function()
  inserts("opti", nil)
  check.equal(offers("opti"), "optim options")
  inserts("conv", "conv")
  inserts("x = x + rando", nil)
  inserts("fun", "function")
  inserts("for i = 1, 3 do pri", "for i = 1, 3 do print")
  inserts("model", "models")
  inserts("x = 3 -- opti", nil)
  inserts("x = 3opti", nil)
end)

check.case("fields and keys", function()
  inserts("options.al", "options.alpha")
  inserts("f(options.beta.g", "f(options.beta.gamma")
  inserts("options['beta'].gamma.", "options['beta'].gamma.delta")
  inserts("options[1].", "options[1].zeta")
  inserts("x.sh", "x.shape")
  inserts("conv.wei", "conv.weight")
  inserts("conv.weight.gr", "conv.weight.grad")
  inserts("net.conv1.ker", "net.conv1.kernel_size")
  inserts("models.lenet", "models.lenet5")
  inserts("rm.metr", "rm.metrics")
  inserts("rm.randp", "rm.randperm")
  inserts("string.form", "string.format")
  inserts("'a' .. options.al", "'a' .. options.alpha")
  check.equal(offers("nothing.at."), "")
end)

check.case("methods", function()
  inserts("x:num", "x:numel")
  inserts("x:float():num", "x:float():numel")
  inserts("net:named_par", "net:named_parameters")
  inserts("net.conv1:named_par", "net.conv1:named_parameters")
  inserts("text:forma", "text:format")
  inserts("('%d'):forma", "('%d'):format")
  inserts("conv(x):num", "conv(x):numel")
  inserts("models.resnet20():named_par", "models.resnet20():named_parameters")
  inserts("x.num", "x.numel")  -- a method, where no field fits
end)

check.case("names in tables of options", function()
  inserts("nn.Conv2d(3, 8, 3, {str", "nn.Conv2d(3, 8, 3, {stride = ")
  inserts("optim.SGD(net:parameters(), {mom", "optim.SGD(net:parameters(), {momentum = ")
  inserts("models.resnet20 {shor", "models.resnet20 {shortcut = ")
  inserts("data.shapes10 {tra", "data.shapes10 {train = ")
  inserts("rm.conv2d(x, w, {str", "rm.conv2d(x, w, {stride = ")
  inserts("rm.conv2d(x, w, {stride = 2, padd", "rm.conv2d(x, w, {stride = 2, padding = ")
  inserts("x:conv2d(w,\n  {\n  str", "x:conv2d(w,\n  {\n  stride = ")
  inserts("x:sum(1, {kee", "x:sum(1, {keepdim = ")
  inserts("y = {alph", nil)
  inserts("nn.Conv2d(3, 8, 3, {padding = options.al", "nn.Conv2d(3, 8, 3, {padding = options.alpha")
end)

check.case("strings: models, modules, paths", function()
  inserts("models.get 'lenet", "models.get 'lenet5'")
  inserts('train {model = "resnet120', 'train {model = "resnet1202"')
  inserts("require 'resmoon.shell.comp", nil)
  check.equal(offers("require 'resmoon.shell.complete.pat"), "resmoon.shell.complete.paths")
  inserts("io.open('tests/support/pt", "io.open('tests/support/pty.c")
  inserts("io.open('tests/supp", "io.open('tests/support/")
  inserts("io.open[[tests/supp", "io.open[[tests/support/")
  inserts("$ cat tests/support/pt", "$ cat tests/support/pty.c")
  inserts("edit tests/support/pt", "edit tests/support/pty.c")
  check.equal(offers("io.open('/nosuchfolder/x"), "")
end)

check.case("commands and help", function()
  check.equal(offers("tim"), "time timeit")
  check.equal(offers("x = tim"), "")
  inserts("time conv:named_par", "time conv:named_parameters")
  inserts("?adaptive_avg_poo", "?adaptive_avg_pool2d")
  inserts("help 'tensor.adaptive", "help 'tensor.adaptive_avg_pool2d'")
end)

check.case("no code of the user's runs", function()
  check.equal(offers("trap.ow"), "own")
  inserts("trap.own.in", "trap.own.inner")
  for _, text in ipairs {"trap.none.x", "trap:", "trap.", "trap().", "trap[1].", "trap.own.none:", "trap {", "trap '",
                         "trap{ow", "trap():x", "trap['own']."} do
    check.that(pcall(complete, text, environment), text)
  end
  local raised = setmetatable({}, {__index = never})
  check.equal(complete("global_that_is_not_there.x", setmetatable({}, {__index = raised})), 26)
end)
