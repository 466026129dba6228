--- layers.csv of a run: what happened to signals and gradients, a line for each epoch and layer.
--
-- Columns: epoch (0: the first step of all), layer (from 1), path, mean and std of what arrives at the layer, dead (the
-- share of its units that are 0 throughout), gradient (norm, of the layer's weight). `resmoon train --watch-layers`
-- writes it.
local class = require "resmoon.base.class"
local core  = require "resmoon.core"
local text  = require "resmoon.base.text"

local Layers = class("Layers")

Layers.columns = {"mean", "std", "dead", "gradient"}

local HEAD = "epoch,layer,path,mean,std,dead,gradient"

function Layers:init() self.epochs = {} end   -- list of {epoch =, rows = as metrics.signals has them}

--- Adds an epoch, in place of it and of later ones.
function Layers:add(epoch, rows)
  self:cut(epoch - 1)
  self.epochs[#self.epochs + 1] = {epoch = epoch, rows = rows}
end

--- Forgets the epochs after `epoch`.
function Layers:cut(epoch)
  while #self.epochs > 0 and self.epochs[#self.epochs].epoch > epoch do table.remove(self.epochs) end
end

function Layers:__tostring()
  local lines = {HEAD}
  for _, each in ipairs(self.epochs) do
    for k, row in ipairs(each.rows) do
      local fields = {("%d,%d,%s"):format(each.epoch, k, row.path)}
      for i, name in ipairs(Layers.columns) do
        local value = row[name]
        fields[i + 1] = value == value and ("%.9g"):format(value) or ""
      end
      lines[#lines + 1] = table.concat(fields, ",")
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

function Layers:write(path) core.write_atomic(path, tostring(self)) end

-- The rows of a column as a matrix: values[layer][epoch], and the epochs.
function Layers:matrix(name)
  local values, epochs = {}, {}
  for e, each in ipairs(self.epochs) do
    epochs[e] = each.epoch
    for k, row in ipairs(each.rows) do
      values[k] = values[k] or {}
      values[k][e] = row[name]
    end
  end
  return values, epochs
end

local function number(field)
  if field == "" then return text.NAN end
  if field == "inf" then return math.huge end
  return field:find "^-?%d" and not field:find "[xX]" and tonumber(field) or nil
end

--- Reads what write wrote. Errors: raises, with file and line, for anything else.
function Layers.read(path)
  local file <close> = assert(io.open(path, "rb"))
  local layers, at, last = Layers(), 0, nil
  local function complain(reason) error(("%s:%d: %s"):format(text.visible(path), at, reason), 0) end
  for line in file:lines() do
    at = at + 1
    if at == 1 then
      if line ~= HEAD then complain("expected the head " .. HEAD) end
    else
      local epoch, layer, name, mean, std, dead, gradient = line:match(
        "^(%d+),(%d+),([^,]*),([^,]*),([^,]*),([^,]*),([^,]*)$")
      epoch, layer = math.tointeger(tonumber(epoch)), math.tointeger(tonumber(layer))
      if not epoch or not layer then complain "expected epoch, layer, path and four numbers" end
      local row = {path = name, mean = number(mean), std = number(std), dead = number(dead),
                   gradient = number(gradient)}
      for _, column in ipairs(Layers.columns) do
        if not row[column] then complain(column .. " is not a number") end
      end
      if layer == 1 then
        if last and epoch <= last.epoch then complain(("epoch %d after epoch %d"):format(epoch, last.epoch)) end
        last = {epoch = epoch, rows = {}}
        layers.epochs[#layers.epochs + 1] = last
      end
      if not last or last.epoch ~= epoch or layer ~= #last.rows + 1 then
        complain "a layer is missing, or there twice"
      end
      last.rows[layer] = row
    end
  end
  if at == 0 then error(text.visible(path) .. ": is empty", 0) end
  for _, each in ipairs(layers.epochs) do
    if #each.rows ~= #layers.epochs[1].rows then
      error(("%s: epoch %d has %d layers, the first %d"):format(text.visible(path), each.epoch, #each.rows,
            #layers.epochs[1].rows), 0)
    end
  end
  return layers
end

return Layers
