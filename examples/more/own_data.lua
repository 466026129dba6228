-- Data of your own: a Lua table, and a folder of images; divided, drawn in balance, normalized as you like.
--
-- Run it: resmoon examples/more/own_data.lua. It writes images into bars, a folder for each class. It prints:
--   points: 400 rows (2), 2 classes, the first is inside
--   240 rows to train, 80 to validate, 80 to test; 20 epochs in their log
--   each of 4 folds tests 100 rows and trains on 300
--   the network beats a constant answer in every fold: true
--   bars: 140 images (3, 16, 16), 2 classes, level 20, upright 120
--   an epoch drawn in balance has 960 images, half of them level to within a tenth: true
--   the mean of normalized images is 0 and their deviation 1: true
--   a small network recognizes images that it has not seen: true
local rm = require "resmoon"
local nn, data, train = rm.nn, rm.data, rm.train
rm.manual_seed(1)

-- A list of rows {input, class}: points inside and outside of a circle.
local rows = {}
for _ = 1, 400 do
  local a, b = table.unpack((rm.rand(2) * 3 - 1.5):totable())
  rows[#rows + 1] = {{a, b}, a * a + b * b < 1 and "inside" or "outside"}
end
local points = data.from_table(rows, {name = "points"})
print(("%s, the first is %s"):format(points, points.classes[1]))

-- Parts with the same share of each class; train.run takes them, or two of them, as data.
local rest, test = data.split(points, 0.2, 1)
local training, validation = data.split(rest, 80, 1)

local function perceptron() return nn.Sequential {nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2)} end
local function run(sets)
  return train.run({model = perceptron, data = sets, epochs = 20, batch_size = 16, optimizer = "adam", lr = 0.02,
                    schedule = "cosine"}, {progress = false})
end
local result = run {train = training, validation = validation, test = test}
print(("%d rows to train, %d to validate, %d to test; %d epochs in their log"):format(#training, #validation, #test,
  #result.log.rows))

-- Cross-validation: every row tests once.
local folds, better = data.k_fold(points, 4, {seed = 1, stratified = true}), true
for _, fold in ipairs(folds) do
  local most = fold.test:all_labels():bincount():max():item()
  better = better and run(fold).last.test_error < 100 - 100 * most / #fold.test
end
print(("each of %d folds tests %d rows and trains on %d"):format(#folds, #folds[1].test, #folds[1].train))
print("the network beats a constant answer in every fold:", better)

-- A folder of images, one folder for each class: dark noise with a bright row, which is rare, or a bright column.
for _, class in ipairs {{"level", 20}, {"upright", 120}} do
  local name, count = table.unpack(class)
  rm.sys.mkdir_p("bars/" .. name)
  for i = 1, count do
    local image, at = rm.randint(0, 100, {3, 16, 16}):byte(), rm.randint(1, 16, {1}):item()
    if name == "level" then image[{{}, at}] = 255 else image[{{}, {}, at}] = 255 end
    data.write_png(("bars/%s/%03d.png"):format(name, i), image)
  end
end
local bars = data.folder "bars"
local counts = bars:all_labels():bincount():totable()
print(("%s, level %d, upright %d"):format(bars, counts[1], counts[2]))

-- Normalization by the training images alone; both classes are drawn as often.
local seen, unseen = data.split(bars, 0.25, 1)
local mean, std = data.statistics(seen)
local balanced = data.Loader(seen, {batch_size = 16, sampling = "balanced", samples = 960, mean = mean, std = std,
                                    seed = 1})
local drawn = rm.zeros({2}, "int64")
for _, y in balanced:epoch(1) do drawn = drawn + y:bincount {minlength = 2} end
print(("an epoch drawn in balance has %d images, half of them level to within a tenth: %s"):format(drawn:sum():item(),
  math.abs(drawn[1]:item() - 480) < 96))

local x = seen:batch(#seen):normalize(mean, std)
print("the mean of normalized images is 0 and their deviation 1:",
  x:mean():abs():item() < 1e-5 and math.abs(x:std():item() - 1) < 1e-3)

local net = nn.Sequential {nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2)}
train.Trainer {net = net, optimizer = rm.optim.Adam(net:parameters(), {lr = 0.01}), train = balanced, epochs = 3,
               progress = false}:fit()
local found = train.evaluate(net, data.Loader(unseen, {mean = mean, std = std}))
print("a small network recognizes images that it has not seen:", found.error < 20)
