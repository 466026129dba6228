--- Training by many processes (resmoon.dist): what each does otherwise than one process alone.
--
-- All do the same steps, each with its part of every batch; operators, and backward, add up over all of them
-- (core.world, src/dist/batch.h). Process 0 alone writes and shows.
local core   = require "resmoon.core"
local dist   = require "resmoon.dist"
local held   = require "resmoon.base.held"
local json   = require "resmoon.base.json"
local config = require "resmoon.runs.settings"

local world = core.world
local together = {}

--- Closed, it ends that a batch is shared.
together.unshared = setmetatable({}, {__close = function() world.share(false) end})

function together.is_first() return world.rank() == 0 end

--- The options of a training, as this process takes them.
function together.options(options)
  return together.is_first() and options or config.with(options, {progress = false})
end

--- What all processes have found in a step: the mean loss, how many images were wrong (false: that means nothing), and
-- whether one of them is to stop. shared: whether each had a part of the batch, or all of it.
function together.agree(shared, loss, wrong)
  -- In float32, as operators add up over a batch: the mean is that of one process to the last bit.
  local counts = shared or world.rank() == 0
  local all = core.tensor {counts and loss or 0, counts and (wrong or 0 / 0) or 0, held.pending() and 1 or 0}
  world.all_reduce(all, "sum")
  local mean, mistakes, stop = table.unpack(all:totable())
  return shared and mean / world.size() or mean, mistakes == mistakes and mistakes, stop > 0
end

--- All begin with the weights of process 0, and each gets its part of every batch, until what this returns is closed.
-- Errors: raises where batches do not divide.
function together.begin(trainer)
  local n, loader = world.size(), trainer.train
  if n == 1 then return nil end
  if trainer.accumulate > 1 then
    error(("train: accumulate is %d, but %d processes share each batch already: leave it out"):format(
          trainer.accumulate, n), 0)
  end
  if loader.batch_size % n ~= 0 then
    error(("train: batches of %d images do not divide among %d processes: expected a multiple of %d"):format(
          loader.batch_size, n, n), 0)
  end
  dist.broadcast(trainer.net)
  loader.share = {rank = world.rank(), size = n}
  return setmetatable({}, {__close = function() loader.share = nil end})
end

--- Where each process had statistics of its own (local_batch_norm), those of process 0 stay.
function together.settle(net)
  if world.size() == 1 then return end
  local whole = world.share_norm(true)
  world.share_norm(whole)
  if not whole then dist.broadcast(net) end
end

-- What has to be the same everywhere, as {name, text}. Folders and threads may differ from computer to computer.
local function digests(trainer, c)
  local settings, record = config.with(c), config.with(trainer.record)
  settings.device, settings.data_path, settings.threads, settings.own = nil, nil, nil, nil
  record.source = nil
  return {{"versions or instruction sets", ("%s %s"):format(core.version, core.machine.same_bits())},
          {"settings", json.encode(settings)}, {"data", json.encode(record)}, {"network", trainer.net:hash()}}
end

--- Before the first step: raises where processes would train different things, and says how many they are.
function together.check(trainer, c)
  if world.size() == 1 then return end
  for _, part in ipairs(digests(trainer, c)) do
    local own = core.sha256():update(part[2]):digest()
    for r, other in ipairs(world.gather(own)) do
      if other ~= own then
        error(("train: process %d has other %s than process %d: all have to train the same"):format(r - 1, part[1],
              world.rank()), 0)
      end
    end
  end
  if trainer.screen then
    trainer.screen:say(("%d processes (%s), batch norm over %s"):format(world.size(), world.library(),
      c.local_batch_norm and "each part of a batch (local_batch_norm): not the bits of one process"
      or "the whole batch"))
  end
end

return together
