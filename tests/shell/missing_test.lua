--- Misspelt names of what is there: methods, parts of a network, settings, libraries; at the prompt and in scripts.
local check   = require "support.check"
local program = require "support.program"

-- What is said of a line, at the prompt and in a script.
local function said(setup, line)
  local _, prompt = program.run({"-i"}, {input = setup .. "\n" .. line .. "\n"})
  local text = setup .. "\nlocal function inner()\n  " .. line .. "\nend\ninner()\n"
  local script
  program.with_folder(function(folder)
    _, script = program.run({program.file(folder .. "/s.lua", text)})
  end)
  return prompt:match "^[^\n]*", script:match "^[^\n]*"
end

local function expect(setup, lines)
  for line, wanted in pairs(lines) do
    local prompt, script = said(setup, line)
    check.that(prompt and prompt:find(wanted, 1, true), ("%s: the prompt says: %s"):format(line, prompt))
    check.that(script and script:find(wanted, 1, true), ("%s: a script says: %s"):format(line, script))
    check.that(prompt:find "^prompt%[2%]:1: " and script:find "s%.lua:%d+: ", prompt .. "\n" .. script)
  end
end

check.case("libraries", function()
  expect("unused = 1", {
    ["local l = nn.Conv2D(3, 8, 3)"] = "nn has no 'Conv2D', did you mean 'nn.Conv2d'?",
    ["local o = optim.sgd({})"] = "optim has no 'sgd', did you mean 'optim.SGD'?",
    ["local t = rm.tensr {1}"] = "rm has no 'tensr', did you mean 'rm.tensor'?",
    ["train.runn {}"] = "train has no 'runn', did you mean 'train.run'?",
    ["data.mnst 'x'"] = "data has no 'mnst', did you mean 'data.mnist'?",
    ["metrics.acuracy({}, {})"] = "metrics has no 'acuracy', did you mean 'metrics.accuracy'?",
    ["plot.curve {}"] = "plot has no 'curve', did you mean 'plot.curves'?",
    ["search.rum {}"] = "search has no 'rum', did you mean 'search.run'?",
    ["rm.sys.lst '.'"] = "rm.sys has no 'lst', did you mean 'rm.sys.list'?",
    ["optim.schedule.cosine(1)"] = "optim.schedule has no 'cosine', did you mean 'optim.schedule.Cosine'?",
    ["data.transforms.filp()"] = "data.transforms has no 'filp', did you mean 'data.transforms.flip'?",
    ["models.resnet21()"] = "models: there is no 'resnet21', did you mean 'resnet20'?",
    ["nn.CrossEntropyLoss()"] = "nn has no 'CrossEntropyLoss': the loss is a method of the scores: net(x)",
    ["nn.Zzzzzzz()"] = "nn has no 'Zzzzzzz' (help \"nn\" lists what it has)",
    ["string.formt('x')"] = "string has no field 'formt', did you mean 'format'?",
    ["math.sqr(2)"] = "math has no field 'sqr', did you mean 'sqrt'?",
  })
end)

check.case("methods and parts of networks, optimizers, data, texts", function()
  expect("net = models.resnet20() opt = optim.SGD(net:parameters(), {lr = 1}) ds = data.shapes10 {size = 5} s = 'x'", {
    ["net:parmeters()"] = "net has no method 'parmeters', did you mean 'parameters'?",
    ["models.resnet20():parmeters()"] = "a network has no method 'parmeters', did you mean 'parameters'?",
    ["net.conv2(rm.zeros(1, 3, 32, 32))"] = "net has no field 'conv2', did you mean 'conv1'?",
    ["local w = net.conv2.weight"] = "net has no field 'conv2', did you mean 'conv1'?",
    ["local w = net.layer1[1].conv3.weight"] = "net.layer1[1] has no field 'conv3', did you mean 'conv1'?",
    ["net.backbone:eval()"] = "net has no field 'backbone'; its parts are conv1, bn1, ",
    ["net.conv1:parmeters()"] = "Conv2d has no field or method \"parmeters\", did you mean \"parameters\"?",
    ["net:cuda()"] = "net has no method 'cuda': everything is computed on the processor",
    ["opt:stpe()"] = "opt has no method 'stpe', did you mean 'step'?",
    ["opt.zero_gard(opt)"] = "opt has no field 'zero_gard', did you mean 'zero_grad'?",
    ["ds:sizee()"] = "ds has no method 'sizee', did you mean 'size'?",
    ["s:uper()"] = "s has no method 'uper', did you mean 'upper'?",
  })
end)

check.case("tensors and settings", function()
  expect("x = rm.zeros(2)", {
    ["x:sumn()"] = 'a tensor has no field or method "sumn", did you mean "sum"?',
    ["local s = x.shap"] = 'a tensor has no field or method "shap", did you mean "shape"?',
    ["x:numpy()"] = "a tensor has no 'numpy': x:totable() gives its numbers",
    ["nn.Conv2d(3, 8, 3, {paddding = 1})"] = 'unknown option "paddding", did you mean "padding"?',
  })
  local _, prompt = program.run({"-i"}, {input = "train.run {epoch = 3}\n"})
  check.that(prompt:find("train: unknown setting 'epoch', did you mean 'epochs'?", 1, true), prompt)
end)

check.case("a misspelt global that is called in a script names the nearest", function()
  program.with_folder(function(folder)
    local _, script = program.run({program.file(folder .. "/s.lua", "pritn(3)\n")})
    check.that(script:find("s.lua:1: there is no variable 'pritn', did you mean 'print'?", 1, true), script)
  end)
end)

check.case("asking whether a field is there stays legal, and is no result to explain", function()
  local out, complaints = program.run({"-i"}, {input = [[
net = models.resnet20()
if net.shortcut then print "there" else print "not there" end
net.conv2
net.qqqqqqq
nothing = {}
nothing.x
rawget(nn, "Conv2D")
]]})
  check.equal(complaints, "")
  check.equal(out, "> > not there\n> nil  (net has no field 'conv2', did you mean 'conv1'?)\n> nil\n> > nil\n> nil\n"
                   .. "> \n")
end)

check.case("a misspelt global in a user's module is an error where the prompt calls it", function()
  program.with_folder(function(folder)
    program.file(folder .. "/mine.lua", [[
local unpack = unpack or table.unpack        -- a file for several versions of Lua
local M = {}
function M.rate(n) return lerning_rate * n end
function M.value() return first_ebaudio end
function M.count() return rm.zros(2) end
return M
]])
    local out, complaints = program.run({"-i"}, {folder = folder, input = [[
learning_rate = 0.1
mine = require "mine"
mine.rate(2)
mine.value()
lerning_rate = 0.5
mine.rate(2)
]]})
    check.that(complaints:find("./mine.lua:3: there is no variable 'lerning_rate', did you mean 'learning_rate'?", 1,
                               true), complaints)
    check.that(complaints:find("./mine.lua:4: there is no variable 'first_ebaudio'\n", 1, true), complaints)
    check.equal(out, "> > > > > > 1.0\n> \n")
    -- A script that requires it is told where the nil is used.
    program.file(folder .. "/s.lua", 'learning_rate = 0.1\nlocal mine = require "mine"\nprint(mine.value())\n'
                                     .. "mine.rate(2)\n")
    out, complaints = program.run({"s.lua"}, {folder = folder})
    check.equal(out, "nil\n")
    check.that(complaints:find("there is no variable 'lerning_rate', did you mean 'learning_rate'?", 1, true),
               complaints)
    out, complaints = program.run({"--strict", "s.lua"}, {folder = folder})
    check.equal(out, "")
    check.that(complaints:find("./mine.lua:4: there is no variable 'first_ebaudio'", 1, true), complaints)
  end)
end)
