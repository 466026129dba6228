--- net:summary{3, 32, 32}: what each layer returns, holds and costs, from a real forward.
--
-- One image of zeros passes through the network in evaluation mode, with a hook on every layer.
-- The result has `rows` ({name, type, shape, parameters, frozen, macs, bytes}), the totals `parameters`, `frozen`,
-- `macs`, `bytes`, and prints as a table.
--   frozen  of the parameters, how many are not trained
--   macs   multiply-accumulates of convolutions and linear layers for one image; bias,
--          normalization and pooling are not counted, nor is what a forward computes
--          without a layer (x:conv2d(w) with a tensor of its own).
--   bytes  of the layers' outputs in float32: about what training keeps of one image.
local check  = require "resmoon.base.check"
local core   = require "resmoon.core"
local fail   = require "resmoon.base.fail"
local kind   = require "resmoon.nn.kind"
local text   = require "resmoon.base.text"
local pcall = require("resmoon.base.catch").pcall
local results = require "resmoon.base.shown"

local Summary = {__name = "Summary"}

-- Positions are written as in Lua: "layer1[1].conv1".
local function visit(module, name, fn)
  fn(name, module)
  for key, child in module:each_child() do
    visit(child, math.type(key) and ("%s[%d]"):format(name, key) or name == "" and key or name .. "." .. key, fn)
  end
end

-- Multiply-accumulates behind one output tensor.
local cost = {
  Conv2d = function(layer, y) return layer.weight:numel() * y:size(-1) * y:size(-2) * y:size(1) end,
  Linear = function(layer, y) return layer.weight:numel() * (y:numel() // y:size(-1)) end,
}

-- Numbers in the parameters that are the module's own and not its children's, and how many of them are frozen.
local function own_parameters(module)
  local n, frozen = 0, 0
  local function add(parameters, sign)
    for _, p in parameters:named_parameters() do
      n = n + sign * p:numel()
      frozen = frozen + (p.requires_grad and 0 or sign * p:numel())
    end
  end
  add(module, 1)
  for _, child in module:each_child() do add(child, -1) end
  return n, frozen
end

local function is_leaf(module) return module:each_child()() == nil end

-- Runs net on a batch of one with hook(module, x, y) on all modules.
local function run_hooked(net, shape, modules, hook)
  local modes, remove = {}, {}
  for i, module in ipairs(modules) do
    modes[i] = module.training
    remove[i] = module:register_forward_hook(hook)
  end
  net:eval()
  local ok, message = pcall(core.no_grad, function() net(core.zeros(1, table.unpack(shape))) end)
  for i, module in ipairs(modules) do
    remove[i]:remove()
    if type(module) == "table" then rawset(module, "training", modes[i]) else module:train(modes[i]) end
  end
  if not ok then error(message, 0) end
end

local function summary(net, shape)
  if type(shape) ~= "table" or #shape == 0 then
    fail("summary: expected the shape of one input, as in net:summary{3, 32, 32}")
  end
  check("summary(input: integer[])", shape)
  local result = setmetatable({net = kind.label(net), input = shape, rows = {}, parameters = 0, frozen = 0,
                               macs = 0, bytes = 0}, Summary)
  local modules, rows, called = {}, {}, {}
  visit(net, "", function(name, module)
    if rows[module] then return end
    modules[#modules + 1] = module
    local parameters, frozen = own_parameters(module)
    rows[module] = {name = name, type = kind.type_of(module), parameters = parameters, frozen = frozen, macs = 0,
                    bytes = 0}
    result.parameters, result.frozen = result.parameters + parameters, result.frozen + frozen
  end)
  run_hooked(net, shape, modules, function(module, _, y)
    local row = rows[module]
    if not (is_leaf(module) or row.parameters > 0) then return end
    if not called[module] then
      called[module] = true
      result.rows[#result.rows + 1] = row
    end
    if not core.is_tensor(y) then
      fail("summary: %s gives %s, expected a tensor", row.name == "" and row.type or row.name, check.shown(y))
    end
    row.shape = y.shape
    row.macs = row.macs + (cost[row.type] and cost[row.type](module, y) or 0)
    if is_leaf(module) then row.bytes = row.bytes + 4 * y:numel() end
  end)
  for _, row in ipairs(result.rows) do
    result.macs, result.bytes = result.macs + row.macs, result.bytes + row.bytes
  end
  return results.fields(result)
end

local function size(bytes)
  if bytes >= 1 << 20 then return ("%.2f MiB"):format(bytes / (1 << 20)) end
  return ("%.1f KiB"):format(bytes / 1024)
end

function Summary:__tostring()
  local lines = {{"layer", "type", "output", "parameters", "MACs", "activations"},
                 {"input", "", "(" .. table.concat(self.input, ", ") .. ")", "", "", ""}}
  for _, row in ipairs(self.rows) do
    local shape = {}
    for d = 2, #row.shape do shape[#shape + 1] = row.shape[d] end
    local frozen = row.frozen == 0 and "" or row.frozen == row.parameters and " (frozen)" or " (partly frozen)"
    lines[#lines + 1] = {row.name == "" and "(itself)" or row.name, row.type .. frozen,
                         "(" .. table.concat(shape, ", ") .. ")",
                         row.parameters > 0 and text.grouped(row.parameters) or "",
                         row.macs > 0 and text.grouped(row.macs) or "", size(row.bytes)}
  end
  lines[#lines + 1] = {self.net, "", "", text.grouped(self.parameters), text.grouped(self.macs), size(self.bytes)}
  local table_lines = text.columns(lines, {left = 3, rules = {1, #lines - 1}})
  if self.frozen > 0 then
    table_lines[#table_lines + 1] = ("frozen: %s of %s parameters"):format(text.grouped(self.frozen),
                                                                         text.grouped(self.parameters))
  end
  return table.concat(table_lines, "\n")
end

return summary
