--- What a network looked at in some images: Grad-CAM, saliency and occlusion together, with what it said.
--
-- Call: look(net, x, {options}) -> result
-- Shapes: x (N, C, H, W) or (C, H, W), normalized as in training. images (N, 3 or 1, H, W), cam, saliency and occlusion
--  (N, H, W).
-- Units: probabilities.
-- Options: class    that is asked about: a number, a list or a tensor of N (default what the network says)
--  truth    true classes, for the captions: a list or a tensor of N
--  classes  names
--  images   what is drawn, where x has more or other channels: uint8 or float32
--  layer    of Grad-CAM; size and step of occlusion's patch: as of those
-- Returns: images, cam, saliency, occlusion, layer, class, predicted and truth (lists), probability (of class) and
--  classes. Printed, a line for each image: where each of the three finds most.
-- Errors: as of gradcam and occlusion.
-- Source: Selvaraju et al. 2017, arXiv:1610.02391; Simonyan et al. 2014, arXiv:1312.6034; Zeiler and Fergus 2014,
--  arXiv:1311.2901.
-- Example:
--   > ds = data.shapes10 {size = 2}
--   > x, y = ds:batch {1, 2}
--   > shapes = {truth = y, classes = ds.classes, images = x}
--   > l = look(models.resnet20(), x:normalize(ds.mean, ds.std), shapes)
--   > l.cam.shape, l.layer
--   {2, 32, 32}  layer3
-- See: gradcam, saliency, occlusion, plot.look
local fail      = require "resmoon.base.fail"
local gradcam   = require "resmoon.explain.gradcam"
local is        = require "resmoon.base.is"
local occlusion = require "resmoon.explain.occlusion"
local options_of = require "resmoon.base.options"
local saliency  = require "resmoon.explain.saliency"
local shown     = require "resmoon.base.shown"
local text      = require "resmoon.base.text"

local Look = {__name = "Look"}
Look.__index = Look

-- Labels of n images as a list, or nil.
local function labels(given, n)
  if given == nil then return nil end
  local list = is.tensor(given) and given:flatten():totable() or given
  if type(list) ~= "table" or #list ~= n then
    fail("look: truth: %d images, %s labels", n, type(list) == "table" and #list or "no")
  end
  return list
end

local function look(net, x, options)
  options = options_of("look", options, {class = "any", truth = "any", classes = "table", images = "tensor",
                                         layer = "string", size = "whole", step = "whole"})
  local cam, info = gradcam(net, x, {class = options.class, layer = options.layer})
  local pixels, same = saliency(net, x, {class = info.class})
  local covered, about = occlusion(net, x, {class = info.class, size = options.size, step = options.step})
  local n = cam.shape[1]
  local images = options.images or (#x.shape == 3 and x:unsqueeze(1) or x)
  if #images.shape == 3 then images = images:unsqueeze(1) end
  if images.shape[1] ~= n then fail("look: %d images for %d", images.shape[1], n) end
  local result = {images = images, cam = cam, saliency = pixels, occlusion = covered, layer = info.layer,
                  class = info.class:totable(), predicted = same.scores:argmax(2):totable(),
                  truth = labels(options.truth, n), probability = about.probability, classes = options.classes}
  return setmetatable(shown.fields(result), Look)
end

--- What a class is called.
function Look:name(class) return tostring(self.classes and self.classes[class] or class) end

-- "row 12, column 20": where a map (H, W) is highest; nil where it is flat.
local function peak(map)
  local at, width = map:flatten():argmax():item(), map.shape[2]
  if map:max():item() <= map:min():item() then return "nowhere" end
  return ("%d, %d"):format((at - 1) // width + 1, (at - 1) % width + 1)
end

function Look:__tostring()
  local lines = {{"image", "taken for", "is", "asked about", "probability", "Grad-CAM at", "saliency at",
                  "occlusion at", "largest drop"}}
  for i = 1, #self.class do
    lines[i + 1] = {tostring(i), self:name(self.predicted[i]), self.truth and self:name(self.truth[i]) or "",
                    self:name(self.class[i]), ("%.1f%%"):format(100 * self.probability[i]), peak(self.cam[i]),
                    peak(self.saliency[i]), peak(self.occlusion[i]),
                    ("%.1f%%"):format(100 * self.occlusion[i]:max():item())}
  end
  return table.concat(text.columns(lines, {left = 4}), "\n")
    .. ("\n(row, column from the left top; Grad-CAM of %s)"):format(self.layer)
end

return look
