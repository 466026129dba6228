--- watch and resume; the curve they draw.
local check = require "support.check"
local rm    = require "resmoon"
local curve = require("resmoon.plot.textcurve").lines
local Live  = require "resmoon.train.live"
local forget = require "resmoon.train.watch".forget
local train = rm.train

-- An rm.interrupt for one call: Ctrl-C while step n is under way, counted from the call.
local function interrupt_at(n, f)
  local asked, real = 0, rm.interrupt
  rm.interrupt = {hold = function() end, clear = function() end, pending = function()
    asked = asked + 1
    return asked >= n
  end}
  local ok, result = pcall(f)
  rm.interrupt = real
  if not ok then error(result, 0) end
  return result
end

-- What f writes is for a terminal, or for nobody.
-- luacheck: push ignore 122
local function silent(f)
  local real, text = io.stdout, {}
  io.stdout = {write = function(_, ...) text[#text + 1] = table.concat({...}) end, flush = function() end}
  local ok, result = pcall(f)
  io.stdout = real
  if not ok then error(result, 0) end
  return result, table.concat(text)
end
-- luacheck: pop

local function trainer()
  rm.manual_seed(3)
  local images, labels = rm.rand(60, 3, 8, 8), {}
  for i = 1, 60 do labels[i] = (i - 1) % 3 + 1 end
  local ds = rm.data.Dataset.new {images = (images * 255):byte():contiguous(), labels = rm.tensor(labels, "int64"),
                                  name = "noise", classes = {"a", "b", "c"}}
  local conv = rm.nn.Conv2d(3, 4, 3)
  local net = rm.nn.Sequential {conv, rm.nn.BatchNorm2d(4), rm.nn.ReLU(), rm.nn.Dropout(0.3), rm.nn.Flatten(),
                                rm.nn.Linear(144, 3)}
  local opt = rm.optim.SGD(net:parameters(), {lr = 0.05, momentum = 0.9})
  local loader = rm.data.Loader(ds, {batch_size = 10, shuffle = true, augment = true})
  return {net = net, optimizer = opt, train = loader, test = rm.data.Loader(ds, {batch_size = 30}), epochs = 3,
          schedule = rm.optim.schedule.OneCycle(opt, {max_lr = 0.05, total_steps = 18}), schedule_unit = "step"}
end

local function weights(net)
  local list = {}
  for _, name in ipairs(net:state_dict()) do list[#list + 1] = net:state_dict()[name]:clone() end
  return list
end

check.case("stopped and taken up again, it ends with the same bits, whatever is done in between", function()
  local whole = silent(function() return rm.watch(trainer()) end)
  check.equal({whole.stopped, whole.epochs}, {"finished", 3})
  for _, at in ipairs {1, 4, 7, 8, 12} do  -- the seventh is asked for by the tests after epoch 1
    local part, said = silent(function() return interrupt_at(at, function() return rm.watch(trainer()) end) end)
    check.equal(part.stopped, "interrupted")
    check.that(said:find("to go on: resume()", 1, true), said)
    check.that(tostring(part):find("stopped, and resume() goes on", 1, true))
    -- a person looks around
    rm.manual_seed(99)
    local x = part.trainer.train:epoch(2)()
    part.net:eval()
    part.net(x)
    rm.activations(part.net, x, {grad = true})
    rm.randn(5)
    local rest = silent(rm.resume)
    check.equal({rest.stopped, rest.epochs, rest.net == part.net}, {"finished", 3, true})
    local a, b = weights(whole.net), weights(rest.net)
    for i = 1, #a do check.equal(b[i], a[i]) end
    for i, row in ipairs(whole.log.rows) do
      check.equal({rest.log.rows[i].train_loss, rest.log.rows[i].test_error, rest.log.rows[i].lr},
                  {row.train_loss, row.test_error, row.lr})
    end
  end
  forget()
end)

check.case("a network that is changed in between is trained on", function()
  local options = trainer()
  options.schedule = nil
  local part = silent(function() return interrupt_at(4, function() return rm.watch(options) end) end)
  part.net:replace("5", rm.nn.Linear(144, 3))
  part.net:insert("3", rm.nn.Conv2d(4, 4, 1))
  local fresh = weights(part.net[7])
  local rest = silent(function() return rm.resume {epochs = 4} end)
  check.equal({rest.epochs, #rest.trainer.optimizer.groups[1].params}, {4, 8})
  check.that(rest.net[7].weight:ne(fresh[1]):any():item() ~= 0)
  check.error(function() rm.resume() end, "resume: Sequential has made its 4 epochs; resume{epochs = 8} goes on")
  forget()
end)

check.case("settings, trainers and folders are watched", function()
  local folder = rm.sys.mkdtemp("/tmp/resmoon-watch-")
  local settings = {model = "mlp", optimizer = "adam", epochs = 1, batch_size = 16, lr = 0.01, train_size = 32,
                    test_size = 16, folder = folder .. "/run", drawing = {}}
  local first, said = silent(function() return rm.watch(settings) end)
  check.equal({first.stopped, first.config.model, first.folder}, {"finished", "mlp", folder .. "/run"})
  check.that(not said:find("\27", 1, true) or Live.possible())
  check.that(rm.sys.exists(folder .. "/run/last.safetensors"))
  check.equal(silent(function() return rm.watch(folder .. "/run") end).stopped, "finished")
  rm.sys.run({"rm", "-rf", folder})
  local made = train.Trainer(trainer())
  check.equal(silent(function() return rm.watch(made) end).trainer, made)
  forget()
end)

check.case("what cannot be watched is named", function()
  check.error(function() rm.watch(3) end, "watch: argument 1 is a number, expected settings")
  check.error(function() rm.watch {model = "resnet21"} end, "did you mean 'resnet20'")
  check.error(function() rm.watch {net = rm.nn.ReLU()} end, "'optimizer' is missing")
  check.error(function() rm.resume {epoch = 3} end, "unknown option 'epoch', did you mean 'epochs'?")
  check.error(function() rm.resume {epochs = 0} end, "epochs is 0, expected a whole number from 1")
end)

check.case("a run that is forgotten is not kept alive", function()
  silent(function() return rm.watch(trainer()) end)
  forget()
  check.error(rm.resume, "resume: there is no run to go on with; watch{...} starts one")
end)

check.case("a curve of characters", function()
  local points = {{1, 4}, {2, 3}, {3, 2}, {4, 1}}
  check.equal(curve({points}, {width = 4, height = 4}, {1, 4}, {1, 4}, {braille = false}),
              {"*   ", " *  ", "  * ", "   *"})
  check.equal(curve({{{1, 0}, {2, 0 / 0}, {3, 4}}}, {width = 3, height = 5}, {1, 3}, {0, 4}, {braille = false}),
              {"  *", "  *", " * ", " * ", "*  "})
  check.equal(curve({{{1, 0}, {2, 1}}}, {width = 1, height = 1}, {1, 2}, {0, 1}, {braille = true}), {"⡸"})
  check.equal(curve({}, {width = 3, height = 2}, {1, 2}, {0, 1}, {braille = true}), {"   ", "   "})
  local two = {{{1, 4}, {4, 4}}, {{1, 1}, {4, 1}}}   -- several have a character, or a color, each
  check.equal(curve(two, {width = 4, height = 2}, {1, 4}, {1, 4}, {braille = true, color = false}), {"****", "oooo"})
  local lines = curve(two, {width = 1, height = 1}, {1, 4}, {1, 4}, {braille = true, color = true})
  check.equal(lines, {"\27[38;5;166m⣉\27[0m"})
end)

check.case("frames fit the terminal and have always as many lines; a long run stays small", function()
  local live = Live.new("net", 3)
  local seen
  silent(function()
    for i = 1, 5000 do
      live.screen.drawn = math.huge  -- no frame now
      live:step {epoch = 1, step = i, steps = 5000, lr = 0.1, loss = 3 / i, error = 50, rate = 1000, left = 30,
                 value = i == 7 and 0 / 0 or 3 / i}
      if i % 999 == 1 then
        for _, size in ipairs {{24, 80}, {14, 44}, {60, 200}} do
          local lines = live:frame(size[1], size[2])
          check.that(#lines <= size[1] - 1)
          for _, line in ipairs(lines) do check.that(utf8.len(line) < size[2], line) end
        end
        seen = seen or #live:frame(24, 80)
        check.equal(#live:frame(24, 80), seen)
      end
    end
  end)
  check.that(#live.trace.points <= 600)
  local count = 0
  for _, p in ipairs(live.trace.points) do count = count + p[3] end
  check.equal(count, 5000)
end)
