--- A network at the prompt: an indented tree with the shapes of its parameters.
--
--     resnet20: ResNet  269,722 parameters
--       conv1: Conv2d(3, 16, kernel_size=3, ...)  weight (16, 3, 3, 3)
--       layer1: Sequential  13,968 parameters
--         [1..3]: 3 x BasicBlock  4,656 parameters each
--           ...
--
-- Neighbors in a list that look the same are shown once, so that ResNet-1202 fits on a screen.
local paint  = require "resmoon.shell.paint"
local Module = require "resmoon.nn.module"
local protocol = require "resmoon.nn.protocol"

local function is_layer(module) return type(module) == "userdata" end

local function shape_text(tensor) return "(" .. table.concat(tensor.shape, ", ") .. ")" end

-- Numbers in all parameters below, each counted once.
local function count(module)
  local n = 0
  for _, parameter in module:named_parameters() do n = n + parameter:numel() end
  return n
end

-- "weight (16, 3, 3, 3), bias (16)": the parameters that are the module's own.
local function own_shapes(module)
  local list = {}
  if is_layer(module) then
    for name, tensor in module:named_parameters() do list[#list + 1] = name .. " " .. shape_text(tensor) end
  else
    for _, key in ipairs(protocol.own_names(module, "parameter")) do
      list[#list + 1] = tostring(key) .. " " .. shape_text(rawget(module, key))
    end
  end
  return table.concat(list, ", ")
end

local function title(module)
  return is_layer(module) and tostring(module) or Module.type_of(module) .. module:describe()
end

-- What stands behind the title, and whether it is a count.
local function remark(module, each)
  local parts = {}
  local shapes = own_shapes(module)
  if shapes ~= "" then parts[1] = shapes end
  local n = is_layer(module) and 0 or count(module)
  if n > 0 then parts[#parts + 1] = paint.grouped(n) .. " parameters" .. (each and " each" or "") end
  return #parts > 0 and "  " .. paint.dim(table.concat(parts, "; ")) or ""
end

local lines_of

-- The children: {label, module, lines of what is below}, those that look the same together.
local function groups(module)
  local list = {}
  for key, child in module:each_child() do
    local position = math.type(key)
    local below = lines_of(child)
    local text = title(child) .. own_shapes(child) .. table.concat(below, "\n")
    local last = list[#list]
    if position and last and last.position and last.text == text then
      last.last, last.n = key, last.n + 1
    else
      list[#list + 1] = {first = key, last = key, n = 1, position = position, module = child, below = below,
                         text = text}
    end
  end
  return list
end

function lines_of(module)
  local lines = {}
  for _, group in ipairs(groups(module)) do
    local label = group.position and (group.n > 1 and ("[%d..%d]"):format(group.first, group.last)
                                      or ("[%d]"):format(group.first)) or tostring(group.first)
    local times = group.n > 1 and group.n .. " x " or ""
    lines[#lines + 1] = "  " .. paint.cyan(label) .. ": " .. times .. title(group.module)
                        .. remark(group.module, group.n > 1)
    for _, line in ipairs(group.below) do lines[#lines + 1] = "  " .. line end
  end
  return lines
end

--- The tree as text.
return function(module)
  if is_layer(module) then return title(module) .. remark(module) end
  local name = rawget(module, "name")
  local lines = lines_of(module)
  table.insert(lines, 1, (name and name .. ": " or "") .. title(module) .. remark(module))
  return table.concat(lines, "\n")
end
