--- Networks in files of one's own: "nets.lua", or "nets.lua:senet" where a file has several.
--
--     models.get "nets.lua:senet" {num_classes = 10, input = {3, 32, 32}}
--
-- A file of networks returns a function, a class or a table of them, or defines them as globals. A script that trains
-- may be named as well: it is gone through up to where it would train (definitions.lua), and what it gives to train.run
-- or has as a local of that name is the network.
local core        = require "resmoon.core"
local definitions = require "resmoon.models.definitions"
local hint        = require "resmoon.base.hint"
local kind        = require "resmoon.nn.kind"

local file = {}

--- Path and name of a network in a file, or nil for what is no such text: "a/nets.lua:senet" -> "a/nets.lua", "senet".
function file.parse(text)
  if type(text) ~= "string" then return nil end
  local path, name = text:match "^(.+%.lua):([%a_][%w_]*)$"
  if path then return path, name end
  return text:match "^.+%.lua$"
end

--- What a network in a file is called: its name, or that of the file.
function file.name(text)
  local path, name = file.parse(text)
  return name or path and path:match "([^/]+)%.lua$"
end

--- The text of a file. Errors: raises where it cannot be read.
function file.read(path)
  local opened, reason = io.open(path, "rb")
  if not opened then error(("models: %s"):format(reason), 0) end
  local _ <close> = opened
  local text = opened:read "a"
  if not text then error(("models: %s is no file"):format(path), 0) end
  return text
end

local order = {field = 1, ["return"] = 1, global = 2, offer = 3, ["local"] = 4}

-- The one that is meant, of what a file defines: {value =, name =, how =}; nil if it is not there (yet).
local function choose(list, name)
  local best, several
  for _, each in ipairs(list) do
    if name and each.name == name and (not best or order[each.how] < order[best.how]) then best = each end
    if not name and (each.how == "offer" or each.how == "return") then return each end
  end
  if name then return best end
  -- Blocks are classes, and networks often functions: one function among classes is meant.
  for _, wanted in ipairs {"function", "any"} do
    for _, each in ipairs(list) do
      if each.how ~= "local" and (wanted == "any" or type(each.value) == "function") then
        several = best ~= nil
        best = best or each
      end
    end
    if best then break end
  end
  return not several and best or nil
end

local function names_of(list)
  local names, seen = {}, {}
  for _, each in ipairs(list) do
    if each.name and not seen[each.name] then names[#names + 1], seen[each.name] = each.name, true end
  end
  return names
end

local function not_there(path, name, list, met)
  local names = names_of(list)
  if #names == 0 then
    local why = met and met.kind == "step" and (", before %s"):format(met.text) or ""
    return ("models: %s defines no network%s: it returns a function that builds one, or a table of such functions")
      :format(path, why)
  end
  local all = table.concat(names, ", ")
  if not name then
    return ("models: %s defines %s; %s:%s takes one of them"):format(path, all, path, names[1])
  end
  local near = hint(name, names)
  return ("models: %s has no '%s'%s it has %s"):format(path, name, near == "" and ";" or near, all)
end

--- What a file defines under a name (nil: the only one, or what it trains).
-- source: as definitions.of takes it. Returns {value =, name =, how =, call = which of its trainings it is}.
-- Errors: raises where it is not there, or the file cannot be run.
function file.find(source, name)
  local calls, last, met_last = 0, {}, nil
  local found, reason = definitions.of(source, function(list, met)
    if met and met.kind == "offer" then calls = calls + 1 end
    last, met_last = list, met
    local each = choose(list, name)
    if each and each.how == "offer" then each.call = calls end
    return each
  end)
  if found then return found end
  -- A script may fail behind its training, where it looks at results that a rehearsal has not: that is no complaint.
  if reason and calls == 0 then error(("models: %s: %s"):format(source.path, reason), 0) end
  error(not_there(source.path, name, last, met_last), 0)
end

--- The network that `value` builds with these options; `label` is what errors call it.
-- Errors: raises where it builds none, and for options with a value that it does not look at, if `strict` lists them.
function file.build(value, options, label, strict)
  if kind.is_module(value) then return value end
  local looked = {}
  local given = setmetatable({}, {
    __index = function(_, key)
      looked[key] = true
      return options[key]
    end,
    __pairs = function()
      for key in pairs(options) do looked[key] = true end
      return next, options
    end,
  })
  local net = value(given)
  if not kind.is_module(net) then
    error(("models: %s returned a %s, expected a module: a function that builds a network ends with `return net`")
          :format(label, type(net)), 0)
  end
  for _, key in ipairs(strict or {}) do
    if options[key] ~= nil and not looked[key] then
      error(("models: %s does not look at options.%s, which is to be %s"):format(label, key, tostring(options[key])), 0)
    end
  end
  return net
end

--- The function that builds the network of a text like "nets.lua:senet".
-- Errors: raises where there is none.
function file.get(text)
  local path, name = file.parse(text)
  local found = file.find({text = file.read(path), path = path}, name)
  return function(options) return file.build(found.value, options or {}, text) end
end

--- SHA-256 of a text, as hexadecimal digits.
function file.digest(text) return core.sha256(text):digest() end

return file
