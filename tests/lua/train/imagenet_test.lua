-- augment = "imagenet": random resized crops for training, the center or ten crops for testing.
local check   = require "support.check"
local program = require "support.program"
local rm      = require "resmoon"

-- A folder of drawings in files, 24 for training and 10 for testing; some are larger than others.
local function images(folder)
  for _, split in ipairs {"train", "val"} do
    local set = rm.data.shapes10 {train = split == "train", size = split == "train" and 24 or 10}
    for i = 1, set:size() do
      local image, label = set:get(i)
      local place = ("%s/%s/%s"):format(folder, split, set.classes[label])
      rm.sys.mkdir_p(place)
      if i % 3 == 0 then image = rm.data.transforms.resize {40, 36}(image) end
      rm.data.write_png(("%s/%03d.png"):format(place, i), image)
    end
  end
  return folder
end

local settings = {model = "resnet20", width = 2, augment = "imagenet", size = 16, epochs = 2, batch_size = 8,
                  schedule = "constant", lr = 0.01, seed = 5, drawing = {}}

local function with(changes) return rm.train.config.with(settings, changes) end

local function losses(result)
  local list = {}
  for i, row in ipairs(result.log.rows) do list[i] = {row.train_loss, row.test_loss} end
  return list
end

check.case("a folder is trained on by crops, the same ones whatever the threads, and resumes bit for bit", function()
  program.with_folder(function(folder)
    local data = images(folder .. "/images")
    local quiet = {progress = false}
    local whole = rm.train.run(with {data = data}, quiet)
    check.equal(whole.config.input, {3, 16, 16})
    local threads = rm.num_threads()
    check.equal(losses(rm.train.run(with {data = data, threads = 1}, quiet)), losses(whole))
    rm.set_num_threads(threads)
    rm.train.run(with {data = data, epochs = 1}, {folder = folder .. "/run", progress = false})
    check.equal(losses(rm.train.resume(folder .. "/run", {epochs = 2}, quiet)), losses(whole))
    check.that(losses(rm.train.run(with {data = data, seed = 6}, quiet))[1][1] ~= losses(whole)[1][1])
  end)
end)

check.case("images in memory are cut as well; a validation set as the test images are", function()
  local c = rm.train.config.complete(with {train_size = 40, test_size = 10, val_split = 10})
  local train, test, validation = rm.train.config.open(c)
  check.equal({train.shape, test.shape, validation.shape}, {{3, 16, 16}, {3, 16, 16}, {3, 16, 16}})
  check.equal(validation:batch(3), (validation:batch(3)))
  local own = rm.train.config.complete(with {train_size = 10, test_size = 10})
  own.size = nil
  check.equal(rm.train.config.open(own).shape, {3, 32, 32})   -- their own size, not 224
  check.error(function() rm.train.config.complete {augment = "imagnet"} end,
              "train: augment is 'imagnet', expected a boolean or 'shift' or 'imagenet'")
end)

check.case("ten crops: the mean of the softmax over them", function()
  local c = rm.train.config.complete(with {train_size = 10, test_size = 6})
  rm.manual_seed(1)
  local net = rm.models.resnet20 {width = 2}
  net:eval()
  local options = {mean = {0.5, 0.5, 0.5}, std = {0.2, 0.3, 0.4}}
  local result = rm.train.ten_crop(net, c, options)
  check.equal({result.count, #result.scores}, {6, 6})
  local image = rm.data.shapes10({train = false, size = 6}):get(4)
  local crops = rm.data.transforms.imagenet_test(16, {crops = 10})(image)
  local expected = rm.no_grad(function()
    return net(crops:normalize(options.mean, options.std)):softmax(2):mean(1)
  end)
  check.close(rm.tensor(result.scores[4]):exp(), expected, {rtol = 1e-4})
  -- Batches of a single image, the only one or the last of an epoch, too.
  local one = rm.train.ten_crop(net, rm.train.config.with(c, {test_size = 1}), options)
  check.equal({one.count, #one.scores}, {1, 1})
  check.close(rm.tensor(one.scores[1]), rm.tensor(rm.train.ten_crop(net, c, options).scores[1]), {rtol = 1e-5})
  local parts = rm.train.ten_crop(net, c, rm.train.config.with(options, {batch_size = 50}))   -- five images, then one
  check.close(parts.loss, result.loss, {rtol = 1e-5})
  -- A run that does not cut its images: they are shifted over black, as in training.
  c = rm.train.config.complete {train_size = 10, test_size = 6}
  local _, padded = rm.train.config.open(c, {crops = 10})
  local x = padded:batch({1})
  check.shape(x, {1, 10, 3, 32, 32})
  local _, plain = rm.train.config.open(c)
  check.equal(x[1][5], plain:get(1))
  check.equal(x[1][1][{{}, {5, 32}, {5, 32}}]:contiguous(), plain:get(1)[{{}, {1, 28}, {1, 28}}]:contiguous())
end)

check.case("evaluate --crops 10 prints both; predict treats a file as the run's test images", function()
  program.with_folder(function(folder)
    local data, home = images(folder .. "/images"), folder .. "/run"
    rm.train.run(with {data = data, epochs = 1}, {folder = home, progress = false})
    local out, err, status = program.run {"evaluate", home, "--crops", "10", "--threads", "1"}
    check.equal(status, 0, err)
    check.that(out:find("\n1 crop +top%-1 [%d.]+%%.-\n10 crops +top%-1 [%d.]+%%"), out)
    out, err, status = program.run {"evaluate", home, "--crops", "5"}
    check.that(status ~= 0 and err:find("1", 1, true), out)
    local net, c, mean, std = rm.train.load(home)
    local _, test = rm.train.config.open(c)
    local x = test:batch {7}
    local row = rm.no_grad(function() return net(x:normalize(mean, std)):softmax(2) end)[1]
    out, err, status = program.run {"predict", home, test.paths[7], "--top", "1"}
    check.equal(status, 0, err)
    local best = row:argmax(1):item()
    check.that(out:find(("%s %.1f%%"):format(c.classes[best], 100 * row[best]:item()), 1, true), out)
  end)
end)
