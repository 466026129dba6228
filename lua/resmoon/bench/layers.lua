--- Each distinct layer of a network by itself: time, rate, and the error of its method.
--
-- Convolutions and linear layers count operations of the direct way, two for a multiply-add;
-- the others count bytes that have to move at least: inputs read once, outputs written once.
-- What is timed is the operator's own work, by the core's timers: median of several runs.
local rm     = require "resmoon"
local Module = require "resmoon.nn.module"
local exact  = require "resmoon.bench.exact"
local median = require "resmoon.bench.median"
local text   = require "resmoon.base.text"
local pcall = require("resmoon.base.catch").pcall

local type_of = Module.type_of

local layers = {}

local PASSES = {"forward", "input gradient", "weight gradient"}
local SECONDS = 0.15   -- for each pass
local MOST, LEAST = 40, 3

-- The seconds of one run of f, by the timers' entries of that kind; all but the additions of gradients.
local function own_time(f, kind)
  rm.profile.start()
  f()
  local seconds = 0
  for _, e in ipairs(rm.profile.stop()) do
    if e.kind == kind and e.name ~= "sum of gradients" and e.name ~= "backward" then seconds = seconds + e.seconds end
  end
  return seconds
end

local function median_time(f, kind)
  f()   -- fetches memory
  local list, began = {}, rm.sys.clock()
  while #list < LEAST or (#list < MOST and rm.sys.clock() - began < SECONDS) do list[#list + 1] = own_time(f, kind) end
  return median(list)
end

-- The same numbers in the layout of activations: pooling a pixel by itself returns it so.
local function channels_last(t) return t:avg_pool2d(1) end

-- The time of y = f(x) and of its gradients; inputs: list of leaves, one for each pass behind forward.
-- Returns {forward, gradients ...}; and y and the dy that was used.
local function passes(f, inputs)
  local times = {median_time(function() rm.no_grad(f) end, "call")}
  for i, leaf in ipairs(inputs) do
    for k, other in ipairs(inputs) do other:requires_grad_(k == i) end
    local y = f()
    local dy = y:detach() * 0 + 1   -- in the layout of y
    times[i + 1] = median_time(function()
      leaf.grad = nil
      y:backward(dy, {retain_graph = true})
    end, "backward")
  end
  for _, leaf in ipairs(inputs) do
    leaf:requires_grad_(false)
    leaf.grad = nil
  end
  return times
end

-- --- finding them -----------------------------------------------------------------------

local function visit(module, fn)
  local any = false
  for _, child in module:each_child() do
    any = true
    visit(child, fn)
  end
  if not any then fn(module) end
end

-- Calls fn(layer, shape of its input) for every call of a layer without children in one forward.
local function each_call(net, input, fn)
  local hooks = {}
  visit(net, function(layer)
    hooks[#hooks + 1] = layer:register_forward_hook(function(_, x) fn(layer, x.shape) end)
  end)
  local modes = net.training
  net:eval()
  local ok, message = pcall(rm.no_grad, function() net(rm.zeros(1, table.unpack(input))) end)
  net:train(modes)
  for _, hook in ipairs(hooks) do hook:remove() end
  if not ok then error(message, 0) end
end

local function same(a) return type(a) == "table" and a[1] or a end   -- of a pair that is no pair

-- What tells one convolution from another.
local function describe_conv(layer, shape)
  local w = layer.weight.shape
  local text_of = ("%d->%d  %dx%d  %dx%d"):format(shape[2], w[1], shape[3], shape[4], w[3], w[4])
  if same(layer.stride) ~= 1 then text_of = text_of .. (" /%d"):format(same(layer.stride)) end
  if layer.groups ~= 1 then text_of = text_of .. (" in %d groups"):format(layer.groups) end
  return text_of
end

-- --- measuring ----------------------------------------------------------------------------

local function conv_errors(x, w, options, methods)
  x:requires_grad_(true)
  w:requires_grad_(true)
  local y = x:conv2d(w, nil, options)
  methods[1] = rm.conv_used()
  local dy = rm.randn(table.unpack(y.shape))
  y:backward(dy)
  local errors = exact.errors({x = x, w = w, dy = dy, y = y, dx = x.grad, dw = w.grad}, options)
  x.grad, w.grad = nil, nil
  x:requires_grad_(false)
  w:requires_grad_(false)
  -- Each gradient by itself says which method computed it.
  for i, leaf in ipairs {x, w} do
    leaf:requires_grad_(true)
    x:conv2d(w, nil, options):backward(dy)
    methods[i + 1] = rm.conv_used()
    leaf:requires_grad_(false)
    leaf.grad = nil
  end
  return {errors.y, errors.dx, errors.dw}
end

local function measure_conv(layer, shape, batch)
  local x, ws = rm.randn(batch, shape[2], shape[3], shape[4]), layer.weight.shape
  x = channels_last(x)
  local w = rm.randn(table.unpack(ws)) * math.sqrt(2 / (ws[2] * ws[3] * ws[4]))
  local options = {stride = layer.stride, padding = layer.padding, dilation = layer.dilation, groups = layer.groups}
  local methods, y = {}, rm.no_grad(function() return x:conv2d(w, nil, options) end)
  local square = math.type(layer.stride) and math.type(layer.padding) and math.type(layer.dilation)
  local errors = square and conv_errors(x, w, options, methods) or {}
  local times = passes(function() return x:conv2d(w, nil, options) end, {x, w})
  local flops = 2 * y:numel() * ws[2] * ws[3] * ws[4]
  local bytes = 4 * (x:numel() + w:numel() + y:numel())
  return times, flops, bytes, methods, errors
end

local function measure_linear(layer, shape, batch)
  local w = rm.randn(table.unpack(layer.weight.shape))
  local x = rm.randn(batch, shape[2])
  local times = passes(function() return rm.linear(x, w) end, {x, w})
  return times, 2 * batch * w:numel(), 4 * (x:numel() + w:numel() + batch * w.shape[1])
end

-- Batch norm is timed as networks use it: with the relu behind it, which is the same pass.
local function measure_other(layer, shape, batch)
  local size = {batch}
  for d = 2, #shape do size[d] = shape[d] end
  local x = rm.randn(table.unpack(size))
  if #size == 4 then x = channels_last(x) end
  local joined = type_of(layer):find("^BatchNorm")
  local function f() return joined and layer(x):relu() or layer(x) end
  layer:train()
  local y = rm.no_grad(f)
  return passes(f, {x}), 4 * (x:numel() + y:numel()), 4 * (2 * x:numel() + y:numel())
end

--- Measures every distinct layer. net: its batch norms' running statistics change. input: shape of an image.
-- Returns two lists: {what, calls, pass, seconds, gflops, intensity = operations a byte, method, error}
-- of convolutions and linear layers, and {what, calls, pass, seconds, gbytes} of the others.
function layers.measure(net, input, batch)
  local found, list = {}, {}
  each_call(net, input, function(layer, shape)
    local what = type_of(layer) == "Conv2d" and describe_conv(layer, shape)
      or type_of(layer) == "Linear" and ("linear %d->%d"):format(layer.weight.shape[2], layer.weight.shape[1])
      or ("%s  %s"):format(type_of(layer):find("^BatchNorm") and type_of(layer) .. "+relu" or type_of(layer),
                           table.concat(shape, "x", 2))
    if not found[what] then
      found[what] = {what = what, layer = layer, shape = shape, calls = 0}
      list[#list + 1] = found[what]
    end
    found[what].calls = found[what].calls + 1
  end)
  local products, others = {}, {}
  for _, each in ipairs(list) do
    local kind = type_of(each.layer)
    if kind == "Conv2d" or kind == "Linear" then
      local measure = kind == "Conv2d" and measure_conv or measure_linear
      local times, flops, bytes, methods, errors = measure(each.layer, each.shape, batch)
      for i, pass in ipairs(PASSES) do
        if not (#products == 1 and i == 2) then  -- the first layer's images need no gradient
          products[#products + 1] = {what = each.what, calls = each.calls, pass = pass, seconds = times[i],
            gflops = flops / times[i] / 1e9, intensity = flops / bytes, method = methods and methods[i] or "OpenBLAS",
            error = errors and errors[i]}
        end
      end
    elseif kind ~= "Flatten" and kind ~= "Identity" and kind ~= "ReLU" then
      local times, forward, backward = measure_other(each.layer, each.shape, batch)
      for i, bytes in ipairs {forward, backward} do
        if times[i] > 0 then
          others[#others + 1] = {what = each.what, calls = each.calls, pass = i == 1 and "forward" or "gradient",
                                 seconds = times[i], gbytes = bytes / times[i] / 1e9}
        end
      end
    end
  end
  return products, others
end

-- --- printing -------------------------------------------------------------------------------

local function ms(seconds) return ("%.3f"):format(1e3 * seconds) end
local function percent(x) return ("%.0f %%"):format(100 * x) end

--- The tables as lines. machine: of resmoon.bench.machine.
function layers.lines(products, others, machine)
  local rows = {{"convolution, linear", "calls", "pass", "method", "ms", "GFLOP/s", "of peak", "error"}}
  local before
  for _, e in ipairs(products) do
    rows[#rows + 1] = {e.what == before and "" or e.what, e.what == before and "" or tostring(e.calls), e.pass,
                       e.method, ms(e.seconds), ("%.0f"):format(e.gflops), percent(e.gflops / machine.peak),
                       e.error and ("%.1e"):format(e.error) or ""}
    before = e.what
  end
  local lines = text.columns(rows, {left = {[3] = true, [4] = true}})
  lines[#lines + 1] = "GFLOP/s: of the direct way to compute it, so Winograd may pass the peak; error: relative L2,"
  lines[#lines + 1] = "against float64, on random data."
  if #others == 0 then return lines end
  lines[#lines + 1] = ""
  rows = {{"other layers", "calls", "pass", "ms", "GB/s", "of memory"}}
  before = nil
  local memory = math.max(machine.copy, machine.triad)
  for _, e in ipairs(others) do
    rows[#rows + 1] = {e.what == before and "" or e.what, e.what == before and "" or tostring(e.calls), e.pass,
                       ms(e.seconds), ("%.1f"):format(e.gbytes), percent(e.gbytes / memory)}
    before = e.what
  end
  table.move(text.columns(rows, {left = {[3] = true}}), 1, #rows + 1, #lines + 1, lines)
  lines[#lines + 1] = "GB/s: inputs read once, outputs written once; what fits the caches may pass memory's rate."
  return lines
end

return layers
