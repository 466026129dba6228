--- resmoon lab_c: the paper, "Deep residual learning for image recognition".
--
-- Its tables and figures, part by part: the networks (table 1, and the depths of a decade), degradation (table 2,
-- figure 4), shortcuts A, B and C (table 3), layer responses (figure 7), and training on a folder of images as on
-- ImageNet, with one crop and ten for testing. One report has them all.
-- Source: He et al. 2016, arXiv:1512.03385.
local config   = require "resmoon.train.config"
local Document = require "resmoon.report.document"
local lab      = require "resmoon.labs.lab"
local options  = require "resmoon.train.options"
local sys      = require("resmoon.core").sys

local names = {"tables", "degradation", "shortcuts", "responses", "imagenet"}

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
}

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

about.further = {{"Part imagenet, with --images", images.sheet}, {"Part imagenet without it", images.embedded}}
local parser = lab.parser(about)
parser:option("--parts", "which of: " .. table.concat(names, ", ") .. " (default all)")
  :args "+":argname "PART":choices(names)
parser:option("--shortcut-model", "residual network for the comparison of shortcuts (default resnet34, embedded "
              .. "resnet18)"):argname "NAME"
parser:option("--responses-of", "finished runs whose layer responses are shown, instead of training some")
  :args "+":argname "RUN"
parser:option("--responses-images", "training images sent through for the responses"):argname "N"
  :convert(options.whole):default "256"
parser:option("--images", "image folder for the part imagenet, which trains on it for 90 epochs with batches of 256 "
              .. "at 224 pixels (default: drawings, written to files)"):argname "DIR"
parser:option("--images-model", "network for the part imagenet"):argname "NAME":default "resnet18"
local args = parser:parse()

-- Options on the command line hold for all parts, but --data is not for the part imagenet.
local function image_settings()
  local given = options.config(args)
  given.data = args.images
  return config.with(args.images and images.sheet or images.embedded, given)
end

options.main(function()
  local settings = lab.settings(args, about)
  local context = {
    home = args.run, settings = settings, image_settings = image_settings(), image_model = args.images_model,
    shortcut_model = args.shortcut_model or (lab.is_embedded(settings) and "resnet18" or "resnet34"),
    responses_of = args.responses_of, images = args.responses_images,
  }
  sys.mkdir_p(context.home)
  local report = Document("Lab C: deep residual learning")
  for _, name in ipairs(args.parts or names) do
    local part = require("resmoon.labs.paper." .. name)(context)
    if not part then return lab.stopped(args.run) end
    report:section(part)
  end
  print(("report: %s, %s"):format(report:write(context.home .. "/report.html")))
end)
