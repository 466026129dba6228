--- How much the probability of a class drops where a gray patch covers a part of the image: the mean over all patches
-- that cover a pixel. Positive: what is there speaks for the class.
--
-- Call: occlusion(net, x, {class = nil, size = nil, step = nil, value = 0}) -> maps, info
-- Shapes: x (N, C, H, W) or (C, H, W), normalized as in training; maps (N, H, W). info has class and probability (N).
-- Units: probabilities.
-- Options: class  a number, a list or a tensor of N classes (default what the network takes each image for)
--  size   height and width of the patch in pixels (a fifth of the image)
--  step   pixels from one place to the next (half of the patch)
--  value  what it is filled with: a number (0, the mean color of normalized images), or one for each channel
-- Errors: raises for a patch that is larger than the image, and for a class that is none.
-- Source: Zeiler and Fergus 2014, "Visualizing and understanding convolutional networks", arXiv:1311.2901, section 4.2.
-- Example:
--   > x = rm.randn(1, 3, 32, 32)
--   > occlusion(models.resnet20(), x, {size = 8, step = 8}).shape
--   {1, 32, 32}
-- See: gradcam
local core = require "resmoon.core"
local fail = require "resmoon.base.fail"
local options_of = require "resmoon.base.options"
local scored = require "resmoon.explain.scored"
local shown = require "resmoon.base.shown"
local untouched = require "resmoon.nn.untouched"

local BATCH = 250

-- Places of a patch of `size` along `extent` pixels, `step` apart; the last one reaches the end.
local function places(extent, size, step)
  local list = {}
  for at = 0, extent - size, step do list[#list + 1] = at end
  if list[#list] ~= extent - size then list[#list + 1] = extent - size end
  return list
end

-- Drops of one image's probability for `class`, one for each place.
local function drops(net, image, class, at, size, value)
  local c, list = image.shape[1], {}
  local whole = net(image:unsqueeze(1)):softmax(2)[1][class]:item()
  for first = 1, #at, BATCH do
    local last = math.min(#at, first + BATCH - 1)
    local batch = image:unsqueeze(1):tile(last - first + 1, 1, 1, 1):contiguous()
    for i = first, last do
      local y, x = at[i][1], at[i][2]
      batch[i - first + 1]:narrow(2, y + 1, size):narrow(3, x + 1, size):copy_(value:expand(c, size, size))
    end
    local p = net(batch):softmax(2)
    for i = first, last do list[i] = whole - p[i - first + 1][class]:item() end
  end
  return list, whole
end

local function occlusion(net, x, options)
  options = options_of("occlusion", options, {class = "any", size = "whole", step = "whole", value = "finite|table"})
  x = scored.images("occlusion", net, x)
  local n, c, height, width = table.unpack(x.shape)
  local size = options.size or math.max(1, math.min(height, width) // 5)
  local step = options.step or math.max(1, size // 2)
  if size < 1 or size > math.min(height, width) or step < 1 then
    fail("occlusion: a patch of %d and steps of %d, expected 1 to %d and at least 1", size, step,
      math.min(height, width))
  end
  local value = type(options.value) == "table" and core.tensor(options.value):reshape(c, 1, 1)
    or core.full({c, 1, 1}, options.value or 0)
  local at = {}
  for _, y in ipairs(places(height, size, step)) do
    for _, column in ipairs(places(width, size, step)) do at[#at + 1] = {y, column} end
  end
  return untouched(net, function()
    net:eval()
    return core.no_grad(function()
      local class = scored.classes("occlusion", net(x), options.class)
      local maps, probability = core.zeros(n, height, width), {}
      for i, label in ipairs(class:totable()) do
        local list
        list, probability[i] = drops(net, x[i], label, at, size, value)
        local sum, covered = core.zeros(height, width), core.zeros(height, width)
        for k, drop in ipairs(list) do
          sum:narrow(1, at[k][1] + 1, size):narrow(2, at[k][2] + 1, size):add_(drop)
          covered:narrow(1, at[k][1] + 1, size):narrow(2, at[k][2] + 1, size):add_(1)
        end
        maps[i]:copy_(sum / covered:clamp(1, math.huge))
      end
      return maps, shown.mark {class = class, probability = probability}
    end)
  end)
end

return occlusion
