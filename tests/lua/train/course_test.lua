--- train.config.course: the rates and momenta that a training has step by step, without it.
local check  = require "support.check"
local files  = require "support.files"
local rm     = require "resmoon"
local config = rm.train.config

local function compare(changes)
  local settings = config.with({model = "mlp", epochs = 3, train_size = 40, test_size = 10, batch_size = 10,
                                lr = 0.01, threads = 1}, changes)
  local seen = {rate = {}, momentum = {}}
  rm.train.run(settings, {progress = false, hooks = {on_step = function(trainer)
    seen.rate[#seen.rate + 1], seen.momentum[#seen.momentum + 1] = trainer.lr, trainer.momentum
  end}})
  local course = config.course(config.complete(settings), 4)
  check.equal(course.rate, seen.rate)
  if course.momentum then check.equal(course.momentum, seen.momentum) end
  return course
end

check.case("it is that of the training, whatever the schedule", function()
  check.that(not compare({schedule = "multistep"}).momentum)
  check.that(not compare({schedule = "cosine", warmup = 1}).momentum)
  check.equal(compare({schedule = "constant"}).rate[12], 0.01)
  compare {schedule = "step", step_size = 2}
end)

check.case("one-cycle moves the momentum of SGD and Adam, from max_momentum down by 0.1 and back", function()
  for _, optimizer in ipairs {"sgd", "adam"} do
    local course = compare {schedule = "onecycle", cycle_momentum = true, max_momentum = 0.9, optimizer = optimizer}
    check.equal(#course.momentum, 12)
    check.close({course.momentum[1], math.min(table.unpack(course.momentum)), course.momentum[12]}, {0.9, 0.8, 0.9})
  end
  local low = compare {schedule = "onecycle", cycle_momentum = true, max_momentum = 0.05}
  check.equal(math.min(table.unpack(low.momentum)), 0)
end)

check.case("the table of top-1, top-3 and top-5 takes the validation images where none were tested", function()
  local rows = {{epoch = 1, val_error = 30, val_top3 = 90, val_top5 = 95, val_loss = 1},
                {epoch = 2, val_error = 40, val_top3 = 80, val_top5 = 85, val_loss = 1.5}}
  local lines = rm.train.compare.topk {{name = "a", rows = rows}, {name = "none yet", rows = {}}}
  check.that(lines[3]:find("^a +60.00%% +80.00%% +85.00%% +1.5000 +70.00%% %(1%)$"), lines[3])
  check.that(lines[4]:find("^none yet +%- +%- +%- +%- +%-$"), lines[4])
end)

check.case("cyclic: from base_lr to max_lr in step_size epochs and back, momentum the other way", function()
  local course = compare {schedule = "cyclic", step_size = 1, max_lr = 0.08, cycle_momentum = true}
  check.close({course.rate[1], course.rate[3], course.rate[5], course.rate[9]}, {0.02, 0.05, 0.08, 0.02})
  check.close({course.momentum[1], course.momentum[5]}, {0.95, 0.85})
  local falling = compare {schedule = "cyclic", step_size = 1, cycle_mode = "triangular2", base_lr = 0.002,
                           optimizer = "adam", epochs = 4}
  check.close({falling.rate[5], falling.rate[13]}, {0.01, 0.006})
  local shrinking = compare {schedule = "cyclic", step_size = 1, cycle_mode = "exp_range", base_lr = 0, gamma = 0.25}
  check.close(shrinking.rate[5], 0.01 * 0.25 ^ (4 / 12))
end)

check.case("a function as schedule: lr times what it gives; a resumed run is given it again", function()
  files.with_folder(function(folder)
    local function falling(epoch) return 0.5 ^ epoch end
    local settings = {model = "mlp", epochs = 3, train_size = 40, test_size = 10, batch_size = 10, lr = 0.04,
                      schedule = falling, threads = 1}
    local whole = rm.train.run(settings, {folder = folder .. "/whole", progress = false})
    local rates = {}
    for i, row in ipairs(whole.log.rows) do rates[i] = row.lr end
    check.close(rates, {0.04, 0.02, 0.01})
    check.equal(rm.train.folder.config(folder .. "/whole").schedule, "lambda")
    settings.epochs = 1
    rm.train.run(settings, {folder = folder .. "/parts", progress = false})
    local function again(changes)
      return rm.train.resume(folder .. "/parts", changes, {progress = false})
    end
    check.error(function() again {epochs = 3} end, "schedule is a function, which config.json cannot hold")
    check.error(function() again {epochs = 3, schedule = "step"} end, "was begun with schedule = \"lambda\"")
    check.equal(again({epochs = 3, schedule = falling}).last.train_loss, whole.last.train_loss)
  end)
end)
