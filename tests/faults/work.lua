--- What faults are injected into: operations with names, each a table {name =, run =, begin =, state =}.
-- begin: before each run, without faults; state: what must be as it was where a run failed, as a text.
local rm = require "resmoon"
local pictures = require("resmoon.core").data
local data, models, optim, plot, train = rm.data, rm.models, rm.optim, rm.plot, rm.train

local folder = rm.sys.mkdtemp "/tmp/resmoon-faults-"
local work = {folder = folder}

local function add(w)
  w.begin = w.begin or function() end
  work[#work + 1] = w
end

-- Every operator, forward and backward, and every optimizer.
do
  local cases = loadfile("tests/support/bits_of_operators.lua", "t", setmetatable({arg = {}}, {__index = _G}))()
  for _, c in ipairs(cases) do add {name = "operator " .. c.name, begin = cases.begin, run = c.run} end
end

local function network()
  rm.manual_seed(3)
  return models.resnet20 {width = 2, num_classes = 10}
end

local x, y = data.shapes10({size = 4}):batch(4)
local shown = x[1]
x = x:float() / 255

-- --- the network stays as it is ----------------------------------------------------------------------
local net
local function fresh() net = network() end
local function hash() return net:hash() end
-- All that a failed backward could leave: gradients of some parameters and not of others.
local function gradients()
  local sums = {}
  for name, p in net:named_parameters() do
    sums[#sums + 1] = name .. (p.grad and rm.sha256():update(p.grad):digest():sub(1, 8) or "-")
  end
  return table.concat(sums, " ")
end

add {name = "a network is built", run = function() network() end}
add {name = "inference", begin = fresh, state = hash, run = function()
  net:eval()
  rm.no_grad(function() net(x):argmax(2):totable() end)
end}
add {name = "backward of a network", begin = fresh, state = gradients, run = function()
  net(x):cross_entropy(y):backward()
end}
do
  local loss
  add {name = "backward alone", state = gradients, run = function() loss:backward() end, begin = function()
    fresh()
    net(x):cross_entropy(y):backward()
    loss = net(x):cross_entropy(y)
  end}
end

for _, o in ipairs {{"SGD", {lr = 0.1, momentum = 0.9, nesterov = true, weight_decay = 1e-3}}, {"Adam", {lr = 0.01}},
                    {"AdamW", {lr = 0.01}}, {"RMSprop", {lr = 0.01, momentum = 0.9, centered = true}}} do
  local optimizer
  add {name = "a step of " .. o[1], state = hash, run = function() optimizer:step() end, begin = function()
    fresh()
    optimizer = optim[o[1]](net:parameters(), o[2])
    net(x):cross_entropy(y):backward()
  end}
end

-- --- files -------------------------------------------------------------------------------------------
local file = folder .. "/file.safetensors"
local function content(path)
  local f <close> = io.open(path, "rb")
  return f and f:read "a" or "none"
end
local function digest(path) return rm.sha256():update(content(path)):digest() end

add {name = "save", begin = function() fresh() rm.save(file, {w = rm.ones(3)}) end,
     state = function() return digest(file) end,
     run = function() rm.save(file, net:state_dict(), {note = "text", other = "ü"}) end}
add {name = "load", begin = function() fresh() rm.save(file, net:state_dict(), {note = "text", other = "ü"}) end,
     state = hash, run = function() rm.load(file) end}
add {name = "load into a network", state = hash, begin = function()
  rm.manual_seed(4)
  net = models.resnet20 {width = 2, num_classes = 10}
  rm.save(file, net:state_dict())
  fresh()
end, run = function() net:load_state_dict(rm.load(file)) end}
add {name = "json", run = function()
  rm.json.decode(rm.json.encode {a = {1, 2, {b = "text"}}, c = "ü", d = 0.5, e = true})
  rm.json.decode '[[-1234567890.12345678901234567890e-10, "a text of more than sixteen bytes"]]'
end}
add {name = "sha256 of a file", begin = function() rm.save(file, {w = rm.ones(3)}) end,
     run = function() rm.sha256():file(file):digest() end}
local picture = folder .. "/picture.png"
add {name = "write a PNG", state = function() return digest(picture) end,
     begin = function() rm.write_atomic(picture, "old") end,
     run = function() pictures.write_png(picture, shown) end}
add {name = "read a PNG", begin = function() pictures.write_png(picture, shown) end,
     run = function() pictures.read_image(picture) end}
for _, name in ipairs {"progressive.jpg", "cmyk.jpg", "420.png"} do
  add {name = "read " .. name, run = function() pictures.read_image("tests/lua/data/pictures/" .. name) end}
end

-- --- training and figures ----------------------------------------------------------------------------
local RUN = {model = "mlp", train_size = 8, test_size = 8, batch_size = 4, epochs = 1, size = 8, lr = 0.01,
             schedule = "constant", augment = false}
local n = 0
add {name = "a run of training", run = function()
  n = n + 1
  train.run(RUN, {folder = folder .. "/run" .. n, progress = false})
end}
add {name = "figure", begin = function() rm.write_atomic(folder .. "/figure.svg", "old") end,
     state = function() return digest(folder .. "/figure.svg") end,
     run = function() assert(plot.lines({{1, 3, 2}}, {file = folder .. "/figure.svg"})) end}

function work.finish() rm.sys.run {"rm", "-rf", folder} end

return work
