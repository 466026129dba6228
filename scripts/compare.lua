--- resmoon compare: trains several networks the same way, prints a table and draws one figure.
local commandline = require "resmoon.base.commandline"
local rm       = require "resmoon"
local options  = require "resmoon.train.options"
local folder   = require "resmoon.runs.folder"
local own      = require "resmoon.models.file"

local parser = commandline("resmoon compare", "Trains each network the same way, then prints a table of their errors "
                           .. "and draws their training loss and test error in one figure (PNG, SVG, and shown).")
  :epilog [[
The folder of a run is taken as it is (./resnet20 where it has a network's name): finished runs
are compared without training, unfinished ones are taken up again with --resume.

Example:
  resmoon compare resnet20 plain20 resnet56 plain56 --data ~/data --epochs 5 --schedule onecycle
  resmoon compare resnet20 nets.lua:senet
  resmoon compare runs/resnet20 runs/plain20]]
parser:argument("names", "networks, FILE.lua:NAME of your own, or folders of finished runs"):args "+"
parser:option("--run", "folder for the runs and the figure (default runs/compare)"):argname "DIR"
parser:flag("--resume", "go on with the runs that are in the folder already")
options.add(parser)
local args = parser:parse()

options.main(function()
  local settings, home = options.config(args), args.run or "runs/compare"
  local runs, jobs, old, known = {}, {}, {}, {}
  for _, name in ipairs(rm.models.list()) do known[name] = true end
  for i, name in ipairs(args.names) do
    local called = own.name(name) or name
    if not known[name] and folder.is_run(name) then
      runs[i], old[#old + 1] = name, name
    else
      if called == name and name:find("/", 1, true) then
        error(("%s is not a run: it has no config.json"):format(name), 0)
      end
      runs[i] = home .. "/" .. called
      if folder.is_run(runs[i]) and not args.resume then
        error(("%s already holds a run: --resume continues it, --run DIR puts new ones elsewhere"):format(runs[i]), 0)
      end
      jobs[#jobs + 1] = {name = called, settings = rm.train.config.with(settings, {model = name})}
    end
  end
  local finished = rm.train.several(jobs, {folder = home})
  for _, path in ipairs(finished and args.resume and old or {}) do
    finished = finished and rm.train.resume(path, settings, {label = path:match("[^/]+/*$")}).stopped ~= "interrupted"
  end
  if not finished then
    print "to go on: the same command with --resume"
    return 130
  end
  if rm.dist.rank() > 0 then return 0 end   -- process 0 shows, and draws
  local figures = (#jobs > 0 or args.run) and home or nil  -- finished runs alone need no folder
  if figures then rm.sys.mkdir_p(figures) end
  rm.train.compare.show(runs, figures)
  return 0
end)
