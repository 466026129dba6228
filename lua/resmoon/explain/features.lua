--- What a network has made of images at each of its stages, in two dimensions: principal components and t-SNE.
--
-- Maps are averaged over a grid of `pool` x `pool` cells, so that places count a little; t-SNE takes their first 30
-- principal components, as the paper does. How far a stage tells the classes apart is said in a number: of how many
-- images the nearest other one is of the same class.
--
-- Call: features(net, dataset, {options}) -> result
-- Shapes: images as the data set has them. Each stage has pca and tsne, (N, 2).
-- Units: nearest and share in per cent.
-- Options: images      how many (500), the first of the data set
--  mean, std   of each channel, as in training: train.load gives them (default those of the data set)
--  layers      paths, as in activations (default the last part for each size of the maps); "" is the result
--  methods     {"pca", "tsne"}
--  pool        cells in a row (4)
--  perplexity, iterations, seed  of t-SNE: 30, 1000, 1
--  batch_size  images at a time (250)
-- Returns: a list of stages {path =, dimensions =, pca =, tsne =, share = of the variance in two components,
--  nearest =, kl =}, the first of which is the image; labels (a list of N), classes, seconds. Printed it is a table.
-- Errors: raises for what is no network or no data set, and for a layer that is not there.
-- Source: van der Maaten and Hinton 2008, JMLR 9.
-- Example:
--   > ds = data.shapes10 {size = 40}
--   > f = features(models.resnet20(), ds, {iterations = 50})
--   > #f, f[4].path, f[4].tsne.shape
--   4  layer3  {40, 2}
-- See: plot.features, pca, tsne
local activations = require "resmoon.nn.activations"
local batches = require "resmoon.explain.batches"
local core    = require "resmoon.core"
local fail    = require "resmoon.base.fail"
local hint    = require "resmoon.base.hint"
local kind    = require "resmoon.nn.kind"
local options_of = require "resmoon.base.options"
local pca     = require "resmoon.explain.pca"
local shown   = require "resmoon.base.shown"
local stages  = require "resmoon.explain.stages"
local text    = require "resmoon.base.text"
local tsne    = require "resmoon.explain.tsne"

local Features = {__name = "Features"}
Features.__index = Features

local COMPONENTS = 30

-- (N, C, H, W) averaged over cells, then flat; a column for each number that is not the same for all.
local function flat(y, pool)
  if #y.shape == 4 and (y.shape[3] > pool or y.shape[4] > pool) then
    y = y:adaptive_avg_pool2d({math.min(pool, y.shape[3]), math.min(pool, y.shape[4])})
  end
  return y:detach():reshape(y.shape[1], -1):contiguous()
end

-- What each layer gives for all batches: path -> (N, D).
local function gather(net, list, paths, pool)
  local parts = {image = {}}
  for _, path in ipairs(paths) do parts[path] = {} end
  for _, batch in ipairs(list) do
    local acts, y = core.no_grad(activations, net, batch[1])
    table.insert(parts.image, flat(batch[1], pool))
    for _, path in ipairs(paths) do
      local act = path == "" and y or acts[path]
      if not act then fail("features: %s has no layer '%s'%s", kind.label(net), path, hint(path, acts)) end
      table.insert(parts[path], flat(act, pool))
    end
  end
  local result = {}
  for path, pieces in pairs(parts) do result[path] = #pieces > 1 and core.cat(pieces, 1) or pieces[1] end
  return result
end

-- Per cent of the points whose nearest other one has the same label.
local function nearest(x, labels)
  local squares = (x * x):sum(2):reshape(-1, 1)
  local d = squares + squares:reshape(1, -1) - core.linear(x, x) * 2 + core.eye(x.shape[1]) * 1e30
  local same = 0
  for i, k in ipairs(d:argmin(2):totable()) do same = same + (labels[i] == labels[k] and 1 or 0) end
  return 100 * same / #labels
end

local function stage(path, x, labels, options, wanted)
  local k = math.min(COMPONENTS, x.shape[1] - 1, x.shape[2])
  local p = pca(x, k)
  local result = {path = path, dimensions = x.shape[2], nearest = nearest(x, labels),
                  share = 100 * (p.share[1] + (p.share[2] or 0))}
  if wanted.pca then result.pca = p.projected:narrow(2, 1, math.min(2, k)):contiguous() end
  if wanted.tsne then
    local info
    result.tsne, info = tsne(p.projected, {perplexity = options.perplexity, iterations = options.iterations,
                                               seed = options.seed})
    result.kl = info.kl
  end
  return result
end

local known = {images = "whole", mean = "table", std = "table", layers = "table", methods = "table", pool = "whole",
               perplexity = "number", iterations = "count", seed = "whole", batch_size = "whole"}

local function features(net, dataset, options)
  options = options_of("features", options, known)
  if not kind.is_module(net) then fail("features: argument 1 is %k, expected a network", net) end
  local wanted, began = {}, core.sys.clock()
  for _, method in ipairs(options.methods or {"pca", "tsne"}) do
    if method ~= "pca" and method ~= "tsne" then
      fail("features: the method is %s, expected 'pca' or 'tsne'", method)
    end
    wanted[method] = true
  end
  local list = batches("features", dataset, options, 500)
  if list.count < 4 then fail("features: %d images, expected at least 4", list.count) end
  local paths = options.layers or stages("features", net, list[1][1]:narrow(1, 1, 1))
  local outputs, labels = gather(net, list, paths, options.pool or 4), {}
  for _, batch in ipairs(list) do table.move(batch[2]:totable(), 1, batch[2].shape[1], #labels + 1, labels) end
  local result = setmetatable({name = kind.label(net), labels = labels, classes = list.classes}, Features)
  result[1] = stage("image", outputs.image, labels, options, wanted)
  for i, path in ipairs(paths) do result[i + 1] = stage(path, outputs[path], labels, options, wanted) end
  result.seconds = core.sys.clock() - began
  return shown.fields(result)
end

function Features:__tostring()
  local lines = {{"stage", "dimensions", "nearest is of its class %", "variance in 2 components %",
                  "t-SNE's divergence"}}
  for i, each in ipairs(self) do
    lines[i + 1] = {each.path == "" and "scores" or each.path, tostring(each.dimensions), ("%.1f"):format(each.nearest),
                    ("%.1f"):format(each.share), each.kl and ("%.3f"):format(each.kl) or ""}
  end
  return ("%s, %d images\n"):format(self.name, #self.labels) .. table.concat(text.columns(lines, {left = 1}), "\n")
end

return features
