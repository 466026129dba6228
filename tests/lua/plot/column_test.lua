--- One column of several logs, in panels with the same axes.
local check   = require "support.check"
local program = require "support.program"
local rm      = require "resmoon"

local function log(values) return {epoch = {1, 2, 3}, train_loss = values, val_error = {60, 40, 30}} end

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

check.case("panels have the same axes, the names of their runs, and marks where the rate drops", function()
  program.with_folder(function(folder)
    local file = folder .. "/a.svg"
    local config = {schedule = "multistep", milestones = {2}, gamma = 0.1}
    local panels = {{title = "residual", runs = {{name = "one", log = log {2, 1, 0.5}, config = config}}},
                    {title = "plain", runs = {{name = "two", log = log {9, 8, 7}}}}}
    check.that(rm.plot.column(panels, {column = "train_loss", file = file}))
    local text = {}
    for line in read(file):gmatch "<text.-</text>" do
      text[#text + 1] = line:gsub("<[^>]*>", ""):gsub("^%s*(.-)%s*$", "%1")
    end
    text = " " .. table.concat(text, " | ") .. " "
    check.that(text:find "residual.*plain" and text:find "one" and text:find "two" and text:find "rate drops", text)
    check.equal(select(2, text:gsub("training loss %(cross%-entropy%)", "")), 2)
    check.equal(select(2, text:gsub("| 8 |", "")), 2, text)   -- a tick of both axes, though one run is far below
  end)
end)

check.case("accuracies are read from errors; what is not there is said", function()
  program.with_folder(function(folder)
    local file = folder .. "/a.svg"
    check.that(rm.plot.column({{name = "one", log = log {2, 1, 0.5}}}, {column = "val_accuracy", file = file}))
    check.that(read(file):find("validation accuracy (%)", 1, true))
    local none = {rm.plot.column({{name = "one", log = log {2, 1, 1}}},
                                 {column = "val_top3", file = folder .. "/b.svg"})}
    check.equal(none, {nil, "nothing to draw"})
    check.that(not rm.sys.exists(folder .. "/b.svg"))
    check.error(function() rm.plot.column {{name = "one", log = log {2, 1, 1}}} end, "plot.column: column is nil")
    check.error(function() rm.plot.column({}, {column = "train_loss"}) end, "no runs to draw")
  end)
end)
