--- Methods called wrongly: the error must be about the call, not about a line of ours.
--
-- Every method of tensors, layers, modules and optimizers is called with a dot, with wrong types and counts, nil, 0,
-- NaN, huge numbers and foreign userdata. A call may well succeed; what it must not do is crash, or fail
-- with `attempt to ...` raised from inside the library.
local check = require "support.check"
local rm    = require "resmoon"

-- What classes are made of, not what users call: checked where it is called from.
local inner = {init = true, forward = true, reset = true, label = true, type_of = true, each_child = true, super = true,
               state_list = true, step_group = true}

local file = io.tmpfile()
local function values()
  return {
    rm.zeros(2, 3), 0, -1, 3, 0.5, 0 / 0, 1e300, math.maxinteger, math.mininteger, "a word", "", true, false,
    {}, {1, 2, 3}, {0}, {"a", "b"}, {stride = "x"}, {surprise = 1}, {{}}, function() end,
    coroutine.create(print), file,
    rm.tensor({1, 2}, "int64"), rm.nn.Linear(2, 2),
  }
end

local function is_internal(message)
  local text = message:match("lua/resmoon/[%w_/]+%.lua:%d+: (.*)") or ""
  for _, start in ipairs {"attempt to", "assertion", "bad argument", "wrong number", "'for'", "number has no"} do
    if text:sub(1, #start) == start then return true end
  end
  return message:find("(local 'self')", 1, true) ~= nil
end

local function text(value)
  if type(value) == "userdata" or type(value) == "table" then return type(value) end
  return tostring(value)
end

-- Calls f and notes an internal error; one of each function is enough.
local function try(found, name, f, ...)
  local ok, message = pcall(f, ...)
  if ok or found[name] then return end
  if type(message) ~= "string" or is_internal(message) then
    local words = {}
    for i = 1, select("#", ...) do words[i] = text((select(i, ...))) end
    found[name] = true
    found[#found + 1] = ("%s(%s): %s"):format(name, table.concat(words, ", "), tostring(message))
  end
end

local function none(found)
  table.sort(found)
  check.that(#found == 0, ("%d internal errors:\n%s"):format(#found, table.concat(found, "\n")))
end

check.case("methods of tensors, layers and modules", function()
  local found = {}
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
