--- Methods called wrongly: the error must be about the call, not about a line of ours.
--
-- Every method of tensors, layers, modules and optimizers is called with a dot, with wrong types and counts, nil, 0,
-- NaN, huge numbers and foreign userdata. A call may well succeed; what it must not do is crash, or fail
-- with `attempt to ...` raised from inside the library.
local check = require "support.check"
local program = require "support.program"
local rm    = require "resmoon"
local wrong = require "support.wrong"

-- What classes are made of, not what users call: checked where it is called from.
local inner = {init = true, forward = true, reset = true, label = true, type_of = true, each_child = true, super = true,
               state_list = true, step_group = true}

local values = wrong.values

local function none(found)
  table.sort(found)
  check.that(#found == 0, ("%d internal errors:\n%s"):format(#found, table.concat(found, "\n")))
end

local function try(_, name, f, ...) wrong.try(name, f, ...) end

check.case("methods of tensors, layers and modules", function()
  local found = wrong.found
  local objects = {
    tensor = rm.randn(2, 3), scalar = rm.tensor(1.5), labels = rm.tensor({1, 2}, "int64"),
    layer = rm.nn.Conv2d(1, 2, 3),
    bn = rm.nn.BatchNorm2d(2), module = rm.nn.Sequential {rm.nn.Linear(3, 2)}, net = rm.models.resnet20(),
    sgd = rm.optim.SGD({rm.zeros(2, {requires_grad = true})}, {lr = 0.1}),
  }
  for kind, object in pairs(objects) do
    local names, meta = {}, getmetatable(object)
    local function add(t)
      while type(t) == "table" do
        for key, value in pairs(t) do
          local public = type(key) == "string" and key:sub(1, 2) ~= "__" and not inner[key]
          if public and type(value) == "function" then names[key] = value end
        end
        t = rawget(t, "super")
      end
    end
    add(meta)
    add(type(meta.__index) == "table" and meta.__index or nil)
    if kind == "layer" or kind == "bn" then add(rm.layer_methods) end
    local sorted = {}
    for name in pairs(names) do sorted[#sorted + 1] = name end
    table.sort(sorted)
    for _, name in ipairs(sorted) do
      local f = names[name]
      try(found, kind .. "." .. name, f)
      try(found, kind .. ":" .. name, f, object)
      for _, value in ipairs(values()) do
        try(found, kind .. "." .. name, f, value)
        try(found, kind .. ":" .. name, f, object, value)
        try(found, kind .. ":" .. name, f, object, 1, value)
      end
    end
    for _, value in ipairs(values()) do
      try(found, kind .. "()", function() return object(value) end)
      try(found, kind .. "[]", function() return object[value] end)
    end
  end
  none(found)
end)

-- Walks in a process and a folder of its own: calls that succeed write files, and print.
local function walk(what, least)
  program.with_folder(function(folder)
    local output, errors, status = program.run({os.getenv "PWD" .. "/tests/support/wrong_walk.lua", "result", what},
                                                {folder = folder})
    check.equal(status, 0, output:sub(-300) .. errors:sub(-600))
    local file <close> = assert(io.open(folder .. "/result"))
    local text = file:read "a"
    local found, calls = text:match "^(.-)(%d+) calls\n$"
    check.equal(found, "")
    check.that(tonumber(calls) > least, calls .. " calls")
  end)
end

check.case("methods of data sets, loaders, schedules, logs", function() walk("objects", 50000) end)

-- With all pairs of values it takes minutes: resmoon tests/support/wrong_walk.lua RESULT parts pairs
check.slow("every function of every part", function() walk("parts", 150000) end)

check.case("an error names operation, argument, what it is and what was expected, and points here", function()
  check.error(function() rm.nn.init.kaiming_normal_() end,
              "wrong_calls_test.lua:%d+: nn.init.kaiming_normal_: weight is nil, expected a tensor")
  check.error(function() rm.data.split(3, 0.5) end, "data.split: dataset is 3, expected a data set")
  check.error(function() rm.models.resnet20().forward(rm.zeros(1)) end,
              "ResNet.forward: self is a tensor, expected a ResNet; it is called with a colon")
  check.error(function() rm.data.Loader.epoch() end, "data.Loader.epoch: self is nil")
end)

check.case("an error names what it was given, and does not print it", function()
  local net, data = rm.models.resnet20(), rm.zeros(30, 30)
  check.error(function() rm.metrics.confusion(net) end, "got a ResNet$")
  check.error(function() rm.nn.Conv2d(net, 1, 1) end, "Conv2d: argument 1: expected a whole number, got a ResNet$")
  check.error(function() rm.zeros(2):reshape(data) end, "got a tensor$")
  check.error(function() rm.nn.Conv2d(1, 1, 1, {stride = data}) end, "stride: expected .*, got a tensor$")
  check.error(function() rm.data.folder(net) end, "data: expected a folder, got a ResNet$")
  check.error(function() rm.data.k_fold(rm.data.shapes10 {size = 5}, rm.zeros(2).shape) end, "k is {2}, expected")
  check.error(function() rm.draw(3) end, "draw: argument 1 is a number, expected a network")
end)

check.case("options that were written into a list are not left out", function()
  local nn, optim, data, plot, metrics = rm.nn, rm.optim, rm.data, rm.plot, rm.metrics
  local x, w, set = rm.ones(2, 3), rm.ones(1, {requires_grad = true}), data.shapes10 {size = 3}
  local function refused(f, what)
    check.error(f, "the list of " .. what .. " has a field '[%w_]+'; what else is given comes after the list")
  end
  refused(function() rm.zeros {2, 3, dtype = "int64"} end, "sizes")
  refused(function() rm.randn {2, 3, generator = rm.generator(1)} end, "sizes")
  refused(function() x:reshape {3, 2, a = 1} end, "sizes")
  refused(function() x:sum {1, keepdim = true} end, "dimensions")
  refused(function() x:permute {2, 1, a = 1} end, "dimensions")
  refused(function() rm.tensor {1, 2, dtype = "int64"} end, "elements")
  refused(function() rm.tensor {{1, 2}, {3, 4, a = 5}} end, "elements")
  refused(function() return x[{1, keepdim = true}] end, "positions")
  refused(function() rm.cat {x, x, dim = 2} end, "tensors")
  refused(function() rm.stack {a = x} end, "tensors")
  refused(function() x:pad {1, 1, mode = "reflect"} end, "amounts")
  refused(function() x:split {1, 1, dim = 2} end, "sizes")
  refused(function() nn.Conv2d(1, 1, 3, {stride = {1, 1, padding = 2}}) end, "two numbers")
  refused(function() nn.Sequential {nn.ReLU(), name = "mine"} end, "modules")
  refused(function() nn.ModuleList {first = nn.ReLU()} end, "modules")
  refused(function() optim.SGD {w, lr = 0.5} end, "parameters")
  refused(function() optim.SGD {{params = {w}}, lr = 0.5} end, "groups")
  refused(function() optim.clip_grad_norm({w, norm_type = 2}, 1) end, "parameters")
  refused(function() data.concat {set, set, name = "both"} end, "data sets")
  refused(function() data.from_table {{1, "a"}, name = "mine"} end, "rows")
  refused(function() data.transforms.compose {data.transforms.flip(1), p = 1} end, "transforms")
  refused(function() metrics.accuracy({{1, 0}}, {1, classes = 2}) end, "labels")
  refused(function() plot.curves {"runs/a", "runs/b", file = "curves.png"} end, "runs")
  refused(function() plot.lines {{1, 2}, {2, 1}, file = "lines.png"} end, "series")
  refused(function() plot.lines {1, 2, 3, file = "lines.png"} end, "numbers")
  -- Nor are elements behind a gap, and those that are one too many.
  check.error(function() rm.tensor {[2] = 1} end, "the list of elements has a field %[2%]")
  local long = table.pack(table.unpack(rm.ones(1000):totable()))  -- with the field n
  check.error(function() rm.tensor(long) end, "the list of elements has a field 'n'")
  check.error(function() rm.tensor {[0] = 1, 2} end, "the list of elements has a field %[0%]")
  check.error(function() plot.curves {"runs/a", nil, "runs/b"} end, "number 2 in the list of runs is nil")
  check.error(function() plot.bars({"a"}, {1, 2}) end, "1 labels for 2 values")
  check.error(function() data.transforms.resize {4, 8, 9} end, "size must be a whole number or {height, width}")
  check.equal(x:sum({keepdim = true}).shape, {1, 1})  -- options alone
  check.equal(rm.zeros(x.shape).shape, {2, 3})
end)

check.case("metrics leave the scores they read as they were", function()
  local scores = {{0 / 0, 1}, {3, 2}}
  check.equal(rm.metrics.accuracy(scores, {2, 1}), 1.0)
  check.that(scores[1][1] ~= scores[1][1], "the NaN is gone")
end)

check.case("what random calls found: fields that were taken away, tables of something else", function()
  local nn, data = rm.nn, rm.data
  local bare = setmetatable({}, getmetatable(nn.PReLU()))
  check.equal(bare:describe(), "(num_parameters=nil)")
  check.equal(setmetatable({eps = 1e-5}, getmetatable(nn.InstanceNorm2d(3))):describe(),
              "(nil, eps=1e-05, momentum=nil)")
  check.error(function() nn.Linear(1, 1):load_state_dict {weight = 3, bias = 4} end,
              "load_state_dict: weight is 3, expected a tensor")
  check.error(function() nn.Linear(1, 1):summary {{1}} end,
              "summary: input is a table, expected a list of whole numbers")
  check.error(function() data.transforms.apply(rm.tensor(1.5), data.transforms.flip(1)) end,
              "images has no dimensions")
  local images = data.shapes10 {size = 3}
  check.error(function() images:transformed(function() return rm.zeros(7) end) end,
              "the transform gives %(7%) for the first image, expected %(C, H, W%)")
  check.error(function() data.mixed_loss(function() end, 1, {}) end,
              "data.mixed_loss: labels is nil, expected a tensor")
  check.error(function() data.mixed_loss(function() end, 1, {labels = rm.ones(1), share = 1}) end,
              "data.mixed_loss: result is nil, expected a tensor or a number")
  local mlp = rm.models.mlp()
  check.error(function() mlp:act(rm.ones(2)) end, "activation: x is an? [%w]+, expected a tensor")
  check.error(function() bare(rm.ones(2)) end, "PReLU: num_parameters is nil, expected a whole number from 1")
  check.error(function() rm.metrics.calibration({{1, 2}}, {1}, 3) end, "metrics.calibration")
  check.error(function() rm.metrics.calibration({{1, 2}}, {1}, {bins = 0}) end, "bins")
  check.error(function() nn.Bottleneck(2, 2, {stride = {1, 1}}) end, "stride is a table, expected a whole")
  check.error(function() nn.BasicBlock(2, 2, {drop = "x"}) end, "nn.BasicBlock: drop is 'x', expected a number")
  check.error(function() rm.train.config.model {model = "mlp", classes = 3} end, "classes is 3, expected a list of str")
  local image = rm.zeros({3, 4, 4}, "uint8")
  for said, change in pairs {
    ["p is a function, expected a number"] = function(t) t[1].p = print end,
    ["kind is 3, expected a string"] = function(t) t[1].kind = 3 end,
    ["there is no step of the kind 'flap'"] = function(t) t[1].kind = "flap" end,
    ["height is 1e%+300, expected at least 0"] = function(t) t[1].height = 1e300 end,
    ["step 2 is 7, expected a table"] = function(t) t[2] = 7 end,
  } do
    local transform = data.transforms.flip(0.5)
    change(transform)
    check.error(function() transform(image) end, "transform: " .. said)
  end
end)
