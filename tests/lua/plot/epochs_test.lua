--- Figures of a run's epochs: losses and top-1, top-3 and top-5 accuracy.
local check   = require "support.check"
local rm      = require "resmoon"
local program = require "support.program"

local log = {
  epoch = {1, 2, 3}, train_loss = {2, 1.5, 1}, train_error = {80, 60, 40}, test_loss = {2.1, 1.7, 1.2},
  test_error = {82, 63, 45}, test_top3 = {50, 70, 85}, test_top5 = {70, 88, 96},
}

-- The text of the figure as SVG.
local function svg(folder, runs)
  local file = folder .. "/f.svg"
  check.that(rm.plot.topk(runs, {file = file}))
  local f <close> = assert(io.open(file))
  return f:read("a")
end

local function has(text, ...)
  for _, part in ipairs {...} do check.that(text:find(part, 1, true), part) end
end

check.case("one run: losses, and three accuracies in one panel; several: a panel for each accuracy", function()
  program.with_folder(function(folder)
    local one = svg(folder, {name = "mine", log = log})
    has(one, ">loss<", ">test accuracy (training: dashed)<", ">top-1<", ">top-3<", ">top-5<")
    local two = svg(folder, {{name = "without", log = log}, {name = "with", log = log}})
    has(two, ">top-1 accuracy<", ">top-3 accuracy<", ">top-5 accuracy<", ">without<", ">with<")
  end)
end)

check.case("validation images where none were tested; a log without top-3 has no such panel", function()
  program.with_folder(function(folder)
    local held = {epoch = {1}, train_loss = {2}, val_loss = {2}, val_error = {70}, val_top3 = {50}, val_top5 = {60},
                  test_error = {0 / 0}}
    has(svg(folder, {name = "held", log = held}), ">validation accuracy (training: dashed)<", ">top-5<")
    local old = {epoch = {1, 2}, train_loss = {2, 1}, test_error = {70, 60}}
    local text = svg(folder, {{name = "a", log = old}, {name = "b", log = old}})
    has(text, ">top-1 accuracy<")
    check.that(not text:find(">top-3 accuracy<", 1, true))
  end)
end)

check.case("what is not a run is an error", function()
  check.error(function() rm.plot.topk {} end, "no runs to draw")
  check.error(function() rm.plot.topk {{name = "x"}} end, "run 1 is not a folder and has no log")
end)
