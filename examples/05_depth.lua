-- Lesson 05. Why depth hurts: what each layer multiplies, many layers multiply many times.
--
-- Source: Glorot and Bengio 2010; He et al. 2016, arXiv:1512.03385, section 1 and figure 1.
--
-- Run it: resmoon examples/05_depth.lua. It prints:
--   weights 0.80 / sqrt(n): behind 50 layers the signal is 1.1e-05 times as large
--   weights 1.00 / sqrt(n): behind 50 layers the signal is 0.75 times as large
--   weights 1.25 / sqrt(n): behind 50 layers the signal is 5.3e+04 times as large
--   plain-8: signal 0.19; gradient 0.349 in the first layer, 0.404 in the last but one, 1 times
--   resnet-8: signal 0.46; gradient 0.391 in the first layer, 0.532 in the last but one, 1 times
--   plain-20: signal 0.16; gradient 4.409 in the first layer, 0.318 in the last but one, 14 times
--   resnet-20: signal 0.67; gradient 2.082 in the first layer, 0.455 in the last but one, 5 times
--   plain-56: signal 0.26; gradient 958.411 in the first layer, 0.395 in the last but one, 2429 times
--   resnet-56: signal 1.21; gradient 5.061 in the first layer, 0.460 in the last but one, 11 times
local rm = require "resmoon"
local nn = rm.nn

rm.manual_seed(1)
local x = rm.randn(64, 32)

-- Fifty linear layers without bias: whether the signal grows or fades is decided by the size of the weights.
for _, gain in ipairs {0.8, 1, 1.25} do
  rm.manual_seed(2)
  local y = x
  rm.no_grad(function()
    for _ = 1, 50 do
      local layer = nn.Linear(32, 32, {bias = false})
      layer.weight:copy_(rm.randn(32, 32) * (gain / math.sqrt(32)))
      y = layer(y)
    end
  end)
  print(("weights %.2f / sqrt(n): behind 50 layers the signal is %.2g times as large"):format(gain,
    (y:std() / x:std()):item()))
end

-- Batch norm puts the signal right at every layer. The gradient is still multiplied on its way back.
local images = rm.data.shapes10({train = true, size = 16, seed = 1}):shrunk(16):batch(16)
images = (images:float() - 128) / 64

--- The networks of 6n + 2 layers: their gradients in the first layer and in the last but one, and their signals.
local function look(name, n)
  rm.manual_seed(1)
  local net = rm.models[name] {width = 8, layers = {n, n, n}}
  local s = rm.signals(net, images)
  local last = #s.layers
  print(("%s-%d: signal %.2f; gradient %.3f in the first layer, %.3f in the last but one, %.0f times"):format(
    name:match "%a+", 6 * n + 2, s.std[last], s.gradient[1], s.gradient[last - 1],
    s.gradient[1] / s.gradient[last - 1]))
end
for _, n in ipairs {1, 3, 9} do
  look("plain20", n)
  look("resnet20", n)
end
