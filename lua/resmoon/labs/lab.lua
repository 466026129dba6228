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
-- A lab has two sets of settings: those of its sheet, which hold where the user names data (CIFAR-10 and hours of
-- time), and small ones for the embedded images (minutes). What the user gives on the command line overrides both.
local commandline = require "resmoon.base.commandline"
local rm       = require "resmoon"
local config   = require "resmoon.train.config"
local options  = require "resmoon.train.options"
local report   = require "resmoon.report"
local settings = require "resmoon.runs.settings"

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
  if option.default then made:default(tostring(option.default)) end
end

local function home_of(about) return "runs/" .. about.name end

-- An argparse parser with --run, all options of training, and those of the lab.
-- about: name ("lab_a"), text (what the lab shows), sheet and embedded (settings), example, options (list of {"--flag",
-- help, args =, argname =, choices =, whole = true of a whole number, default =}), and where a part of the lab has
-- settings of its own, further (list of {when these hold, settings}).
function lab.parser(about)
  local further = {}
  for i, each in ipairs(about.further or {}) do further[i] = ("%s:\n  %s\n"):format(each[1], listed(each[2])) end
  local parser = commandline("resmoon " .. about.name, about.text)
    :epilog(("Settings with --data, where no option says otherwise (those of the lab):\n  %s\n"
             .. "Without it, for the embedded images:\n  %s\n%s\n"
             .. "What is there already is not done again: the same command goes on where it was stopped.\n\n"
             .. "Example:\n%s")
            :format(listed(about.sheet), listed(about.embedded), table.concat(further), about.example))
  parser.own_title = "This lab"
  parser:option("--run", "folder for runs, figures and report"):argname "DIR":default(home_of(about))
  options.add(parser, defaults(about))
  for _, option in ipairs(about.options or {}) do add_option(parser, option) end
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

--- What a lab that Ctrl-C ended says.
function lab.stopped(home) print(("stopped; the same command goes on (%s)"):format(home)) end

--- Table and figure of the runs, and the report of all of them in `home`.
-- options: title; report (function(document) that adds to its results); figures (list of {file without suffix, caption,
-- runs}: further curves of some of the runs).
function lab.finish(runs, home, more)
  rm.train.compare.show(runs, home, {title = more.title})
  for _, figure in ipairs(more.figures or {}) do
    local files = {("%s/%s.png"):format(home, figure[1]), ("%s/%s.svg"):format(home, figure[1])}
    if rm.plot.curves(figure[3], {file = files, title = figure[2]}) then
      print(("figure: %s, %s"):format(files[1], files[2]))
    end
  end
  local page, markdown = report.write(runs, {out = home .. "/report.html", title = more.title, more = more.report})
  print(("report: %s, %s"):format(page, markdown))
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
    if lab.run(module, args) then return 0 end
    lab.stopped(args.run)
    return 130
  end)
end

return lab
