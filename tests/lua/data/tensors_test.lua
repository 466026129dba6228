--- Data sets of plain tensors and of Lua tables, and training with them.
local check = require "support.check"
local files = require "support.files"
local rm    = require "resmoon"
local data, train = rm.data, rm.train

local function points(n, targets)
  rm.manual_seed(3)
  local x = rm.rand(n, 2)
  local y = x:narrow(2, 1, 1) * 3 - x:narrow(2, 2, 1) * 2 + 1
  return data.from_tensors(x, targets == "classes" and (y:gt(1.5):long() + 1):reshape(-1) or y, {name = "plane"})
end

check.case("rows come as they were given, by number, in batches and in subsets", function()
  local x, y = rm.arange(1, 12):reshape(6, 2), rm.tensor({1, 2, 3, 1, 2, 3}, "int64")
  local ds = data.from_tensors(x, y, {classes = {"a", "b", "c"}})
  check.equal({#ds, ds:size(), ds.shape, ds.classes}, {6, 6, {2}, {"a", "b", "c"}})
  local bx, by = ds:batch {6, 1}
  check.equal({bx:totable(), by:totable()}, {{{11, 12}, {1, 2}}, {3, 1}})
  local row, label = ds:get(-1)
  check.equal({row:totable(), label}, {{11, 12}, 3})
  local part = ds:subset({2, 4, 6}):subset({3, 1})
  check.equal({part:all_inputs():totable(), part:all_labels():totable()}, {{{11, 12}, {3, 4}}, {3, 2}})
  check.equal({ds.mean, ds.std}, {nil, nil})
end)

check.case("a loader gives every row once, in an order that follows from seed and epoch", function()
  local ds = data.from_tensors(rm.arange(1, 10), rm.arange(1, 10))
  local function epoch(k, options)
    local list, targets = {}, {}
    for x, y in data.Loader(ds, {batch_size = 4, shuffle = true, seed = options}):epoch(k) do
      table.move(x:reshape(-1):totable(), 1, x.shape[1], #list + 1, list)
      table.move(y:reshape(-1):totable(), 1, y.shape[1], #targets + 1, targets)
    end
    check.equal(targets, list)
    return list
  end
  local first = epoch(1, 5)
  check.equal(epoch(1, 5), first)
  check.that(table.concat(epoch(2, 5), " ") ~= table.concat(first, " "), "epochs have the same order")
  table.sort(first)
  check.equal(first, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
end)

check.case("bytes with four dimensions are images; all else is refused with its type", function()
  local images = rm.full({4, 1, 8, 8}, 51, "uint8")
  local ds = data.from_tensors(images, rm.tensor({1, 2, 1, 2}, "int64"))
  check.equal({getmetatable(ds) == data.Dataset, ds.mean[1]}, {true, 0.2})
  check.error(function() data.from_tensors(images, rm.zeros(4)) end, "x is uint8 %(4, 1, 8, 8%), expected float32")
  check.error(function() data.from_tensors(rm.zeros(4, 2), rm.zeros(3)) end, "x has 4 rows, y has 3")
  check.error(function() data.from_tensors(rm.zeros(2, 2), rm.tensor({0, 1}, "int64")) end, "label 0, expected classes")
  check.error(function() data.from_tensors(rm.zeros(2, 2), rm.tensor({1, 3}, "int64"), {classes = {"a", "b"}}) end,
              "label 3, but there are names of 2 classes")
  check.error(function() data.from_tensors(rm.zeros(2, 2), {1, 2}) end, "y is a table, expected a tensor")
  check.error(function() data.Loader(points(4), {augment = true}):epoch(1)() end, "shifts and mirrors images of bytes")
end)

check.case("the labels of a Lua table say what is to be learned", function()
  local named = data.from_table {{{0, 1}, "yes"}, {{1, 1}, "no"}, {{1, 0}, "yes"}}
  check.equal({named.classes, named:all_labels():totable()}, {{"no", "yes"}, {2, 1, 2}})
  check.equal(data.from_table({{1, 2}, {5, 1}}).classes, {"1", "2"})
  local mixed = data.from_table {{{1}, 0.5}, {{2}, 2}}
  check.equal({mixed.outputs, mixed:all_labels():totable()}, {1, {{0.5}, {2}}})
  check.equal(data.from_table({{{1}, 3}, {{2}, 2}}, {regression = true}).outputs, 1)
  check.equal(data.from_table({{{1}, {1, 2, 3}}, {{2}, {4, 5, 6}}}).outputs, 3)
  check.equal(data.from_table({{rm.zeros(3, 4, 4), 1}, {rm.ones(3, 4, 4), 2}}).shape, {3, 4, 4})
  check.error(function() data.from_table {{{1}, "a"}, {{2}, 1}} end, "label of row 2 is a class, that of row 1 a name")
  check.error(function() data.from_table {{{1}, 1}, {{2, 3}, 1}} end, "input of row 2 is float32 %(2%), that of row 1")
  check.error(function() data.from_table {{{1}, 1}, {2}} end, "row 2 is no {input, label}")
  check.error(function() data.from_table({{{1}, "x"}}, {classes = {"a"}}) end, "row 1 is of class 'x'")
end)

check.case("a regression is trained, logged, evaluated and taken up again by its losses, without errors", function()
  files.with_folder(function(folder)
    local ds = points(240)
    local fold = {train = ds:subset(rm.arange(1, 200, 1, "int64")), test = ds:subset(rm.arange(201, 240, 1, "int64"))}
    local settings = {model = "mlp", data = fold, epochs = 4, lr = 0.1, schedule = "constant"}
    local whole = train.run(settings, {folder = folder .. "/whole", progress = false})
    local last = whole.last
    check.that(last.test_loss < 0.05, last.test_loss)
    check.equal({last.train_error, last.test_error, last.test_top5, whole.best.error}, {nil, nil, nil, nil})
    check.equal(whole.config.outputs, 1)
    local measured = train.evaluate(whole.net, data.Loader(fold.test), {scores = true})
    check.close({measured.loss, #measured.scores, #measured.scores[1]}, {last.test_loss, 40, 1})
    local x, y = fold.test:batch(40)
    whole.net:eval()
    check.close(whole.net(x):mse_loss(y):item(), measured.loss)
    settings.epochs = 2
    train.run(settings, {folder = folder .. "/parts", progress = false})
    check.error(function() train.resume(folder .. "/parts", {epochs = 4}) end, "give them again")
    local parts = train.resume(folder .. "/parts", {epochs = 4, data = fold}, {progress = false})
    check.equal({parts.last.train_loss, parts.last.test_loss}, {last.train_loss, last.test_loss})
    check.error(function()
      train.resume(folder .. "/parts", {epochs = 5, data = {train = fold.test, test = fold.train}}, {progress = false})
    end, "trained on other data")
    local run = train.folder.read(folder .. "/whole")
    check.equal({#run.rows, run.rows[4].test_loss}, {4, last.test_loss})
    check.that(train.compare.table({run})[3]:find "%- +%- +%-", "a regression has an error")
  end)
end)

check.case("classes of vectors: val_split and train_size take their share", function()
  local settings = {model = "mlp", data = points(200, "classes"), val_split = 0.2, train_size = 150, epochs = 4}
  local result = train.run(settings, {progress = false})
  check.equal(#result.config.classes, 2)
  check.that(result.last.val_error < 10 and result.last.train_error < 30, result.last.val_error)
  settings.augment = true
  check.error(function() train.run(settings, {progress = false}) end, "shifts and mirrors images of bytes")
  check.error(function() train.run({model = "mlp", data = {test = points(20)}}) end, "data has no train")
  check.error(function() train.run({model = "mlp", data = {train = 3}}) end, "data.train is a number")
end)
