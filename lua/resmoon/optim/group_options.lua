--- The options of a group of an optimizer: what they may be, as its class says.
--
--     SGD.defaults = {lr = 0.1, momentum = 0.0, nesterov = false}
--     SGD.kinds    = {lr = "nonnegative", momentum = "nonnegative"}     of base/check.lua
--     SGD.needs    = {nesterov = {momentum = "positive"}}               what others must be where one is true
--
-- An option without a kind may be whatever has the type of its default.
local check = require "resmoon.base.check"
local fail  = require "resmoon.base.fail"
local options_of = require "resmoon.base.options"

local group_options = {}

--- Raises for options of all groups, or (group) of one beside its params, that are unknown or of another kind.
function group_options.check_given(cls, options, group)
  local known = {params = group and "table" or nil}
  for name, default in pairs(cls.defaults) do known[name] = cls.kinds[name] or type(default) end
  options_of("optim." .. cls.__name, options, known)
end

-- Class -> {{option, its kind, the test of that}}.
local tests = setmetatable({}, {__mode = "k", __index = function(all, cls)
  local list = {}
  for key, default in pairs(cls.defaults) do
    local wanted = cls.kinds[key] or type(default)
    list[#list + 1] = {key, wanted, check.test(wanted)}
  end
  all[cls] = list
  return list
end})

--- What is wrong with the options of a group, or nil. They are looked at before each step, too: schedules and scripts
-- write them.
function group_options.flaw(cls, options)
  for _, each in ipairs(tests[cls]) do
    local key, wanted, fits = each[1], each[2], each[3]
    if not fits(options[key]) then return check.flaw(key, options[key], {wanted}) end
  end
  for key, others in pairs(cls.needs) do
    for other, wanted in pairs(options[key] and others or {}) do
      local reason = check.flaw(other, options[other], {wanted})
      if reason then return ("with %s, %s"):format(key, reason) end
    end
  end
end

--- Raises where that is the case.
function group_options.check(cls, group)
  local reason = group_options.flaw(cls, group)
  if reason then fail("optim.%s: %s", cls.__name, reason) end
end

--- What is wrong with the numbers of a group of a state, or nil.
function group_options.flaw_of_saved(cls, group, saved)
  if type(saved) ~= "table" or type(saved.steps) ~= "table" or type(saved.options) ~= "table" then
    return "lacks steps or options"
  end
  if #saved.steps ~= #group.params then
    return ("has %d parameters, the optimizer's %d"):format(#saved.steps, #group.params)
  end
  for i, n in ipairs(saved.steps) do
    if math.type(n) ~= "integer" or n < 0 then return ("has made %s steps with parameter %d"):format(tostring(n), i) end
  end
  local options = {}   -- as they will be: an earlier version may not have had one
  for key in pairs(cls.defaults) do
    options[key] = saved.options[key]
    if options[key] == nil and key ~= "lr" then options[key] = group[key] end
  end
  local reason = group_options.flaw(cls, options)
  return reason and "does not fit: " .. reason
end

return group_options
