--- The pairs of classes that a network confuses most, with images.
--
-- Call: confused(net, dataset, {options}) -> pairs
-- Shapes: images as the data set has them.
-- Options: pairs       how many (5)
--  examples    images of each pair, those of which the network is surest (6)
--  images      of the data set, the first (1000)
--  mean, std   of each channel, as in training: train.load gives them (default those of the data set)
--  batch_size  images at a time (250)
-- Returns: a list of {a =, b = classes, count = images of one that were taken for the other, of = images of both,
--  share = in per cent, examples = {{index =, label =, predicted =, probability =}, ...}}, with classes, images and
--  error; what is most frequent first. Printed it is a table.
-- Errors: raises for what is no network or no data set.
-- Example:
--   > ds = data.shapes10 {size = 60}
--   > c = confused(models.resnet20(), ds, {pairs = 2})
--   > #c <= 2, c.images
--   true  60
-- See: plot.confused, metrics.confusion
local batches = require "resmoon.explain.batches"
local core    = require "resmoon.core"
local fail    = require "resmoon.base.fail"
local kind    = require "resmoon.nn.kind"
local options_of = require "resmoon.base.options"
local shown   = require "resmoon.base.shown"
local text    = require "resmoon.base.text"
local untouched = require "resmoon.nn.untouched"

local Confused = {__name = "Confused"}
Confused.__index = Confused

-- For each image {index, label, predicted, probability of what it was taken for}.
local function predictions(net, list)
  local result = {}
  untouched(net, function()
    net:eval()
    core.no_grad(function()
      for _, batch in ipairs(list) do
        local p = net(batch[1]):softmax(2)
        local best, labels = p:argmax(2), batch[2]:totable()
        local sure = p:gather(2, best:reshape(-1, 1)):flatten():totable()
        for i, predicted in ipairs(best:totable()) do
          result[#result + 1] = {index = #result + 1, label = labels[i], predicted = predicted, probability = sure[i]}
        end
      end
    end)
  end)
  return result
end

local function confused(net, dataset, options)
  options = options_of("confused", options, {pairs = "count", examples = "natural", images = "whole", mean = "table",
                                             std = "table", batch_size = "whole"})
  if not kind.is_module(net) then fail("confused: argument 1 is %k, expected a network", net) end
  local list = batches("confused", dataset, options, 1000)
  local all, found, of, wrong = predictions(net, list), {}, {}, 0
  local by_name = {}
  for _, each in ipairs(all) do
    of[each.label] = (of[each.label] or 0) + 1
    if each.label ~= each.predicted then
      wrong = wrong + 1
      local a, b = math.min(each.label, each.predicted), math.max(each.label, each.predicted)
      local name = a .. "," .. b
      if not by_name[name] then
        by_name[name] = {a = a, b = b, count = 0, examples = {}}
        found[#found + 1] = by_name[name]
      end
      by_name[name].count = by_name[name].count + 1
      table.insert(by_name[name].examples, each)
    end
  end
  table.sort(found, function(p, q)
    if p.count ~= q.count then return p.count > q.count end
    if p.a ~= q.a then return p.a < q.a end
    return p.b < q.b
  end)
  local result = setmetatable({name = kind.label(net), classes = list.classes, images = list.count,
                               error = 100 * wrong / list.count}, Confused)
  for i = 1, math.min(options.pairs or 5, #found) do
    local pair = found[i]
    pair.of = (of[pair.a] or 0) + (of[pair.b] or 0)
    pair.share = 100 * pair.count / pair.of
    table.sort(pair.examples, function(p, q)
      if p.probability ~= q.probability then return p.probability > q.probability end
      return p.index < q.index
    end)
    pair.examples = table.move(pair.examples, 1, math.min(options.examples or 6, #pair.examples), 1, {})
    result[i] = pair
  end
  return shown.fields(result)
end

--- What a class is called.
function Confused:name_of(class) return tostring(self.classes and self.classes[class] or class) end

function Confused:__tostring()
  local lines = {{"class", "and", "confused", "of", "share %"}}
  for i, pair in ipairs(self) do
    lines[i + 1] = {self:name_of(pair.a), self:name_of(pair.b), tostring(pair.count), tostring(pair.of),
                    ("%.1f"):format(pair.share)}
  end
  return ("%s, %d images, error %.2f %%\n"):format(self.name, self.images, self.error)
    .. table.concat(text.columns(lines, {left = 2}), "\n")
end

return confused
