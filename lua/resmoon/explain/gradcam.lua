--- Where a layer answers to what speaks for a class: L = relu(sum over k of a_k A_k), with a_k the mean over the map
-- of the gradient of the class's score by the layer's map A_k.
--
-- Call: gradcam(net, x, {class = nil, layer = nil, resize = true}) -> maps, info
-- Shapes: x (N, C, H, W) or (C, H, W), normalized as in training; maps (N, H, W), or (N, h, w) of the layer with
--  resize = false. info has layer (its path), class (N), scores (N, K) and weights (N, K of the layer), the a_k.
-- Options: class   a number, a list or a tensor of N classes (default what the network takes each image for)
--  layer   path, as in activations: "layer3.1.conv2" (default the last feature map of a convolution or block)
--  resize  false: the maps as the layer has them; else bilinear, to the size of the image
-- Errors: raises where there is no such layer, where it gives no maps, and for a class that is none.
-- Source: Selvaraju et al. 2017, "Grad-CAM: Visual explanations from deep networks via gradient-based localization",
--  arXiv:1610.02391, equations 1 and 2.
-- Example:
--   > net = models.resnet20()
--   > maps, info = gradcam(net, rm.randn(2, 3, 32, 32))
--   > maps.shape, info.layer
--   {2, 32, 32}  layer3
-- See: saliency, occlusion, plot.looked
local core = require "resmoon.core"
local fail = require "resmoon.base.fail"
local hint = require "resmoon.base.hint"
local is   = require "resmoon.base.is"
local feature_maps = require "resmoon.explain.feature_maps"
local kind = require "resmoon.nn.kind"
local options_of = require "resmoon.base.options"
local scored = require "resmoon.explain.scored"
local shown = require "resmoon.base.shown"

-- The path of the last convolutional feature map: of the modules with a convolution that give maps (N, C, H, W) larger
-- than one pixel, the last to give one, and of those that end together the outermost.
local function default_layer(op, net, x)
  local modules, last = {}, nil
  for path, module in net:named_modules() do
    if module ~= net and feature_maps.has_conv(module) then modules[#modules + 1] = {path, module} end
  end
  feature_maps.of(net, x:narrow(1, 1, 1), modules, function(path, y)
    if y.shape[3] * y.shape[4] > 1 then last = path end
  end)
  if not last then fail("%s: %s has no convolution that gives maps larger than one pixel", op, kind.label(net)) end
  return last
end

local function layer_at(op, net, x, path)
  path = path or default_layer(op, net, x)
  local paths = {}
  for name, module in net:named_modules() do
    if name == path then return module, path end
    paths[#paths + 1] = name
  end
  local ok, module = pcall(net.get_submodule, net, path)  -- "layer1[1].conv1", as Lua writes it
  if ok then return module, path end
  fail("%s: %s has no layer '%s'%s", op, kind.label(net), path, hint(tostring(path), paths))
end

-- Weights (to, from) by which `from` pixels become `to`, between their middles (align_corners = false in PyTorch).
local function bilinear(from, to)
  local rows = {}
  for i = 1, to do
    local at = math.max(0, math.min(from - 1, (i - 0.5) * from / to - 0.5))
    local low = math.floor(at)
    local row = {}
    for k = 1, from do row[k] = 0 end
    row[low + 1] = 1 - (at - low)
    if low + 2 <= from then row[low + 2] = at - low end
    rows[i] = row
  end
  return core.tensor(rows)
end

-- Maps (N, h, w) in another size, by bilinear interpolation.
local function resized(maps, height, width)
  local n, h, w = maps.shape[1], maps.shape[2], maps.shape[3]
  local across = core.linear(maps:reshape(n * h, w), bilinear(w, width)):reshape(n, h, width)
  local down = core.linear(across:transpose(2, 3):reshape(n * width, h), bilinear(h, height))
  return down:reshape(n, width, height):transpose(2, 3):contiguous()
end

local function gradcam(net, x, options)
  options = options_of("gradcam", options, {class = "any", layer = "string", resize = "boolean"})
  x = scored.images("gradcam", net, x)
  local module, path = layer_at("gradcam", net, x, options.layer)
  return scored.watch(net, function()
    local maps, gradient
    local handle <close> = module:register_forward_hook(function(_, _, y)
      if not is.tensor(y) or #y.shape ~= 4 then
        fail("gradcam: '%s' gives %s, expected maps (N, C, H, W)", path, is.tensor(y) and "("
             .. table.concat(y.shape, ", ") .. ")" or "a " .. type(y))
      end
      y = core.alias(y)
      y:register_hook(function(g) gradient = g end)
      maps = y:detach()
      return y
    end)
    local scores = net(x:clone():requires_grad_(true))
    handle:remove()
    if not maps then fail("gradcam: '%s' was not called", path) end
    local class = scored.classes("gradcam", scores, options.class)
    scores:gather(2, class:reshape(-1, 1)):sum():backward()
    if not gradient then fail("gradcam: the scores do not depend on '%s'", path) end
    local n, c = maps.shape[1], maps.shape[2]
    local weights = gradient:reshape(n, c, -1):mean(3)
    local map = (maps * weights:reshape(n, c, 1, 1)):sum(2):relu()
    if options.resize ~= false then map = resized(map, x.shape[3], x.shape[4]) end
    return map, shown.mark {layer = path, class = class, scores = scores:detach(), weights = weights}
  end)
end

return gradcam
