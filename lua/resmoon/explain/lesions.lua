--- What a trained network loses where a part of it is taken out, swapped, or many parts are.
--
-- In a residual network a block is dropped by letting its shortcut alone pass; in a plain one its layers are skipped,
-- where shapes allow that. The network is not changed: all is done by hooks, which are gone afterwards.
--   single   the error without each block
--   swaps    the error with two blocks of a stage in each other's place (where they are modules of equal shapes)
--   random   the error without n blocks, drawn anew each time
--   paths    of residual networks: how long the paths through the blocks are, and how much gradient each length carries
--
-- Call: lesions(net, dataset, {options}) -> result
-- Shapes: images as the data set has them; input {C, H, W} of the network, that of the data set where it is not given.
-- Units: errors in per cent of the images.
-- Options: images      how many (500), the first of the data set
--  batch_size  images at a time (250)
--  mean, std   of each channel, as in training: train.load gives them (default those of the data set)
--  swaps       pairs at most (40); 0: none
--  random      blocks that are deleted at once, at most (half of them); 0: none
--  draws       sets of blocks for each number (3)
--  samples     paths for each length (12); 0: none
--  path_images  images whose gradient is taken (16)
--  seed        of what is drawn (1)
-- Returns: name, base (the error of the whole network), single (a list of {path =, stage =, error =, why = nil or why
--  it cannot be taken out}), swaps ({a =, b =, stage =, error =}), random ({n =, errors =, mean =}), paths ({length =,
--  count =, norm =, share =, weight =, mean =, effective =, covers =}, or nil), images, seconds. Printed it is a table.
-- Errors: raises for what is no network or no data set, and where there are neither shortcuts nor convolutions.
-- Source: Veit, Wilber and Belongie 2016, "Residual networks behave like ensembles of relatively shallow networks",
--  arXiv:1605.06431, sections 4.1 and 4.2.
-- Example:
--   > ds = data.shapes10 {size = 20}
--   > l = lesions(models.resnet20(), ds, {draws = 1, samples = 1, swaps = 2})
--   > #l.single, #l.swaps, #l.paths.norm
--   9  2  10
-- See: plot.lesions
local batches = require "resmoon.explain.batches"
local blocks  = require "resmoon.explain.blocks"
local core    = require "resmoon.core"
local fail    = require "resmoon.base.fail"
local kind    = require "resmoon.nn.kind"
local options_of = require "resmoon.base.options"
local paths   = require "resmoon.explain.paths"
local shown   = require "resmoon.base.shown"
local text    = require "resmoon.base.text"
local trace   = require "resmoon.explain.trace"
local untouched = require "resmoon.nn.untouched"

local Lesions = {__name = "Lesions"}
Lesions.__index = Lesions

local function wrong_percent(net, list)
  return core.no_grad(function()
    local wrong = 0
    for _, batch in ipairs(list) do
      wrong = wrong + batch[2]:ne(net(batch[1]):argmax(2)):float():sum():item()
    end
    return 100 * wrong / list.count
  end)
end

local function single(net, all, list)
  local result = {}
  for i, block in ipairs(all) do
    result[i] = {path = block.path, stage = block.stage, why = block.why,
                 error = not block.why and blocks.without({block}, wrong_percent, net, list) or nil}
  end
  return result
end

-- Pairs of a stage, those that are nearest to one another first, at most `most` and then evenly chosen.
local function swaps(net, all, list, most)
  local pairs_there, result = {}, {}
  for i, a in ipairs(all) do
    for k = i + 1, #all do
      if a.stage == all[k].stage and blocks.can_swap(a, all[k]) then pairs_there[#pairs_there + 1] = {a, all[k]} end
    end
  end
  local n = math.min(most, #pairs_there)
  for i = 1, n do
    local a, b = table.unpack(pairs_there[1 + (i - 1) * #pairs_there // n])
    result[i] = {a = a.path, b = b.path, apart = b.index - a.index, stage = a.stage,
                 error = blocks.swapped(a, b, wrong_percent, net, list)}
  end
  return result
end

local function at_random(net, all, list, most, draws, generator)
  local there, result = {}, {}
  for _, block in ipairs(all) do
    if not block.why then there[#there + 1] = block end
  end
  for n = 1, math.min(most or #there // 2, #there) do
    local errors, sum = {}, 0
    for d = 1, draws do
      local order, gone = core.randperm(#there, {generator = generator}):totable(), {}
      for i = 1, n do gone[i] = there[order[i]] end
      errors[d] = blocks.without(gone, wrong_percent, net, list)
      sum = sum + errors[d]
    end
    result[n] = {n = n, errors = errors, mean = sum / draws}
  end
  return result
end

-- Runs f while no parameter requires a gradient.
local function frozen(net, f)
  local were = {}
  for _, p in net:named_parameters() do were[#were + 1] = {p, p.requires_grad} end
  local _ <close> = setmetatable({}, {__close = function()
    for _, was in ipairs(were) do was[1]:requires_grad_(was[2]) end
  end})
  for _, was in ipairs(were) do was[1]:requires_grad_(false) end
  return f()
end

local function by_path(net, all, batch, options, generator)
  if options.samples == 0 or all[1].kind ~= "residual" then return nil end
  for _, block in ipairs(all) do
    if not (block.module and block.enter and block.hooks) then return nil end
  end
  local n = math.min(options.path_images or 16, batch[2].shape[1])
  local norms = frozen(net, function()
    return core.enable_grad(paths.norms, net, all, batch[1]:narrow(1, 1, n), batch[2]:narrow(1, 1, n),
                            options.samples or 12, generator)
  end)
  return paths.summarize(norms)
end

local kinds = {mean = "table", std = "table", images = "whole", batch_size = "whole", seed = "whole", swaps = "natural",
               random = "natural", draws = "count", samples = "count", path_images = "count"}

local function lesions(net, dataset, options)
  options = options_of("lesions", options, kinds)
  if not kind.is_module(net) then fail("lesions: argument 1 is %k, expected a network", net) end
  local began = core.sys.clock()
  local list = batches("lesions", dataset, options, 500)
  local result = setmetatable({name = kind.label(net), images = list.count}, Lesions)
  local generator = core.generator(options.seed or 1)
  untouched(net, function()
    local graph = trace(net, list[1][1]:narrow(1, 1, 1))
    local all = blocks.of("lesions", graph)
    net:eval()
    result.kind = all[1].kind
    result.base = wrong_percent(net, list)
    result.single = single(net, all, list)
    result.swaps = swaps(net, all, list, options.swaps or 40)
    result.random = at_random(net, all, list, options.random, options.draws or 3, generator)
    result.paths = by_path(net, all, list[1], options, generator)
  end)
  result.seconds = core.sys.clock() - began
  return shown.fields(result)
end

local function mean_of(list, field)
  local sum, n = 0, 0
  for _, each in ipairs(list) do
    if each[field] then sum, n = sum + each[field], n + 1 end
  end
  return n > 0 and sum / n or nil
end

--- {single =, swaps =}: means of the errors, nil where there is none.
function Lesions:means() return {single = mean_of(self.single, "error"), swaps = mean_of(self.swaps, "error")} end

function Lesions:__tostring()
  local lines = {{"without", "stage", "error %", "change"}, {"nothing", "", ("%.2f"):format(self.base), ""}}
  for _, each in ipairs(self.single) do
    lines[#lines + 1] = {each.path, tostring(each.stage), each.error and ("%.2f"):format(each.error) or "",
                         each.error and ("%+.2f"):format(each.error - self.base) or each.why}
  end
  local means, more = self:means(), {}
  more[1] = ("%s, %d images: mean without one block %s %%"):format(self.name, self.images,
    means.single and ("%.2f"):format(means.single) or "n/a")
  if means.swaps then more[2] = ("mean of %d swaps of two %.2f %%"):format(#self.swaps, means.swaps) end
  local last = self.random[#self.random]
  if last then more[#more + 1] = ("without %d at random %.2f %%"):format(last.n, last.mean) end
  local p = self.paths
  if p then
    more[#more + 1] = ("paths pass %.1f blocks in the mean, by gradient %.2f; 95 %% of the gradient is on lengths "
      .. "%d to %d"):format(p.mean, p.effective, p.covers[1], p.covers[2])
  end
  return table.concat(text.columns(lines, {left = 1}), "\n") .. "\n" .. table.concat(more, "; ")
end

return lesions
