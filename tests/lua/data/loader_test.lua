local check = require "support.check"
local rm    = require "resmoon"
local data  = rm.data
local imaging = rm.imaging

-- n images (c, h, w) of random bytes, labels in 1..5.
local function noise(n, c, h, w)
  local g = rm.generator(11, 0)
  local images, labels = {}, {}
  for i = 1, n * c * h * w do images[i] = g:integer(0, 255) end
  for i = 1, n do labels[i] = g:integer(1, 5) end
  return data.Dataset.new {
    name = "noise", classes = {"a", "b", "c", "d", "e"}, mean = {0.4, 0.5, 0.6}, std = {0.2, 0.3, 0.25},
    images = rm.tensor(images, "uint8"):view(n, c, h, w), labels = rm.tensor(labels, "int64"),
  }
end

-- All batches of an epoch.
local function collect(loader, epoch)
  local xs, ys = {}, {}
  for x, y in loader:epoch(epoch) do
    xs[#xs + 1], ys[#ys + 1] = x, y
  end
  return xs, ys
end

local function same(a, b)
  check.equal(#a, #b)
  for i = 1, #a do check.equal(a[i], b[i]) end
end

check.case("batches: sizes, types, order", function()
  local ds = noise(10, 3, 4, 4)
  local loader = data.Loader(ds, {batch_size = 4})
  check.equal(#loader, 3)
  local xs, ys = collect(loader, 1)
  check.shape(xs[1], {4, 3, 4, 4})
  check.shape(xs[3], {2, 3, 4, 4})
  check.equal({xs[1].dtype, ys[1].dtype}, {"float32", "int64"})
  check.equal(rm.cat(ys, 1), ds.labels)
  check.equal(rm.cat(xs, 1), data.normalize(ds.images, ds.mean, ds.std))
  local dropping = data.Loader(ds, {batch_size = 4, drop_last = true})
  check.equal(#dropping, 2)
  check.equal(#collect(dropping, 1), 2)
  check.equal(#collect(data.Loader(ds, {batch_size = 100}), 1), 1)
  check.equal(#collect(data.Loader(ds, {batch_size = 100, drop_last = true}), 1), 0)
  check.equal(#collect(data.Loader(ds, {batch_size = 1}), 1), 10)
end)

check.case("without normalizing, bytes become 0..1", function()
  local ds = noise(3, 3, 2, 2)
  local xs = collect(data.Loader(ds, {normalize = false}), 1)
  check.equal(xs[1], data.normalize(ds.images, {0, 0, 0}, {1, 1, 1}))
  check.close(xs[1][1][1][1][1]:item(), ds.images[1][1][1][1]:item() / 255)
end)

check.case("shuffling: every image once, another order in each epoch, the same again", function()
  local ds = noise(40, 1, 1, 1)
  ds.mean, ds.std = {0}, {1}
  local loader = data.Loader(ds, {batch_size = 7, shuffle = true, seed = 3})
  local function numbers(epoch)
    local xs = collect(loader, epoch)
    return rm.cat(xs, 1):view(40):totable()
  end
  local one, two, again = numbers(1), numbers(2), numbers(1)
  check.equal(one, again)
  check.that(table.concat(one, " ") ~= table.concat(two, " "), "two epochs came in the same order")
  local function sorted(list) table.sort(list) return list end
  check.close(sorted(one), sorted(two))
  check.close(sorted(two), sorted(data.normalize(ds.images, {0}, {1}):view(40):totable()))
end)

-- What augment.c does, pixel by pixel.
local function naive(ds, image, down, right, flip)
  local c, h, w = table.unpack(ds.shape)
  local from, to = ds.images[image]:totable(), {}
  for k = 1, c do
    to[k] = {}
    for i = 1, h do
      to[k][i] = {}
      for j = 1, w do
        local y, x = i + down, (flip and w + 1 - j or j) + right
        local byte = from[k][y] and from[k][y][x] or 0
        to[k][i][j] = (byte / 255 - ds.mean[k]) / ds.std[k]
      end
    end
  end
  return to
end

check.case("augmentation equals its naive twin: any channels, shifts beyond the image", function()
  for _, c in ipairs {{3, 5, 7, 2}, {1, 4, 6, 2}, {2, 5, 3, 4}, {3, 3, 2, 9}} do
    local channels, h, w, pad = table.unpack(c)
    local ds = noise(9, channels, h, w)
    local loader = data.Loader(ds, {batch_size = 4, shuffle = true, augment = {pad = pad, flip = true}, seed = 5,
                                    mean = {table.unpack(ds.mean, 1, channels)},
                                    std = {table.unpack(ds.std, 1, channels)}})
    local s = loader.seeds
    local order = imaging.order(9, 6, s.shuffle_seed, s.shuffle_stream):totable()
    local sample, flips, moved = 0, 0, 0
    for x in loader:epoch(6) do
      for i = 1, x.shape[1] do
        sample = sample + 1
        local down, right, flip = imaging.draw(s.augment_seed, s.augment_stream, 6, sample, pad, true)
        check.that(math.abs(down) <= pad and math.abs(right) <= pad)
        check.close(x[i], naive(ds, order[sample], down, right, flip), {atol = 1e-6})
        flips, moved = flips + (flip and 1 or 0), moved + (down ~= 0 and 1 or 0)
      end
    end
    check.that(flips > 0 and flips < 9 and moved > 0, "nothing was drawn")
  end
end)

check.case("draws are even", function()
  local counts, flips = {}, 0
  for sample = 1, 9000 do
    local down, right, flip = imaging.draw(1, 2, 3, sample, 4, true)
    counts[down] = (counts[down] or 0) + 1
    counts[right + 100] = (counts[right + 100] or 0) + 1
    flips = flips + (flip and 1 or 0)
  end
  for _, middle in ipairs {0, 100} do
    for d = -4, 4 do check.close(counts[middle + d], 1000, {atol = 150}) end
  end
  check.close(flips, 4500, {atol = 200})
end)

check.case("neither threads, worker, nor batch size change a bit", function()
  local ds = noise(37, 3, 6, 5)
  local threads = rm.num_threads()
  local function epoch(options)
    options.shuffle, options.augment, options.seed = true, true, 9
    return rm.cat((collect(data.Loader(ds, options), 4)), 1)
  end
  local expected = epoch {batch_size = 37, prefetch = 0}
  for _, n in ipairs {1, 2, 3} do
    rm.set_num_threads(n)
    for _, prefetch in ipairs {0, 1, 2, 5} do
      for _, batch in ipairs {1, 8, 36} do check.equal(epoch {batch_size = batch, prefetch = prefetch}, expected) end
    end
  end
  rm.set_num_threads(threads)
end)

check.case("a subset and a copy of its images load alike", function()
  local ds = noise(12, 3, 4, 4)
  local part = ds:subset({11, 3, 8, 5, 2})
  local copy = data.Dataset.new {name = "copy", images = part:all_images(), labels = part:all_labels(),
                                 classes = ds.classes, mean = ds.mean, std = ds.std}
  local options = {batch_size = 2, shuffle = true, augment = true, seed = 1}
  same(collect(data.Loader(part, options), 2), collect(data.Loader(copy, options), 2))
end)

check.case("a data set of the user's own loads like one in memory", function()
  local ds = noise(11, 3, 4, 4)
  local own = {   -- the protocol, nothing else
    size = function() return 11 end,
    batch = function(_, list) return ds:batch(list) end,
    shape = ds.shape, mean = ds.mean, std = ds.std,
  }
  local options = {batch_size = 4, shuffle = true, augment = true, seed = 2}
  local xs, ys = collect(data.Loader(ds, options), 3)
  local own_xs, own_ys = collect(data.Loader(own, options), 3)
  same(xs, own_xs)
  same(ys, own_ys)
end)

check.case("a run goes on in the middle of an epoch", function()
  local ds = noise(23, 3, 4, 4)
  local options = {batch_size = 4, shuffle = true, augment = true, seed = 8}
  local whole = collect(data.Loader(ds, options), 2)
  local first = data.Loader(ds, options)
  local state
  local seen = 0
  for _ in first:epoch(2) do
    seen = seen + 1
    if seen == 2 then
      state = first:state_dict()
      break
    end
  end
  check.equal({state.epoch, state.step}, {2, 2})
  local second = data.Loader(ds, {batch_size = 4, shuffle = true, augment = true, seed = 99})
  second:load_state_dict(state)
  local rest = collect(second, 2)
  same(rest, table.move(whole, 3, #whole, 1, {}))
  same(collect(second, 3), collect(data.Loader(ds, options), 3))
end)

check.case("leaving a loop early stops the worker; its batches are released", function()
  local ds = noise(40, 3, 4, 4)
  collectgarbage()
  collectgarbage()
  local before = rm.live_tensors()
  do
    local loader = data.Loader(ds, {batch_size = 2, prefetch = 4})
    for _ = 1, 20 do
      for x in loader:epoch(1) do
        if x then break end   -- the worker is in the middle of the next ones
      end
    end
    check.error(function() for _ in loader:epoch(1) do error("stop here") end end, "stop here")
  end
  collectgarbage()
  collectgarbage()
  check.equal(rm.live_tensors() - before, 0)
end)

check.case("seeds come from rm.manual_seed where none is given", function()
  local ds = noise(20, 3, 8, 8)
  local function epoch(seed)
    rm.manual_seed(seed)
    return rm.cat((collect(data.Loader(ds, {shuffle = true, augment = true}), 1)), 1)
  end
  check.equal(epoch(4), epoch(4))
  check.that(not pcall(check.equal, epoch(4), epoch(5)), "two seeds gave the same epoch")
  local g = rm.generator(4, 0)
  local own = data.Loader(ds, {shuffle = true, generator = g})
  same(collect(own, 1), collect(data.Loader(ds, {shuffle = true, generator = rm.generator(4, 0)}), 1))
end)

check.case("wrong options are named", function()
  local ds = noise(4, 3, 2, 2)
  check.error(function() data.Loader(ds, {batchsize = 3}) end,
              "loader: unknown option 'batchsize', did you mean 'batch_size'?")
  check.error(function() data.Loader(ds, {batch_size = 0}) end, "batch_size must be a whole number from 1, got 0")
  check.error(function() data.Loader(ds, {augment = {padding = 4}}) end,
              "loader: augment: unknown option 'padding'; it takes pad, flip")
  check.error(function() data.Loader(ds, {augment = {pad = -1}}) end, "augment.pad must be a whole number")
  check.error(function() data.Loader(ds, {mean = {0.5}, std = {0.5}}):epoch(1)() end, "1 means, but images are")
end)

check.case("a loader is shown by what it was asked for and what it goes through", function()
  local ds = data.shapes10 {size = 10}
  check.equal(tostring(data.Loader(ds, {batch_size = 4})),
              "Loader{batch_size = 4, drop_last = false, shuffle = false}  3 batches of " .. tostring(ds))
  check.equal(tostring(data.Loader(ds, {batch_size = 4, shuffle = true, drop_last = true, augment = {pad = 2}})),
              "Loader{batch_size = 4, drop_last = true, pad = 2, shuffle = true}  2 batches of " .. tostring(ds))
end)
