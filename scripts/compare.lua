--- resmoon compare: trains several networks the same way, prints a table and draws one figure.
local argparse = require "argparse"
local rm       = require "resmoon"
local options  = require "resmoon.train.options"
local folder   = require "resmoon.train.folder"

local parser = argparse("resmoon compare", "Trains each network the same way, then prints a table of their errors and "
                        .. "draws their training loss and test error in one figure (PNG, SVG and in the terminal).")
  :help_max_width(90)
  :epilog [[
The folder of a run is taken as it is (./resnet20 where it has a network's name): finished runs
are compared without training, unfinished ones are taken up again with --resume.

Example:
  resmoon compare resnet20 plain20 resnet56 plain56 --data ~/data --epochs 5 --schedule onecycle
  resmoon compare runs/resnet20 runs/plain20]]
parser:argument("names", "networks, or folders of finished runs"):args "+"
parser:option("--run", "folder for the runs and the figure (default runs/compare)"):argname "DIR"
parser:flag("--resume", "go on with the runs that are in the folder already")
options.add(parser)
local args = parser:parse()

options.main(function()
  local settings, home = options.config(args), args.run or "runs/compare"
  local runs, jobs, sets, train_any = {}, {}, nil, false
  local known = {}
  for _, name in ipairs(rm.models.list()) do known[name] = true end
  for i, name in ipairs(args.names) do
    if not known[name] and folder.is_run(name) then
      jobs[i] = {folder = name, done = not args.resume}
    else
      if name:find("/", 1, true) then error(("%s is no run: it has no config.json"):format(name), 0) end
      rm.models.get(name)  -- raises now, not after an hour of training others
      jobs[i] = {model = name, folder = home .. "/" .. name}
      if folder.is_run(jobs[i].folder) and not args.resume then
        error(("%s already holds a run: --resume continues it, --run DIR puts new ones elsewhere")
              :format(jobs[i].folder), 0)
      end
      train_any = true
    end
  end
  if train_any then
    local c = rm.train.config.complete(settings)
    sets = {rm.train.config.open(c)}
  end
  for _, job in ipairs(jobs) do
    if not job.done then
      local c = {model = job.model}
      if job.model then
        for key, value in pairs(settings) do c[key] = value end
      end
      local o = {folder = job.folder, sets = job.model and sets, label = job.model or job.folder:match("[^/]+/*$")}
      local resume = args.resume and folder.is_run(job.folder)
      local result = resume and rm.train.resume(job.folder, c, o) or rm.train.run(c, o)
      if result.stopped == "interrupted" then
        print(("to go on: the same command with --resume (%s)"):format(job.folder))
        return 130
      end
    end
    runs[#runs + 1] = job.folder
  end
  local figures = (train_any or args.run) and home or nil  -- finished runs alone need no folder
  if figures then rm.sys.mkdir_p(figures) end
  rm.train.compare.show(runs, figures)
  return 0
end)
