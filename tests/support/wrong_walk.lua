--- Calls every public function wrongly, from the parts of rm down, and the methods of objects.
--
--     resmoon tests/support/wrong_walk.lua RESULT parts|objects [pairs]
--
-- A process of its own in a folder of its own, for calls that succeed leave files behind, and print. RESULT gets a
-- line for each function that failed inside the library, and at last the number of calls.
local root = arg[0]:match "^(.*)/support/"
package.path = root .. "/?.lua;" .. package.path
local rm    = require "resmoon"
local wrong = require "support.wrong"

local result, what = arg[1], arg[2]
wrong.pairs = arg[3] == "pairs"

-- What is not called, and why.
local exempt = {
  ["rm.sys.sleep"] = "it sleeps", ["rm.sys.spawn"] = "it starts processes", ["rm.sys.run"] = "it starts processes",
  ["rm.set_num_threads"] = "the largest number is accepted, and threads are started",
  ["rm.set_module_path"] = "of the library: errors of all that follows would ask the function",
  ["rm.set_layer_hooks"] = "of the library: modules check before they call it",
  ["rm.layer_hooks"] = "of the library: modules check before they call it",
  ["rm.layer_constructors"] = "the constructors that rm.nn has, without their checks",
  ["rm.bind_docs"] = "texts, no functions",
  ["rm.world.abort"] = "it ends this process, and all that work with it",
  ["rm.interrupt"] = "it holds the interrupt of this process",
  ["rm.data.fetch"] = "it downloads",
  ["rm.machine.bandwidth"] = "it measures for a second",
}
for _, name in ipairs {"resnet34", "resnet50", "resnet101", "resnet152", "resnet1202", "resnet44", "resnet56",
                       "resnet110", "resnet32", "plain34", "plain50", "plain32", "plain44", "plain56", "plain110",
                       "vgg19"} do
  exempt["rm.models." .. name] = "the function of a smaller network of its family, with other numbers"
end

-- data.shapes10() makes 50000 images; here twenty are enough.
local made = rm.imaging.shapes10
function rm.imaging.shapes10(n, ...) return made(math.type(n) == "integer" and math.min(n, 20) or n, ...) end

local net = rm.nn.Sequential {rm.nn.Conv2d(3, 2, 3), rm.nn.BatchNorm2d(2), rm.nn.ReLU(), rm.nn.Flatten(),
                              rm.nn.Linear(1800, 10)}
local dataset = rm.data.shapes10 {size = 20}
local loader = rm.data.Loader(dataset, {batch_size = 10})
local optimizer = rm.optim.SGD(net:parameters(), {lr = 0.1})
local run = {name = "mlp", config = {model = "mlp"}, rows = {{epoch = 1, train_loss = 1, train_error = 9}},
             log = {epoch = {1}, train_loss = {1}, train_error = {9}}}

-- What functions are for, as a first argument.
local function things()
  return {rm.randn(4, 3), rm.zeros({2, 3, 8, 8}, "uint8"), net, dataset, loader, optimizer, rm.generator(1),
          rm.train.config.complete {model = "mlp", epochs = 1}, {run}, rm.tensor({1, 2, 3, 1}, "int64"),
          {{0.1, 0.9}, {0.8, 0.2}}}
end

local function public(t)
  local keys = {}
  for key in next, t do
    if type(key) == "string" and key:sub(1, 1) ~= "_" then keys[#keys + 1] = key end
  end
  table.sort(keys)
  return keys
end

local seen = {}
local function callable(f)
  local meta = type(f) == "table" and getmetatable(f)
  return type(f) == "function" or meta and rawget(meta, "__call") ~= nil
end

local function walk(name, t)
  if seen[t] then return end
  seen[t] = true
  for _, key in ipairs(public(t)) do
    local f, path = rawget(t, key), name .. "." .. key
    if not exempt[path] and not (type(f) == "function" and seen[f]) then
      if type(f) == "function" then seen[f] = true end
      if callable(f) then
        wrong.calls(path, f)
        wrong.with(path, f, things())
      end
      if type(f) == "table" then walk(path, f) end
    end
  end
end

local function parts()
  for _, part in ipairs(rm.parts) do local _ = rm[part] end  -- loads them
  walk("rm", rm)
  walk("report", require "resmoon.report")
end

-- What classes are made of: an object was made already, and forward is called by the module.
local inner = {init = true, forward = true}

local function objects()
  local sgd = rm.optim.SGD({rm.zeros(2, {requires_grad = true})}, {lr = 0.1})
  local schedule = rm.optim.schedule.Step(sgd, {step_size = 2})
  local list = {
    dataset = dataset, loader = loader, optimizer = sgd, schedule = schedule,
    multistep = rm.optim.schedule.MultiStep(sgd, {milestones = {2}}),
    cosine = rm.optim.schedule.Cosine(sgd, {T_max = 5}),
    exponential = rm.optim.schedule.Exponential(sgd, {gamma = 0.5}),
    onecycle = rm.optim.schedule.OneCycle(sgd, {max_lr = 1, total_steps = 9}),
    cyclic = rm.optim.schedule.Cyclic(sgd, {base_lr = 0.1, max_lr = 1}),
    lambda = rm.optim.schedule.Lambda(sgd, {lr_lambda = function() return 1 end}),
    adam = rm.optim.Adam({rm.zeros(2, {requires_grad = true})}),
    group_norm = rm.nn.GroupNorm(2, 4), handle = net:register_forward_hook(function() end),
    plateau = rm.optim.schedule.Plateau(sgd), warmup = rm.optim.schedule.Warmup(schedule, {warmup_steps = 2}),
    rows = rm.data.from_tensors(rm.randn(4, 2), rm.tensor({1, 2, 1, 2}, "int64")),
    joined = rm.data.concat {dataset, dataset},
    turned = dataset:transformed(rm.data.transforms.center_crop(8)),
    confusion = rm.metrics.confusion(3), log = rm.train.Log(), ema = rm.optim.EMA(net, {decay = 0.9}),
    block = rm.nn.BasicBlock(4, 4), generator = rm.generator(1),
  }
  local names = {}
  for name in pairs(list) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local object, done = list[name], {}
    local meta = getmetatable(object)
    local function methods(t)
      while type(t) == "table" do
        for _, key in ipairs(public(t)) do
          local f = rawget(t, key)
          if type(f) == "function" and not done[key] and not inner[key] then
            done[key] = true
            f = object[key]
            wrong.calls(name .. ":" .. key, f, {object})
            wrong.calls(name .. "." .. key, f)
          end
        end
        t = rawget(t, "super")
      end
    end
    methods(meta)
    methods(meta.__index)
    if name == "rows" or name == "joined" or name == "turned" then methods(rm.data.Dataset) end
    for _, value in ipairs(wrong.values()) do
      wrong.try(name .. "[]", function() return object[value] end)
      wrong.try(name .. "#", function() return #object, tostring(object) end)
    end
  end
end

local walks = {parts = parts, objects = objects}
walks[what]()

local file <close> = assert(io.open(result, "w"))
table.sort(wrong.found)
for _, line in ipairs(wrong.found) do file:write((line:gsub("\n", " ")), "\n") end
file:write(wrong.tried, " calls\n")
