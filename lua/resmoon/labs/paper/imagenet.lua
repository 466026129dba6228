--- Lab C, images as ImageNet's are treated: a folder of files, random resized crops, one and ten crops for testing.
-- Source: He et al. 2016, arXiv:1512.03385, sections 3.4 and 4.1.
local config  = require "resmoon.train.config"
local data    = require "resmoon.data"
local difference = require "resmoon.metrics.difference"
local metrics = require "resmoon.metrics"
local sys     = require("resmoon.core").sys
local text    = require "resmoon.base.text"
local train   = require "resmoon.train"
local trained = require "resmoon.labs.paper.trained"
local verdict = require "resmoon.train.verdict"

-- Drawings as PNG files: DIR/train/CLASS/NUMBER.png and DIR/val/CLASS/NUMBER.png. What is there stays.
local function write_images(dir, sizes)
  for split, size in pairs(sizes) do
    local set = data.shapes10 {train = split == "train", size = size}
    for _, class in ipairs(set.classes) do sys.mkdir_p(("%s/%s/%s"):format(dir, split, class)) end
    for i = 1, size do
      local image, label = set:get(i)
      local file = ("%s/%s/%s/%04d.png"):format(dir, split, set.classes[label], i)
      if not sys.exists(file) then data.write_png(file, image) end
    end
  end
  return dir
end

-- Errors (percent) of the run's best network on one crop and on ten, as rows of a table, and a sentence on both.
local function crops(run)
  local net, c, mean, std = train.load(run)
  local _, test = config.open(c)
  local loader = data.Loader(test, {batch_size = config.test_batch(test.shape), mean = mean, std = std})
  local one = train.evaluate(net, loader, {scores = true})
  local ten = train.ten_crop(net, c, {mean = mean, std = std})
  local rows = {{"test images seen as", "top-1 error", "top-5 error", "loss"}}
  for i, each in ipairs {{"center crop", one}, {"10 crops, softmax averaged", ten}} do
    local name, measured = table.unpack(each)
    local top = metrics.topk(measured.scores, measured.labels, {1, math.min(5, #c.classes)})
    rows[i + 1] = {name, ("%.2f%%"):format(100 * (1 - top[1])), ("%.2f%%"):format(100 * (1 - top[2])),
                   ("%.4f"):format(measured.loss)}
  end
  local function right(measured) return difference.right("lab_c", measured.scores, measured.labels) end
  return rows, (verdict.paired("the mean of ten crops", right(ten), "the center crop", right(one)))
end

return function(context)
  local settings = context.image_settings
  if not settings.data then
    local dir = context.home .. "/images"
    print(("images: %s, %d for training and %d for testing"):format(dir, settings.train_size, settings.test_size))
    write_images(dir, {train = settings.train_size, val = settings.test_size})
    settings = config.with(settings, {data = dir})
  end
  local name = context.image_model .. "_crops"
  local doc, runs = trained(context, {
    key = "imagenet", title = "Training and testing the ImageNet way",
    question = "Training images are random parts of files, scaled and mirrored; test images are seen as their center, "
               .. "or as ten crops whose softmax is averaged (Krizhevsky et al. 2012, section 4.1). For ResNet-50 on "
               .. "ImageNet the authors give a top-1 error of 24.7 % with one crop and 22.9 % with ten.",
    jobs = {{name = name, settings = config.with(settings, {model = context.image_model})}},
  })
  if not runs then return nil end
  local rows, says = crops(runs[1])
  print("\n" .. table.concat(text.columns(rows), "\n") .. "\n" .. says)
  doc:heading("One crop and ten")
  doc:table(rows[1], table.move(rows, 2, #rows, 1, {}))
  doc:paragraph(says)
  return doc
end
