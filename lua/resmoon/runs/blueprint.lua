--- What builds the network of a run, where that is none of models.list().
--
-- The settings of such a run have `model`, a text that people read ("nets.lua:senet"), and `own`, which says how the
-- network is had again:
--   by       "name": what a file returns or defines by `name`; "call": what a script gives to its call-th training;
--            "model": it is the network of models.list() that `model` names; "given": no file holds it (`reason`)
--   file, path, sha256    the file as it was named, where it lay, and its digest
--   copy     the copy in the run's folder, which is what builds the network from then on
--   modules  {name =, copy =, sha256 =} of the files that it requires, copied as well
--   args     of the script, as it saw them in `arg`
-- A network or function that is at hand in this process needs none of that: `live` has it, by the table `own` itself.
local definitions = require "resmoon.models.definitions"
local core        = require "resmoon.core"
local fail        = require "resmoon.base.fail"
local file        = require "resmoon.models.file"
local is          = require "resmoon.base.is"
local kind        = require "resmoon.nn.kind"
local models      = require "resmoon.models"
local origin      = require "resmoon.runs.origin"
local rehearsal   = require "resmoon.base.rehearsal"
local source      = require "resmoon.runs.source"

local sys = core.sys

local blueprint = {}

local live  = setmetatable({}, {__mode = "k"})   -- own -> what builds
local at    = setmetatable({}, {__mode = "v"})   -- a run's folder -> what builds, as long as somebody else has it, too

--- Whether a setting `model` is a network of one's own: a function, a class, a network, or the name of a file.
function blueprint.is_own(model) return definitions.builds(model) or file.parse(model) ~= nil end

--- Settings with a network of one's own in a form that can be written down: a text as model, and own. Settings of
-- other networks are returned as they are.
-- Errors: raises for a file that does not have the network.
function blueprint.written(settings)
  local model = settings.model
  if type(model) ~= "string" and model ~= nil and not definitions.builds(model) then
    fail("train: model is a %s, expected the name of a network (models.list() has them), a file (\"nets.lua:senet\"), "
         .. "a function that builds a network, or a network", is.tensor(model) and "tensor" or type(model))
  end
  if not blueprint.is_own(model) or settings.own then return settings end
  local written = {}
  for name, value in pairs(settings) do written[name] = value end
  local own, found
  if type(model) == "string" then
    local value
    own, value, found = origin.of_file(model)
    live[own] = value
  else
    rehearsal.meets {kind = "offer", model = model, name = settings.name}
    if rehearsal.on() then
      own = {by = "given", reason = "nothing is trained"}   -- and so nothing needs to be known
    else own = origin.of(model) end
    live[own] = model
  end
  written.own, written.model = own, origin.label(own, found or settings.name)
  written.name = settings.name or origin.name(own, found)
  return written
end

-- --- having it again ----------------------------------------------------------------------

local function absolute(home) return source.absolute(home):gsub("/+$", "") end

--- Has `value` (a function, class or network) build the network of these settings, whatever they say.
function blueprint.give(settings, value)
  settings.own = settings.own or {by = "given", reason = "it was given"}
  live[settings.own] = value
end

local noted = {}

-- A copy that a run has, or the original where it has none and that is what it was.
local function content_of(home, own, name, digest, path)
  local copy = home and home .. "/" .. name
  if copy and sys.exists(copy) then
    local content = file.read(copy)
    if file.digest(content) ~= digest then
      error(("%s is not the file that the run was begun with: its SHA-256 is %s..., it was %s..."):format(copy,
            file.digest(content):sub(1, 16), tostring(digest):sub(1, 16)), 0)
    end
    local now = path and sys.exists(path) and not noted[copy] and file.digest(file.read(path))
    if now and now ~= digest then
      noted[copy] = true
      io.stderr:write(("note: %s has changed since the run was begun; its copy is what builds the network: %s\n")
                      :format(own.file, copy))
    end
    return content, copy
  end
  local content = path and sys.exists(path) and file.read(path)
  if content and file.digest(content) == digest then return content, path end
  error(("%s, which builds the network, is gone%s"):format(copy or own.file or name, content and
        (", and %s is not what it was"):format(own.file) or ""), 0)
end

-- The file of a module, as it is found now.
local function path_of_module(each)
  return each.name:find "%.lua$" and each.name or package.searchpath(each.name, package.path)
end

--- Puts the copies into the folder of a run that begins.
function blueprint.keep(home, own)
  local copies = origin.texts[own]
  if not copies and own.copy then   -- settings that were read from a file
    copies = {[own.copy] = content_of(nil, own, own.copy, own.sha256, own.path)}
    for _, each in ipairs(own.modules or {}) do
      copies[each.copy] = content_of(nil, own, each.copy, each.sha256, path_of_module(each))
    end
  end
  if copies then sys.mkdir_p(home .. "/" .. origin.FOLDER) end
  for name, content in pairs(copies or {}) do core.write_atomic(home .. "/" .. name, content) end
end

local function restored(own, home)
  if type(own.copy) ~= "string" or type(own.sha256) ~= "string" then error("it does not say how", 0) end
  local content, path = content_of(home, own, own.copy, own.sha256, own.path)
  local src = {text = content, path = path, modules = {}, args = own.args and {[0] = own.path,
               table.unpack(own.args)} or nil}
  for _, each in ipairs(own.modules or {}) do
    local kept, kept_path = content_of(home, own, each.copy, each.sha256, path_of_module(each))
    src.modules[each.name] = {text = kept, path = kept_path}
  end
  if own.by == "name" then return file.find(src, own.name).value end
  local count, seen = 0, nil
  local found, reason = definitions.of(src, function(list, met)
    if met and met.kind == "offer" then
      count = count + 1
      if count == own.call then return list[1] end
    elseif met then seen = met.text end
  end)
  if found then return found.value end
  error(("run again up to its training number %d, %s %s"):format(own.call, path, reason and "raised: " .. reason
        or seen and ("would do something else first: %s"):format(seen) or "does not come to it"), 0)
end

-- The sentence that says how the network may be given.
local function way_out(home, what)
  local where = home and ("%q"):format(home) or "RUN"
  return ("%s\nThe weights are there, and a network of that shape takes them: train.load(%s, {model = net}), and so do "
          .. "train.evaluate, train.predict and train.resume; on the command line --model FILE.lua:NAME"):format(what,
          where)
end

--- What builds the network of settings: a function, class or network, and whether it is a network at hand.
-- home: the folder of the run, or nil.
-- Errors: raises, and says what helps, where it cannot be had.
function blueprint.builder(settings, home)
  local own = settings.own
  if live[own] then return live[own] end
  local known = home and at[absolute(home)]
  if known then return known, true end
  local called = settings.name or settings.model
  if own.by == "given" then
    error(way_out(home, ("%s: what built the network %s is not known any more: %s"):format(home or "train", called,
          tostring(own.reason))), 0)
  end
  local ok, value = pcall(restored, own, home)
  if ok then return value end
  error(way_out(home, ("%s: the network %s cannot be built again: %s"):format(home or "train", called,
        (tostring(value):gsub("^models: ", "")))), 0)
end

-- The network of models.list() that a network at hand is no different from, or nil.
local function like_a_model(net, options)
  local name = type(net) == "table" and rawget(net, "name")
  local known = false
  for _, each in ipairs(models.list()) do known = known or each == name end
  if not known then return nil end
  local ok, other = pcall(models.get(name), {num_classes = options.num_classes, input = options.input})
  if not ok or tostring(other) ~= tostring(net) then return nil end
  local a, b = net:state_dict(), other:state_dict()
  if #a ~= #b then return nil end
  for i, key in ipairs(a) do
    if b[i] ~= key or table.concat(a[key].shape, " ") ~= table.concat(b[key].shape, " ") then return nil end
  end
  return name
end

--- The network of settings, for these options: {num_classes =, input =, ...}. strict: options that it has to look at.
-- A network at hand is itself what is trained; whoever loads a run of it gets a clone.
function blueprint.build(settings, options, home, strict)
  local own = settings.own
  if own.by == "model" and not live[own] then return models.get(settings.model)(options) end
  local value, again = blueprint.builder(settings, home)
  if again and kind.is_module(value) then return value:clone() end
  local net = file.build(value, options, settings.model, strict)
  if origin.renew[own] and origin.texts[own] then origin.renew[own]() end
  local model = own.by ~= "name" and kind.is_module(value) and like_a_model(net, options)
  if model then
    if settings.name == origin.name(own) or settings.name == settings.model then settings.name = model end
    for key in pairs(own) do own[key] = nil end
    own.by, settings.model, origin.texts[own] = "model", model, nil
    live[own] = value
  end
  return net
end

--- Remembers what built the network of the run in a folder, as long as somebody has it.
function blueprint.remember(home, own) at[absolute(home)] = own and live[own] or nil end

return blueprint
