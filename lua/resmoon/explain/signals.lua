--- Signals on their way through a network, and gradients on their way back: in one step of training that is not made.
local class  = require "resmoon.base.class"
local core   = require "resmoon.core"
local fail   = require "resmoon.base.fail"
local images = require "resmoon.explain.images"
local is     = require "resmoon.base.is"
local Module = require "resmoon.nn.module"
local options_of = require "resmoon.base.options"
local shown  = require "resmoon.base.shown"
local text   = require "resmoon.base.text"
local Watch  = require "resmoon.metrics.signals"
local Weights = require "resmoon.explain.weights"

local Signals = class("Signals")

local known = {images = "whole", name = "string", mean = "table", std = "table", data = "any", split = "string"}

-- The gradients that the parameters have, put back when it is closed; and the generator that dropout draws from.
local function keep_gradients(net)
  local kept, dropout = {}, core.random.dropout:get_state()
  for _, p in net:named_parameters() do
    kept[#kept + 1] = {p, p.grad}
    p.grad = nil
  end
  return setmetatable({}, {__close = function()
    for _, each in ipairs(kept) do each[1].grad = each[2] end
    core.random.dropout:set_state(dropout)
  end})
end

-- Cross-entropy, or the mean squared error of numbers. Without labels those of the classes in turn.
local function loss_of(scores, y)
  if y and y.dtype == "float32" then return scores:mse_loss(y) end
  if not y then
    local labels = {}
    for i = 1, scores.shape[1] do labels[i] = (i - 1) % scores.shape[2] + 1 end
    y = core.tensor(labels, "int64")
  end
  return scores:cross_entropy(y)
end

local function measure(net, x, y, name)
  local weights <close> = Weights.hold(net)
  local gradients <close> = keep_gradients(net)
  local rows, loss
  net:train()
  do
    local watch <close> = Watch.watch(net)
    if #watch.layers == 0 then fail "signals: the network has no Conv2d and no Linear layer" end
    loss = loss_of(net(x), y)
    loss:backward()
    rows = watch:rows()
  end
  local self = setmetatable({name = name or Module.label(net), layers = rows, images = x.shape[1], loss = loss:item()},
                            Signals)
  for _, column in ipairs {"mean", "std", "dead", "gradient", "path"} do
    self[column] = {}
    for i, row in ipairs(rows) do self[column][i] = row[column] end
  end
  return shown.fields(self), weights, gradients
end

-- The images in one batch: those of a tensor, a data set, a loader or {x, y}.
local function batch_of(data, options)
  if is.tensor(data) then
    if data:dim() < 2 then fail("signals: x is (%s), expected images (N, ...)", table.concat(data.shape, ", ")) end
    return data, nil
  end
  local count = options.images or 128
  if count < 1 then fail("signals: images is %d, expected at least 1", count) end
  local some = images.of("signals", data, {images = count, batch = count, mean = options.mean, std = options.std})
  return some.batches[1][1], some.batches[1][2]
end

-- The last layer is next to the loss: the one before it is the last that gradients have to pass.
local function ratio(self) return self.gradient[1] / self.gradient[math.max(1, #self.gradient - 1)] end

--- What the layers got and gave, in lines; of many layers some.
function Signals:__tostring()
  local n = #self.layers
  local step, rows = math.max(1, math.ceil(n / 20)), {{"layer", "", "mean", "std", "dead", "gradient"}}
  for i = 1, n do
    if (i - 1) % step == 0 or i == n then
      local row = self.layers[i]
      rows[#rows + 1] = {row.path, tostring(i), text.format("%.4f", row.mean), text.format("%.4f", row.std),
                         text.value("%.1f %%", row.dead == row.dead and 100 * row.dead or nil),
                         text.format("%.4g", row.gradient)}
    end
  end
  local lines = text.columns(rows)
  lines[#lines + 1] = text.format("%s, %d layers with weights, %d images: the gradient is %.3g times as long in the "
                                  .. "first layer as in the last but one", text.visible(self.name), n, self.images,
                                  ratio(self))
  return table.concat(lines, "\n")
end

--- What arrives at each layer, and the gradient of its weight, in one step of training that is not made.
--
-- The network is in training mode (batch norm takes the statistics of the batch), and afterwards what it was, gradients
-- included. Without labels the classes in turn are those that it is to say.
--
--     plain, residual = signals(models.plain56(), x), signals(models.resnet56(), x)
--     plot.signals({residual, plain})
--
-- Call: signals(net, x, {options}) -> result
-- Call: signals(net, data, {options}) -> result
-- Call: signals(run, {options}) -> result
-- Shapes: x (N, C, H, W), or as the network takes it; data is a data set, a loader or {x, y}.
-- Units: dead is a share, NaN for the first layer; gradient the Euclidean norm.
-- Options: images  of data, evenly spread, in one batch (128)
--  name    what it is called in figures
--  mean, std  of each channel, for a data set (its own)
--  data, split  of a run: another folder of data, and "train" or "test" images (train)
-- Returns: {name =, layers = list of {path =, mean =, std =, dead =, gradient =}, mean =, std =, dead =, gradient =
--  lists, loss =}: for each Conv2d and Linear in order, mean and standard deviation of what arrives at it, the share
--  of units of that which are 0 for all images and places, and the norm of its weight's gradient.
-- Errors: raises for what is no network or no images, and where there is no layer with weights.
-- Source: Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks",
--  section 4.2, figures 6 and 7.
-- Example:
--   > x = rm.randn(4, 3, 16, 16)
--   > a, b = signals(models.resnet20(), x), signals(models.plain20(), x)
--   > #a.std, a.path[2], b.gradient[1] > 0
--   20  layer1.0.conv1  true
--   > plot.signals({a, b}, {file = "signals.svg"});
local function signals(what, data, options)
  if type(what) == "string" then
    if options ~= nil then fail("signals: of a run the second argument is its options, and there is no third") end
    local o = options_of("signals", data, known)
    local count = o.images or 128
    local net, some, c = images.of_run("signals", what, {images = count, batch = count, data = o.data, split = o.split})
    return (measure(net, some.batches[1][1], some.batches[1][2], o.name or c.name))
  end
  if not Module.is_module(what) then
    fail("signals: argument 1 is a %s, expected a network or the folder of a run", is.tensor(what) and "tensor"
         or type(what))
  end
  local o = options_of("signals", options, known)
  local x, y = batch_of(data, o)
  return (measure(what, x, y, o.name))
end

return signals
