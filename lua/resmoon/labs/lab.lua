--- What the labs have in common: their options, their settings, and their ends.
--
-- A lab is a file of this folder: {about = what it is called and takes, run = f(args)}. args are settings by name,
-- those of training and those of about.options, and run, the folder for all that the lab writes. run returns
-- {runs = folders of runs, report = file}, as far as there are any, or nil where Ctrl-C ended it (lab D raises
-- "interrupted").
--
--     lab.run(require "resmoon.labs.a", {run = "runs/mine", epochs = 2, models = {"resnet18"}})
--     lab.main(require "resmoon.labs.a")          the same as a program, with the words of the command line
--
-- about.follows names the lab sheet that a lab follows; its help and its report say it.
--
-- A lab has two sets of settings: those of its sheet, which hold where the user names data (CIFAR-10 and hours of
-- time), and small ones for the embedded images (minutes). What the user gives on the command line overrides both.
local commandline = require "resmoon.base.commandline"
local rm       = require "resmoon"
local config   = require "resmoon.train.config"
local options  = require "resmoon.train.options"
local report   = require "resmoon.report"
local settings = require "resmoon.runs.settings"
local text     = require "resmoon.base.text"

local lab = {}

-- "epochs 5, lr 0.003, ..." in order of the names.
local function listed(given)
  local parts = {}
  for name, value in pairs(given) do parts[#parts + 1] = name .. " " .. settings.text(name, value) end
  table.sort(parts)
  return table.concat(parts, ", ")
end

-- What --help says the default of each option is.
local function defaults(about)
  local given = {}
  for name in pairs(config.with(about.embedded, about.sheet)) do
    local sheet, embedded = settings.text(name, about.sheet[name]), settings.text(name, about.embedded[name])
    given[name] = sheet == embedded and sheet or ("%s, embedded %s"):format(sheet, embedded)
  end
  return given
end

-- The name in args of an option of a lab.
local function name_of(option) return (option[1]:gsub("^%-%-", ""):gsub("-", "_")) end

local function add_option(parser, option)
  local made = parser:option(option[1], option[2])
  if option.args then made:args(option.args) end
  if option.argname then made:argname(option.argname) end
  if option.choices then made:choices(option.choices) end
  if option.whole then made:convert(options.count) end
  if option.number then made:convert(options.number) end
  if option.default then made:default(tostring(option.default)) end
  return made
end

local function home_of(about) return "runs/" .. about.name end

-- An argparse parser with --run, all options of training, and those of the lab.
-- about: name ("lab_a"), follows ("sheet 000, ..."), text (what the lab shows), sheet and embedded (settings), example,
-- options (list of {"--flag",
-- help, args =, argname =, choices =, whole = true of a whole number, number = true of
-- any, default =}), and where a part of the lab has
-- settings of its own, further (list of {when these hold, settings}).
function lab.parser(about)
  local further = {}
  for i, each in ipairs(about.further or {}) do further[i] = ("%s:\n  %s\n"):format(each[1], listed(each[2])) end
  local words = about.follows and ("%s\nIt follows %s."):format(about.text, about.follows) or about.text
  local parser = commandline("resmoon " .. about.name, words)
    :epilog(("Settings with --data, where no option says otherwise (those of the lab):\n  %s\n"
             .. "Without it, for the embedded images:\n  %s\n%s\n"
             .. "What is there already is not done again: the same command goes on where it was stopped.\n\n"
             .. "Example:\n%s")
            :format(listed(about.sheet), listed(about.embedded), table.concat(further), about.example))
  parser.own_title = "The lab"
  parser:option("--run", "folder for runs, figures and report"):argname "DIR":default(home_of(about))
  for _, option in ipairs(about.options or {}) do add_option(parser, option) end
  options.add(parser, defaults(about))
  return parser
end

--- The settings of training among args.
function lab.given(args) return options.config(args) end

--- The settings that hold: those given, else those of the sheet or, for embedded images, the small ones.
function lab.settings(args, about)
  local given = options.config(args)
  local embedded = given.data == nil or given.data == "shapes10"
  return config.with(embedded and about.embedded or about.sheet, given)
end

--- Whether the images are those made here, not files of the user's.
function lab.is_embedded(c) return c.data == nil or c.data == "shapes10" end

--- jobs for train.several: one for each network, with the same settings.
function lab.jobs(models, c)
  local jobs = {}
  for i, model in ipairs(models) do jobs[i] = {name = model, settings = config.with(c, {model = model})} end
  return jobs
end

--- Trains jobs into args.run. Returns the folders of the runs; nil where Ctrl-C ended it, and on all processes but the
-- first, which shows, draws and writes.
function lab.train(jobs, args, sets)
  local named = {}   -- a lab's jobs may know more about themselves
  for i, job in ipairs(jobs) do named[i] = {name = job.name, settings = job.settings} end
  local runs = rm.train.several(named, {folder = args.run, sets = sets})
  return rm.dist.rank() == 0 and runs or nil
end

--- What a lab that Ctrl-C ended says.
function lab.stopped(home) print(("stopped; the same command goes on (%s)"):format(home)) end

-- "0.4914, 0.4824, 0.4467"
local function numbers(list)
  local parts = {}
  for i, x in ipairs(list) do parts[i] = ("%.4f"):format(x) end
  return table.concat(parts, ", ")
end

local CIFAR = "cifar10"   -- what a sheet's mean and standard deviation are of

--- Opens the images that settings name, and settles what they are standardized with: what the user gave; else, of
-- CIFAR-10, the sheet's numbers; else the images' own. settings are changed in place.
-- Returns {train, test, validation}, and a sentence that says so.
function lab.open(c, args, about)
  local sets, given = {config.open(config.complete(c))}, options.config(args)
  local sheet = about.sheet.mean ~= nil
  local name = sets[1].name or ""
  if name ~= CIFAR then c.mean, c.std = given.mean, given.std end
  local mean, std = config.normalization(config.complete(c), sets[1])
  local what = ("mean %s and standard deviation %s"):format(numbers(mean), numbers(std))
  if given.standardize == false or c.standardize == false then return sets, "Pixels are not standardized." end
  if given.mean or given.std then return sets, ("Pixels are standardized with %s, as given."):format(what) end
  if sheet and name == CIFAR then return sets, ("Pixels are standardized with the sheet's %s."):format(what) end
  if sheet then
    return sets, ("The sheet's mean and standard deviation are those of CIFAR-10; these images, %s, are standardized "
                  .. "with their own: %s."):format(text.visible(name), what)
  end
  return sets, ("Pixels are standardized with those of the training images: %s."):format(what)
end

--- Draws a figure of the lab as PNG and SVG: draw(files). Returns {file of the SVG, caption}, or nil without gnuplot.
function lab.figure(home, name, caption, draw)
  local files = {("%s/%s.png"):format(home, name), ("%s/%s.svg"):format(home, name)}
  if not draw(files) then return nil end
  print(("figure: %s, %s"):format(files[1], files[2]))
  return {files[2], caption}
end

--- Which sheet a report follows, and other sentences, at its beginning.
function lab.introduce(doc, about, notes)
  if about.follows then doc:paragraph(("This report follows %s."):format(about.follows)) end
  for _, note in ipairs(notes or {}) do doc:paragraph(note) end
end

-- A hook that calls several functions of the document.
local function together(...)
  local list = {...}
  return function(doc)
    for i = 1, #list do list[i](doc) end
  end
end

local function nothing() end

--- Table and figure of the runs, and the report of all of them in `home`.
-- about: of the lab. more: title; notes (sentences for the beginning); figures (list of {name of the file, caption,
-- draw(files)}, which follow the comparison); headings and hooks (as of report.add).
function lab.finish(runs, home, about, more)
  rm.train.compare.show(runs, home, {title = more.title})
  local drawn, hooks = {}, more.hooks or {}
  for _, each in ipairs(more.figures or {}) do drawn[#drawn + 1] = lab.figure(home, each[1], each[2], each[3]) end
  local function figures(doc)
    for _, each in ipairs(drawn) do doc:figure(each[1], each[2]) end
  end
  local function introduce(doc) lab.introduce(doc, about, more.notes) end
  local page, markdown = report.write(runs, {
    out = home .. "/report.html", title = more.title, headings = more.headings,
    hooks = config.with(hooks, {title = introduce, comparison = together(figures, hooks.comparison or nothing)}),
  })
  print(("report: %s, %s"):format(page, markdown))
  return page
end

--- Runs a lab with these settings; what is not given is as the program has it.
function lab.run(module, args)
  local given = {run = home_of(module.about)}
  for _, option in ipairs(module.about.options or {}) do given[name_of(option)] = option.default end
  for name, value in pairs(args) do given[name] = value end
  return module.run(given)
end

--- The program of a lab. It ends the process.
function lab.main(module)
  local args = lab.parser(module.about):parse()
  options.main(function()
    if lab.run(module, args) or rm.dist.rank() > 0 then return 0 end
    lab.stopped(args.run)
    return 130
  end)
end

return lab
