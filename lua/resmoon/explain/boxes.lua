--- Boxes of a drawing: units of a graph (trace.lua) with what belongs to them, named as in figure 3 of the paper.
--
-- A norm, an activation and what only passes on (dropout in evaluation, flatten) join the box in front of them: "3×3
-- conv, 64, /2" with "bn, relu". A box is {label =, more = {"bn", "relu"}, shape =, parameters =, kind =,
-- unit = the first, units = all of them}; its kind is "conv", "linear", "pool", "join" (several inputs),
-- "input" or "other".
local boxes = {}

local ACTIVATIONS = {}
for name in ([[relu ReLU ReLU6 relu6 elu ELU gelu GELU silu SiLU leaky_relu LeakyReLU PReLU prelu sigmoid Sigmoid
  tanh Tanh hardswish Hardswish hardsigmoid Hardsigmoid hardtanh Hardtanh softplus Softplus softmax Softmax
  log_softmax LogSoftmax
  ]]):gmatch "%S+" do ACTIVATIONS[name] = true end

local NORMS = {BatchNorm2d = "bn", BatchNorm1d = "bn", batch_norm = "bn", GroupNorm = "gn", group_norm = "gn",
               LayerNorm = "ln", layer_norm = "ln", InstanceNorm2d = "in", InstanceNorm1d = "in", instance_norm = "in"}

local QUIET = {}  -- they pass on what they are given, in another shape or not
for name in ([[Dropout Dropout2d StochasticDepth Identity Flatten flatten reshape view squeeze unsqueeze permute alias
  contiguous transpose]]):gmatch "%S+" do QUIET[name] = true end

local JOINS = {add = "+", mul = "×", sub = "−", cat = "concat", stack = "stack", maximum = "max", minimum = "min"}

-- What joins the box in front of it, as it is written there; nil for others.
local function attachment(unit)
  if #unit.inputs ~= 1 then return nil end
  local type = unit.type
  if NORMS[type] then return NORMS[type] end
  if ACTIVATIONS[type] then return type:lower():gsub("_", " ") end
  if QUIET[type] then
    return ({StochasticDepth = "drop", Identity = "identity"})[type] or type:lower():gsub("2d$", "")
  end
end
boxes.attachment = attachment

local function square(n) return type(n) == "table" and table.concat(n, "×") or ("%d×%d"):format(n, n) end
local function stride(n) return type(n) == "table" and table.concat(n, ",") or n end

local function of_layer(unit)
  local m, type = unit.module, unit.type
  if type == "Conv2d" then
    local text = ("%s conv, %d"):format(square(m.kernel_size), m.out_channels)
    if stride(m.stride) ~= 1 then text = text .. (", /%s"):format(stride(m.stride)) end
    if m.groups > 1 then text = text .. (", %d groups"):format(m.groups) end
    if m.dilation ~= 1 then text = text .. (", dil. %d"):format(m.dilation) end
    return text, "conv"
  elseif type == "Linear" then
    return ("fc, %d"):format(m.out_features), "linear"
  elseif type == "MaxPool2d" or type == "AvgPool2d" then
    local s = stride(m.stride) ~= 1 and (", /%s"):format(stride(m.stride)) or ""
    return ("%s %s pool%s"):format(square(m.kernel_size), type == "MaxPool2d" and "max" or "avg", s), "pool"
  elseif type == "AdaptiveAvgPool2d" then
    local h, w = unit.shape[#unit.shape - 1], unit.shape[#unit.shape]
    return h == 1 and w == 1 and "avg pool" or ("avg pool to %d×%d"):format(h, w), "pool"
  elseif type == "PadShortcut" then
    return ("pad +%d ch%s"):format(m.extra, m.stride > 1 and (", /%d"):format(m.stride) or ""), "other"
  end
  return NORMS[type] or type, "other"
end

local POOLS = {max_pool2d = "max pool", avg_pool2d = "avg pool", adaptive_avg_pool2d = "avg pool", mean = "mean"}

local function name_of(unit)
  if unit.type == "input" then return "image", "input" end
  if #unit.inputs > 1 then return JOINS[unit.type] or unit.type, "join" end
  if unit.module then return of_layer(unit) end
  if POOLS[unit.type] then return POOLS[unit.type], "pool" end
  if unit.type == "conv2d" then return ("conv, %d"):format(unit.shape[2]), "conv" end
  if unit.type == "linear" then return ("fc, %d"):format(unit.shape[#unit.shape]), "linear" end
  return attachment(unit) or unit.type:gsub("_", " "), "other"
end

--- A box of one unit.
function boxes.new(unit)
  local label, kind = name_of(unit)
  local box = {label = label, kind = kind, more = {}, shape = unit.shape, parameters = unit.parameters, unit = unit,
               units = {unit}}
  -- What begins a branch with a norm or an activation has no box to join; a row of them is one box.
  box.soft = kind == "other" and attachment(unit) ~= nil
  return box
end

--- Whether `unit` can join a box, and joins it.
function boxes.join(box, unit)
  local text = attachment(unit)
  if not text or box.kind == "input" then return false end
  box.more[#box.more + 1] = text
  box.units[#box.units + 1] = unit
  box.shape, box.parameters = unit.shape, box.parameters + unit.parameters
  return true
end

--- What two boxes have in common if they are drawn alike.
function boxes.signature(box)
  return table.concat({box.label, table.concat(box.more, ","), table.concat(box.shape, "x", 2), box.parameters}, "|")
end

return boxes
