--- The loss around a network's weights, in a plane of two directions.
--
-- Li et al. 2018 draw it so: random directions whose filters are as long as the network's own, since batch norm makes
-- the scale of filters meaningless; biases and norms stay (their code's default), and batch norm is in evaluation mode,
-- with the statistics of the network in the middle. Or the two directions in which the checkpoints of a run have moved
-- most (principal components), with its path.
local core  = require "resmoon.core"
local directions = require "resmoon.explain.directions"
local Duration = require("resmoon.train.progress").duration
local evaluate = require("resmoon.train.evaluate").evaluate
local fail  = require "resmoon.base.fail"
local files = require "resmoon.explain.landscape_file"
local held  = require "resmoon.base.held"
local images = require "resmoon.explain.images"
local is    = require "resmoon.base.is"
local Landscape = require "resmoon.explain.landscape_result"
local Module = require "resmoon.nn.module"
local options_of = require "resmoon.base.options"
local running = require "resmoon.explain.running_statistics"
local states_of = require "resmoon.explain.checkpoints"
local text  = require "resmoon.base.text"
local Weights = require "resmoon.explain.weights"
local sys   = core.sys

local SAVE = 20        -- seconds between two writings of the file
local REDRAW = 0.2     -- seconds between two drawings of the progress
local MARGIN = 0.2     -- what a path leaves free on each side, of its length
local FLATTEST = 0.5   -- the shorter side of its plane, of the longer: steps of training shrink, so component 2 does

local known = {grid = "whole", directions = "string", range = "number|table", seed = "whole", biases = "boolean",
               statistics = "string", images = "whole", batch = "whole", file = "string", checkpoints = "table",
               progress = "boolean", data = "any", split = "string", mean = "table", std = "table", name = "string"}

local function settings(given)
  local o = {grid = 25, directions = "random", seed = 1, biases = false, statistics = "running", images = 128}
  for key, value in pairs(options_of("landscape", given, known)) do o[key] = value end
  o.batch = o.batch or 128
  if o.grid < 2 then fail("landscape: grid is %d, expected at least 2", o.grid) end
  for _, name in ipairs {"images", "batch"} do
    if o[name] < 1 then fail("landscape: %s is %d, expected at least 1", name, o[name]) end
  end
  if o.directions ~= "random" and o.directions ~= "path" then
    fail("landscape: directions is '%s', expected random or path", o.directions)
  end
  if o.statistics ~= "running" and o.statistics ~= "recompute" then
    fail("landscape: statistics is '%s', expected running or recompute", o.statistics)
  end
  return o
end

-- n numbers from a to b; the middle one of an odd count about zero is exactly 0.
local function spread(a, b, n)
  local list = {}
  for i = 1, n do list[i] = (a * (n - i) + b * (i - 1)) / (n - 1) end
  return list
end

local function is_finite(v) return type(v) == "number" and v == v and math.abs(v) ~= math.huge end

-- The numbers on both axes.
local function axes(o, path)
  local r = o.range
  if r == nil and path then
    local low, high, result = {}, {}, {}
    for k, at in ipairs {path.x, path.y} do
      low[k], high[k] = math.min(0, table.unpack(at)), math.max(0, table.unpack(at))
    end
    local longest = (1 + 2 * MARGIN) * math.max(high[1] - low[1], high[2] - low[2])
    for k = 1, 2 do
      local long = high[k] - low[k]
      local room = math.max(MARGIN * long, (FLATTEST * longest - long) / 2)
      result[k] = spread(low[k] - room, high[k] + room, o.grid)
    end
    return result[1], result[2]
  end
  r = r or 1
  if type(r) == "number" then r = {-r, r, -r, r} end
  for i = 1, 4 do
    if not is_finite(r[i]) then
      fail("landscape: range is a list with %s at %d, expected a number, or {x from, x to, y from, y to}",
           r[i], i)
    end
  end
  if not (r[1] < r[2] and r[3] < r[4]) then
    fail("landscape: the range is %g to %g and %g to %g, expected from lower to higher numbers", r[1], r[2], r[3], r[4])
  end
  return spread(r[1], r[2], o.grid), spread(r[3], r[4], o.grid)
end

-- How many classes the network tells apart, or nil for a regression.
local function classes_of(net, some)
  local x, y = some.batches[1][1], some.batches[1][2]
  if y.dtype == "float32" then return nil end
  local scores
  net:eval()
  core.no_grad(function() scores = net(x:narrow(1, 1, 1)) end)
  return scores.shape[2]
end

local function show(o, name, done, all, began, before)
  if o.progress == false or not sys.isatty(1) then return end
  local seconds = sys.clock() - began
  local left = (all - done) * seconds / math.max(1, done - before)
  io.stdout:write(("\r%s: %d of %d points, %s left\27[K"):format(name, done, all, Duration(left)))
  io.stdout:flush()
end

-- Computes what is missing of the points. Returns true, or false where Ctrl-C came.
local function walk(self, weights, plane, some, o)
  local n, began, drawn, saved = self.grid, sys.clock(), 0, sys.clock()
  local losses, errors, done = self.losses, self.errors, self.done
  local count = math.tointeger(done:long():sum():item())
  local before, all = count, n * n
  local function save()
    if o.file then files.write(o.file, self.about, {losses = losses, errors = errors, done = done}) end
    saved = sys.clock()
  end
  for i = 1, n do
    for j = 1, n do
      if done[i][j]:item() == 0 then
        weights:put(plane[1], self.about.x[j], plane[2], self.about.y[i])
        if o.statistics == "recompute" then running.recompute(weights.net, some) end
        local measured = evaluate(weights.net, some, {stop = held.pending})
        if not measured then
          save()
          return false
        end
        losses[i]:narrow(1, j, 1):fill_(measured.loss)
        if errors then errors[i]:narrow(1, j, 1):fill_(measured.error) end
        done[i]:narrow(1, j, 1):fill_(1)
        count = count + 1
        local now = sys.clock()
        if now - drawn >= REDRAW then
          show(o, self.name, count, all, began, before)
          drawn = now
        end
        if o.file and now - saved >= SAVE then save() end
      end
    end
  end
  if count > before then save() end
  return true
end

-- The landscape of a network on images (explain/images.lua). states: the checkpoints of a path.
local function make(net, some, o, states, epochs)
  local self
  local _ <close> = held()
  local weights <close> = Weights.hold(net)
  local plane, path = {}, nil
  core.no_grad(function()
    if o.directions == "random" then plane = {directions.random(weights, o.seed, o.biases)}
    else
      plane[1], plane[2], path = directions.path(weights, states, o.biases)
      path.epochs = epochs
    end
    local x, y = axes(o, path)
    local center = evaluate(net, some)
    local about = {
      name = o.name or Module.label(net), grid = o.grid, x = x, y = y, directions = o.directions,
      seed = o.directions == "random" and o.seed or nil, biases = o.biases, statistics = o.statistics,
      images = some.count, classes = classes_of(net, some), center = {loss = center.loss, error = center.error},
      net = net:hash(), data = some:digest(), plane = directions.digest(plane[1], plane[2]), path = path,
    }
    local there, tensors
    if o.file and sys.exists(o.file) then
      there, tensors = files.read(o.file)
      files.check(o.file, there, about)
    end
    self = Landscape.new(about, tensors)
    if o.file and not tensors then files.write(o.file, about, self) end   -- raises before any work
    if not walk(self, weights, plane, some, o) then self.stopped = "interrupted" end
  end)
  if o.progress ~= false and sys.isatty(1) then io.stdout:write("\r\27[K") end
  if self.stopped then held.clear() end
  return self:finish()
end

--- The loss in a plane through a network's weights, point by point.
--
-- Random directions are filter-normalized: each filter of a direction (each row of a weight: what leads to one output)
-- is as long as the network's own. Biases and the scales and shifts of norms stay, as in the paper's code. "path" takes
-- the first two principal components of the checkpoints of a run instead, seen from the last one.
--
-- Batch norm is in evaluation mode, as in the paper: it keeps the statistics of the network in the middle.
-- Ctrl-C ends it: the points that are done are in the result, and in `file`, with which the same call goes on. The
-- network is what it was afterwards, to the last bit.
--
--     here = landscape(net, data, {grid = 25})
--     plot.landscape({landscape "runs/resnet56", landscape "runs/plain56"}, {file = "landscape.png"})
--     landscape("runs/resnet56", {directions = "path"})       -- of a run with --keep-every 1
--
-- Call: landscape(net, data, {options}) -> landscape
-- Call: landscape(run, {options}) -> landscape
-- Call: landscape(file) -> landscape
-- Shapes: data is a data set, a loader, or {x, y}: images as the network takes them, labels (N). losses and errors
--  (grid, grid): a row for each y, a column for each x.
-- Units: x and y in steps of a direction: with random ones, 1 is the length of the weights. losses as
--  train.evaluate gives them, errors in per cent.
-- Options: grid   points on each axis (25)
--  directions  "random" or "path"
--  range       of both axes about 0 (1), or {x from, x to, y from, y to}; of a path, what it covers
--  seed        draws the directions (1)
--  biases      true: biases and norms move as well, each as one filter
--  statistics  "running", or "recompute": batch norms take those of the images anew at each point (twice the time)
--  images      how many, evenly spread (128)
--  batch       images at a time (128)
--  file        keeps the points that are done; the same call goes on from there
--  checkpoints  for a path, where net is no run: files of weights, or tables as net:state_dict() gives
--  data, split  of a run: another folder of data, and "train" or "test" images (train)
--  mean, std   of each channel, for a data set (its own)
--  name        what it is called in figures
--  progress    false: silent
-- Returns: {name =, losses =, errors =, x =, y =, center = {loss =, error =}, flatness =, path =, stopped =, ...}.
--  flatness: doubled and guessing are the distances {mean, least, most} at which the loss has doubled, and at which it
--  is ln K, that of guessing; below is the share of the square below ln K, curvature the mean second derivative. path:
--  {x =, y =, epochs =, variance = the shares of the two components}.
-- Errors: raises for what does not fit, a path of fewer than 3 checkpoints, a file of another landscape.
-- Source: Li et al. 2018, "Visualizing the Loss Landscape of Neural Nets", arXiv:1712.09913.
-- Example:
--   > net, ds = models.mlp({hidden = {8}}), data.shapes10 {size = 40}
--   > before = net:hash()
--   > here = landscape(net, ds, {grid = 5})
--   > here.losses.shape, here.center.loss == here.losses[3][3]:item()
--   {5, 5}  true
--   > net:hash() == before
--   true
local function landscape(what, data, options)
  local net, some, states, epochs
  if type(what) == "string" and not sys.exists(what) then
    fail("landscape: there is no %s, neither the folder of a run nor a file", text.visible(what))
  end
  if type(what) == "string" and not sys.is_dir(what) and not what:find "%.safetensors$" then
    if data ~= nil or options ~= nil then fail("landscape: of a file there are no options") end
    return Landscape.new(files.read(what)):finish()
  end
  if type(what) == "string" then
    if options ~= nil then fail("landscape: of a run the second argument is its options, and there is no third") end
    local o = settings(data)
    local path = o.directions == "path"
    local c
    net, some, c = images.of_run("landscape", what, {images = o.images, batch = o.batch, data = o.data, split = o.split,
                                                     last = path})
    o.name = o.name or c.name
    if path then states, epochs = states_of.run(what, "landscape") end
    return make(net, some, o, states, epochs)
  end
  if not Module.is_module(what) then
    fail("landscape: argument 1 is a %s, expected a network, the folder of a run, or a file",
         is.tensor(what) and "tensor" or type(what))
  end
  local o = settings(options)
  for _, name in ipairs {"data", "split"} do
    if o[name] ~= nil then fail("landscape: %s is an option for runs; of a network the data are argument 2", name) end
  end
  some = images.of("landscape", data, o)
  if o.directions == "path" then states, epochs = states_of.given(o.checkpoints) end
  return make(what, some, o, states, epochs)
end

return landscape
