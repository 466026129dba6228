--- Trainings as moving pictures: numbered PNG files, and an animated PNG of them (plot.frames).
--
--     frames.xor {file = "xor.apng"}                             the boundary of a network that learns XOR
--     frames.filters("runs/resnet56", {file = "filters.apng"})   the first layer's filters, epoch by epoch
--     frames.path("runs/resnet56", {file = "path.apng"})         the path of training over the loss landscape
--
-- Of a run they need the checkpoints of its epochs: training with keep_every = 1 (--keep-every 1).
--
-- Call: frames
-- Errors: as of each.
-- Example:
--   > type(frames.xor)
--   function
local core    = require "resmoon.core"
local boundary = require "resmoon.plot.boundary"
local checkpoints = require "resmoon.explain.checkpoints"
local draw_landscape = require "resmoon.plot.landscape"
local fail    = require "resmoon.base.fail"
local filters = require "resmoon.plot.filters"
local landscape = require "resmoon.explain.landscape"
local library = require "resmoon.base.library"
local nn      = require "resmoon.nn"
local options_of = require "resmoon.base.options"
local series  = require "resmoon.plot.frames"
local xor     = require "resmoon.explain.xor"

local frames = {}

-- The options of plot.frames among others.
local function of_series(o) return {file = o.file, seconds = o.seconds, keep = o.keep} end

local function with_series(kinds)
  kinds.file, kinds.seconds, kinds.keep = "string", "number", "boolean"
  return kinds
end

--- The boundary of a network that learns XOR, frame by frame. The generator for weights is what it was afterwards.
-- Call: frames.xor {file =, net = nil, steps = 60, every = 2, seed = 1, seconds = 0.25, keep = true} -> list of files
-- Options: net    of two inputs and two classes (2 inputs, 8 tanh units, 2 outputs); it is trained
--  steps  of SGD on the four points, with a rate of 0.3 and momentum 0.9
--  every  so many steps are between two frames
--  seed   draws the weights
--  file, seconds, keep  as of plot.frames
-- Errors: raises as plot.frames and plot.boundary do. Without gnuplot it gives nil and the reason.
-- Example:
--   > frames.xor {steps = 4, every = 2, file = "xor.apng"}
--   {"xor_001.png", "xor_002.png", "xor_003.png"}
function frames.xor(options)
  local o = options_of("frames.xor", options, with_series {net = "module", steps = "whole", every = "whole",
                                                           seed = "whole"})
  local steps, every = o.steps or 60, o.every or 2
  if steps < 1 or every < 1 then fail("frames.xor: steps is %d and every %d, expected at least 1", steps, every) end
  local net = o.net
  if not net then
    local state = core.random.init:get_state()
    core.random.init:set_state {seed = o.seed or 1, stream = state.stream, position = 0}
    net = nn.Sequential {nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2)}
    core.random.init:set_state(state)
  end
  local states, titles = {net:clone()}, {"XOR, before training"}
  xor.train(net, function(step, loss)
    if step % every == 0 then
      states[#states + 1], titles[#titles + 1] = net:clone(), ("XOR, step %d, loss %.3f"):format(step, loss:item())
    end
  end, {steps = steps})
  return series(#states, function(k, file)
    return boundary(states[k], xor.points, xor.labels, {range = {-0.5, 1.5, -0.5, 1.5}, title = titles[k], file = file})
  end, of_series(o))
end

-- The first weight (O, I, kH, kW) of a state, and its name; or that of a layer.
local function weight_of(state, layer, order)
  if layer then return state[layer .. ".weight"], layer end
  for _, name in ipairs(order) do
    if state[name] and state[name]:dim() == 4 then return state[name], name:gsub("%.weight$", "") end
  end
end

--- The filters of a convolution, epoch by epoch, to one scale.
-- Call: frames.filters(run, {file =, layer = nil, seconds = 0.5, keep = true}) -> list of files
-- Options: layer  its path, as "layer1.0.conv1" (the first one)
--  file, seconds, keep  as of plot.frames
-- Errors: raises for a run that has kept less than 3 checkpoints, and where there is no such convolution.
-- Example:
--   > settings = {model = "lenet5", epochs = 3, train_size = 100, test_size = 20}
--   > settings.keep_every = 1
--   > train.run(settings, {folder = "runs/kept", progress = false});
--   > #frames.filters("runs/kept", {file = "filters.apng"})
--   3
function frames.filters(run, options)
  local op = "frames.filters"
  local o = options_of(op, options, with_series {layer = "string"})
  if type(run) ~= "string" then fail("%s: argument 1 is %k, expected the folder of a run", op, run) end
  local states, epochs = checkpoints.run(run, op)
  local order, weights, most, name = {}, {}, 0, nil
  for key in pairs(states[1]) do order[#order + 1] = key end
  table.sort(order, function(a, b)   -- the first layer has the smallest name in none but ours: conv1, features.0
    if #a ~= #b then return #a < #b end
    return a < b
  end)
  for k, state in ipairs(states) do
    weights[k], name = weight_of(state, o.layer, order)
    if not weights[k] or weights[k]:dim() ~= 4 then
      fail("%s: %s has no convolution%s", op, run, o.layer and (" '%s'"):format(o.layer) or "")
    end
    most = math.max(most, weights[k]:abs():max():item())
  end
  return series(#states, function(k, file)
    return filters(weights[k], {title = ("%s, epoch %d"):format(name, epochs[k]), scale = most, file = file})
  end, {file = o.file, seconds = o.seconds or 0.5, keep = o.keep})
end

--- The path of a run over its loss landscape, epoch by epoch: contours in the plane of the first two principal
-- components of its checkpoints.
-- Call: frames.path(run, {file =, grid = 25, images = 128, range = nil, seconds = 0.5, keep = true}) -> list of files
-- Call: frames.path(landscape, {file =, seconds = 0.5, keep = true}) -> list of files
-- Options: grid, images, range  as of landscape; points = a file that keeps its points
--  kind   "contours", "surface" or "both" (contours)
--  top    the highest loss that is told apart (10)
--  file, seconds, keep  as of plot.frames
-- Errors: raises as landscape does.
-- Example:
--   > settings = {model = "mlp", epochs = 3, train_size = 100, test_size = 20}
--   > settings.keep_every, settings.schedule = 1, "constant"
--   > train.run(settings, {folder = "runs/path", progress = false});
--   > options = {grid = 5, images = 20, file = "path.apng"}
--   > #frames.path("runs/path", options)
--   3
function frames.path(run, options)
  local op = "frames.path"
  local o = options_of(op, options, with_series {grid = "whole", images = "whole", range = "number|table",
                                                 points = "string", top = "number", kind = "string"})
  local here = run
  if type(run) == "string" and core.sys.is_dir(run) then
    here = landscape(run, {directions = "path", grid = o.grid, images = o.images, range = o.range, file = o.points})
  elseif type(run) == "string" then here = landscape(run) end
  if type(here) ~= "table" or not here.path then
    fail("%s: argument 1 is %s, expected the folder of a run or a landscape along a path", op,
         type(here) == "table" and "a landscape without one" or "a " .. type(here))
  end
  if here.stopped then return nil, here.stopped end
  local name = here.name
  return series(#here.path.x, function(k, file)
    return draw_landscape(here, {kind = o.kind or "contours", top = o.top, file = file, steps = k,
                                 title = ("%s, epoch %d"):format(name, here.path.epochs[k])})
  end, {file = o.file, seconds = o.seconds or 0.5, keep = o.keep})
end

return library("frames", frames)
