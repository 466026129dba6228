--- Lab C: the paper, "Deep residual learning for image recognition".
--
-- Its tables and figures, part by part: the networks (table 1, and the depths of a decade), degradation (table 2,
-- figure 4), shortcuts A, B and C (table 3), basic blocks against bottlenecks (figure 5), the CIFAR-10 networks
-- (table 6), 110 layers against 1202, layer responses (figure 7), training on a folder of images as on ImageNet, with
-- one crop and ten for testing, the published errors beside the runs of the lab, and the quiz of the talk. One report
-- has them all.
-- Source: He et al. 2016, arXiv:1512.03385.
local config   = require "resmoon.train.config"
local Document = require "resmoon.report.document"
local lab      = require "resmoon.labs.lab"
local rm       = require "resmoon"

local parts = {
  tables      = require "resmoon.labs.paper.tables",
  degradation = require "resmoon.labs.paper.degradation",
  shortcuts   = require "resmoon.labs.paper.shortcuts",
  blocks      = require "resmoon.labs.paper.blocks",
  cifar       = require "resmoon.labs.paper.cifar",
  overfitting = require "resmoon.labs.paper.overfitting",
  responses   = require "resmoon.labs.paper.compare_responses",
  imagenet    = require "resmoon.labs.paper.imagenet",
  errors      = require "resmoon.labs.paper.errors",
  quiz        = require "resmoon.labs.paper.quiz",
}

local names = {"tables", "degradation", "shortcuts", "blocks", "cifar", "overfitting", "responses", "imagenet",
               "errors", "quiz"}

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
  follows = "sheet 002, the paper talk, \"Deep residual learning for image recognition\"",
  text = "Goes through the paper: tables of its networks, plain against residual networks, shortcuts A, B and C, basic "
         .. "blocks against bottlenecks, CIFAR-10 networks, 110 layers against 1202, layer responses, training on a "
         .. "folder of images with random crops, tested with one crop and with ten, published errors beside one's own, "
         .. "and the quiz.",
  sheet = {
    epochs = 164, batch_size = 128, optimizer = "sgd", lr = 0.1, momentum = 0.9, weight_decay = 1e-4,
    schedule = "multistep", gamma = 0.1,
  },
  embedded = {
    train_size = 8000, test_size = 2000, size = 16, width = 16, epochs = 4, batch_size = 32, optimizer = "adam",
    lr = 0.003, weight_decay = 0.0, schedule = "onecycle", augment = false,
  },
  example = "  resmoon lab_c --parts tables errors quiz\n"
            .. "  resmoon lab_c --data ~/data --parts degradation shortcuts --epochs 30\n"
            .. "  resmoon lab_c --parts imagenet --images ~/flowers --size 64 --epochs 20",
  further = {{"Part imagenet, with --images", images.sheet}, {"Part imagenet without it", images.embedded}},
  options = {
    {"--parts", "which of: " .. table.concat(names, ", ") .. " (default all)", args = "+", argname = "PART",
     choices = names},
    {"--shortcut-model", "residual network for the comparison of shortcuts (default resnet34, embedded resnet18)",
     argname = "NAME"},
    {"--block-model", "residual network for basic blocks against bottlenecks: resnet20, resnet56 or resnet110 (default "
     .. "resnet56, embedded resnet20)", argname = "NAME"},
    {"--depths", "of the residual networks in the part cifar: 20, 32, 44, 56, 110, 1202 (default 20 32 44 56 110, "
     .. "embedded 20 32)", args = "+", argname = "N", whole = true},
    {"--runs", "finished runs beside the published errors, instead of those that the lab trained", args = "+",
     argname = "RUN"},
    {"--answers", "yes: the quiz says its answers", argname = "yes", choices = {"yes", "no"}, default = "no"},
    {"--responses-of", "finished runs whose layer responses are shown, instead of training some", args = "+",
     argname = "RUN"},
    {"--responses-images", "training images sent through for the responses", argname = "N", whole = true,
     default = 256},
    {"--images", "image folder for the part imagenet, which trains on it for 90 epochs with batches of 256 at 224 "
     .. "pixels (default: drawings, written to files)", argname = "DIR"},
    {"--images-model", "network for the part imagenet", argname = "NAME", default = "resnet18"},
  },
}

-- What the talk begins with.
local BACKGROUND = {
  "Before: VGG made networks deep with 3x3 layers alone, GoogLeNet with inception modules, whose branches run beside "
  .. "one another, and with auxiliary classifiers, which bring gradients to the layers in the middle.",
  "The problem: from some depth on, a deeper plain network has a higher training error than a shallower one. That is "
  .. "degradation, not overfitting, for the training images themselves are fitted worse, though the deeper network "
  .. "could copy the shallower one and let its further layers be identities.",
  "The remedy: layers learn F(x) := H(x) - x, and x is added to what they give. An identity is then F = 0, which is "
  .. "easy to come to; bottlenecks keep the time of very deep networks down.",
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
    block_model = args.block_model or (lab.is_embedded(settings) and "resnet20" or "resnet56"),
    depths = args.depths or (lab.is_embedded(settings) and {20, 32} or {20, 32, 44, 56, 110}),
    responses_of = args.responses_of, images = args.responses_images, runs = args.runs, given = lab.given(args),
    answers = args.answers == "yes",
  }
  rm.sys.mkdir_p(context.home)
  local report = Document("Lab C: deep residual learning")
  lab.introduce(report, about, BACKGROUND)
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
