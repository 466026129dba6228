--- What is looked at before the first step: trainings that would die later, or learn nothing, are refused with a way
-- out; what is legal but surely not meant is said.
local core      = require "resmoon.core"
local is        = require "resmoon.base.is"
local Module    = require "resmoon.nn.module"
local untouched = require "resmoon.nn.untouched"

local preflight = {}

-- "a number", "a tensor (2, 10)": what a network gave.
local function described(y)
  if not is.tensor(y) then return type(y) == "nil" and "nothing" or "a " .. type(y) end
  return ("(%s)"):format(table.concat(y.shape, ", "))
end

--- Raises where a network of one's own does not give a score for each class of the images.
function preflight.network(net, c)
  local y
  untouched(net, function()
    net:eval()
    core.no_grad(function() y = net(core.zeros(2, table.unpack(c.input))) end)
  end)
  local wanted = c.outputs or #c.classes
  if is.tensor(y) and #y.shape == 2 and y.shape[1] == 2 and y.shape[2] == wanted then return end
  local what = c.outputs and ("the %d numbers of a target"):format(wanted)
    or ("a score for each of the %d classes"):format(wanted)
  error(("train: %s gives %s for 2 inputs, expected (2, %d): %s. A function that builds a network is given a table "
         .. "with num_classes, and input = {%s}"):format(c.model, described(y), wanted, what,
         table.concat(c.input, ", ")), 0)
end
-- Images of an epoch: those of the set, unless the loader draws another number of them.
local function images_of(loader) return loader.images and loader:images() or loader.dataset:size() end

-- The sizes of the parts that the steps of an epoch see: {size, images of its batch}, of a full batch and of the last.
local function parts(loader, accumulate)
  local n, batch = images_of(loader), loader.batch_size
  local list = {}
  local function add(size)
    if size > 0 then list[#list + 1] = {size // math.min(accumulate, size), size} end
  end
  if n >= batch then add(batch) end
  if not loader.drop_last then add(n % batch) end
  return list
end

-- The first batch norm that sees a single value per channel of one image, or nil. A network that cannot be looked into
-- with one image is left to itself.
local function lonely_norm(net, shape)
  local ok, summary = pcall(function() return net:summary(shape) end)
  if not ok then return nil end
  for _, row in ipairs(summary.rows) do
    if row.type == "BatchNorm2d" and row.shape then
      local values = 1
      for d = 3, #row.shape do values = values * row.shape[d] end
      if values == 1 then return row.name end
    end
  end
end

-- A batch size near the given one that leaves no single image.
local function other_size(n, batch)
  for distance = 1, n do
    for _, size in ipairs {batch + distance, batch - distance} do
      if size > 1 and n % size ~= 1 then return size end
    end
  end
end

local function check_single_images(net, loader, accumulate)
  local single
  for _, part in ipairs(parts(loader, accumulate)) do
    if part[1] == 1 then single = part end
  end
  local norm = single and lonely_norm(net, loader.dataset.shape)
  if not norm then return end
  local n, batch = images_of(loader), loader.batch_size
  local what, way
  if single[2] > 1 then
    what = ("batches of %d images in %d parts come to parts of one image"):format(single[2], accumulate)
    way = ("fewer parts (--accumulate) or a larger batch (--batch-size)%s"):format(
      single[2] ~= batch and ", or --drop-last" or "")
  elseif batch == 1 then
    what, way = "batches are of one image", "a larger --batch-size"
  else
    what = ("the last batch of an epoch has one image (%d images in batches of %d)"):format(n, batch)
    way = n > batch and ("--drop-last leaves it out, --batch-size %d gives it others"):format(other_size(n, batch))
      or "more images"
  end
  error(("train: %s, and %s of %s is a batch norm on maps of 1 x 1: of one value there is no variance. A way out: %s")
        :format(what, norm, Module.label(net), way), 0)
end

--- Raises where a loader gives no batch, or one that the network's batch norms refuse.
function preflight.batches(net, loader, accumulate)
  local dataset = type(loader) == "table" and loader.dataset
  if not (dataset and loader.batch_size) then return end   -- somebody's own
  local n = images_of(loader)
  if n == 0 then error("train: there are no training images", 0) end
  if #loader == 0 then
    error(("train: %d training images are fewer than one batch of %d, and --drop-last leaves them out: no step would "
           .. "be made; a smaller --batch-size, or no --drop-last"):format(n, loader.batch_size), 0)
  end
  if dataset.shape and Module.is_module(net) then check_single_images(net, loader, accumulate or 1) end
end

-- What there is to say of milestones that do not do what two milestones in a long run do.
local function milestone_notes(c, note)
  local times, late = {}, {}
  for _, m in ipairs(c.milestones) do
    times[m] = (times[m] or 0) + 1
    if times[m] == 2 then note("milestone %d is there more than once: the rate falls once for each", m) end
    if m >= c.epochs and times[m] == 1 then late[#late + 1] = tostring(m) end
  end
  if #late > 0 and c.gamma ~= 1 then
    note("the rate is to fall after epoch %s, but the run ends with epoch %d", table.concat(late, " and "), c.epochs)
  elseif #c.milestones == 0 then
    note("the rate stays as it is: there is no milestone at which it would fall")
  elseif #c.milestones == 1 and c.epochs == 2 then
    note("the rate falls once, after epoch 1: in 2 epochs there is no room for two milestones")
  end
end

--- Looks at a complete config, for a training of `steps` steps an epoch on so many images. Returns sentences on what
-- is legal but hardly meant.
-- Errors: raises for what cannot train.
function preflight.settings(c, steps, images)
  local notes = {}
  local function note(...) notes[#notes + 1] = string.format(...) end
  local cycles = c.schedule == "onecycle" or c.schedule == "cyclic"
  if c.lr == 0 or cycles and c.max_lr == 0 then
    error(("train: %s is 0: nothing would be learned"):format(cycles and "max_lr" or "lr"), 0)
  end
  if c.schedule == "cyclic" and c.base_lr > c.max_lr then
    note("cyclic: base_lr %g is above max_lr %g: the cycle begins at its highest rate", c.base_lr, c.max_lr)
  end
  if images and images < c.batch_size then
    note("a batch of %d takes all %d training images: one step an epoch", c.batch_size, images)
  end
  if c.gamma == 0 and (c.schedule == "multistep" or c.schedule == "step") then
    note("gamma is 0: once the rate has fallen, nothing is learned any more")
  end
  if c.schedule == "multistep" then
    milestone_notes(c, note)
  elseif c.schedule == "step" and c.step_size >= c.epochs then
    note("the rate is to fall every %d epochs, but the run ends with epoch %d", c.step_size, c.epochs)
  elseif c.schedule == "onecycle" and c.epochs * steps < 4 then
    note("onecycle has %d step%s to rise and fall in: the rate is next to 0 in the last", c.epochs * steps,
         c.epochs * steps == 1 and "" or "s")
  end
  if c.mixup > 0 or c.cutmix > 0 then
    note("images are mixed in training: the training loss is of mixed images, and there is no training error")
  end
  if c.warmup > 0 and c.warmup >= c.epochs then
    note("the warm-up takes %g epochs, but the run ends with epoch %d", c.warmup, c.epochs)
  end
  if c.classes and #c.classes < 2 then
    note("the data have %d class (%s): there is nothing to tell apart", #c.classes, table.concat(c.classes, ", "))
  end
  return notes
end

return preflight
