--- What `resmoon train --profile` prints: where a step's time goes, measured in the first epoch.
--
-- A few steps warm up (memory is fetched, caches fill), the next ones are measured; then training
-- goes on as ever. Returns hooks for the trainer: profile({steps = 20, warmup = 5, print = print}).
local profile = require "resmoon.base.profile"

return function(options)
  options = options or {}
  local say = options.print
  local done, stop, first, last, images = 0, nil, nil, nil, 0
  local function out(trainer, line)
    if say then say(line) elseif trainer.screen then trainer.screen:say(line) end
  end
  local function on_step(trainer)
    if not first then
      local left = #trainer.train - trainer.train:state_dict().step + 1  -- of this epoch, this one included
      first = math.min(options.warmup or 5, left // 4)
      last = math.min(first + (options.steps or 20), left)
      if first == 0 then out(trainer, ("an epoch of %d steps is too short to profile"):format(left)) end
    end
    done = done + 1
    if done == first then
      images = trainer.sums.count
      stop = profile.start()
    elseif done == last and stop then
      local result = stop(last - first)
      stop, images = nil, (trainer.sums.count - images) / (last - first)
      for _, line in ipairs(profile.lines(result, images)) do out(trainer, line) end
    end
  end
  return {on_step = on_step}
end
