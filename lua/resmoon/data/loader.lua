--- Batches for training: shuffled, augmented, normalized, prepared ahead.
--
--     local loader = data.Loader(train, {batch_size = 128, shuffle = true, augment = true})
--     for epoch = 1, 30 do
--       for x, y in loader:epoch(epoch) do ... end   -- x float32 (n, C, H, W), y int64 (n)
--     end
--
-- The order of an epoch and what happens to each image in it depend on the seed, the epoch and the
-- image's place in the epoch: not on threads, on timing, or on the epochs before. So a run that is
-- taken up again at epoch 17, or in the middle of it, sees what it would have seen.
--
-- Images that lie in memory are prepared by a worker thread (prefetch.c). Those of other data
-- sets (files decoded on demand, a user's own) come through the protocol's `batch`, when needed.
local guard = require "resmoon.base.guard"
local check = require "resmoon.base.check"
local fail = require "resmoon.base.fail"
local core = require "resmoon.core"
local erasing = require "resmoon.data.erasing"
local is   = require "resmoon.base.is"
local mixing = require "resmoon.data.mixing"
local options_of = require "resmoon.base.options"
local sampling = require "resmoon.data.sampling"
local text = require "resmoon.base.text"
local imaging = core.imaging

local Loader = {}
Loader.__index = Loader

-- How the one generator a user may give is kept apart from itself: one stream for the order, one
-- for the augmentation.
local APART = 1 << 32

local known = {
  "batch_size", "shuffle", "augment", "drop_last", "generator", "seed", "normalize", "mean", "std", "prefetch",
  "sampling", "samples", "random_erasing", "mixup", "cutmix",
}

-- Streams of the generators for what is done to a batch that is made: of each image, and of the batch.
local ERASING, MIXING = 0x40, 0x80

-- {erasing = options or nil, mixup = alpha or nil, cutmix = alpha or nil}, or nil where there is nothing to do.
local function treatment(options)
  local made, any = {}, false
  if options.random_erasing and options.random_erasing ~= 0 then
    made.erasing, any = erasing.options(options.random_erasing), true
  end
  for _, name in ipairs {"mixup", "cutmix"} do
    local alpha = options[name]
    if alpha ~= nil and (type(alpha) ~= "number" or not (alpha >= 0 and alpha < math.huge)) then
      fail("loader: %s is %s, expected alpha, a number from 0", name, alpha)
    end
    if alpha and alpha > 0 then made[name], any = alpha, true end
  end
  return any and made or nil
end

-- Which images make up an epoch: {sums =, samples =} of weighted sampling, or nil.
local function sampled(dataset, options)
  if options.sampling == nil then
    if options.samples ~= nil then fail("loader: samples goes with sampling") end
    return nil
  end
  if options.samples ~= nil and not is.whole(options.samples, 1) then
    fail("loader: samples is %s, expected a whole number from 1", options.samples)
  end
  return {sums = sampling.sums(dataset, options.sampling), samples = options.samples or dataset:size()}
end

-- augment: nil or false, true (pad 4, flip), or a table with what differs from none.
local function augmentation(augment)
  if not augment then return 0, false end
  if augment == true then return 4, true end
  options_of("loader: augment", augment, {"pad", "flip"})
  local pad = augment.pad or 0
  if math.type(pad) ~= "integer" or pad < 0 then
    fail("loader: augment.pad must be a whole number of pixels, got %s", pad)
  end
  return pad, augment.flip or false
end

-- Four integers that say all about the random numbers of every epoch.
local function seeds(options)
  local shuffle, augment
  if options.generator then
    shuffle = options.generator:get_state()
    augment = {seed = shuffle.seed, stream = shuffle.stream + APART}
  else
    shuffle, augment = core.random.shuffle:get_state(), core.random.augment:get_state()
  end
  return {shuffle_seed = options.seed or shuffle.seed, shuffle_stream = shuffle.stream,
          augment_seed = options.seed or augment.seed, augment_stream = augment.stream}
end

-- Look-up table of the normalization; without one, bytes become 0..1.
local function table_of(dataset, options)
  local mean, std = options.mean or dataset.mean, options.std or dataset.std
  if options.normalize == false or not mean then
    mean, std = {}, {}
    for c = 1, dataset.shape[1] do mean[c], std[c] = 0, 1 end
  end
  return imaging.normalize_table(mean, std)
end

--- Makes a loader.
-- options: batch_size (128); shuffle (false); augment (false; true is {pad = 4, flip = true}: shifts
-- of up to `pad` pixels over black, and mirroring of every other image); drop_last (false: the last
-- batch may be smaller); normalize (true: (x/255 - mean) / std; false: x/255); mean, std (the data
-- set's); sampling and samples (weighted sampling: data.Loader); random_erasing, mixup, cutmix; seed
-- or generator (else rm.random.shuffle and rm.random.augment, as rm.manual_seed left them when the loader was made);
-- prefetch (2: batches made ahead; 0: no worker).
-- Call: data.Loader.new(dataset, options) -> loader
-- Shapes: as of data.Loader, which is the same.
-- Errors: raises for an unknown option, or one of a wrong type.
-- Example:
--   > #data.Loader.new(data.shapes10 {size = 100}, {batch_size = 32})
--   4
function Loader.new(dataset, options)
  if not is.indexed(dataset) or not dataset.batch or not dataset.size then
    fail("loader: argument 1 is %k, expected a data set, as data.open or data.shapes10 gives it", dataset)
  end
  options = options_of("loader", options, known)
  check("loader(seed: integer?, generator: generator?, prefetch: integer?, mean: table?, std: table?)", options.seed,
        options.generator, options.prefetch, options.mean, options.std)
  local batch = options.batch_size or 128
  if math.type(batch) ~= "integer" or batch < 1 then
    fail("loader: batch_size must be a whole number from 1, got %s", type(batch) == "string" and "'" .. batch .. "'"
         or batch)
  end
  local pad, flip = augmentation(options.augment)
  local self = {
    dataset = dataset, batch_size = batch, shuffle = options.shuffle or false,
    drop_last = options.drop_last or false, pad = pad, flip = flip,
    sampled = sampled(dataset, options), treatment = treatment(options),
    seeds = seeds(options), prefetch = options.prefetch or 2,
    done = {epoch = 0, step = 0},   -- the batch handed out last
  }
  if not dataset.inputs then self.table = dataset.shape and table_of(dataset, options)
  elseif options.mean or options.std then
    fail("loader: mean and std are of images of bytes; %s holds float32 numbers", dataset.name)
  end
  return setmetatable(self, Loader)
end

--- Number of images of an epoch.
-- Call: loader:images() -> number
-- Errors: none.
-- Example:
--   > data.Loader(data.shapes10 {size = 6}, {batch_size = 4}):images()
--   6
function Loader:images() return self.sampled and self.sampled.samples or self.dataset:size() end

--- Number of batches of an epoch.
function Loader:__len()
  local n, batch = self:images(), self.batch_size
  return self.drop_last and n // batch or (n + batch - 1) // batch
end

-- "Loader{batch_size = 32, shuffle = true}  4 batches of shapes10: 100 images ...".
function Loader:__tostring()
  local names = {"batch_size", "shuffle", "drop_last"}
  if self.pad > 0 then names[#names + 1] = "pad" end
  if self.flip then names[#names + 1] = "flip" end
  return ("Loader{%s}  %d batches of %s"):format(text.settings(self, names), #self, tostring(self.dataset))
end

-- int64 (n): the numbers of the images of epoch k, in the order they come.
local function order(self, k)
  local n, drawn = self.dataset:size(), self.sampled
  if drawn then
    return sampling.draw(drawn.sums, drawn.samples, k, self.seeds.shuffle_seed, self.seeds.shuffle_stream)
  end
  if not self.shuffle then return imaging.order(n) end
  return imaging.order(n, k, self.seeds.shuffle_seed, self.seeds.shuffle_stream)
end

-- Images of the batch that begins with image `first` (from 0), and, where processes share batches (loader.share), the
-- first of them and how many come here: an equal part for each. A batch that does not divide comes to all.
local function part_of(self, first)
  local n, share = math.min(self.batch_size, self:images() - first), self.share
  if not share or n % share.size ~= 0 then return first, n, false end
  return first + share.rank * (n // share.size), n // share.size, true
end

local function plan(self, k, fields)
  fields.pad, fields.flip = self.pad, self.flip
  fields.seed, fields.stream, fields.epoch = self.seeds.augment_seed, self.seeds.augment_stream, k
  return fields
end

-- All images in memory: the worker does everything.
local function from_memory(self, k, skip)
  local dataset, sequence = self.dataset, order(self, k)
  if dataset.indices then sequence = imaging.gather(dataset.indices, sequence) end
  return imaging.epoch(dataset.images, dataset.labels, sequence, self.table, plan(self, k, {
    batch = self.batch_size, drop_last = self.drop_last, skip = skip, depth = self.prefetch,
    part = self.share and self.share.rank, parts = self.share and self.share.size}))
end

-- One batch of any data set. Images that are bytes are augmented and normalized as above; others
-- are taken as they are. Of images in parts (ten crops: (n, 10, C, H, W)) the parts follow one another, and there is
-- one label for all of them.
local function treat(self, k, first, x, y)
  if x.dtype ~= "uint8" then
    if self.pad > 0 or self.flip then
      fail("loader: augment shifts and mirrors images of bytes (uint8); these are %s", x.dtype)
    end
    return x, y
  end
  local label = y
  if x:dim() == 5 then
    y = y:reshape(-1, 1):expand(-1, x.shape[2]):contiguous():reshape(-1)   -- reshape alone: a view of 1
    x = x:reshape(-1, table.unpack(x.shape, 3))
  end
  local n = x.shape[1]
  self.table = self.table or table_of({shape = {x.shape[2]}}, {})
  x = imaging.epoch(x, y, imaging.order(n), self.table, plan(self, k, {batch = n, first = first}))()
  return x, label
end

-- Any other data set: `batch` is asked for each list of positions. Its second argument makes the
-- generator of the i-th image of the list: a stream of its own for each place in each epoch.
local function from_protocol(self, k, skip)
  local dataset, sequence = self.dataset, order(self, k):totable()
  local step, steps, s = skip, #self, self.seeds
  return function()
    if step >= steps then return nil end
    local first, n = part_of(self, step * self.batch_size)
    local list = table.move(sequence, first + 1, first + n, 1, {})
    step = step + 1
    local x, y = dataset:batch(list, function(i)
      return core.generator(s.augment_seed, s.augment_stream ~ (k << 40) ~ (first + i) << 8)
    end)
    return treat(self, k, first, x, y)
  end
end

-- What is done to the batch that begins with image `first` (from 0) of epoch k: it follows from these and the seed.
local function treated(self, k, first, x, y)
  local todo, s = self.treatment, self.seeds
  local function generator(place, stream)
    return core.generator(s.augment_seed, s.augment_stream ~ (k << 40) ~ place << 8 ~ stream)
  end
  local whole, n, parted = part_of(self, first)
  if todo.erasing then
    if x.dtype ~= "float32" or x:dim() ~= 4 then fail("loader: random_erasing is for images (n, C, H, W)") end
    erasing.batch(x, todo.erasing, function(i) return generator(whole + i, ERASING) end)
  end
  if not (todo.mixup or todo.cutmix) then return x, y end
  -- Images are mixed with others of the batch, which other processes have.
  if parted then x, y = core.world.join(x), core.world.join(y) end
  local mixed, labels, mix = mixing.batch(x, y, todo, generator(first + 1, MIXING))
  if not parted then return mixed, labels, mix end
  local from = self.share.rank * n + 1
  mix = mix and {labels = mix.labels:narrow(1, from, n), share = mix.share}
  return mixed:narrow(1, from, n):contiguous(), labels:narrow(1, from, n):contiguous(), mix
end

--- Iterates over the batches of epoch k (from 1). An epoch that load_state_dict says was begun
-- goes on behind the batches that were done.
-- Call: loader:epoch(k) -> iterator
-- Shapes: x float32 (n, C, H, W) channels-last, y int64 (n) from 1 on.
-- Errors: whatever reading the images raises.
-- Example:
--   > loader = data.Loader(data.shapes10 {size = 6}, {batch_size = 4})
--   > for x, y in loader:epoch(1) do print(x.shape[1]) end
--   4
--   2
function Loader:epoch(k)
  check("Loader.epoch(k: integer?)", k)
  k = k or self.done.epoch + 1
  local skip = self.resume and self.resume.epoch == k and self.resume.step or 0
  self.resume = nil
  local batches = (self.dataset.images and from_memory or from_protocol)(self, k, skip)
  self.done = {epoch = k, step = skip}
  local function following()
    local x, y = batches()
    if not x then return nil end
    self.done.step = self.done.step + 1
    local _
    _, _, self.parted = part_of(self, (self.done.step - 1) * self.batch_size)
    if self.treatment then return treated(self, k, (self.done.step - 1) * self.batch_size, x, y) end
    return x, y
  end
  local closing = type(batches) == "userdata" and batches or nil
  return following, nil, nil, closing
end

--- What a checkpoint holds of the loader: the seeds, and how far it has come.
-- Call: loader:state_dict() -> table
-- Errors: none.
-- Example:
--   > data.Loader(data.shapes10 {size = 6}, {seed = 7}):state_dict().shuffle_seed
--   7
function Loader:state_dict()
  local state = {epoch = self.done.epoch, step = self.done.step}
  for name, value in pairs(self.seeds) do state[name] = value end
  return state
end

--- Takes up where state_dict was called: `loader:epoch(state.epoch)` gives the batches that were left.
-- Call: loader:load_state_dict(state) -> nothing
-- Errors: raises for a state that lacks something.
-- Example:
--   > a = data.Loader(data.shapes10 {size = 6}, {seed = 7})
--   > b = data.Loader(data.shapes10 {size = 6})
--   > b:load_state_dict(a:state_dict())
--   > b:state_dict().shuffle_seed
--   7
function Loader:load_state_dict(state)
  check("Loader.load_state_dict(state: table)", state)
  check("Loader.load_state_dict(epoch: whole, step: whole)", state.epoch, state.step)
  for name in pairs(self.seeds) do check.value("Loader.load_state_dict", name, state[name], {"whole"}) end
  for name in pairs(self.seeds) do self.seeds[name] = state[name] end
  self.done = {epoch = state.epoch, step = state.step}
  self.resume = {epoch = state.epoch, step = state.step}
end

check.kind("loader", "a loader (data.Loader)", function(v)
  return is.indexed(v) and not is.tensor(v) and not is.layer(v) and v.epoch ~= nil
end)

return guard.all("data.Loader", Loader, function(v) return getmetatable(v) == Loader end)
