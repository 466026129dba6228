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
  check.error(function() rm.metrics.calibration({{1, 2}}, {1}, 3) end, "metrics.calibration")
  check.error(function() rm.metrics.calibration({{1, 2}}, {1}, {bins = 0}) end, "bins")
end)
