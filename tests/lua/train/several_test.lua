-- Several runs in one folder: what is there is kept, what is missing is done, other settings are refused.
local check   = require "support.check"
local rm      = require "resmoon"
local program = require "support.program"
local train   = rm.train

local SMALL = {model = "mlp", epochs = 2, train_size = 40, test_size = 20, batch_size = 20, lr = 0.01, threads = 1,
               schedule = "constant", drawing = {}}

local function jobs(changes)
  return {{name = "a", settings = train.config.with(SMALL, changes)},
          {name = "b", settings = train.config.with(SMALL, {model = "lenet5"})}}
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

check.case("finished runs are kept, missing ones are made, unfinished ones taken up", function()
  program.with_folder(function(folder)
    local how = {folder = folder, progress = false}
    check.equal(train.several(jobs(), how), {folder .. "/a", folder .. "/b"})
    local a, b = read(folder .. "/a/last.safetensors"), read(folder .. "/b/last.safetensors")
    local log = read(folder .. "/a/log.csv")
    rm.sys.run {"rm", "-rf", folder .. "/b"}
    train.several(jobs(), how)
    check.equal(read(folder .. "/a/log.csv"), log)           -- with its times: it was not trained again
    check.that(read(folder .. "/b/last.safetensors") == b, "the same settings gave other weights")

    -- As a kill in the second epoch leaves it.
    train.several({{name = "c", settings = train.config.with(SMALL, {epochs = 1})}}, how)
    train.several({{name = "c", settings = train.config.with(SMALL, {epochs = 2})}}, how)
    local function weights(run) return train.checkpoint.load(folder .. "/" .. run .. "/last.safetensors").net end
    check.equal(weights("c")["fc1.weight"], weights("a")["fc1.weight"])
    check.that(read(folder .. "/a/last.safetensors") == a)
    check.equal(train.folder.config(folder .. "/c").name, "c")
  end)
end)

check.case("other settings in the folder are refused before anything is trained", function()
  program.with_folder(function(folder)
    local how = {folder = folder, progress = false}
    train.several({jobs()[1]}, how)
    check.error(function() train.several(jobs {lr = 0.02}, how) end,
                "a was begun with lr = 0.01: it cannot go on with 0.02")
    check.error(function() train.several(jobs {model = "resnet21"}, how) end, "begun with model")
    check.error(function() train.several({{name = "d", settings = {modle = "mlp"}}}, how) end,
                "unknown setting 'modle'")
    check.that(not rm.sys.exists(folder .. "/b"))
    check.error(function() train.several({{name = "e"}}, how) end,
                "job 1 is not a table {name = text, settings = table}")
    check.error(function() train.several(jobs(), {}) end, "options need folder")
  end)
end)

check.case("top-3 and top-5 of the log are those of metrics.topk; momentum is that of the last step", function()
  local result = train.run(train.config.with(SMALL, {schedule = "onecycle", cycle_momentum = true}), {progress = false})
  local c = train.config.complete(SMALL)
  local _, test = train.config.open(c)
  local measured = train.evaluate(result.net, rm.data.Loader(test), {scores = true})
  local top = rm.metrics.topk(measured.scores, measured.labels, {1, 3, 5})
  check.close({100 - measured.error, measured.top3, measured.top5}, {100 * top[1], 100 * top[2], 100 * top[3]})
  check.close(result.last.momentum, 0.95, {atol = 1e-3})
  check.equal(result.last.test_top3, measured.top3)
  for _, row in ipairs(measured.scores) do     -- probabilities, so that images can be ranked among each other
    local sum = 0
    for _, score in ipairs(row) do sum = sum + math.exp(score) end
    check.close(sum, 1, {atol = 1e-5})
  end
  local tied = train.evaluate(setmetatable({training = false, eval = function() end, train = function() end},
    {__call = function(_, x) return rm.zeros(x.shape[1], 10) end}), rm.data.Loader(test), {scores = true})
  check.close(tied.top3, 100 * rm.metrics.topk(tied.scores, tied.labels, 3))
end)
