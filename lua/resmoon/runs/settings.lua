--- The settings of training: a row for each, and nothing of a setting anywhere else but what is done with it.
--
-- From the rows are made: the defaults, the checks, the command line with its --help, help "train.config", what may
-- change when a run is taken up, which settings say what images a run sees, and the tables of the reports.
-- setting.lua says what a row may have. Defaults that depend on network and data are chosen in train/defaults.lua; rows
-- say them in words.
local check = require "resmoon.base.check"
local activation = require "resmoon.models.activation"
local hint       = require "resmoon.base.hint"
local setting    = require "resmoon.runs.setting"

local settings = {
  list     = {},  -- the rows, in the order of the command line, of help and of reports
  named    = {},  -- the rows by name
  groups   = {},  -- the headings, in order
  defaults = {},  -- name -> the default that depends on nothing
  images   = {},  -- names of the settings that say which images a run sees
}

local group  -- the heading of the rows that follow

--- Adds a row (setting.lua). Errors: raises for a setting that is there already, or one that is none.
function settings.add(given)
  local row = setting.row(given)
  if settings.named[row.name] then error(("settings: %s is there already"):format(row.name), 0) end
  row.group = row.group or group
  local known = false
  for _, name in ipairs(settings.groups) do known = known or name == row.group end
  if not known then settings.groups[#settings.groups + 1] = row.group end
  settings.list[#settings.list + 1], settings.named[row.name] = row, row
  settings.defaults[row.name] = row.default
  if row.images then settings.images[#settings.images + 1] = row.name end
end

check.kind("config", "settings as train.config.complete gives them", function(c)
  if type(c) ~= "table" then return false end
  for _, name in ipairs {"model", "epochs", "optimizer", "lr", "schedule", "warmup", "batch_size"} do
    if c[name] == nil then return false end
  end
  return true
end)

--- A copy of settings, with those of `changes` in their place.
-- Call: train.config.with(settings, changes) -> table
-- Errors: none.
-- Example:
--   > train.config.with({epochs = 5, lr = 0.1}, {lr = 0.2}).lr
--   0.2
function settings.with(given, changes)
  check("train.config.with(settings: table, changes: table?)", given, changes)
  local c = {}
  for name, value in pairs(given) do c[name] = value end
  for name, value in pairs(changes or {}) do c[name] = value end
  return c
end

local function names()
  local list = {}
  for i, row in ipairs(settings.list) do list[i] = row.name end
  return list
end

--- Raises for an unknown setting, and for one that cannot have its value.
function settings.check(c)
  for name in pairs(c) do
    if not settings.named[name] then
      error(("train: unknown setting '%s'%s"):format(tostring(name), hint(name, names())), 0)
    end
  end
  settings.check_values(c)
end

--- Raises for a setting that cannot have its value; what is no setting is not looked at.
function settings.check_values(c)
  for _, row in ipairs(settings.list) do
    if c[row.name] ~= nil then setting.check(row, c[row.name]) end
  end
end

--- What a setting is where `given` stands for it: the value, or in words what holds without one.
function settings.text(name, given)
  if given ~= nil then return setting.text(given) end
  return setting.default_text(settings.named[name])
end

--- What may be given anew when a run is taken up; what a checkpoint and config.json may differ in.
function settings.may_change(name)
  local row = settings.named[name]
  return row ~= nil and row.may_change == true
end

function settings.may_differ(name)
  local row = settings.named[name]
  return row ~= nil and (row.may_change or row.incidental) == true
end

--- The names of the settings that a report's table has a line for.
function settings.reported()
  local list = {}
  for _, row in ipairs(settings.list) do
    if row.reported then list[#list + 1] = row.name end
  end
  return list
end

--- Whether a setting does anything in a run with this config: the factor of a step has no part in one-cycle.
function settings.used(name, c)
  local row = settings.named[name]
  return row.used == nil or row.used(c)
end

--- What the evaluation report says of a model behind its name: {"max-norm 3", ...}.
function settings.marks(c)
  local list = {}
  for _, row in ipairs(settings.list) do list[#list + 1] = setting.mark(row, c[row.name]) end
  return list
end

--- The lines that help "train.config" has besides its docstring: every setting, by groups.
function settings.lines()
  local lines, width = {}, 0
  for _, row in ipairs(settings.list) do width = math.max(width, #row.name) end
  for _, heading in ipairs(settings.groups) do
    lines[#lines + 1] = ""
    lines[#lines + 1] = heading .. ":"
    for _, row in ipairs(settings.list) do
      if row.group == heading then
        lines[#lines + 1] = ("  %s%s  %s"):format(row.name, (" "):rep(width - #row.name), setting.about(row))
      end
    end
  end
  return lines
end

local row = settings.add

-- For which schedules and optimizers some rows are used.
local function any(key, ...)
  local values = {}
  for _, value in ipairs {...} do values[value] = true end
  return function(c) return values[c[key]] == true end
end
local with_sgd, cycles = any("optimizer", "sgd"), any("schedule", "onecycle", "cyclic")
local function moves_momentum(c) return cycles(c) and c.cycle_momentum == true end

group = "Network"
row {"model", "string", default = "resnet20",
     help = "the network: a name of models.list(), a file of your own (\"nets.lua:senet\"), a function that builds a "
            .. "network, or a network"}
row {"name", "string", usually = "the model's", incidental = true, help = "what the run is called"}

group = "Data"
row {"data", "string", default = "shapes10", flag = "--data DIR", images = true, may_change = true,
     help = "folder with CIFAR-10, CIFAR-100, MNIST or an image folder, or shapes10: images made here; in train.run "
            .. "also a data set, or {train =, test =, validation =}"}
row {"train_size", "whole", least = 1, usually = "all", flag = "--train-size N", images = true, reported = true,
     help = "train on so many images"}
row {"test_size", "whole", least = 1, usually = "all", flag = "--test-size N", images = true, reported = true,
     help = "test on so many images"}
row {"val_split", "number", least = 0, default = 0, flag = "--val-split X", images = true, reported = true,
     help = "share (below 1) or number of the training images that validate instead"}
row {"size", "whole", least = 1, usually = "their own", flag = "--size N", images = true, reported = true,
     help = "height and width of the images in pixels: a folder's are cut and resized, others shrunk by a whole "
            .. "factor; with --augment imagenet, of what is cut out of them"}
row {"augment", "boolean", words = {"shift", "imagenet"}, usually = "on; shift for digits and letters",
     flag = "--augment", images = true, reported = true, mark = "augmented",
     help = "training images. on: shifts by up to 4 pixels and mirroring; shift: shifts alone; imagenet: a random part "
            .. "scaled to size (default 224), mirrored or not, and the center of test images; off"}
row {"standardize", "boolean", default = true, flag = "--standardize", reported = true, mark = "not standardized",
     help = "(x - mean) / std of each channel, instead of pixels from 0 to 1"}
row {"shift", "whole", least = 0, usually = "4, less where images are smaller than 28", reported = true,
     help = "with augment, by how many pixels images are shifted at most"}
row {"color_jitter", "number", least = 0, default = 0, flag = "--color-jitter X", reported = true,
     mark = "color jitter %g",
     help = "training images: brightness, contrast and saturation times 1 - X to 1 + X, in random order"}
row {"grayscale", "number", least = 0, default = 0, flag = "--grayscale P", reported = true, mark = "gray %g",
     help = "training images: gray with probability P"}
row {"rotation", "number", least = 0, default = 0, flag = "--rotation DEGREES", reported = true,
     mark = "rotated by up to %g",
     help = "training images: turned by up to so many degrees either way (bilinear, black around)"}
row {"random_erasing", "number", least = 0, default = 0, flag = "--random-erasing P", reported = true,
     mark = "random erasing %g",
     help = "training images: with probability P a rectangle of 2 to 33 % of the area has the mean color"}
row {"mixup", "number", least = 0, default = 0, flag = "--mixup ALPHA", reported = true, mark = "mixup %g",
     help = "blend each training image with another; the share is drawn from Beta(ALPHA, ALPHA). The training loss is "
            .. "of mixed images then, and there is no training error"}
row {"cutmix", "number", least = 0, default = 0, flag = "--cutmix ALPHA", reported = true, mark = "cutmix %g",
     help = "put a rectangle of another training image into each, as with mixup; with both, one of them for each batch"}
row {"mean", "numbers", usually = "that of the training images", flag = "--mean X,X,X", reported = true,
     help = "of each channel, of pixels from 0 to 1: what standardize subtracts"}
row {"std", "numbers", above = 0, usually = "that of the training images", flag = "--std X,X,X", reported = true,
     help = "of each channel, of pixels from 0 to 1: what standardize divides by"}
row {"data_seed", "whole", usually = "the same images each time", images = true, help = "draws the images of shapes10"}

group = "Training"
row {"epochs", "whole", least = 1, usually = "164; 10 for shapes10", flag = "--epochs N", may_change = true,
     reported = true, help = "passes over the training images"}
row {"batch_size", "whole", least = 1, usually = "128; less for few images", flag = "--batch-size N", reported = true,
     help = "images per step"}
row {"sampling", "string", default = "shuffle", choices = {"shuffle", "balanced"}, flag = "--sampling", reported = true,
     mark = "%s classes",
     help = "which images make up an epoch. shuffle: each once; balanced: drawn so that every class comes as often as "
            .. "any other, with replacement"}
row {"drop_last", "boolean", usually = "off", flag = "--drop-last", reported = true,
     help = "leave out the last batch of an epoch where it is smaller than the others"}
row {"optimizer", "string", default = "sgd", choices = {"sgd", "adam", "adamw", "rmsprop", "lars"},
     flag = "--optimizer", reported = true, help = "how a step is made"}
row {"lr", "number", least = 0, flag = "--lr RATE", reported = true, help = "learning rate at the start",
     used = function(c) return not (cycles(c) and c.max_lr) end,
     usually = "0.1 with batch norm, less for batches below 128; 0.03 for mlp and lenet5, 0.01 with small batches; "
               .. "0.01 for alexnet, vgg; 0.001 for adam, adamw, rmsprop"}
row {"momentum", "number", least = 0, default = 0.9, flag = "--momentum X", reported = true, help = "of sgd and lars",
     used = function(c) return (with_sgd(c) or c.optimizer == "lars") and not moves_momentum(c) end}
row {"weight_decay", "number", least = 0, default = 1e-4, flag = "--weight-decay X", reported = true,
     help = "weight decay, on all parameters unless the next option says otherwise"}
row {"no_decay_on_norm_and_bias", "boolean", default = false, flag = "--no-decay-on-norm-and-bias", reported = true,
     mark = "no decay on norms and biases",
     help = "weight decay on weights of two or more dimensions alone: not on biases, the scales and shifts of norms, "
            .. "and slopes of PReLU"}
row {"trust", "number", least = 0, default = 0.001, flag = "--trust X", reported = true,
     used = any("optimizer", "lars"),
     help = "of lars: how far a weight may move in a step, as a share of its norm, at rate 1"}
row {"nesterov", "boolean", default = false, flag = "--nesterov", reported = true, used = with_sgd,
     help = "Nesterov's momentum"}
row {"label_smoothing", "number", least = 0, below = 1, default = 0.0, flag = "--label-smoothing X", reported = true,
     mark = "label smoothing %g", help = "share of the target that is spread over all classes"}
row {"accumulate", "whole", least = 1, default = 1, flag = "--accumulate N", reported = true,
     help = "cut each batch into so many parts, one after the other: less memory, the same step"}
row {"clip", "number", least = 0, default = 0, flag = "--clip NORM", reported = true, mark = "gradients up to %g",
     help = "largest norm of the gradient; 0: no limit"}
row {"max_norm", "number", least = 0, default = 0, flag = "--max-norm NORM", reported = true, mark = "max-norm %g",
     help = "weight restriction: after each step no row of a weight (what leads to one output) is longer; 0: no limit"}
row {"ema", "number", least = 0, below = 1, default = 0, flag = "--ema DECAY", reported = true,
     mark = "averaged weights, EMA %g",
     help = "keep an exponential moving average of the weights, such as 0.999 of each step (at step n at most "
            .. "(1 + n) / (10 + n)): it is evaluated beside the network, decides which epoch is the best, and is what "
            .. "best.safetensors holds; 0: none"}
row {"keep_every", "whole", least = 0, default = 0, flag = "--keep-every N", may_change = true,
     help = "keep a checkpoint of every Nth epoch, as epoch_010.safetensors; 0: of the best and the last one alone"}
row {"watch_layers", "boolean", default = false, flag = "--watch-layers", may_change = true,
     help = "once an epoch, what arrives at each layer (mean, std, share of dead units) and the norm of its gradient, "
            .. "in layers.csv"}
row {"early_stop", "whole", least = 0, default = 0, flag = "--early-stop N", may_change = true, reported = true,
     mark = "patience %d", help = "stop after so many epochs without a better error; 0: never"}

group = "Learning rate"
row {"schedule", "string", default = "multistep",
     choices = {"multistep", "onecycle", "cosine", "step", "cyclic", "constant"},
     besides = {"lambda"}, flag = "--schedule", reported = true,
     help = "multistep: times gamma at the milestones; step: times gamma every step-size epochs; cosine: half a cosine "
            .. "from lr to 0; onecycle: up to max-lr in the first quarter, then down to 0; cyclic: from base-lr to "
            .. "max-lr in step-size epochs, back in as many, and again; constant. In train.run also a function: the "
            .. "rate of epoch t (0, 1, ...) is lr times what it gives"}
row {"milestones", "epochs", usually = "81 and 122 of 164, in proportion", flag = "--milestones N,N", reported = true,
     used = any("schedule", "multistep"),
     help = "multistep: after which epochs"}
row {"gamma", "number", least = 0, default = 0.1, flag = "--gamma X", reported = true,
     used = function(c)
       return c.schedule == "multistep" or c.schedule == "step"
         or c.schedule == "cyclic" and c.cycle_mode == "exp_range"
     end,
     help = "multistep, step: the factor; cyclic with exp_range: what is left of the height at the end"}
row {"step_size", "whole", least = 1, usually = "a third of all; cyclic: an eighth", flag = "--step-size N",
     reported = true, used = any("schedule", "step", "cyclic"),
     help = "step: epochs between two steps; cyclic: epochs of half a cycle"}
row {"max_lr", "number", least = 0, usually = "lr", flag = "--max-lr RATE", reported = true,
     used = cycles,
     help = "onecycle, cyclic: the highest rate, which lr would be otherwise"}
row {"base_lr", "number", least = 0, usually = "a quarter of max-lr", flag = "--base-lr RATE", reported = true,
     used = any("schedule", "cyclic"),
     help = "cyclic: the lowest rate"}
row {"cycle_mode", "string", usually = "triangular", choices = {"triangular", "triangular2", "exp_range"},
     flag = "--cycle-mode", reported = true,
     used = any("schedule", "cyclic"),
     help = "cyclic: all cycles are as high; each is half as high as the one before; or they shrink step by step"}
row {"cycle_momentum", "boolean", default = false, flag = "--cycle-momentum", reported = true,
     used = cycles,
     help = "onecycle, cyclic: momentum falls while the rate climbs, and comes back"}
row {"max_momentum", "number", least = 0, usually = "0.95", flag = "--max-momentum X", reported = true,
     used = moves_momentum,
     help = "with cycle-momentum: where it starts and ends"}
row {"base_momentum", "number", least = 0, usually = "max-momentum less 0.1", flag = "--base-momentum X",
     reported = true, used = moves_momentum,
     help = "with cycle-momentum: the lowest, while the rate is highest"}
row {"warmup", "number", least = 0, usually = "0; 1 for 110 layers with sgd", flag = "--warmup EPOCHS",
     reported = true, help = "epochs in which the rate climbs from a tenth"}

group = "Run"
row {"seed", "whole", default = 1, flag = "--seed N", images = true, reported = true,
     help = "of weights, order, augmentation and dropout: the same seed gives the same bits"}
row {"threads", "whole", least = 1, usually = "all", flag = "--threads N", may_change = true,
     help = "processors to use"}
row {"local_batch_norm", "boolean", default = false, flag = "--local-batch-norm", reported = true,
     mark = "local batch norm",
     help = "under mpirun: batch norm takes its statistics from each process's part of a batch, not from all of it"}
row {"shortcut", "string", usually = "the network's own", choices = {"A", "B", "C", "D"}, flag = "--shortcut",
     reported = true, mark = "shortcut %s",
     help = "of residual networks: A (zeros), B (projection where shapes change), C (all projections), D (average "
            .. "pooling, then a projection)"}
row {"block", "string", usually = "the network's own", choices = {"basic", "bottleneck"}, flag = "--block",
     reported = true, mark = "%s",
     help = "of residual networks: basic, or bottleneck (CIFAR depths of 9n + 2 layers: 20, 56, 110)"}
row {"blocks", "whole", least = 1, usually = "what makes its number of layers", flag = "--blocks N", reported = true,
     mark = "%d blocks a stage", help = "of the residual networks for CIFAR: blocks in each of the three stages"}
row {"norm", "string", usually = "batch", choices = {"batch", "group", "instance"}, flag = "--norm", reported = true,
     mark = "%s norm", help = "of residual networks: what stands behind their convolutions"}
row {"stochastic_depth", "number", least = 0, below = 1, usually = "0", flag = "--stochastic-depth X", reported = true,
     mark = "stochastic depth %g",
     help = "of residual networks: how often the last block's branch is dropped in training, those before it less"}
row {"stem", "string", usually = "the network's own", choices = {"cifar", "imagenet", "deep"}, flag = "--stem",
     reported = true, mark = "stem %s",
     help = "of residual networks, what comes before the blocks: cifar (a 3x3 convolution), imagenet (7x7 and pooling) "
            .. "or deep (three 3x3 convolutions of 32, 32 and 64 channels; from 64 pixels on with stride and pooling)"}
row {"activation", "string", usually = "relu", choices = activation.names, flag = "--activation", reported = true,
     help = "of mlp and lenet5"}
row {"leaky_slope", "number", least = 0, usually = "0.01", flag = "--leaky-slope X", reported = true,
     mark = "slope %g",
     help = "with activation leaky_relu: the slope where x is negative"}
row {"init", "string", usually = "the network's own, with sigmoid four times xavier's",
     choices = {"xavier", "xavier_normal", "he"}, besides = {"xavier_sigmoid"}, flag = "--init", reported = true,
     help = "weights at the start: xavier, uniform (Glorot and Bengio 2010), xavier_normal, of the same variance, or "
            .. "he, normal (He et al. 2015)"}
row {"model_options", "table", usually = "none", reported = true,
     help = "what else the function that builds the network is to know, by name: numbers, texts, true or false"}
row {"width", "whole", least = 1, usually = "the network's own", flag = "--width N", reported = true,
     mark = "width %d", help = "channels of the first stage"}
row {"drawing", "table", usually = "png, svg", may_change = true,
     help = "as what curves are drawn into the run's folder; an empty list: not at all"}

group = "Written by the run"
row {"hand_made", "boolean",
     help = "trained by a script of your own (train.Trainer), which has its optimizer, schedule and loss"}
row {"own", "table", help = "of a network of your own: what builds it (file, digest, name)"}
row {"chosen", "table", help = "the defaults that were chosen for network and images, by name"}
row {"classes", "table", help = "names of the classes"}
row {"input", "shape", help = "shape of an image, {C, H, W}, or of a row of numbers"}
row {"outputs", "whole", help = "how many numbers are predicted, where the data have no classes (regression)"}
row {"parameters", "whole", help = "how many numbers the network learns"}
row {"data_name", "string", incidental = true, help = "what the data set calls itself"}
row {"data_path", "string", incidental = true, help = "where the data lie, from whatever folder the run is taken up"}
row {"device", "string", incidental = true, help = "what the run was begun on: written, not read"}

return settings
