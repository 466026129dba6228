--- Which modules are running, so that an error can say where in the network it happened.
--
-- Every call of a Lua module enters itself here and leaves when it is done, also by an error.
-- When the core raises an error it asks for the path ("resnet18.layer1[1].conv1"), which is
-- only then worked out. Nothing is caught on the way, so tracebacks stay whole.
local core = require "resmoon.core"

local path = {}

local running, depth = {}, 0

local leave = setmetatable({}, {
  __close = function()
    running[depth] = nil
    depth = depth - 1
  end,
})

--- `local leave <close> = path.enter(module)`: module runs until the end of the block.
function path.enter(module)
  depth = depth + 1
  running[depth] = module
  return leave
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
  if depth == 0 then return nil end
  local text = name_of(running[1])
  for i = 2, depth do
    text = text .. (find(running[i - 1], running[i]) or "." .. name_of(running[i]))
  end
  return text .. (layer ~= nil and find(running[depth], layer) or "")
end

core.set_module_path(path.text)

return path
