--- The loader of a config's training images: augmented, sampled and mixed as its settings say.
local check      = require "resmoon.base.check"
local build      = require "resmoon.train.config.build"
local data       = require "resmoon.data"
local transforms = require "resmoon.data.transforms"

-- What a config does to each training image beside shifts, mirroring and random parts: a list of transforms.
local function steps_of(c)
  local list, jitter = {}, c.color_jitter
  if jitter > 0 then
    list[#list + 1] = transforms.color_jitter {brightness = jitter, contrast = jitter, saturation = jitter}
  end
  if c.grayscale > 0 then list[#list + 1] = transforms.random_grayscale(c.grayscale) end
  if c.rotation > 0 then
    list[#list + 1] = transforms.random_rotation(c.rotation, {interpolation = "bilinear"})
  end
  return list
end

-- The set with these behind what it does already.
local function followed(set, list)
  if #list == 0 then return set end
  if set.parts then return set:map(function(part) return followed(part, list) end) end
  local before = rawget(set, "transform")
  -- Files that are decoded when they are asked for, and cut as they are read.
  if not before and set.paths and not set.images then before = transforms.cover {set.shape[2], set.shape[3]} end
  return set:transformed(transforms.compose {before or transforms.compose {}, table.unpack(list)})
end

--- The loader that a training of a config goes through. Colors and rotation come before shifts and mirroring, random
-- erasing after normalization, and mixed images last.
-- Call: train.config.loader(config, dataset, {mean = nil, std = nil, drop_last = nil}) -> loader
-- Shapes: as of data.Loader; with mixup or cutmix its batches have a third value.
-- Options: mean, std  of each channel, as train.config.normalization gives them
--  drop_last  in place of the config's
-- Errors: as those of data.Loader and of the transforms.
-- Example:
--   > c = train.config.complete {mixup = 0.2, batch_size = 8}
--   > loader = train.config.loader(c, data.shapes10 {size = 8})
--   > for x, y, mix in loader:epoch(1) do print(x.shape[1], mix.share >= 0) end
--   8  true
return function(c, set, options)
  check("train.config.loader(config: config, dataset: dataset, options: table?)", c, set, options)
  options = options or {}
  local drop_last = options.drop_last
  if drop_last == nil then drop_last = c.drop_last end
  return data.Loader(followed(set, steps_of(c)), {
    batch_size = c.batch_size, shuffle = true, augment = build.augmentation(c), drop_last = drop_last,
    sampling = c.sampling == "balanced" and c.sampling or nil, random_erasing = c.random_erasing, mixup = c.mixup,
    cutmix = c.cutmix, mean = options.mean, std = options.std})
end
