--- The command line of training: options that train, compare and demo share.
--
-- An option that is not given stays nil, so that a resumed run can tell what was asked for anew; the
-- defaults are config.lua's.
local activation = require "resmoon.models.activation"
local config     = require "resmoon.train.config"
local xpcall = require("resmoon.base.catch").xpcall

local options = {}

local function whole(text)
  local n = math.tointeger(tonumber(text))
  if not n then return nil, ("'%s' is no whole number"):format(text) end
  return n
end

local function number(text)
  local x = tonumber(text)
  if not x then return nil, ("'%s' is no number"):format(text) end
  return x
end

local function epochs_list(text)
  local list = {}
  for part in text:gmatch("[^,]+") do
    list[#list + 1] = math.tointeger(tonumber(part))
    if not list[#list] then return nil, ("'%s' is no list of epochs like 81,122"):format(text) end
  end
  return list
end

-- What --augment says, as a setting.
local augmentation = {on = true, off = false, imagenet = "imagenet"}

options.whole, options.number = whole, number

--- Adds the options to an argparse parser. `given`: other defaults to mention ({epochs = 5}).
function options.add(parser, given)
  local d = setmetatable(given or {}, {__index = config.defaults})
  local function add(names, text, argument, convert, default)
    local option = parser:option(names, text .. (default ~= nil and (" (default %s)"):format(default) or ""))
    if argument then option:argname(argument) end
    if convert then option:convert(convert) end
    return option
  end
  -- "--nesterov" and "--nesterov on" say the same.
  local function switch(name, text, default)
    if type(default) == "boolean" then default = default and "on" or "off" end
    return parser:option(name, ("%s: on or off (default %s)"):format(text, default)):args "?":choices {"on", "off"}
      :action(function(args, field, words) args[field] = words[1] ~= "off" end)
  end
  parser:group("Data",
    add("--data", "folder with CIFAR-10, CIFAR-100, MNIST or an image folder, or shapes10: images made here",
        "DIR", nil, d.data),
    add("--train-size", "train on so many images (default all)", "N", whole),
    add("--test-size", "test on so many images (default all)", "N", whole),
    add("--val-split", "share (below 1) or number of the training images that validate instead", "X", number,
        d.val_split),
    add("--size", "height and width of the images in pixels: a folder's are cut and resized, others shrunk by a whole "
        .. "factor (default their own); with --augment imagenet, of what is cut out of them", "N", whole),
    parser:option("--augment", "training images. on: shifts by up to 4 pixels and mirroring; imagenet: a random part "
                  .. "scaled to size (default 224), mirrored or not, and the centre of test images; off "
                  .. ("(default %s)"):format(d.augment == true and "on" or d.augment == false and "off" or d.augment))
      :args "?":choices {"on", "off", "imagenet"}
      :action(function(args, field, words) args[field] = augmentation[words[1] or "on"] end),
    switch("--standardize", "(x - mean) / std of each channel, instead of pixels from 0 to 1", d.standardize))
  parser:group("Training",
    add("--epochs", "passes over the training images", "N", whole, d.epochs),
    add("--batch-size", "images per step", "N", whole, d.batch_size),
    switch("--drop-last", "leave out the last batch of an epoch where it is smaller than the others",
           d.drop_last or false),
    add("--optimizer", "how a step is made", nil, nil, d.optimizer):choices {"sgd", "adam", "adamw", "rmsprop"},
    add("--lr", "learning rate at the start", "RATE", number, d.lr),
    add("--momentum", "of sgd", "X", number, d.momentum),
    add("--weight-decay", "weight decay, on all parameters", "X", number, d.weight_decay),
    switch("--nesterov", "Nesterov's momentum", d.nesterov),
    add("--label-smoothing", "share of the target that is spread over all classes", "X", number, d.label_smoothing),
    add("--accumulate", "cut each batch into so many parts, one after the other: less memory, the same step", "N",
        whole, d.accumulate),
    add("--clip", "largest norm of the gradient; 0: no limit", "NORM", number, d.clip),
    add("--max-norm", "weight restriction: after each step no row of a weight (what leads to one output) is longer; "
        .. "0: no limit", "NORM", number, d.max_norm),
    add("--early-stop", "stop after so many epochs without a better error; 0: never", "N", whole, d.early_stop))
  parser:group("Learning rate",
    add("--schedule", "multistep: times gamma at the milestones; step: times gamma every step-size epochs; "
        .. "cosine: half a cosine from lr to 0; onecycle: up to max-lr in the first quarter, then down to 0; "
        .. "constant", nil, nil, d.schedule):choices(config.schedules),
    add("--milestones", "multistep: after which epochs (default 81 and 122 of 164, in proportion)", "N,N", epochs_list),
    add("--gamma", "multistep, step: the factor", "X", number, d.gamma),
    add("--step-size", "step: epochs between two steps (default a third of all)", "N", whole),
    add("--max-lr", "onecycle: the highest rate, which lr would be otherwise (default lr)", "RATE", number),
    switch("--cycle-momentum", "onecycle: momentum falls by 0.1 while the rate climbs, and comes back",
           d.cycle_momentum),
    add("--max-momentum", "with cycle-momentum: where it starts and ends (default 0.95)", "X", number),
    add("--warmup", "epochs in which the rate climbs from a tenth", "EPOCHS", number, d.warmup))
  parser:group("Run",
    add("--seed", "of weights, order, augmentation and dropout: the same seed gives the same bits", "N", whole, d.seed),
    add("--threads", "processors to use (default all)", "N", whole),
    add("--shortcut", "of residual networks: A (zeros), B (projection where shapes change), C (all projections), "
        .. "D (average pooling, then a projection)")
      :choices {"A", "B", "C", "D"},
    add("--block", "of residual networks: basic, or bottleneck (CIFAR depths of 9n + 2 layers: 20, 56, 110)")
      :choices {"basic", "bottleneck"},
    add("--activation", "of mlp and lenet5 (default relu)"):choices(activation.names),
    add("--init", "weights at the start: xavier (Glorot and Bengio 2010) or he (He et al. 2015; default the network's "
        .. "own)")
      :choices(config.inits),
    add("--width", "channels of the first stage (default the network's own)", "N", whole))
end

local fields = {
  "data", "train_size", "test_size", "val_split", "augment", "epochs", "batch_size", "optimizer", "lr", "momentum",
  "weight_decay", "nesterov", "label_smoothing", "clip", "accumulate", "early_stop", "schedule", "milestones", "gamma",
  "step_size", "max_lr", "cycle_momentum", "max_momentum", "warmup", "seed", "threads", "shortcut", "width",
  "size", "block", "activation", "init", "standardize", "max_norm", "drop_last",
}

--- The settings that were given, as a partial config.
function options.config(args)
  local c = {}
  for _, name in ipairs(fields) do c[name] = args[name] end
  return c
end

-- The name of the script that runs: "train", however it was started.
local function script_name()
  local path = arg and arg[0] or ""
  return path:match("([^/]*)%.lua$") or path
end

-- What a person reads of an error. Complaints of the library name what complains ("models: there
-- is no ...", "data/train.bin: has 10 bytes ...") and need no position; anything else, such as
-- "attempt to call a nil value", is a defect of the program, and gets a traceback.
local function explain(message)
  message = tostring(message)
  local complaint = message:match("^[^\n]-:%d+: (.*)$")
  if not complaint then return message end
  return complaint:find("^[^:]+: ") and complaint or debug.traceback(message, 2)
end

--- Runs f, which returns the exit status. An error ends the program with its text and status 1,
-- Ctrl-C with 130.
function options.main(f)
  local ok, status = xpcall(f, function(message)
    if tostring(message):find("interrupted$") then return "interrupted" end
    return explain(message)
  end)
  if ok then os.exit(status or 0, true) end
  io.stderr:write("resmoon ", script_name(), ": ", status, "\n")
  os.exit(status == "interrupted" and 130 or 1, true)
end

return options
