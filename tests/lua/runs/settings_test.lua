--- One row makes a setting: one is added in a single place, and found wherever settings are.
local check       = require "support.check"
local commandline = require "resmoon.base.commandline"
local data_sets   = require "resmoon.data"
local evaluation  = require "resmoon.report.evaluation"
local help        = require "resmoon.shell.help"
local lab         = require "resmoon.labs.lab"
local options     = require "resmoon.train.options"
local program     = require "support.program"
local report      = require "resmoon.report"
local rm          = require "resmoon"
local settings    = require "resmoon.runs.settings"
local train       = rm.train

-- As text, so that another process can add the row, too.
local ROW = [[{"sharpness", "number", least = 0, below = 5, default = 1.5, flag = "--sharpness X", group = "Training",
  reported = true, mark = "sharpness %g", help = "how sharp the edges are"}]]
local function row(text) return load("return " .. text)() end

settings.add(row(ROW))
settings.add {"grain", "whole", usually = "as fine as the images", flag = "--grain N", group = "Data", images = true,
              may_change = true, help = "how fine the grain is"}

local function has(text, part) check.that(text:find(part, 1, true), ("no %q in %s"):format(part, text)) end

check.case("its default stands in every config, and what is given in its place", function()
  check.equal({train.config.defaults.sharpness, train.config.complete({}).sharpness}, {1.5, 1.5})
  check.equal(train.config.complete({sharpness = 2}).sharpness, 2)
  check.equal(train.config.complete({}).grain, nil)
end)

check.case("its values are checked, with the usual messages", function()
  local function refused(given, message)
    local ok, text = pcall(train.config.complete, given)
    check.equal({ok, text}, {false, message})
  end
  refused({sharpness = "much"}, "train: sharpness is 'much', expected a number")
  refused({sharpness = -1}, "train: sharpness is -1, expected at least 0")
  refused({sharpness = 0 / 0}, ("train: sharpness is %s, expected at least 0"):format(0 / 0))
  refused({sharpness = 5}, "train: sharpness is 5, expected below 5")
  refused({grain = 1.5}, "train: grain is 1.5, expected a whole number")
  refused({sharpnes = 1}, "train: unknown setting 'sharpnes', did you mean 'sharpness'?")
end)

check.case("a report's table leaves out what a run makes no use of", function()
  local function unused(given)
    local c, list = train.config.complete(given), {}
    for _, name in ipairs(settings.reported()) do
      if c[name] ~= nil and not settings.used(name, c) then list[#list + 1] = name end
    end
    table.sort(list)
    return table.concat(list, " ")
  end
  check.equal(unused {epochs = 164}, "cycle_momentum trust")
  check.equal(unused {optimizer = "adam", schedule = "constant"}, "cycle_momentum gamma momentum nesterov trust")
  check.equal(unused {schedule = "onecycle"}, "gamma lr trust")   -- max_lr is the rate
  check.equal(unused {schedule = "onecycle", cycle_momentum = true}, "gamma lr momentum trust")
  check.equal(unused {schedule = "cyclic", cycle_mode = "exp_range"}, "lr trust")
  program.with_folder(function(folder)
    train.run({model = "mlp", epochs = 1, train_size = 20, test_size = 10, batch_size = 10, optimizer = "adamw",
               schedule = "onecycle", cycle_momentum = true, threads = 1, drawing = {}, max_lr = 0.01},
              {folder = folder .. "/m", progress = false})
    report.write({folder .. "/m"}, {out = folder .. "/r.html", evaluate = false})
    local file <close> = assert(io.open(folder .. "/r.md"))
    local text = file:read "a":gsub("\\(.)", "%1")
    has(text, "| max_momentum | 0.95 |")
    has(text, "| base_momentum | 0.85 |")
    check.that(not text:find("\n| momentum |", 1, true) and not text:find("\n| lr |", 1, true), text)
  end)
end)

check.case("every kind of value has its check", function()
  local function refused(given, message) check.error(function() train.config.complete(given) end, message) end
  refused({optimizer = "adma"}, "train: optimizer is adma, did you mean 'adam'?, expected one of sgd, adam, adamw")
  refused({shortcut = "E"}, "train: shortcut is E, expected one of A, B, C, D")
  refused({milestones = {3, 0}}, "train: milestone 2 is 0, expected the number of an epoch")
  refused({milestones = 3}, "train: milestones is 3, expected a list of the numbers of epochs")
  refused({nesterov = "on"}, "train: nesterov is 'on', expected a boolean")
  refused({label_smoothing = 1.0}, "train: label_smoothing is 1.0, expected below 1")
  refused({lr = math.huge}, "train: lr is inf, expected at least 0")
  check.equal(train.config.complete({init = "xavier_sigmoid"}).init, "xavier_sigmoid")   -- right, but not offered
  check.equal(train.config.complete({augment = "shift"}).augment, "shift")
end)

-- The settings that a parser makes of a command line, and its help.
local function parsed(parser, ...) return options.config(parser:parse {...}), parser:get_help() end

check.case("its option is read and explained, in a lab too", function()
  local parser = commandline("x", "")
  options.add(parser, {grain = 7})
  local c, text = parsed(parser, "--sharpness", "2.5", "--grain", "3")
  check.equal(c, {sharpness = 2.5, grain = 3})
  has(text, "how sharp the edges are (default 1.5)")
  has(text, "how fine the grain is (default 7)")
  local about = {name = "lab_x", text = "", sheet = {sharpness = 4}, embedded = {grain = 2}, example = "  none"}
  c, text = parsed(lab.parser(about), "--sharpness", "2.5")
  check.equal(lab.settings(c, about), {sharpness = 2.5, grain = 2})
  text = text:gsub("%s+", " ")
  has(text, "how sharp the edges are (default 4, embedded 1.5)")
  has(text, "how fine the grain is (default as fine as the images, embedded 2)")
  check.that(not text:find "nil")
end)

check.case("words of the command line become the values of settings", function()
  local function given(...)
    local parser = commandline("x", "")
    options.add(parser, nil, {data = true})
    return (parsed(parser, ...))
  end
  check.equal(given("--augment", "off", "--nesterov", "--standardize", "off"),
              {augment = false, nesterov = true, standardize = false})
  check.equal(given("--augment"), {augment = true})
  check.equal(given("--augment", "shift", "--milestones", "2,3"), {augment = "shift", milestones = {2, 3}})
  check.equal(given(), {})
end)

check.case("each setting with an option is in the config that options give", function()
  local parser, count = commandline("x", ""), 0
  options.add(parser)
  local known = {}
  for _, option in ipairs(parser._options) do known[option._target or ""] = true end
  for _, each in ipairs(settings.list) do
    if each.flag then
      check.that(known[each.name], each.name)
      check.equal(each.flag:match "^%-%-([%w-]+)", (each.name:gsub("_", "-")))
      count = count + 1
    end
  end
  check.that(count > 30, count)
end)

check.slow("every command that trains has it in --help", function()
  program.with_folder(function(folder)
    local path = program.file(folder .. "/with.lua", ([[
      require("resmoon.runs.settings").add %s
      arg[0] = table.remove(arg, 1)
      dofile(arg[0])
    ]]):format(ROW))
    for _, name in ipairs {"train", "compare", "demo", "search", "lrfind", "lab_a"} do
      local out, err, status = program.run {path, ("scripts/%s.lua"):format(name), "--help"}
      check.equal({status, err}, {0, ""})
      has(out, "--sharpness X         how sharp the edges are (default 1.5)")
    end
  end)
end)

check.case("help lists it with kind, limits and default, and finds it", function()
  local text = help.text "train.config"
  has(text, "sharpness                  how sharp the edges are (number, at least 0, below\n")
  text = text:gsub("%s+", " ")
  has(text, "grain how fine the grain is (whole number; default as fine as the images); may change when the run is")
  has(help.found "how sharp the edges", "train.config")
  for _, each in ipairs(settings.list) do has(text, each.name .. " " .. each.help) end
end)

-- As few images and epochs as a run can have.
local function run(folder, more)
  local sets = {data_sets.shapes10 {size = 20}, data_sets.shapes10 {size = 10, train = false}}
  local c = train.config.with({model = "mlp", epochs = 1, batch_size = 10, threads = 1, drawing = {}}, more)
  train.run(c, {folder = folder, sets = sets, progress = false})
  return folder, sets
end

check.case("a run goes on with it as it was, unless its row lets it change", function()
  program.with_folder(function(home)
    local folder, sets = run(home .. "/a", {sharpness = 2.0})
    local more = {sets = sets, progress = false}
    check.error(function() train.resume(folder, {sharpness = 3.0}, more) end,
                "was begun with sharpness = 2.0: it cannot go on with 3.0")
    local result = train.resume(folder, {sharpness = 2.0, grain = 9, epochs = 2}, more)
    check.equal({result.config.sharpness, result.config.grain, result.epochs}, {2.0, 9, 2})
    -- config.json that was edited is noticed for the one, and not for the other
    local function edited(name, value)
      local c = train.folder.config(folder)
      c[name], c.epochs = value, 3
      rm.write_atomic(folder .. "/config.json", rm.json.encode(c))
      return pcall(train.resume, folder, nil, more)
    end
    local ok, text = edited("sharpness", 4)
    check.that(not ok)
    has(text, "sharpness: 2.0 there, 4 in config.json")
    check.that(edited("sharpness", 2.0) and edited("grain", 10))
  end)
end)

check.case("the reports show it", function()
  program.with_folder(function(home)
    local folder = run(home .. "/a", {sharpness = 2.0})
    report.write({folder}, {out = home .. "/report.html", evaluate = false})
    local file <close> = assert(io.open(home .. "/report.md"))
    local text = file:read "a"
    has(text, "| sharpness | 2 |")
    check.that(not text:find("| grain |", 1, true), text)       -- its row does not ask for that
    for _, name in ipairs {"gamma", "clip", "warmup", "accumulate"} do has(text, "\n| " .. name .. " | ") end
    local _, rows = evaluation.table {train.folder.read(folder)}
    check.equal(rows[1][1], "mlp (augmented, sharpness 2)")
    folder = run(home .. "/b", {augment = false})
    _, rows = evaluation.table {train.folder.read(folder)}
    check.equal(rows[1][1], "mlp")                              -- the default is no mark
  end)
  check.equal(settings.marks {}, {})                            -- of a run from before there were such settings
  check.equal(settings.marks {sharpness = 0, standardize = false, augment = "shift", early_stop = 3},
              {"augmented", "not standardized", "patience 3", "sharpness 0"})
end)

check.case("settings that say what images a run sees are told apart from the others", function()
  local images = {}
  for _, name in ipairs(train.config.data_settings) do images[name] = true end
  check.that(images.grain and images.data and images.seed and images.augment)
  check.that(not (images.sharpness or images.lr))
end)

check.case("a row that is none, or is there already, is refused", function()
  check.error(function() settings.add {"lr", "number", help = "again"} end, "settings: lr is there already")
  check.error(function() settings.add {"hue", "color", help = "of all"} end, "this one is {hue, color}")
  check.error(function() settings.add {"hue", "number"} end, "a row is {name, kind, help = text, ...}")
  check.equal(settings.named.hue, nil)
end)
