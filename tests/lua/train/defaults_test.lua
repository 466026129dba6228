--- Defaults that depend on the network, the optimizer and the images.
local check = require "support.check"
local rm    = require "resmoon"

local config = rm.train.config

-- n images of each class: a pattern of its own, and noise.
local function easy(n, seed, mirror)
  rm.manual_seed(99)
  local one = rm.randn(4, 1, 4, 1, 4, 1):clamp(0, 10):expand(4, 1, 4, 4, 4, 4):contiguous():reshape(4, 1, 16, 16)
  rm.manual_seed(seed)
  local all, labels = {}, {}
  for i = 1, n do all[i] = one end
  for i = 1, 4 * n do labels[i] = (i - 1) % 4 + 1 end
  local x = rm.cat(all, 1)
  return rm.data.Dataset.new {
    name = "easy", images = (x * 70 + rm.randn(table.unpack(x.shape)) * 40):clamp(0, 255):byte(),
    labels = rm.tensor(labels, "int64"), classes = {"ant", "bee", "cow", "dog"}, mirror = mirror,
  }
end

local function chosen(partial, set)
  local c = config.complete(partial)
  if set then config.fit(c, set) end
  return c
end

check.case("the rate fits the network, the optimizer and the batch", function()
  local function rate(partial) return chosen(partial).lr end
  check.equal({rate {}, rate {model = "plain56"}, rate {batch_size = 256}}, {0.1, 0.1, 0.1})
  check.close(rate {batch_size = 32}, 0.025)
  for _, model in ipairs {"mlp", "lenet5"} do
    check.equal({rate {model = model}, rate {model = model, batch_size = 64}, rate {model = model, batch_size = 8}},
                {0.03, 0.015, 0.01})
  end
  check.equal({rate {model = "alexnet"}, rate {model = "vgg16"}}, {0.01, 0.01})
  check.equal(rate {model = "lenet5", activation = "sigmoid"}, 0.05)
  for _, optimizer in ipairs {"adam", "adamw", "rmsprop"} do
    check.equal({rate {optimizer = optimizer}, rate {optimizer = optimizer, model = "mlp"}}, {0.001, 0.001})
  end
  local c = chosen {schedule = "onecycle", model = "mlp"}
  check.equal({c.lr, c.max_lr}, {0.03, 0.03})
  check.equal(chosen {optimizer = "adam", lr = 0.1}.lr, 0.1)   -- what was given stays
end)

check.case("batches, epochs, warm-up and milestones fit", function()
  check.equal({chosen {}.batch_size, chosen {train_size = 600}.batch_size, chosen {train_size = 40}.batch_size},
              {128, 32, 8})
  check.equal({chosen {}.epochs, chosen {data = "cifar"}.epochs}, {10, 164})
  check.equal({chosen {model = "resnet110"}.warmup, chosen {model = "resnet56"}.warmup,
               chosen {model = "resnet110", optimizer = "adam"}.warmup,
               chosen {model = "resnet110", epochs = 2}.warmup}, {1, 0, 0, 0})
  check.equal(chosen {epochs = 2}.milestones, {1})             -- not twice at one epoch
  -- 0.01 in the first epoch, then 0.1, as section 4.2 of the paper has it
  local course = config.course({model = "resnet110", epochs = 12, batch_size = 128}, 3).rate
  check.close({course[1], course[3], course[4], course[18]}, {0.01, 0.01, 0.1, 0.1})
end)

check.case("digits and letters are shifted, not mirrored, and small images by less", function()
  local function augmentation(set, partial) return config.augmentation(chosen(partial or {}, set)) end
  check.equal(augmentation(easy(10, 1, true)), {pad = 2, flip = true})
  check.equal(augmentation(easy(10, 1, false)), {pad = 2, flip = false})
  local digits = easy(10, 1, true)
  digits.classes = {"0", "1", "2", "3"}                        -- an image folder knows only its names
  check.equal(augmentation(digits), {pad = 2, flip = false})
  digits.classes = {"0", "1", "10", "11"}
  check.equal(augmentation(digits), {pad = 2, flip = false})
  digits.classes = {"hand left", "hand_right", "leftover", "none"}   -- mirrored, the first is the second
  check.equal(augmentation(digits), {pad = 2, flip = false})
  digits.classes = {"hand left", "leftover", "bright", "none"}
  check.equal(augmentation(digits), {pad = 2, flip = true})
  digits.classes = {"0", "1", "2", "3"}
  check.equal(augmentation(digits, {augment = true}), {pad = 2, flip = true})
  check.equal(augmentation(digits, {augment = false}), false)
  check.equal(config.augmentation {augment = true}, {pad = 4, flip = true})   -- of a run from before
  check.equal(augmentation(rm.data.shapes10 {size = 10}), {pad = 4, flip = true})
end)

check.case("what was chosen is recorded, and what was changed since stays", function()
  local set = easy(10, 1, false)                               -- 40 images
  local c = chosen({model = "resnet20"}, set)
  check.equal({c.batch_size, c.lr, c.augment, c.chosen.batch_size, c.chosen.augment}, {8, 0.1 * 8 / 128, "shift", 8,
                                                                                      "shift"})
  c = config.complete {model = "resnet20"}
  c.lr = 0.3
  config.fit(c, set)
  check.equal({c.lr, c.batch_size}, {0.3, 8})
  c = chosen({model = "mlp", lr = 0.2, batch_size = 20, augment = true}, set)
  check.equal({c.lr, c.batch_size, c.augment, c.chosen.lr}, {0.2, 20, true})
  check.equal(config.complete(c).chosen, c.chosen)             -- again from config.json: nothing new
end)

check.slow("every network and activation learns easy images with what is chosen", function()
  local sets = {easy(100, 1, true), easy(20, 2, true)}
  local function learn(settings)
    settings.threads, settings.epochs, settings.drawing = 1, settings.epochs or 4, {}
    local result = rm.train.run(settings, {sets = sets, progress = false})
    local best = math.min(result.last.train_error, result.last.test_error)
    check.that(best < 55, ("%s %s %s: %.1f %% of 75 %%"):format(settings.model, settings.activation or "",
                                                             settings.optimizer or "", best))
  end
  for _, model in ipairs {"mlp", "lenet5"} do
    for _, activation in ipairs(require("resmoon.models.activation").names) do
      learn {model = model, activation = activation, epochs = activation == "sigmoid" and 12 or 4}
    end
    for _, optimizer in ipairs {"adam", "adamw", "rmsprop"} do learn {model = model, optimizer = optimizer} end
  end
  for _, model in ipairs {"resnet20", "plain20", "resnet18", "highway19"} do learn {model = model, width = 8} end
  for _, optimizer in ipairs {"adam", "rmsprop"} do learn {model = "resnet20", width = 8, optimizer = optimizer} end
end)

check.case("a training says what begins, and records what was chosen", function()
  local files = require "support.files"
  files.with_folder(function(folder)
    rm.train.run({model = "mlp", epochs = 1, threads = 1, drawing = {}},
                 {sets = {easy(10, 1, false), easy(5, 2, false)}, folder = folder .. "/run", progress = false})
    local saved = rm.json.decode(files.read(folder .. "/run/config.json"))
    check.equal({saved.lr, saved.batch_size, saved.augment, saved.shift}, {0.01, 8, "shift", 2})
    check.equal(saved.chosen, {augment = "shift", batch_size = 8, lr = 0.01, warmup = 0})
    local line = config.describe(saved, easy(10, 1, false))
    check.equal(line, "mlp on easy: 40 images of 4 classes, 1 epoch, sgd, rate 0.01 (multistep), batches of 8, "
                      .. "shifted, not mirrored")
  end)
end)
