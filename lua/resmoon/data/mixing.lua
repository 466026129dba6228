--- Mixed images: every image of a batch with another one of it, and both labels with their shares.
--
-- mixup blends two images; cutmix puts a rectangle of one into the other. A batch has one share and one order of
-- partners, as in the authors' code. Where the labels are classes they stay as they are, and the batch comes with
-- `mix` = {labels = the partners' labels, share = of the first label}: the loss of such a batch is
--
--     mix.share * loss(scores, y) + (1 - mix.share) * loss(scores, mix.labels)
--
-- which is the cross-entropy with the mixed label, since that is linear in it. Numbers to predict (float32) are blended
-- themselves.
-- Source: Zhang et al. 2018, arXiv:1710.09412; Yun et al. 2019, arXiv:1905.04899.
local check      = require "resmoon.base.check"
local core       = require "resmoon.core"
local fail       = require "resmoon.base.fail"
local is         = require "resmoon.base.is"
local options_of = require "resmoon.base.options"

local mixing = {}
local log = core.math.log

local kinds = {alpha = "number", share = "number", partners = "any", generator = "any"}

-- A number of a gamma distribution of shape a and scale 1. Source: Marsaglia and Tsang 2000, "A simple method for
-- generating gamma variables"; below 1 with their note on powers.
local function gamma(a, generator)
  if a < 1 then return gamma(a + 1, generator) * core.math.pow(1 - generator:uniform(), 1 / a) end
  local d = a - 1 / 3
  local c = 1 / math.sqrt(9 * d)
  while true do
    local x = generator:normal()
    local v = core.math.pow(1 + c * x, 3)
    if v > 0 and log(1 - generator:uniform()) < 0.5 * x * x + d - d * v + d * log(v) then return d * v end
  end
end

--- A number of the distribution Beta(a, a), from 0 to 1.
function mixing.beta(a, generator)
  local x, y = gamma(a, generator), gamma(a, generator)
  if x + y == 0 then return generator:uniform() < 0.5 and 0.0 or 1.0 end   -- tiny a: all at the ends
  return x / (x + y)
end

-- Share, partners and generator of a batch of n, given or drawn.
local function drawn(op, given, n)
  given = options_of(op, given, kinds)
  local alpha, generator = given.alpha or 1.0, given.generator or core.random.augment
  if not (alpha > 0 and alpha < math.huge) then fail("%s: alpha is %g, expected a number above 0", op, alpha) end
  local share = given.share or mixing.beta(alpha, generator)
  if not (share >= 0 and share <= 1) then fail("%s: share is %g, expected 0 to 1", op, share) end
  local partners = given.partners or generator:permutation(n)
  if type(partners) == "table" then partners = core.tensor(partners, "int64") end
  if not is.tensor(partners) or #partners.shape ~= 1 or partners.shape[1] ~= n then
    fail("%s: partners: expected the numbers of %d images", op, n)
  end
  return share, partners, generator
end

local function check_batch(op, x, y)
  if not is.tensor(x) or x.dtype ~= "float32" or #x.shape < 2 then
    fail("%s: x: expected a batch of float32 images", op)
  end
  if not is.tensor(y) or y.shape[1] ~= x.shape[1] then fail("%s: y: expected a label for each image", op) end
end

-- Targets of a mixed batch, and what there is to say of them.
local function targets(y, partners, share)
  local others = y:index_select(1, partners)
  if y.dtype == "float32" then return y * share + others * (1 - share), nil end
  return y, {labels = others, share = share}
end

--- Blends each image of a batch with a partner: share * x + (1 - share) * x[partners].
-- Call: data.mixup(x, y, {alpha = 1, share = nil, partners = nil, generator = nil}) -> x, y, mix
-- Shapes: x float32 (n, ...); y int64 (n), or float32, which is blended, too; mix is {labels = int64 (n), share =
--  number}, and nil for float32 targets.
-- Options: alpha  the share is drawn from Beta(alpha, alpha)
--  share, partners  in place of what is drawn: a number from 0 to 1; the number of each image's partner
--  generator  rm.random.augment
-- Errors: raises for other options and types.
-- Source: Zhang et al. 2018, arXiv:1710.09412.
-- Example:
--   > x, y = rm.tensor {{0, 0}, {8, 8}}, rm.tensor({1, 2}, "int64")
--   > x, y, mix = data.mixup(x, y, {share = 0.75, partners = {2, 1}})
--   > x, mix.labels, mix.share
--   [[2., 2.],
--    [6., 6.]]
--   float32 (2, 2)
--   [2, 1]  int64 (2)
--   0.75
function mixing.mixup(x, y, options)
  check_batch("mixup", x, y)
  local share, partners = drawn("mixup", options, x.shape[1])
  local mixed = core.no_grad(function() return x * share + x:index_select(1, partners) * (1 - share) end)
  return mixed, targets(y, partners, share)
end

--- The rectangle that cutmix takes from the partners: of (1 - share) of the area, its center anywhere, cut off at the
-- edges. Returns top, left (from 1), height, width; height or width may be 0.
function mixing.box(h, w, share, generator)
  local part = math.sqrt(1 - share)
  local box_h, box_w = math.floor(h * part), math.floor(w * part)
  local y, x = generator:integer(0, h - 1), generator:integer(0, w - 1)
  local top, bottom = math.max(0, y - box_h // 2), math.min(h, y + box_h // 2)
  local left, right = math.max(0, x - box_w // 2), math.min(w, x + box_w // 2)
  return top + 1, left + 1, bottom - top, right - left
end

--- Puts a rectangle of a partner into each image of a batch, at the same place in all. The share is then that of the
-- pixels that are the image's own.
-- Call: data.cutmix(x, y, {alpha = 1, share = nil, partners = nil, generator = nil}) -> x, y, mix
-- Shapes: x float32 (n, C, H, W); y and mix as of mixup.
-- Options: as of mixup; share is that of the area before the rectangle is cut off at the edges.
-- Errors: raises for other options and types.
-- Source: Yun et al. 2019, arXiv:1905.04899, algorithm 1 and the authors' code.
-- Example:
--   > x, y = rm.zeros(2, 1, 4, 4), rm.tensor({1, 2}, "int64")
--   > x[2]:fill_(1);
--   > x, y, mix = data.cutmix(x, y, {share = 0.75, partners = {2, 1}})
--   > x.shape, mix.share == 1 - x[1]:sum():item() / 16
--   {2, 1, 4, 4}  true
function mixing.cutmix(x, y, options)
  check_batch("cutmix", x, y)
  if #x.shape ~= 4 then fail("cutmix: x is (%s), expected images (n, C, H, W)", table.concat(x.shape, ", ")) end
  local share, partners, generator = drawn("cutmix", options, x.shape[1])
  local h, w = x.shape[3], x.shape[4]
  local top, left, height, width = mixing.box(h, w, share, generator)
  local mixed = core.no_grad(function()
    local copy = x:detach():clone()
    if height > 0 and width > 0 then
      local from = x:narrow(3, top, height):narrow(4, left, width):index_select(1, partners)
      copy:narrow(3, top, height):narrow(4, left, width):copy_(from)
    end
    return copy
  end)
  return mixed, targets(y, partners, 1 - height * width / (h * w))
end

--- What a loader does to batch `step` of an epoch: mixup or cutmix by their alphas, and where both are given one of
-- them, drawn for each batch.
function mixing.batch(x, y, alphas, generator)
  local kind = alphas.mixup and "mixup" or "cutmix"
  if alphas.mixup and alphas.cutmix and generator:uniform() < 0.5 then kind = "cutmix" end
  return mixing[kind](x, y, {alpha = alphas[kind], generator = generator})
end

--- The loss of a batch, mixed or not: loss(y), or of both labels by their shares.
-- Call: data.mixed_loss(loss, y, mix) -> scalar tensor
-- Shapes: loss is a function of labels; y and mix as a loader with mixup or cutmix gives them.
-- Errors: whatever loss raises.
-- Example:
--   > scores, y = rm.zeros(2, 3), rm.tensor({1, 2}, "int64")
--   > mix = {labels = rm.tensor({3, 3}, "int64"), share = 0.25}
--   > function loss_of(y) return scores:cross_entropy(y) end
--   > loss = data.mixed_loss(loss_of, y, mix)
--   > ("%.4f"):format(loss:item())
--   1.0986
function mixing.mixed_loss(loss, y, mix)
  check("data.mixed_loss(loss: callable, y: any, mix: table?)", loss, y, mix)
  if not mix then return loss(y) end
  check("data.mixed_loss(labels: tensor, share: number)", mix.labels, mix.share)
  local of_own, of_mixed = loss(y), loss(mix.labels)
  check("data.mixed_loss(result: tensor|number)", of_own)
  check("data.mixed_loss(result: tensor|number)", of_mixed)
  return of_own * mix.share + of_mixed * (1 - mix.share)
end

return mixing
