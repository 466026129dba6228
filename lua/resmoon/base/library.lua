--- The tables that users find functions in: nn, optim, rm.sys. A name that is not there is an error that names the
-- nearest, rather than a nil that fails elsewhere.
--
--     return library("optim", {SGD = ..., Adam = ...})
--
-- `optim.sgd` raises "optim has no 'sgd', did you mean 'optim.SGD'?". What PyTorch has there and we elsewhere, or not
-- as an object of its own, is told from base/pytorch.lua. rawget(optim, "sgd") still asks without raising. Functions
-- refuse arguments that they do not take (base/guard.lua).
local fail = require "resmoon.base.fail"
local guard = require "resmoon.base.guard"
local hint = require "resmoon.base.hint"
local lazy = require "resmoon.base.lazy"

local pytorch = lazy "resmoon.base.pytorch"

local function missing(title, members, name)
  if type(name) ~= "string" then
    fail("%s has nothing at %s: its names are strings, as in help \"%s\"", title, name, title)
  end
  local there = pytorch()[title .. "." .. name]
  if there then fail("%s has no '%s': %s", title, name, there) end
  local names = {}
  for known in next, members do
    if type(known) == "string" then names[#names + 1] = known end
  end
  table.sort(names)
  local meant = hint(name, names, title .. ".")
  fail("%s has no '%s'%s", title, name, meant ~= "" and meant or (" (help \"%s\" lists what it has)"):format(title))
end

--- title: what users write in front of the dot. find(name): what is loaded when it is first asked for, or nil; and
-- more: other names that there are, a set.
return function(title, members, find, more)
  local meta = getmetatable(members) or {}
  guard.part(title, members)
  function meta.__index(_, name)
    local value = find and find(name)
    if value ~= nil then return value end
    local all = {}
    for known in next, members do all[known] = true end
    for known in next, more or {} do all[known] = true end
    missing(title, all, name)
  end
  return setmetatable(members, meta)
end
