--- Lab C: the paper, "Deep residual learning for image recognition".
--
-- Its tables and figures, part by part: the networks (table 1, and the depths of a decade), degradation (table 2,
-- figure 4), shortcuts A, B and C (table 3), layer responses (figure 7), and training on a folder of images as on
-- ImageNet, with one crop and ten for testing. One report has them all.
-- Source: He et al. 2016, arXiv:1512.03385.
local config   = require "resmoon.train.config"
local Document = require "resmoon.report.document"
local lab      = require "resmoon.labs.lab"
local rm       = require "resmoon"

local parts = {
  tables      = require "resmoon.labs.paper.tables",
  degradation = require "resmoon.labs.paper.degradation",
  shortcuts   = require "resmoon.labs.paper.shortcuts",
  responses   = require "resmoon.labs.paper.compare_responses",
  imagenet    = require "resmoon.labs.paper.imagenet",
}

local names = {"tables", "degradation", "shortcuts", "responses", "imagenet"}

-- The part imagenet: on the user's folder as the paper trains on ImageNet, or on drawings.
local images = {
  sheet = {
    epochs = 90, batch_size = 256, optimizer = "sgd", lr = 0.1, momentum = 0.9, weight_decay = 1e-4, schedule = "step",
    gamma = 0.1, augment = "imagenet",
  },
  embedded = {
    train_size = 2000, test_size = 500, size = 16, width = 16, epochs = 15, batch_size = 32, optimizer = "adam",
    lr = 0.003, weight_decay = 0.0, schedule = "onecycle", augment = "imagenet",
  },
}

local about = {
  name = "lab_c",
  text = "Goes through the paper: tables of its networks, plain against residual networks, shortcuts A, B and C, layer "
         .. "responses, and training on a folder of images with random crops, tested with one crop and with ten.",
  sheet = {
    epochs = 164, batch_size = 128, optimizer = "sgd", lr = 0.1, momentum = 0.9, weight_decay = 1e-4,
    schedule = "multistep", gamma = 0.1,
  },
  embedded = {
    train_size = 8000, test_size = 2000, size = 16, width = 16, epochs = 4, batch_size = 32, optimizer = "adam",
    lr = 0.003, weight_decay = 0.0, schedule = "onecycle", augment = false,
  },
  example = "  resmoon lab_c --parts tables\n  resmoon lab_c --data ~/data --parts degradation shortcuts --epochs 30\n"
            .. "  resmoon lab_c --parts imagenet --images ~/flowers --size 64 --epochs 20",
  further = {{"Part imagenet, with --images", images.sheet}, {"Part imagenet without it", images.embedded}},
  options = {
    {"--parts", "which of: " .. table.concat(names, ", ") .. " (default all)", args = "+", argname = "PART",
     choices = names},
    {"--shortcut-model", "residual network for the comparison of shortcuts (default resnet34, embedded resnet18)",
     argname = "NAME"},
    {"--responses-of", "finished runs whose layer responses are shown, instead of training some", args = "+",
     argname = "RUN"},
    {"--responses-images", "training images sent through for the responses", argname = "N", whole = true,
     default = 256},
    {"--images", "image folder for the part imagenet, which trains on it for 90 epochs with batches of 256 at 224 "
     .. "pixels (default: drawings, written to files)", argname = "DIR"},
    {"--images-model", "network for the part imagenet", argname = "NAME", default = "resnet18"},
  },
}

-- Settings that are given hold for all parts, but --data is not for the part imagenet.
local function image_settings(args)
  local given = lab.given(args)
  given.data = args.images
  return config.with(args.images and images.sheet or images.embedded, given)
end

local function run(args)
  local settings = lab.settings(args, about)
  local context = {
    home = args.run, settings = settings, image_settings = image_settings(args), image_model = args.images_model,
    shortcut_model = args.shortcut_model or (lab.is_embedded(settings) and "resnet18" or "resnet34"),
    responses_of = args.responses_of, images = args.responses_images,
  }
  rm.sys.mkdir_p(context.home)
  local report = Document("Lab C: deep residual learning")
  for _, name in ipairs(args.parts or names) do
    local part = parts[name](context)
    if not part then return nil end
    report:section(part)
  end
  local page, markdown = report:write(context.home .. "/report.html")
  print(("report: %s, %s"):format(page, markdown))
  return {report = page}
end

return {about = about, run = run}
