--- What is trained, on what, and how: one plain table, kept as config.json.
--
-- config.complete fills in the defaults, which are those of He et al. 2016 for CIFAR-10 (section 4.2,
-- arXiv:1512.03385): SGD with momentum 0.9 and weight decay 1e-4, batches of 128, a rate of 0.1
-- divided by 10 after epochs 81 and 122 of 164, Kaiming-normal weights, shift and flip. Where they would not fit,
-- others are chosen, and what was chosen stands in the config as `chosen`:
--   lr          0.1 for networks with batch norm, less in proportion for batches below 128; 0.03 for mlp and
--               lenet5, less for batches below 128, but at least 0.01 (0.05 with sigmoid); 0.01 for alexnet and vgg;
--               0.001 for adam, adamw and rmsprop
--   batch_size  128, or so many (at least 8) that an epoch has 16 steps
--   epochs      164; 10 for shapes10
--   augment     true; "shift" for digits and letters, which are not mirrored; false for data that are not images
--   warmup      0; 1 for 110 and more layers of the CIFAR family with SGD, from 10 epochs on
--   init        of mlp and lenet5 with sigmoid "xavier_sigmoid"; else the network's own
--
-- The settings, which are options of the command line as well (--batch-size for batch_size; on and off are true and
-- false):
--
-- Call: train.config
-- Call: train.config.defaults
-- Errors: name the setting, its value and what was expected.
-- Example:
--   > train.config.defaults.momentum, train.config.complete({}).lr
--   0.9  0.1
local check = require "resmoon.base.check"
local library = require "resmoon.base.library"
local build    = require "resmoon.train.config.build"
local defaults = require "resmoon.train.defaults"
local sets     = require "resmoon.train.config.sets"
local setting  = require "resmoon.runs.setting"
local settings = require "resmoon.runs.settings"
local text     = require "resmoon.base.text"
local shown    = require "resmoon.base.shown"

local config = {
  defaults       = settings.defaults,
  schedules      = settings.named.schedule.choices,
  inits          = settings.named.init.choices,
  data_settings  = settings.images,
  with           = settings.with,
  complete       = require "resmoon.train.config.complete",
  course         = require "resmoon.train.config.course",
  model          = build.model,
  optimizer      = build.optimizer,
  schedule       = build.schedule,
  momenta        = build.momenta,
  augmentation   = build.augmentation,
  loader         = require "resmoon.train.config.loader",
  open           = sets.open,
  normalization  = sets.normalization,
  test_transform = sets.test_transform,
  test_batch     = sets.test_batch,
}

--- Fits what complete chose to the images that a run is trained on: batches, rate, mirroring, shift. Settings that were
-- given stay.
-- Call: train.config.fit(config, dataset) -> config, changed in place
-- Errors: none.
-- Example:
--   > c = train.config.complete {model = "lenet5"}
--   > digits = data.shapes10({size = 200}):shrunk(16)
--   > digits.mirror = false
--   > train.config.fit(c, digits);
--   > c.batch_size, c.augment, c.shift
--   8  shift  2
function config.fit(c, dataset)
  check("train.config.fit(config: config, dataset: dataset)", c, dataset)
  defaults.fit(c, dataset)
  return shown.fields(c)
end

local augmented = {[true] = "shifted and mirrored", shift = "shifted, not mirrored", imagenet = "random parts"}

--- What a training is about to do, in a line.
-- Call: train.config.describe(config, dataset) -> string
-- Errors: none.
-- Example:
--   > c = train.config.complete {model = "mlp", epochs = 3}
--   > line = train.config.describe(c, data.shapes10 {size = 1000})
--   > line:match "^.-, sgd"
--   mlp on shapes10: 1,000 images of 10 classes, 3 epochs, sgd
function config.describe(c, dataset)
  check("train.config.describe(config: config, dataset: dataset)", c, dataset)
  local images = dataset:size()
  local what = dataset.classes and ("%d classes"):format(#dataset.classes)
               or ("%d number%s to predict"):format(dataset.outputs, dataset.outputs == 1 and "" or "s")
  local parts = {
    ("%s on %s: %s %s of %s"):format(c.model, text.visible(dataset.name or c.data), text.grouped(images),
                                     dataset.inputs and "rows" or "images", what),
    ("%d epoch%s"):format(c.epochs, c.epochs == 1 and "" or "s"), c.optimizer,
    ("rate %g (%s%s)"):format(c.max_lr or c.lr, c.schedule, c.warmup > 0 and (", warm-up %g"):format(c.warmup) or ""),
    ("batches of %d"):format(c.batch_size),
  }
  if c.augment then parts[#parts + 1] = augmented[c.augment] end
  for _, name in ipairs {"color_jitter", "grayscale", "rotation", "random_erasing", "mixup", "cutmix", "ema"} do
    parts[#parts + 1] = setting.mark(settings.named[name], c[name])
  end
  return table.concat(parts, ", ")
end

return library("train.config", setmetatable(config, {__help = settings.lines}))
