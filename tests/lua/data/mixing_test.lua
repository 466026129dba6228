--- mixup and cutmix: against naive twins, what is drawn, and trainings with them.
local check = require "support.check"
local files = require "support.files"
local rm    = require "resmoon"
local data, train = rm.data, rm.train
local mixing = require "resmoon.data.mixing"

check.case("mixup blends pixel by pixel, cutmix takes a rectangle: naive twins", function()
  local x, y = rm.randn(3, 2, 6, 5), rm.tensor({1, 3, 2}, "int64")
  local partners = {2, 3, 1}
  local mixed, labels, mix = data.mixup(x, y, {share = 0.3, partners = partners})
  for i = 1, 3 do check.close(mixed[i], x[i] * 0.3 + x[partners[i]] * 0.7) end
  check.equal({labels:totable(), mix.labels:totable(), mix.share}, {{1, 3, 2}, {3, 2, 1}, 0.3})
  for seed = 1, 20 do
    local cut, _, cutmix = data.cutmix(x, y, {share = 0.5, partners = partners, generator = rm.generator(seed)})
    -- Algorithm 1 and the authors' rand_bbox: a center anywhere, half of the side to each side, cut off at the edges
    local g = rm.generator(seed)
    local part = math.sqrt(0.5)
    local cy, cx = g:integer(0, 5), g:integer(0, 4)
    local half_h, half_w = math.floor(6 * part) // 2, math.floor(5 * part) // 2
    local own = 0
    for i = 1, 3 do
      for r = 0, 5 do
        for c = 0, 4 do
          local foreign = r >= cy - half_h and r < cy + half_h and c >= cx - half_w and c < cx + half_w
          local from = foreign and partners[i] or i
          check.equal(cut[i][2][r + 1][c + 1]:item(), x[from][2][r + 1][c + 1]:item())
          own = own + (foreign and 0 or 1)
        end
      end
    end
    check.close(cutmix.share, own / 90)
  end
end)

check.case("the loss of mixed labels is the cross-entropy with their mixture", function()
  local scores, y = rm.randn(4, 5), rm.tensor({1, 3, 2, 5}, "int64")
  local mix = {labels = rm.tensor({3, 3, 1, 4}, "int64"), share = 0.35}
  local soft = {}
  for i = 1, 4 do
    soft[i] = {0, 0, 0, 0, 0}
    soft[i][y[i]:item()] = 0.35
    soft[i][mix.labels[i]:item()] = soft[i][mix.labels[i]:item()] + 0.65
  end
  local expected = -(scores:log_softmax(2) * rm.tensor(soft)):sum():item() / 4
  check.close(data.mixed_loss(function(labels) return scores:cross_entropy(labels) end, y, mix):item(), expected)
  check.equal(data.mixed_loss(function(labels) return labels end, y, nil), y)
end)

check.case("shares are drawn from Beta(alpha, alpha): its mean 1/2 and variance 1 / (4 (2 alpha + 1))", function()
  for _, alpha in ipairs {0.2, 1, 4} do
    local g, n, sum, squares = rm.generator(3), 20000, 0, 0
    for _ = 1, n do
      local b = mixing.beta(alpha, g)
      check.that(b >= 0 and b <= 1)
      sum, squares = sum + b, squares + b * b
    end
    local mean, variance = sum / n, squares / n - (sum / n) ^ 2
    check.that(math.abs(mean - 0.5) < 5 * math.sqrt(variance / n), mean)
    check.close(variance, 1 / (4 * (2 * alpha + 1)), {rtol = 0.05})
  end
end)

check.case("a loader mixes as (seed, epoch, batch) say; float targets are blended", function()
  local ds = data.shapes10 {size = 20}
  local function first(k, options)
    options.batch_size, options.seed = 10, 4
    return data.Loader(ds, options):epoch(k)()
  end
  local plain, labels = first(2, {})
  local x, y, mix = first(2, {mixup = 0.4})
  check.equal(y:totable(), labels:totable())
  local again = {first(2, {mixup = 0.4})}
  check.that(again[1]:eq(x):all():item() == 1 and again[3].share == mix.share)
  check.that(({first(3, {mixup = 0.4})})[3].share ~= mix.share)
  local partner = (x - plain * mix.share) / (1 - mix.share)
  local found = 0
  for i = 1, 10 do
    for j = 1, 10 do
      if (partner[i] - plain[j]):abs():max():item() < 1e-2 and labels[j]:item() == mix.labels[i]:item() then
        found = found + 1
        break
      end
    end
  end
  check.equal(found, 10)
  local kinds = {mixup = 0, cutmix = 0}
  for k = 1, 40 do
    local both, _, m = first(k, {mixup = 1, cutmix = 1})
    local pixels = both:eq(plain):long():sum():item() / plain:numel()
    local kind = pixels > 0 and math.abs(pixels - m.share) < 0.2 and "cutmix" or "mixup"
    kinds[kind] = kinds[kind] + 1
  end
  check.that(kinds.mixup > 8 and kinds.cutmix > 8, kinds.mixup)
  local line = data.from_tensors(rm.arange(1, 8), rm.arange(1, 8))
  local u, v, none = data.Loader(line, {mixup = 1, batch_size = 8}):epoch(1)()
  check.close(u:reshape(-1):totable(), v:reshape(-1):totable(), {rtol = 1e-6})
  check.equal(none, nil)
  check.error(function() data.Loader(ds, {mixup = -1}) end, "mixup is %-1, expected alpha")
  check.error(function() data.mixup(rm.zeros(2, 2), rm.tensor({1, 2}, "int64"), {alpha = 0}) end, "alpha is 0")
  check.error(function() data.mixup(rm.zeros({2, 2}, "uint8"), rm.tensor({1, 2}, "int64")) end, "a batch of float32")
end)

check.case("a training step with mixup is that of the mixed loss, in one part or several", function()
  local loader = data.Loader(data.shapes10 {size = 8}, {batch_size = 8, mixup = 1, seed = 2})
  local function net() return rm.models.mlp {hidden = {6}} end
  rm.manual_seed(1)
  local own = net()
  local opt = rm.optim.SGD(own:parameters(), {lr = 0.1})
  local x, y, mix = loader:epoch(1)()
  local scores = own(x)
  local loss = scores:cross_entropy(y) * mix.share + scores:cross_entropy(mix.labels) * (1 - mix.share)
  loss:backward()
  opt:step()
  for _, parts in ipairs {1, 3} do
    rm.manual_seed(1)
    local trained = net()
    local trainer = train.Trainer {net = trained, optimizer = rm.optim.SGD(trained:parameters(), {lr = 0.1}),
                                   train = loader, epochs = 1, progress = false, accumulate = parts}
    local result = trainer:fit()
    check.close(result.last.train_loss, loss:item(), {rtol = 1e-5})
    check.equal(result.last.train_error, nil)
    local list = trained:parameters()
    for i, p in ipairs(own:parameters()) do check.close(list[i], p, {rtol = 1e-4, atol = 1e-5}) end
  end
end)

check.case("settings: recorded, marked, without a training error under mixup, and taken up to the same bits", function()
  files.with_folder(function(folder)
    local settings = {model = "lenet5", epochs = 2, train_size = 64, test_size = 20, schedule = "constant", mixup = 0.2,
                      cutmix = 1.0, random_erasing = 0.25, color_jitter = 0.4, rotation = 15, grayscale = 0.1}
    local whole = train.run(settings, {folder = folder .. "/whole", progress = false})
    check.equal({whole.last.train_error, whole.best.error ~= nil}, {nil, true})
    local c = train.folder.config(folder .. "/whole")
    for name, value in pairs(settings) do check.equal(c[name], value, name) end
    local marks = table.concat(require("resmoon.runs.settings").marks(c), ", ")
    check.equal(marks, "augmented, color jitter 0.4, gray 0.1, rotated by up to 15, random erasing 0.25, mixup 0.2, "
                .. "cutmix 1")
    settings.epochs = 1
    train.run(settings, {folder = folder .. "/parts", progress = false})
    local parts = train.resume(folder .. "/parts", {epochs = 2}, {progress = false})
    check.equal({parts.last.train_loss, parts.last.test_loss}, {whole.last.train_loss, whole.last.test_loss})
    check.that(train.compare.table({train.folder.read(folder .. "/whole")})[3]:find " %- ", "a training error is shown")
    for name in pairs {mixup = 1, random_erasing = 1, color_jitter = 1, rotation = 1, grayscale = 1, cutmix = 1} do
      settings[name] = nil
    end
    local plain = train.run(settings, {progress = false})
    check.that(plain.last.train_loss ~= parts.log.rows[1].train_loss and plain.last.train_error)
  end)
end)
