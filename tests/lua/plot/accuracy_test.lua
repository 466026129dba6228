-- luacheck: globals io (its streams are replaced to see what is printed)
--- Validation accuracy: which curves stand in which panel, on which axes.
local check   = require "support.check"
local rm      = require "resmoon"
local program = require "support.program"
local gnuplot = require "resmoon.plot.gnuplot"
local plot    = rm.plot

local function run(name, errors, on)
  local log = {epoch = {}}
  for i in ipairs(errors) do log.epoch[i] = i end
  log[(on or "val") .. "_error"] = errors
  return {name = name, log = log}
end

-- The script that would be sent to gnuplot for a PNG.
local function script(...)
  local real, sent, file = gnuplot.draw, nil, os.tmpname() .. ".png"
  gnuplot.draw = function(text)
    sent = text
    return true
  end
  local arguments = table.pack(...)
  arguments[2] = arguments[2] or {}
  arguments[2].file = file
  local ok, message = pcall(plot.accuracy, table.unpack(arguments, 1, 2))
  gnuplot.draw = real
  if not ok then error(message, 0) end
  return sent
end

check.case("one panel: accuracy is what is not in error, and each run has its name", function()
  if not gnuplot.find() then check.skip("gnuplot is not installed") end
  local text = script {run("one", {60, 45}), run("two", {70, 0 / 0, 31})}
  check.that(text:find("1 40\n2 55\n", 1, true) and text:find("1 30\n3 69\n", 1, true), text)
  check.that(text:find 'set label %d+ "one"' and text:find 'set label %d+ "two"', text)
  check.that(text:find("set yrange [30:70]", 1, true), text)
  check.that(text:find("set ylabel " .. gnuplot.quote "validation accuracy (%)", 1, true), text)
  check.that(not text:find("multiplot", 1, true))
end)

check.case("panels stand in rows on the same axes; a run behind another is one gray curve with gaps", function()
  if not gnuplot.find() then check.skip("gnuplot is not installed") end
  local a, b = run("a", {50, 40}), run("b", {90, 80, 70}, "test")
  local text = script({{title = "first", runs = {a}, behind = {a, b}}, {runs = {b}, labels = {"other"}}, {runs = {a}}},
                      {columns = 2})
  -- two in a row, the third below
  check.that(text:find("set origin 0.00000,0.5.-set origin 0.50000,0.5.-set origin 0.00000,0.0"), text)
  check.equal(select(2, text:gsub("set yrange %[10:60%]", "")), 3)
  check.equal(select(2, text:gsub("set xrange %[1:3%]", "")), 3)
  check.that(text:find("1 50\n2 60\n0 NaN\n1 10\n2 20\n3 30\n0 NaN\n", 1, true), text)
  check.that(text:find(gnuplot.quote "validation, else test accuracy (%)", 1, true), text)
  check.that(text:find("#cccccc", 1, true), text)
end)

check.case("nothing to draw, and what is not a run", function()
  check.error(function() plot.accuracy {} end, "plot.accuracy: no runs to draw")
  check.error(function() plot.accuracy {3} end, "plot.accuracy: run 1 is not a folder and has no log")
  local stderr = io.stderr
  io.stderr = {write = function() end}
  local drawn, reason = plot.accuracy {run("new", {})}
  io.stderr = stderr
  check.equal({drawn == nil, reason}, {true, "no finished epoch"})
end)

check.case("a file that can be looked at", function()
  if not gnuplot.find() then check.skip("gnuplot is not installed") end
  program.with_folder(function(folder)
    local a, b = run("`x`", {50, 40}), run("b", {60})
    check.that(plot.accuracy({{title = "it's", runs = {a, b}}, {runs = {b}}}, {file = folder .. "/a.svg"}))
    local file <close> = assert(io.open(folder .. "/a.svg"))
    check.that(file:read("a"):find("<svg", 1, true))
  end)
end)
