--- Networks by name: models.resnet20 {num_classes = 100}, models.get "resnet18", models.list().
--
-- Each is a function of a table of options that returns a module; its file says which options.
-- All take input = {channels, height, width} and num_classes, so that a data set fits them:
-- models.get(name) {input = dataset.shape, num_classes = #dataset.classes}.
--
-- Topic: models
local fail = require "resmoon.base.fail"
local own  = require "resmoon.models.file"
local guard = require "resmoon.base.guard"
local hint = require "resmoon.base.hint"
local shown = require "resmoon.base.shown"

local models = {
  ResNet = require "resmoon.models.resnet",  -- to build others of the family: its header says how
}

local names = {}
for _, file in ipairs {"mlp", "lenet5", "imagenet", "cifar", "alexnet", "googlenet", "highway"} do
  for name, build in pairs(require("resmoon.models." .. file)) do
    models[name] = build
    names[#names + 1] = name
  end
end

-- By kind, then by depth as a number.
table.sort(names, function(a, b)
  local kind_a, depth_a = a:match("^(%a+)(%d*)$")
  local kind_b, depth_b = b:match("^(%a+)(%d*)$")
  if kind_a ~= kind_b then return kind_a < kind_b end
  return (tonumber(depth_a) or 0) < (tonumber(depth_b) or 0)
end)

--- The names of all networks.
-- Call: models.list() -> list of strings
-- Errors: none.
-- Example:
--   > names = table.concat(models.list(), " ")
--   > names:match "plain1%d+"
--   plain18
function models.list() return shown.mark {table.unpack(names)} end

--- The function that builds a network: one of models.list(), or one in a file of your own.
-- "nets.lua:senet" is what nets.lua returns or defines by that name; "nets.lua" alone the one network in it. The file
-- returns a function of a table of options (num_classes, input, ...), a class, or a table of them. A script that trains
-- may be named, too: it is run up to where it would train.
-- Errors: raises for an unknown name, and names the nearest.
-- Call: models.get(name) -> function
-- Example:
--   > models.get "resnet20" == models.resnet20
--   true
--   > text = "return function(o) return nn.Linear(2, o.num_classes) end"
--   > rm.write_atomic("nets.lua", text)
--   > models.get "nets.lua" {num_classes = 5}
--   Linear(2, 5)  weight (5, 2), bias (5)
function models.get(name)
  if own.parse(name) then return own.get(name) end
  for _, known in ipairs(names) do
    if known == name then return models[known] end
  end
  fail("models: there is no '%s'%s (models.list() has all)", name, hint(tostring(name):lower(), names))
end

--- models.resnet21 is an error that names the nearest, rather than a nil to be called.
return setmetatable(guard.part("models", models), {__index = function(_, name)
  -- late: the tables are made of the networks that this file lists.
  if name == "tables" then return require "resmoon.models.tables" end
  return models.get(name)
end})
