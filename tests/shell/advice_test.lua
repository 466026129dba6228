--- What students type wrong at the prompt, and what the answer tells them to write.
local check   = require "support.check"
local program = require "support.program"

local SETUP = "x = rm.zeros(2, 3) net = models.resnet20() opt = optim.SGD(net:parameters(), {lr = 1}) t = {1, 2}\n"

-- {typed, what is found in the answer}
local SYNTAX = {
  {"if x = 3 then end", "== compares"},
  {"while x = 3 do end", "== compares"},
  {"x += 1", "x = x + 1"},
  {"x != 3", "x ~= 3"},
  {"!x", "not x"},
  {"x && x", "a and b"},
  {"x || x", "a or b"},
  {"t[1]++", "x = x + 1"},
  {"import torch", 'm = require "m"'},
  {"from torch import nn", 'm = require "m"'},
  {"def f(x): return x", "function f(x) return x end"},
  {"class Net(nn.Module):", 'Net = nn.class("Net", nn.Module)'},
  {"for i in range(3):\n  print i", "for i = 1, 10 do ... end"},
  {"if x == 3: print(x)", "a condition is: if x == 3 then ... end"},
  {"while True: x = 1", "while x < 3 do ... end"},
  {"local function g() retrun 3 end", "did you mean 'return'?"},
  {"fucntion g() end", "did you mean 'function'?"},
  {"f = lambda x: x + 1", "function(x) return x + 1 end"},
  {"print x", "print(x)"},
  {"x @ x", "a:matmul(b)"},
  {"x[1:2]", "x[{{1, 3}}]"},
  {"x = 3 # three", "a comment begins with --"},
}

local RUNTIME = {
  {"x.sum()", "x:sum(...)"},
  {"x.view(6)", "x:view(...)"},
  {"x.backward()", "x:backward(...)"},
  {"net.forward(x)", "net:forward(...)"},
  {"net.parameters()", "net:parameters(...)"},
  {"net.eval()", "net:eval(...)"},
  {"opt.step()", "opt:step(...)"},
  {"net.conv1.parameters()", "net:parameters(...)"},
  {"f = models.resnet20 f:parameters()", "f is a function: was it called, as in f = models.resnet20()?"},
  {"for i in 1, 3 do end", "for i = 1, 3 do"},
  {"for row in x do end", "for i, row in ipairs(x) do"},
  {"for v in t do end", "for i, v in ipairs(t) do"},
  {"s = 'loss ' .. x:sum()", "x:item() is the number of a tensor"},
  {"x.shape(1)", "x.shape[1], or x:size(1)"},
  {"x[0]", "positions count from 1"},
  {"x[3]", "position 3 is out of range 1..2"},
  {"x < 2", "x:lt(y)"},
  {"x + 'a'", "operand 2 must be a tensor or a number, got string"},
  {"x + nil", "operand 2 must be a tensor or a number, got nil"},
  {"x.requires_grad = 'yes'", "expected true or false"},
  {"y = t.count + 1", "t has no field 'count'"},
  {"y = 3 < t.count", "one of the two has no value"},
  {"y = 3 < '4'", "tonumber(text)"},
  {"nn.Sequential(nn.ReLU(), nn.ReLU())", "expected a table of modules"},
  {"optim.SGD(net, {lr = 1})", "expected a list of parameters (net:parameters())"},
  {"optim.SGD(net.parameters, {lr = 1})", "expected a list of parameters (net:parameters())"},
  {"optim.SGD(net:parameters(), {lr = '0.1'})", "lr is '0.1', expected a number"},
  {"optim.SGD(net:parameters(), 0.1)", "options are a number, expected a table"},
  {"models.resnet20 {num_class = 3}", "did you mean 'num_classes'?"},
  {"models.resnet('20')", "did you mean 'resnet18'?"},
  {"data.Loader(3)", "argument 1 is a number, expected a data set"},
  {"data.Loader(data.shapes10 {size = 9}, {batch_size = '8'})", "batch_size must be a whole number from 1, got '8'"},
  {"train.run('resnet20')", 'the settings are a string, expected a table like {model = "resnet20"'},
  {"train.run {epochs = '3'}", "epochs is '3', expected a whole number"},
  {"train.run {epochs = 0}", "epochs is 0, expected at least 1"},
  {"train.Trainer {net = net}", "option 'optimizer' is missing"},
  {"rm.load 'nofile'", "cannot open nofile: No such file or directory"},
  {"rm.tensor {1, {2}}", "element [2] is a table, expected a number"},
  {"x:view(7)", "has 6 elements, (7) needs 7"},
  {"x:matmul(x)", "3 columns against 2 rows"},
  {"x:item()", "has 6 elements, expected 1"},
  {"help(sum)", "did you mean 'rm.sum'?"},
  {"net(x)", "expected 4 dimensions (N, C, H, W)"},
}

local function answers(list)
  for _, each in ipairs(list) do
    local _, err = program.run({"-i"}, {input = SETUP .. each[1] .. "\n"})
    check.that(err:find(each[2], 1, true), ("> %s\n%s\nexpected: %s"):format(each[1], err, each[2]))
    check.that(not err:find("lua/resmoon/", 1, true), "an error of the library itself:\n" .. err)
  end
end

check.case("syntax of other languages", function() answers(SYNTAX) end)

check.case("calls, values and names", function() answers(RUNTIME) end)

check.case("what is right is not advised on", function()
  local out, err = program.run({"-i"}, {input = SETUP .. [[
s = "x != 3 && import"
x:sum():item()
string.rep("a", 3)
net.conv1.weight.shape[1]
t.name = nil
error("bad argument #1 to 'f' (mine)")
error("attempt to perform magic")
]]})
  check.that(not err:find("\n  ", 1, true), err)
  check.that(out:find("0.0", 1, true) and out:find("aaa", 1, true) and out:find("16", 1, true), out)
end)
