--- Networks of one's own as runs: what is kept of them, who can use them, and how they go on.
--
-- Scripts are run as a user runs them, in a folder of their own, and what they leave is used by other processes.
local check   = require "support.check"
local rm      = require "resmoon"
local program = require "support.program"
local train, nn, sys = rm.train, rm.nn, rm.sys

local HEAD = [[
local rm = require "resmoon"
local nn, train = rm.nn, rm.train
local Excite = nn.class("Excite", nn.Module)
function Excite:init(c) self.fc = nn.Linear(c, c) end
function Excite:forward(x)
  return x * self.fc(x:mean(4):mean(3)):sigmoid():reshape(x:size(1), x:size(2), 1, 1)
end
local function senet(o)
  local w = o and o.width or 4
  return nn.Sequential {nn.Conv2d(3, w, 3, {stride = 2, padding = 1, bias = false}), nn.BatchNorm2d(w), nn.ReLU(),
                        Excite(w), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(w, o and o.num_classes or 10)}
end
local SMALL = {epochs = 3, train_size = 48, test_size = 20, batch_size = 16, threads = 1, schedule = "cosine",
               drawing = {}}
local function settings(more) return train.config.with(SMALL, more) end
]]

local MODULE = HEAD:gsub("local SMALL.*", "") .. "return {senet = senet}\n"

local function content(path)
  local f <close> = assert(io.open(path, "rb"))
  return f:read "a"
end

local function edit(path, f) program.file(path, f(content(path))) end

local function resmoon(folder, ...)
  local out, err, status = program.run({...}, {folder = folder})
  check.equal(status, 0, out .. err)
  return out, err
end

local function refused(folder, message, ...)
  local out, err, status = program.run({...}, {folder = folder})
  check.that(status ~= 0, out)
  check.that(err:find(message, 1, true), ("expected %q in %q"):format(message, err))
  check.that(not err:find "stack traceback", err)
end

-- A folder with files by name: f(folder).
local function with_files(files, f)
  program.with_folder(function(folder)
    for name, text in pairs(files) do program.file(folder .. "/" .. name, text) end
    f(folder)
  end)
end

-- Every tensor of the checkpoints, and the logs without times, are the same.
local function same_bits(a, b)
  local x, y = train.checkpoint.load(a .. "/last.safetensors"), train.checkpoint.load(b .. "/last.safetensors")
  for name, tensor in pairs(x.net) do check.equal(y.net[name], tensor, name) end
  for name, tensor in pairs(x.optimizer.tensors) do check.equal(y.optimizer.tensors[name], tensor, name) end
  x.state.config, y.state.config = nil, nil
  check.equal(rm.json.encode(y.state), rm.json.encode(x.state))
  local function log(path)
    local columns = train.Log.read(path .. "/log.csv"):by_column()
    columns.seconds, columns.img_per_s = nil, nil
    return rm.json.encode {columns.steps, columns.lr, columns.train_loss, columns.test_loss}
  end
  check.equal(log(b), log(a))
end

local function own(folder) return train.folder.config(folder).own end

-- --- what is kept ---------------------------------------------------------------------------

check.case("a local function of a script: kept with its file, used by every command, the script long gone", function()
  local script = HEAD .. [[
    train.run(settings {model = senet, name = "senet"}, {folder = "runs/senet"})
    train.run(settings {model = "mlp"}, {folder = "runs/mlp"})]]
  with_files({["s.lua"] = script}, function(folder)
    resmoon(folder, "s.lua")
    local run = folder .. "/runs/senet"
    local c = train.folder.config(run)
    check.equal(c.model, "s.lua:senet")
    check.equal({c.own.by, c.own.name, c.own.call, c.own.copy}, {"call", "senet", 1, "network/s.lua"})
    check.equal(c.own.sha256, rm.sha256(script):digest())
    check.equal(content(run .. "/network/s.lua"), script)
    check.equal(c.lr, 0.0125)   -- 0.1 with batch norm, for batches of 16
    os.remove(folder .. "/s.lua")
    local before = content(run .. "/last.safetensors")
    local out = resmoon(folder, "evaluate", "runs/senet")
    check.that(out:find("senet on 20 test images of shapes10", 1, true), out)
    local kept = ("%.2f"):format(100 - train.folder.summary(train.folder.read(run)).kept)
    check.that(out:find("top-1 " .. kept .. "%", 1, true), out)
    check.that(resmoon(folder, "summary", "runs/senet"):find("(2, 3, 32, 32)", 1, true) == nil)
    check.that(resmoon(folder, "summary", "runs/senet"):find("[4].fc", 1, true))
    rm.data.write_png(folder .. "/a.png", rm.zeros({3, 40, 40}, "uint8"))
    check.that(resmoon(folder, "predict", "runs/senet", "a.png"):find("a.png", 1, true))
    out = resmoon(folder, "compare", "runs/senet", "runs/mlp")
    check.that(out:find("\nsenet +%d") and out:find("\nmlp +1,707,274"), out)
    resmoon(folder, "report", "runs/senet", "runs/mlp", "--out", "page.html")
    check.that(content(folder .. "/page.md"):find("senet | 3 |", 1, true), content(folder .. "/page.md"))
    resmoon(folder, "responses", "runs/senet", "--images", "8", "--figure", "r.svg")
    check.equal(content(run .. "/last.safetensors"), before)   -- nobody trained
    check.that(rm.plot.curves({run, folder .. "/runs/mlp"}, {file = folder .. "/curves.svg"}))
  end)
end)

check.case("killed and taken up by the command line: the same bits, from the copy", function()
  local script = HEAD .. [[
    local function kill(trainer) if trainer.steps == 5 and arg[1] == "killed" then os.exit(9) end end
    train.run(settings {model = senet}, {folder = "runs/" .. arg[1], hooks = {on_step = kill}})]]
  with_files({["s.lua"] = script}, function(folder)
    resmoon(folder, "s.lua", "whole")
    local _, _, status = program.run({"s.lua", "killed"}, {folder = folder})
    check.equal(status, 9)
    edit(folder .. "/s.lua", function(text) return (text:gsub("or 4", "or 6")) end)
    local _, err = resmoon(folder, "train", "--run", "runs/killed", "--resume")
    check.that(err:find("note: s.lua has changed since the run was begun; its copy is what builds the network: "
                        .. "runs/killed/network/s.lua", 1, true), err)
    same_bits(folder .. "/runs/whole", folder .. "/runs/killed")
    check.equal(own(folder .. "/runs/killed").args, {"killed"})
  end)
end)

check.case("the same script with resume = true goes on, too", function()
  local script = HEAD .. [[
    local function kill(trainer) if trainer.steps == 4 and arg[2] then os.exit(9) end end
    train.run(settings {model = senet}, {folder = "runs/" .. arg[1], resume = true, hooks = {on_step = kill}})]]
  with_files({["s.lua"] = script}, function(folder)
    resmoon(folder, "s.lua", "whole")
    program.run({"s.lua", "part", "kill"}, {folder = folder})
    resmoon(folder, "s.lua", "part")
    same_bits(folder .. "/runs/whole", folder .. "/runs/part")
  end)
end)

check.case("several trainings of a script: each has its own network, and values around a function are right", function()
  local script = HEAD .. [[
    for _, width in ipairs {3, 5} do
      local result = train.run(settings {model = function() return senet {width = width} end, name = "w" .. width},
                               {folder = "runs/w" .. width})
      print(result.best.error)
    end
    local net = senet {width = 7}
    train.run(settings {model = net, name = "given"}, {folder = "runs/w7"})
    train.several({{name = "w9", settings = settings {model = senet, width = 9}},
                   {name = "mlp", settings = settings {model = "mlp"}}}, {folder = "runs"})]]
  with_files({["s.lua"] = script}, function(folder)
    resmoon(folder, "s.lua")
    for call, width in ipairs {3, 5, 7, 9} do
      local path = folder .. "/runs/w" .. width
      check.equal(own(path).call, call)
      check.equal(train.load(path)[1].weight.shape, {width, 3, 3, 3})
    end
    resmoon(folder, "evaluate", "runs/w5")
    resmoon(folder, "compare", "runs/w3", "runs/w5", "runs/w7", "runs/w9", "runs/mlp")
  end)
end)

check.case("a global whose name is no identifier is not looked for in the file", function()
  local script = HEAD .. [[
    _G["a("] = senet
    train.run(settings {model = senet}, {folder = "runs/senet"})]]
  with_files({["s.lua"] = script}, function(folder)
    resmoon(folder, "s.lua")
    check.equal(own(folder .. "/runs/senet").name, "senet")
  end)
end)

check.case("a function of a module that the script requires, which requires another", function()
  local files = {
    ["blocks.lua"] = "return {width = 4}",
    ["nets.lua"] = MODULE:gsub("or 4", "or require('blocks').width"),
    ["s.lua"] = [[
      local rm = require "resmoon"
      local nets = require "nets"
      rm.train.run({model = nets.senet, epochs = 1, train_size = 20, test_size = 10, drawing = {}},
                   {folder = "runs/senet"})]],
  }
  with_files(files, function(folder)
    resmoon(folder, "s.lua")
    local c = train.folder.config(folder .. "/runs/senet")
    check.equal({c.model, c.name, c.own.by, c.own.copy}, {"nets.lua:senet", "senet", "name", "network/nets.lua"})
    check.equal({c.own.modules[1].name, c.own.modules[1].copy}, {"blocks", "network/blocks.lua"})
    program.file(folder .. "/blocks.lua", "return {width = 8}")
    local _, err = resmoon(folder, "evaluate", "runs/senet")
    check.that(err:find "note: .*changed", err)
    for name in pairs(files) do os.remove(folder .. "/" .. name) end
    resmoon(folder, "evaluate", "runs/senet")
    check.equal(train.load(folder .. "/runs/senet")[1].weight.shape, {4, 3, 3, 3})
    edit(folder .. "/runs/senet/network/nets.lua", function(text) return text .. "\n" end)
    refused(folder, "network/nets.lua is not the file that the run was begun with", "evaluate", "runs/senet")
    os.remove(folder .. "/runs/senet/network/nets.lua")
    refused(folder, "network/nets.lua, which builds the network, is gone", "evaluate", "runs/senet")
  end)
end)

-- --- the command line ---------------------------------------------------------------------------

local QUICK = {"--epochs", "2", "--train-size", "32", "--test-size", "10", "--batch-size", "16", "--threads", "1"}

check.case("--model FILE.lua:NAME: train, go on, compare, lrfind, search, bench, summary", function()
  with_files({["nets.lua"] = MODULE}, function(folder)
    local function quick(...)
      local words = {...}
      return resmoon(folder, table.unpack(table.move(QUICK, 1, #QUICK, #words + 1, words)))
    end
    local out = quick("train", "--model", "nets.lua:senet", "--width", "5")
    check.that(out:find("nets.lua:senet on shapes10: 32 images", 1, true), out)
    check.that(out:find("senet: best error", 1, true) and out:find("in runs/senet", 1, true), out)
    check.equal(train.load(folder .. "/runs/senet")[1].weight.shape, {5, 3, 3, 3})
    resmoon(folder, "train", "--run", "runs/senet", "--resume")
    out = quick("compare", "mlp", "nets.lua:senet")
    check.that(out:find("\nsenet +%d"), out)
    check.that(train.folder.is_run(folder .. "/runs/compare/senet"))
    out = resmoon(folder, "compare", "mlp", "nets.lua:senet", "--resume", table.unpack(QUICK))
    check.that(out:find("\nsenet +%d"), out)
    out = resmoon(folder, "lrfind", "--model", "nets.lua:senet", "--train-size", "32", "--batch-size", "16", "--steps",
                  "10", "--figure", "f.svg")
    check.that(out:find("nets.lua:senet on shapes10", 1, true), out)
    for _, workers in ipairs {"1", "2"} do
      quick("search", "--model", "nets.lua:senet", "--population", "2", "--generations", "1", "--workers", workers,
            "--run", "search" .. workers)
      check.equal(content(folder .. "/search1/trials/002.json"):gsub("\"seconds\": [%d.e-]+", ""),
                  (content(folder .. "/search" .. workers .. "/trials/002.json"):gsub("\"seconds\": [%d.e-]+", "")))
    end
    check.equal(content(folder .. "/search1/network/nets.lua"), MODULE)
    local plain = rm.json.decode(content(folder .. "/search1/trials/000.json"))
    check.equal(plain.stopped, "finished")
    edit(folder .. "/nets.lua", function(text) return text:gsub("or 4", "or 6") end)
    refused(folder, "search1 was begun with another training (own was", "search", "--model", "nets.lua:senet",
            "--population", "2", "--generations", "1", "--run", "search1", table.unpack(QUICK))
    check.that(resmoon(folder, "bench", "nets.lua:senet", "--mode", "infer", "--batch", "2", "--steps", "1", "--warmup",
                       "1", "--bare"):find("nets.lua:senet", 1, true))
    check.that(resmoon(folder, "summary", "nets.lua:senet", "--input", "3,8,8"):find("(6, 4, 4)", 1, true))
    refused(folder, "nets.lua has no 'sonet', did you mean 'senet'?", "train", "--model", "nets.lua:sonet")
    refused(folder, "nets.lua:senet does not look at options.block, which is to be basic", "train", "--model",
            "nets.lua:senet", "--block", "basic", "--run", "runs/none")
  end)
end)

-- --- where nothing can be kept ----------------------------------------------------------------------

check.case("a network built at the prompt: usable in the session, and with the network given again", function()
  with_files({["nets.lua"] = MODULE}, function(folder)
    local screen = program.type({
      "expect > ",
      ("send F = %q\\n"):format(folder), "expect > ",
      "send function net(o) return nn.Sequential {nn.Flatten(), nn.Linear(3072, 10)} end\\n", "expect > ",
      "send S = {epochs = 1, train_size = 20, test_size = 10, drawing = {}}\\n", "expect > ",
      "send S.model = net; r = train.run(S, {folder = F .. '/a', progress = false})\\n", "expect > ",
      "send r.config.model\\n", "expect net (own)", "expect > ",
      "send train.evaluate(F .. '/a').count\\n", "expect 10", "expect > ",
      "send S.model = net(); r = train.run(S, {folder = F .. '/b', progress = false})\\n", "expect > ",
      "send r.config.own.by\\n", "expect given", "expect > ",
      "send train.evaluate(F .. '/b').error == train.evaluate(F .. '/b', {model = net}).error\\n", "expect true",
      "expect > ", "send \\x04",
    })
    check.that(not screen:find "stack traceback", screen)
    for _, name in ipairs {"a", "b"} do
      refused(folder, "is not known any more: it was " .. (name == "a" and "typed in" or "built at the prompt"),
              "evaluate", name)
      refused(folder, 'train.load("' .. name .. '", {model = net})', "evaluate", name)
    end
    program.file(folder .. "/flat.lua", "return function() local nn = require('resmoon').nn\n"
                 .. "return nn.Sequential {nn.Flatten(), nn.Linear(3072, 10)} end")
    local out = resmoon(folder, "evaluate", "a", "--model", "flat.lua")
    check.that(out:find("on 10 test images", 1, true), out)
    refused(folder, "the weights are not those of the network that was given", "evaluate", "a", "--model",
            "nets.lua:senet")
    refused(folder, "is not known any more", "train", "--run", "a", "--resume", "--epochs", "2")
    resmoon(folder, "train", "--run", "a", "--resume", "--epochs", "2", "--model", "flat.lua")
    check.equal(#train.folder.read(folder .. "/a").rows, 2)
    resmoon(folder, "compare", "a", "b")   -- the logs need no network
    resmoon(folder, "report", "a", "b", "--no-evaluate", "--out", "page.html")
    check.that(content(folder .. "/page.md"):find("is not known any more", 1, true))
  end)
end)

-- A data set that is learned in a moment.
local function easy(n, seed)
  local images, labels = rm.rand(n, 1, 6, 6, {generator = rm.generator(seed)}) * 100, {}
  for i = 1, n do
    labels[i] = (i - 1) % 2 + 1
    if labels[i] == 2 then images[i] = images[i] + 100 end
  end
  return rm.data.Dataset.new {images = images:byte():contiguous(), labels = rm.tensor(labels, "int64"), name = "easy",
                              classes = {"dark", "bright"}}
end

local function options(folder, more)
  return train.config.with({folder = folder, sets = {easy(24, 1), easy(10, 2)}, progress = false}, more)
end
local PLAIN = {epochs = 2, batch_size = 8, schedule = "constant", drawing = {}, augment = false}
local function plain(more) return train.config.with(PLAIN, more) end

local function flat() return nn.Sequential {nn.Flatten(), nn.Linear(36, 2)} end

check.case("what is given is what trains: the network itself, while whoever loads the run has a clone", function()
  program.with_folder(function(folder)
    local net = flat()
    local result = train.run(plain {model = net, name = "flat"}, options(folder .. "/a"))
    check.that(result.net == net)
    local weight = net[2].weight:detach():clone()
    local loaded = train.load(folder .. "/a", {model = net})
    check.that(loaded ~= net)
    loaded[2].weight:detach():zero_()
    check.equal(net[2].weight, weight)
    check.equal(train.load(folder .. "/a", {model = flat})[2].weight.shape, {2, 36})
    check.error(function() train.load(folder .. "/a", {modle = flat}) end, "did you mean 'model'")
    check.error(function() train.load(folder .. "/a", {model = nn.Linear(36, 2)}) end, "not those of the network")
  end)
end)

check.case("a network of models.list() that was built by hand is that network", function()
  program.with_folder(function(folder)
    local net = rm.models.mlp {input = {1, 6, 6}, num_classes = 2}
    train.run(plain {model = net}, options(folder .. "/a"))
    local c = train.folder.config(folder .. "/a")
    check.equal({c.model, c.name, c.own.by, c.lr}, {"mlp", "mlp", "model", 0.01})
    local out = program.run {"summary", folder .. "/a"}
    check.that(out:find "fc3", out)
    train.run(plain {model = rm.models.mlp {input = {1, 6, 6}, num_classes = 2, hidden = {5}}}, options(folder .. "/b"))
    check.that(train.folder.config(folder .. "/b").own.by ~= "model")
  end)
end)

check.case("defaults look at the layers: rate and warm-up", function()
  local function rate(build, more)
    local trainer, c = require("resmoon.train.run").trainer(train.config.with({model = build, batch_size = 8}, more),
                                                           options(nil))
    check.that(c.schedule == "onecycle" or trainer.optimizer.lr == (c.warmup > 0 and c.lr / 10 or c.lr))
    return c
  end
  local function with_norm() return nn.Sequential {nn.Flatten(), nn.Linear(36, 2), nn.BatchNorm1d(2)} end
  check.equal(rate(flat).lr, 0.01)
  check.equal(rate(with_norm).lr, 0.00625)
  check.equal(rate(with_norm, {optimizer = "adam"}).lr, 0.001)
  check.equal(rate(flat, {lr = 0.5}).lr, 0.5)
  check.equal(rate(flat, {schedule = "onecycle"}).max_lr, 0.01)
  local function deep()
    local net = nn.Sequential {nn.Flatten()}
    for _ = 1, 109 do net:append(nn.Linear(36, 36)) end
    return net:append(nn.Linear(36, 2))
  end
  check.equal(rate(deep, {epochs = 20}).warmup, 1)
  check.equal(rate(flat, {epochs = 20}).warmup, 0)
end)

check.case("what cannot be trained is refused before anything is written", function()
  program.with_folder(function(folder)
    local function refuse(model, words, more)
      check.error(function() train.run(plain(train.config.with({model = model}, more)), options(folder .. "/a")) end,
                  words)
      check.that(not sys.exists(folder .. "/a"))
    end
    refuse(function() return nn.Sequential {nn.Flatten(), nn.Linear(36, 10)} end,
           "gives %(2, 10%) for 2 inputs, expected %(2, 2%): a score for each of the 2 classes.*num_classes")
    refuse(function() return nn.ReLU() end, "gives %(2, 1, 6, 6%) for 2 inputs, expected %(2, 2%)")
    refuse(function() return nn.Linear(3, 2) end, "linear")
    refuse(function() return 7 end, "returned a number, expected a module")
    refuse(function() error "no such thing" end, "no such thing")
    refuse(7, "train: model is a number, expected the name of a network")
    refuse({flat}, "train: model is a table, expected the name of a network")
    refuse(flat, "does not look at options.width, which is to be 3", {width = 3})
    refuse(flat, "does not look at options.reduction, which is to be 8", {model_options = {reduction = 8}})
    refuse(function() return nn.Sequential {nn.Conv2d(1, 2, 6), nn.BatchNorm2d(2), nn.Flatten()} end,
           "batches are of one image, and %[2%] of Sequential is a batch norm on maps of 1 x 1", {batch_size = 1})
  end)
end)

check.case("options of one's own reach the function, and a run keeps them", function()
  local text = "local nn = require('resmoon').nn\nreturn function(o) return nn.Sequential {nn.Flatten(), "
               .. "nn.Linear(36, o.hidden), nn.Linear(o.hidden, 2)} end"
  with_files({["n.lua"] = text}, function(folder)
    train.run(plain {model = folder .. "/n.lua", model_options = {hidden = 7}}, options(folder .. "/a"))
    check.equal(train.folder.config(folder .. "/a").model_options, {hidden = 7})
    check.equal(train.load(folder .. "/a")[2].weight.shape, {7, 36})
    check.equal(train.run(plain {model = "mlp", model_options = {hidden = {5}}}, options(folder .. "/b")).net.depth, 2)
  end)
end)

check.case("frozen parts stay frozen when a run goes on, and when it is loaded", function()
  program.with_folder(function(folder)
    local function frozen()
      return nn.Sequential {nn.Flatten(), nn.Linear(36, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)}
    end
    local net = frozen():freeze("1", "2", {batchnorm = true})
    local before = net[2].weight:detach():clone()
    train.run(plain {model = net}, options(folder .. "/a"))
    check.equal(net[2].weight, before)
    local loaded = train.load(folder .. "/a", {model = frozen})
    check.equal(table.concat(loaded:frozen().parameters, " "), "1.weight 1.bias 2.weight 2.bias")
    local result = train.resume(folder .. "/a", {model = frozen, epochs = 4}, options())
    check.equal(result.net[2].weight, before)
    check.equal(result.net[3].num_batches_tracked:item(), 0)
    check.equal(result.net[3].training, false)
  end)
end)

-- --- loops of one's own --------------------------------------------------------------------------

local TRAINER = HEAD .. [[
  rm.manual_seed(3)
  local function images(n, training) return rm.data.shapes10 {size = n, train = training} end
  local net = senet()
  local opt = rm.optim.SGD(net:parameters(), {lr = 0.05, momentum = 0.9})
  local loader = rm.data.Loader(images(48, true), {batch_size = 16, shuffle = true, augment = true})
  local schedule = rm.optim.schedule.OneCycle(opt, {max_lr = 0.1, total_steps = 9})
  local function kill(trainer) if trainer.steps == 5 and arg[2] then os.exit(9) end end
  local trainer = train.Trainer {
    net = net, optimizer = opt, schedule = schedule, schedule_unit = "step", train = loader,
    test = rm.data.Loader(images(20, false), {mean = images(48, true).mean, std = images(48, true).std}),
    epochs = 3, folder = arg[1], name = "byhand", resume = true, hooks = {on_step = kill},
    loss = function(scores, y) return scores:cross_entropy(y, {label_smoothing = 0.1}) end,
  }
  trainer:fit()]]

check.case("a Trainer with a folder leaves a run, and the script goes on to the same bits", function()
  with_files({["t.lua"] = TRAINER}, function(folder)
    resmoon(folder, "t.lua", "runs/whole")
    check.equal(sys.list(folder .. "/runs/whole"),
                {"best.safetensors", "config.json", "data.json", "last.safetensors", "log.csv", "network"})
    local _, _, status = program.run({"t.lua", "runs/part", "kill"}, {folder = folder})
    check.equal(status, 9)
    refused(folder, "runs/part was trained by a script of your own with train.Trainer", "train", "--run", "runs/part",
            "--resume")
    resmoon(folder, "t.lua", "runs/part")
    same_bits(folder .. "/runs/whole", folder .. "/runs/part")
    local c = train.folder.config(folder .. "/runs/whole")
    check.equal({c.name, c.model, c.optimizer, c.schedule, c.epochs, c.batch_size, c.data, c.test_size, c.hand_made},
                {"byhand", "t.lua:byhand", "sgd", "onecycle", 3, 16, "shapes10", 20, true})
    check.equal({c.lr ~= nil, c.max_lr, c.parameters, c.augment}, {true, 0.1, 4 * 27 + 8 + 20 + 50, true})
    os.remove(folder .. "/t.lua")
    local out = resmoon(folder, "evaluate", "runs/whole")
    local kept = ("%.2f"):format(100 - train.folder.summary(train.folder.read(folder .. "/runs/whole")).kept)
    check.that(out:find("byhand on 20 test images of shapes10", 1, true) and out:find("top-1 " .. kept, 1, true), out)
    rm.data.write_png(folder .. "/a.png", rm.zeros({3, 40, 40}, "uint8"))
    resmoon(folder, "predict", "runs/whole", "a.png")
    resmoon(folder, "compare", "runs/whole", "runs/part")
    resmoon(folder, "report", "runs/whole", "--evaluation", "--out", "page.html")
    check.that(rm.plot.curves({folder .. "/runs/whole"}, {file = folder .. "/curves.svg"}))
  end)
end)

check.case("images that a script alone has: said so, and others can be given", function()
  program.with_folder(function(folder)
    local net = flat()
    local trainer = train.Trainer {net = net, optimizer = rm.optim.Adam(net:parameters()), epochs = 1,
                                   train = rm.data.Loader(easy(24, 1), {batch_size = 8}), progress = false,
                                   test = rm.data.Loader(easy(10, 2)), folder = folder .. "/a"}
    trainer:fit()
    check.equal(train.folder.config(folder .. "/a").data, "given")
    check.error(function() train.evaluate(folder .. "/a", {model = net}) end, "data sets that a program gave")
    check.equal(train.evaluate(folder .. "/a", {model = net, data = easy(10, 2)}).count, 10)
    check.equal(trainer:fit().epochs, 1)   -- it is at its end
  end)
end)

check.case("an option of train.run that there is not is refused before anything is trained or written", function()
  program.with_folder(function(folder)
    local settings = {model = "mlp", epochs = 1, train_size = 20, test_size = 10}
    check.error(function() train.run(settings, {foldr = folder .. "/a"}) end, "unknown option 'foldr'.-'folder'")
    check.error(function() train.run(settings, {folder = folder .. "/a", epochs = 3}) end, "unknown option 'epochs'")
    check.that(not sys.exists(folder .. "/a"), "a folder was made")
    train.run(settings, {folder = folder .. "/a", progress = false})
    check.error(function() train.resume(folder .. "/a", {}, {progres = false}) end, "unknown option 'progres'")
  end)
end)
