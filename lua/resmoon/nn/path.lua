--- Which modules are running, so that an error can say where in the network it happened.
--
-- Nobody keeps a list: the modules that run are on the call stack, as `self` of Module.__call. When the
-- core raises an error it asks for the path ("resnet18.layer1[1].conv1"), and only then is the stack
-- looked at; so calls cost nothing, tracebacks stay whole, and an interrupt cannot leave a list behind
-- that is no longer true.
local core = require "resmoon.core"

local path = {}

-- The modules that run, from the outermost.
local function running()
  local list, level = {}, 3
  local info = debug.getinfo(level, "f")
  while info do
    if info.func == path.call then
      local _, module = debug.getlocal(level, 1)
      table.insert(list, 1, module)
    end
    level = level + 1
    info = debug.getinfo(level, "f")
  end
  return list
end

-- ".conv1" or ".layer1[1]": from module to what is somewhere below it; nil if it is not.
local function find(module, wanted)
  for key, child in module:each_child() do
    local step = math.type(key) and ("[%d]"):format(key) or "." .. key
    if child == wanted then return step end
    local rest = type(child) == "table" and find(child, wanted)
    if rest then return step .. rest end
  end
end

local function name_of(module) return rawget(module, "name") or getmetatable(module).__name end

--- The path from the outermost running module to `layer` (anything; a layer of the core that is
-- being called, if it is one). nil when no module runs.
function path.text(layer)
  local modules = running()
  local depth = #modules
  if depth == 0 then return nil end
  local text = name_of(modules[1])
  for i = 2, depth do
    text = text .. (find(modules[i - 1], modules[i]) or "." .. name_of(modules[i]))
  end
  return text .. (layer ~= nil and find(modules[depth], layer) or "")
end

--- Tells which function it is that modules are called by; it must not be left by a tail call.
function path.watch(call) path.call = call end

core.set_module_path(path.text)

return path
