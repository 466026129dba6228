--- Principal components against numpy, t-SNE's gradient against differences, confused pairs and calibration by hand.
local check = require "support.check"
local files = require "support.files"
local rm    = require "resmoon"
local leading   = require "resmoon.explain.leading"
local neighbors = require "resmoon.explain.neighbors"

check.case("principal components are those of numpy 1.24's eigh of the covariance", function()
  local x = rm.tensor {{5.37, 0.44, 0.19, -0.93}, {-0.83, -0.35, -0.17, -0.31}, {-0.13, -0.48, -2.63, 0.44},
                       {2.64, 1.71, 0.1, -0.2}, {-1.64, -1.55, 1.96, -0.55}, {-3.56, -0.21, 2.97, 0.12}}
  local p = rm.pca(x, 2)
  local tolerance = {rtol = 1e-4, atol = 1e-4}
  check.close(rm.tensor(p.variance), rm.tensor {11.628972, 3.004152}, tolerance)
  check.close(rm.tensor(p.share), rm.tensor {0.754745, 0.194976}, tolerance)
  check.close(p.components, rm.tensor {{0.927933, 0.200585, -0.307499, -0.064423},
                                       {0.270911, 0.123059, 0.936582, -0.185141}}, tolerance)
  check.close(p.projected, rm.tensor {{4.910013, 1.362683}, {-0.930876, -0.866139}, {0.400732, -3.135347},
                                      {2.612146, 0.559936}, {-2.562715, 0.806106}, {-4.429300, 1.272760}}, tolerance)
  -- With more dimensions than points: the points beside themselves have the same components twice, shorter by sqrt 2.
  local wide = rm.pca(rm.cat({x, x}, 2), 2)
  check.close(wide.components:narrow(2, 1, 4), p.components / math.sqrt(2), tolerance)
  check.close(rm.tensor(wide.variance), rm.tensor(p.variance) * 2, tolerance)
  check.error(function() rm.pca(x, 7) end, "pca: 7 components of 6 points with 4 dimensions")
end)

check.case("of a large matrix the leading eigenvalues are those that it was made of", function()
  -- Householder: H = I - 2 v v^T is orthogonal, so H diag(d) H has the eigenvalues d and the columns of H.
  local m = 150
  local v = rm.randn(m, 1)
  v = v / v:norm()
  local h = rm.eye(m) - rm.linear(v, v) * 2
  local d = {}
  for i = 1, m do d[i] = 100 * 0.8 ^ (i - 1) end
  local matrix = rm.linear(h * rm.tensor(d):reshape(1, m), h)
  local values, vectors = leading(matrix, 5)
  for i = 1, 5 do
    check.close(values[i], d[i], {rtol = 1e-4})
    check.close(math.abs((vectors[i] * h[i]):sum():item()), 1, {rtol = 1e-4})
  end
end)

check.case("t-SNE: each point's similarities have the perplexity that was asked for, by a naive loop", function()
  local x = rm.randn(12, 3)
  local p, reached = neighbors.similarities(x, 4)
  check.close(reached, 4, {rtol = 1e-4})
  check.close(p:sum():item(), 1, {rtol = 1e-4})
  -- Naive: for each point the width by bisection, in doubles.
  local rows, c = x:totable(), {}
  for i = 1, 12 do
    c[i] = {}
    local low, high = 1e-6, 1e6
    for _ = 1, 200 do
      local beta, sum, entropy = math.sqrt(low * high), 0, 0
      for j = 1, 12 do
        local d = 0
        for k = 1, 3 do d = d + (rows[i][k] - rows[j][k]) ^ 2 end
        c[i][j] = i == j and 0 or math.exp(-beta * d)
        sum = sum + c[i][j]
      end
      for j = 1, 12 do
        c[i][j] = c[i][j] / sum
        if c[i][j] > 0 then entropy = entropy - c[i][j] * math.log(c[i][j]) end
      end
      if math.exp(entropy) > 4 then low = beta else high = beta end
    end
  end
  for _, at in ipairs {{1, 2}, {3, 7}, {12, 5}} do
    local i, j = at[1], at[2]
    check.close(p[i][j]:item(), (c[i][j] + c[j][i]) / 24, {rtol = 1e-3, atol = 1e-6})
  end
end)

check.case("t-SNE: the gradient of the divergence is that of differences", function()
  local p, _, off = neighbors.similarities(rm.randn(10, 4), 3)
  local y = rm.randn(10, 2)
  local g = neighbors.gradient(p, y, off)
  local function kl(z)
    local _, q = neighbors.gradient(p, z, off)
    return neighbors.divergence(p, q, off)
  end
  for _, at in ipairs {{1, 1}, {4, 2}, {10, 1}} do
    local up, down = y:clone(), y:clone()
    up[at[1]]:narrow(1, at[2], 1):add_(0.01)
    down[at[1]]:narrow(1, at[2], 1):add_(-0.01)
    check.close(g[at[1]][at[2]]:item(), (kl(up) - kl(down)) / 0.02, {rtol = 2e-2, atol = 2e-4})
  end
end)

check.case("t-SNE: the same seed gives the same bits, whatever the threads; clusters come apart", function()
  local x = rm.randn(60, 5)
  x:narrow(1, 1, 30):add_(20)
  local threads = rm.num_threads()
  local y, info = rm.tsne(x, {perplexity = 8, iterations = 300, seed = 4})
  rm.set_num_threads(1)
  local again = rm.tsne(x, {perplexity = 8, iterations = 300, seed = 4})
  rm.set_num_threads(threads)
  check.equal(y:eq(again):all():item(), 1)
  check.that(rm.tsne(x, {perplexity = 8, iterations = 300, seed = 5}):ne(y):any():item() == 1)
  check.that(info.kl > 0 and info.kl < 2, tostring(info.kl))
  -- The nearest point of each is of its own cluster.
  local s = (y * y):sum(2):reshape(-1, 1)
  local d = s + s:reshape(1, -1) - rm.linear(y, y) * 2 + rm.eye(60) * 1e9
  for i, k in ipairs(d:argmin(2):totable()) do check.equal(k <= 30, i <= 30) end
  check.error(function() rm.tsne(x, {perplexity = 60}) end, "tsne: perplexity is 60, expected 1 to 59")
  check.error(function() rm.tsne(rm.randn(3, 2)) end, "tsne: 3 points, expected at least 4")
end)

check.case("calibration by hand", function()
  -- Confidences 0.9 (right) and 0.85 (wrong) in the last fifth, 0.65 and 0.7 (both right) in the one before.
  local function row(p) return {math.log(p), math.log(1 - p)} end
  local c = rm.metrics.calibration({row(0.9), row(0.85), row(0.65), row(0.7)}, {1, 2, 1, 1}, {bins = 5})
  check.close(c.accuracy, 0.75)
  check.close(c.confidence, 0.775)
  check.equal(c.bins[4].count, 2)
  check.close(c.bins[5].accuracy, 0.5)
  check.close(c.bins[5].confidence, 0.875)
  check.close(c.ece, 0.5 * math.abs(0.5 - 0.875) + 0.5 * math.abs(1 - 0.675))
  check.close(c.mce, 0.375)
  check.equal(c.bins[1].accuracy, nil)
  check.error(function() rm.metrics.calibration({{1, 2}}, {1, 2}) end, "labels")
  check.error(function() rm.metrics.calibration({{1, 2}}, {1}, {bins = 0}) end, "bins is 0")
end)

-- Takes images for what their first pixel says.
local function dataset(labels, said)
  local x = rm.zeros({#labels, 1, 2, 2}, "uint8")
  for i, s in ipairs(said) do x[i][1][1]:narrow(1, 1, 1):fill_(s) end
  return rm.data.from_tensors(x, rm.tensor(labels, "int64"))
end

check.case("confused pairs are counted in both directions, the most frequent first", function()
  local Says = rm.nn.class("Says", rm.nn.Module)
  function Says:init() self.a = rm.nn.Linear(1, 1) end
  function Says:forward(x)
    local rows = {}
    for i, v in ipairs((x * 255):select(2, 1):select(2, 1):select(2, 1):totable()) do
      rows[i] = {0, 0, 0}
      rows[i][math.floor(v + 0.5)] = 2 + i
    end
    return rm.tensor(rows)
  end
  local ds = dataset({1, 1, 2, 2, 3, 3}, {1, 2, 1, 3, 3, 1})
  local c = rm.confused(Says(), ds, {mean = {0}, std = {1}})
  check.equal(#c, 3)
  check.equal(c[1].a, 1)
  check.equal(c[1].b, 2)
  check.equal(c[1].count, 2)
  check.equal(c[1].of, 4)
  check.equal(c[1].examples[1].index, 3)  -- the surest
  check.close(c.error, 400 / 6)
  files.with_folder(function(folder)
    if not require("resmoon.plot.gnuplot").find() then return end
    rm.plot.confused(c, ds, {file = folder .. "/confused.png"})
    check.that(#files.read(folder .. "/confused.png") > 500)
  end)
end)

check.case("features at each stage; the network is as it was, and the seed gives the same points", function()
  local net = rm.models.resnet20()
  local ds = rm.data.shapes10 {size = 40, train = false}
  local hash = net:hash()
  local f = rm.features(net, ds, {iterations = 30})
  check.equal(net:hash(), hash)
  check.equal(net.training, true)
  local paths = {}
  for i, stage in ipairs(f) do
    paths[i] = stage.path
    check.shape(stage.pca, {40, 2})
  end
  check.equal(table.concat(paths, " "), "image layer1 layer2 layer3")
  check.equal(#f.labels, 40)
  check.equal(f[3].dimensions, 512)
  local again = rm.features(net, ds, {iterations = 30})
  check.equal(again[4].tsne:eq(f[4].tsne):all():item(), 1)
  local bottleneck = rm.models.resnet20 {block = "bottleneck"}
  check.equal(rm.features(bottleneck, ds, {methods = {"pca"}})[2].path, "layer1")
  check.error(function() rm.features(net, ds, {layers = {"layer9"}}) end, "features: resnet20 has no layer 'layer9'")
  check.error(function() rm.features(net, ds, {methods = {"umap"}}) end, "the method is umap")
  files.with_folder(function(folder)
    if not require("resmoon.plot.gnuplot").find() then return end
    rm.plot.features(f, {file = folder .. "/features.svg"})
    check.that(files.read(folder .. "/features.svg"):find(">layer3: ", 1, true))
  end)
end)
