--- Loss landscapes: directions, points, what stays as it was, and what is taken up again.
local check = require "support.check"
local files = require "support.files"
local rm    = require "resmoon"
local directions = require "resmoon.explain.directions"
local flatness = require "resmoon.explain.flatness"
local eigen = require "resmoon.explain.eigen"
local held  = require "resmoon.base.held"
local Weights = require "resmoon.explain.weights"
local nn, data, landscape = rm.nn, rm.data, rm.landscape

local function small()
  return nn.Sequential {nn.Conv2d(3, 4, 3, {padding = 1}), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
                        nn.Flatten(), nn.Linear(4, 10)}
end

local function norms(t, rows) return t:reshape(rows, -1):norm(2, {2}) end

check.case("each filter of a random direction is as long as the network's; biases and norms stay", function()
  local net = small()
  net[6].weight:detach()[3] = 0   -- a filter of zeros has no direction to go
  local weights = Weights.hold(net)
  for k, d in ipairs {directions.random(weights, 7, false)} do
    for i, p in ipairs(weights.list) do
      if #p.tensor.shape == 1 then check.equal(d[i], false, p.name)
      else
        check.close(norms(d[i], p.tensor.shape[1]), norms(p.tensor, p.tensor.shape[1]), {rtol = 3e-7, atol = 0})
        check.that(k == 1 or (d[i] - p.tensor):abs():max():item() > 0.01)
      end
    end
  end
  -- With biases each is one filter; the weights' part is the same.
  local without, all = directions.random(weights, 7, false), directions.random(weights, 7, true)
  for i, p in ipairs(weights.list) do
    if without[i] then check.equal(all[i], without[i])
    else check.close(all[i]:norm(), p.tensor:norm(), {rtol = 3e-7}) end
  end
  -- A longer network has longer directions: the landscape does not see the scale of filters.
  local d1 = directions.random(weights, 7, false)
  rm.no_grad(function() net[1].weight:mul_(8) end)
  check.equal((directions.random(Weights.hold(net), 7, false))[1], d1[1] * 8)
end)

-- Mean of (x . w - y)^2 over the rows of x.
local function squares(x, y, w)
  local sum = 0
  for i, row in ipairs(x) do
    local off = -y[i][1]
    for k, v in ipairs(row) do off = off + v * w[k] end
    sum = sum + off * off
  end
  return sum / #x
end

check.case("the landscape of a linear layer is the quadratic that it is", function()
  local x, y = {{1, 2}, {-1, 0.5}, {0.25, -2}}, {{1}, {0}, {2}}
  local net = nn.Linear(2, 1, {bias = false})
  net.weight:detach():copy_(rm.tensor {{0.5, -1.5}})
  local weights = Weights.hold(net)
  local d1, d2 = directions.random(weights, 1, false)
  local a, b = d1[1]:totable()[1], d2[1]:totable()[1]
  local here = landscape(net, {rm.tensor(x), rm.tensor(y)}, {grid = 5, range = 2})
  local expected = {}
  for i = 1, 5 do
    expected[i] = {}
    for j = 1, 5 do
      local s, t = -2 + (j - 1), -2 + (i - 1)
      expected[i][j] = squares(x, y, {0.5 + s * a[1] + t * b[1], -1.5 + s * a[2] + t * b[2]})
    end
  end
  check.close(here.losses, expected, {rtol = 1e-6})
  check.equal(here.errors, nil)
  check.equal(here.x:totable(), {-2, -1, 0, 1, 2})
  -- Of a quadratic the central difference is the second derivative: 2 mean (x . d)^2.
  local function second(d) return 2 * squares(x, {{0}, {0}, {0}}, d) end
  check.close(here.flatness.curvature, (second(a) + second(b)) / 2, {rtol = 1e-5})
  check.equal(here.flatness.guess, nil)   -- nothing is guessed in a regression
end)

check.case("the center is what evaluate measures, and the network stays, to the last bit", function()
  local ds, net = data.shapes10 {size = 30}, small():train()
  local before = net:hash()
  local loader = data.Loader(ds, {batch_size = 8})
  local measured = rm.train.evaluate(net, loader)
  net[2]:eval()   -- each module keeps its own mode
  for _, statistics in ipairs {"running", "recompute"} do
    local here = landscape(net, ds, {grid = 3, batch = 8, statistics = statistics})
    check.equal(here.center.loss, measured.loss)
    check.equal(here.center.error, measured.error)
    if statistics == "running" then
      check.equal(here.losses[2][2]:item(), rm.tensor({measured.loss}):item())
      check.close(here.errors[2][2]:item(), measured.error)
      check.equal(landscape(net, loader, {grid = 3, batch = 8}).losses, here.losses)   -- the loader's set
    end
    check.equal(net:hash(), before, statistics)
    check.equal({net.training, net[1].training, net[2].training, net[6].training}, {true, true, false, true})
    check.close(net[2].momentum, 0.1)
  end
end)

check.case("recomputed statistics are those of the images", function()
  local running = require "resmoon.explain.running_statistics"
  local images = require "resmoon.explain.images"
  local norm = nn.BatchNorm1d(2)
  norm:eval()
  local x = rm.tensor {{1, 10}, {3, 20}, {2, 40}, {6, 50}}
  running.recompute(norm, images.of("test", {x, rm.zeros(4)}, {batch = 2}))
  check.close(norm.running_mean, {3, 30})
  check.close(norm.running_var, {(2 + 8) / 2, (50 + 50) / 2})   -- unbiased, the mean of both batches
  check.that(not norm.training)
end)

-- Goes on until f() has asked `most` times whether Ctrl-C came; returns what f gives, and how often it has asked.
local function interrupted(most, f)
  local real, asked = held.pending, 0
  held.pending = function()
    asked = asked + 1
    return asked > most
  end
  local ok, result = pcall(f)
  held.pending = real
  check.that(ok, result)
  return result, math.min(asked, most)
end

check.case("a failure and an interrupt leave the network as it was", function()
  local ds, net, calls = data.shapes10 {size = 8}, small(), 0
  local before = net:hash()
  local hook = net:register_forward_pre_hook(function()
    calls = calls + 1
    if calls == 9 then error "enough" end
  end)
  check.error(function() landscape(net, ds, {grid = 5}) end, "enough")
  check.equal(net:hash(), before)
  hook:remove()
  local here = interrupted(7, function() return landscape(net, ds, {grid = 5}) end)
  check.equal({here.stopped, here.points, net:hash()}, {"interrupted", 7, before})
  check.that(tostring(here):find "interrupted: 7 of 25 points")
  local whole = landscape(net, ds, {grid = 5})
  check.equal(here.losses[1], whole.losses[1])   -- what was done is right
  check.that(whole.stopped == nil and here.losses[2][3]:isnan():item() == 1)
end)

local function taken_up(folder)
  local ds, net = data.shapes10 {size = 8}, small()
  local file = folder .. "/a.landscape"
  local whole = landscape(net, ds, {grid = 4, statistics = "recompute"})
  local total = 0
  for round = 1, 4 do
    local part, asked = interrupted(5, function()
      return landscape(net, ds, {grid = 4, statistics = "recompute", file = file})
    end)
    total = total + asked
    check.equal(part.points, math.min(16, 5 * round))
    if round == 4 then
      check.equal(part.losses, whole.losses)
      check.equal(part.errors, whole.errors)
      check.equal(part.flatness, whole.flatness)
      check.equal(part.stopped, nil)
    end
  end
  check.equal(total, 16)   -- none is computed twice
  local read = landscape(file)
  check.equal(read.losses, whole.losses)
  check.equal(tostring(read), tostring(whole))
  -- Another network, other images, another plane: not a point of it counts.
  local options = {grid = 4, statistics = "recompute", file = file}
  local bytes = files.read(file)
  check.error(function() landscape(small(), ds, options) end, "(the network, the directions differ)")
  check.error(function() landscape(net, data.shapes10 {size = 9}, options) end, "(the images differs)")
  options.range = 0.5
  check.error(function() landscape(net, ds, options) end, "(x, y differ)")
  options.range, options.seed = nil, 2
  check.error(function() landscape(net, ds, options) end, "(the directions differs)")
  options.seed, options.statistics = nil, nil
  check.error(function() landscape(net, ds, options) end, "(statistics differs)")
  check.equal(files.read(file), bytes)
  -- Damaged files are refused by name.
  local tensors, metadata = rm.load(file)
  for name, wrong in pairs {seed = {"x", 0.5, {1}}, biases = {1, "x"}, classes = {0, "x"},
                            center = {1, {loss = 1, error = "x"}},
                            x = {{0, 0, 0, 0}, {3, 2, 1, 0}, {0, 1, 2}, "x"}, y = {{0, 1, 1, 2}}, grid = {3, 0.5}} do
    for _, value in ipairs(wrong) do
      local about = rm.json.decode(metadata.resmoon_landscape)
      about[name] = value
      rm.save(file, tensors, {resmoon_landscape = rm.json.encode(about)})
      check.error(function() landscape(file) end, "a.landscape: ")
    end
  end
  for _, meta in ipairs {"{", "[]", '{"version":1}', '{"version":2}', '{"version":1,"grid":100000000}'} do
    rm.save(file, {losses = rm.zeros(4, 4), done = rm.zeros({4, 4}, "uint8")}, {resmoon_landscape = meta})
    check.error(function() landscape(file) end, "a.landscape: ")
  end
  rm.save(file, {losses = rm.zeros(4, 4)})
  check.error(function() landscape(file) end, "holds no landscape")
end

check.case("what was interrupted is taken up from its file, and is then what it would have been", function()
  files.with_folder(taken_up)
end)

check.case("a path lies in the plane of its checkpoints, seen from the last", function()
  local net = nn.Linear(3, 2)
  local base = net.weight:detach():clone()
  local u, v = rm.tensor {{1, 0, 0}, {0, 0, 0}}, rm.tensor {{0, 0, 0.6}, {0.8, 0, 0}}
  local at, states = {{3, 1}, {2, -1}, {1, 0.5}, {0, 0}}, {}
  for k, p in ipairs(at) do states[k] = {weight = base + u * p[1] + v * p[2], bias = rm.randn(2)} end
  local weights = Weights.hold(net)
  local d1, d2, path = directions.path(weights, states, false)
  check.equal({d1[2], d2[2]}, {false, false})   -- biases stay
  check.close({d1[1]:norm():item(), d2[1]:norm():item(), (d1[1] * d2[1]):sum():item()}, {1, 1, 0}, {atol = 1e-6})
  for k in ipairs(at) do
    check.close(base + d1[1] * path.x[k] + d2[1] * path.y[k], states[k].weight, {atol = 1e-5})
  end
  -- The points about their mean (1.5, 0.125): the matrix {{5, 0.75}, {0.75, 2.1875}} has these eigenvalues.
  local half, root = (5 + 2.1875) / 2, math.sqrt(((5 - 2.1875) / 2) ^ 2 + 0.75 ^ 2)
  check.close(path.variance, {(half + root) / 7.1875, (half - root) / 7.1875}, {rtol = 1e-5})
  local x, y = rm.randn(6, 3), rm.tensor({1, 2, 1, 2, 1, 2}, "int64")
  local here = landscape(net, {x, y}, {grid = 9, directions = "path", checkpoints = states})
  for _, axis in ipairs {"x", "y"} do
    local numbers, places = here[axis]:totable(), here.path[axis]
    check.that(numbers[1] < math.min(table.unpack(places)) and numbers[9] > math.max(table.unpack(places)), axis)
  end
  check.that(tostring(here):find "the path of 4 checkpoints")
  check.error(function() directions.path(weights, {states[1], states[4]}, false) end, "at least 3 checkpoints, got 2")
  check.error(function() directions.path(weights, {states[4], states[4], states[4]}, false) end, "there is no second")
  check.error(function() directions.path(weights, {states[1], states[2], {}}, false) end, "checkpoint 3 has no weight")
end)

check.case("eigenvalues and eigenvectors of a symmetric matrix", function()
  local values, vectors = eigen {{2, -1, 0}, {-1, 2, -1}, {0, -1, 2}}
  check.close(values, {2 + math.sqrt(2), 2, 2 - math.sqrt(2)}, {rtol = 1e-14})
  check.close(vectors[1], {-0.5, math.sqrt(0.5), -0.5}, {rtol = 1e-12})
  check.close(vectors[3], {0.5, math.sqrt(0.5), 0.5}, {rtol = 1e-12})
  values = eigen {{0, 0}, {0, 0}}
  check.equal(values, {0, 0})
end)

check.case("flatness of surfaces whose shape is known", function()
  local axis, bowl, valley = {}, {}, {}
  for i = 1, 81 do axis[i] = (i - 41) / 20 end
  for i = 1, 81 do
    bowl[i], valley[i] = {}, {}
    for j = 1, 81 do
      bowl[i][j] = 1 + axis[i] ^ 2 + axis[j] ^ 2
      valley[i][j] = 1 + axis[j] ^ 2
    end
  end
  local f = flatness.of(axis, axis, bowl, 1, 10)
  check.close({f.doubled.mean, f.doubled.least, f.doubled.most, f.doubled.reached}, {1, 1, 1, 1}, {rtol = 2e-3})
  check.close(f.guessing.mean, math.sqrt(math.log(10) - 1), {rtol = 2e-3})
  check.close(f.curvature, 2, {rtol = 1e-9})
  check.close(f.below, math.pi * (math.log(10) - 1) / 16.4, {rtol = 0.02})
  f = flatness.of(axis, axis, valley, 1)   -- along the valley it never doubles: the edge counts
  check.close({f.doubled.least, f.doubled.most}, {1, 2}, {rtol = 2e-3})
  check.close(f.doubled.reached, 2 / 3, {atol = 0.04})   -- |cos| > 1 / 2
  valley[41][60] = math.huge
  check.close(flatness.radius(axis, axis, valley, 100, 1).least, 0.9, {atol = 0.06})
  check.equal(flatness.radius(axis, axis, valley, 0.5, 1).most, 0)   -- the center is above the level
end)

check.case("wrong calls are named", function()
  local net, ds = small(), data.shapes10 {size = 4}
  check.error(function() landscape(3, ds) end, "argument 1 is a number, expected a network, the folder of a run")
  check.error(function() landscape(net, 3) end, "argument 2 is a number, expected a data set, a loader, or {x, y}")
  check.error(function() landscape(net, rm.zeros(3)) end, "argument 2 is a tensor, expected a data set")
  check.error(function() landscape(net, {rm.zeros(3, 2), rm.zeros(2)}) end, "expected as many labels as images")
  check.error(function() landscape(net, ds, {grids = 3}) end, "unknown option 'grids', did you mean 'grid'")
  check.error(function() landscape(net, ds, {grid = 1}) end, "grid is 1, expected at least 2")
  check.error(function() landscape(net, ds, {directions = "paths"}) end, "expected random or path")
  check.error(function() landscape(net, ds, {range = {0, 1}}) end, "range is a list with nil at 3")
  check.error(function() landscape(net, ds, {range = -1}) end, "from lower to higher")
  check.error(function() landscape(net, ds, {directions = "path"}) end, "a path takes checkpoints")
  check.error(function() landscape(net, ds, {split = "test"}) end, "split is an option for runs")
  check.error(function() landscape "nowhere" end, "there is no nowhere, neither the folder of a run nor a file")
end)
