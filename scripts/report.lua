--- resmoon report: the lab report of finished runs, as one HTML page and as Markdown.
local commandline = require "resmoon.base.commandline"
local rm       = require "resmoon"
local options  = require "resmoon.train.options"
local report   = require "resmoon.report"

local parser = commandline("resmoon report", "Writes the report of runs in the sections of a lab report: set-up, "
                           .. "comparison, curves,\nconfusion matrices, measures by class, ROC, and a discussion.")
  :epilog [[
Example:
  resmoon report runs/compare/resnet20 runs/compare/plain20 --out report.html]]
parser:argument("runs", "folders of runs"):args "+"
parser:option("--out", "the page; Markdown and figures get its name with other endings"):argname "FILE"
  :default "report.html"
parser:option("--title", "title of the report"):argname "TEXT"
parser:option("--data", "folder of the data, or shapes10 (default that of each run)"):argname "DIR"
parser:option("--threads", "processors to use (default all)"):argname "N":convert(options.count)
parser:flag("--no-evaluate", "from the logs alone: no confusion matrix, no ROC")
parser:flag("--evaluation", "also the evaluation report: a table of all settings with time, early stopping and "
            .. "accuracy, and the validation accuracy of each")
local args = parser:parse()

options.main(function()
  if args.threads then rm.set_num_threads(args.threads) end
  if not args.out:find("%.html$") then
    error(("--out is %s, expected a name that ends in .html"):format(args.out), 0)
  end
  local page, text = report.write(args.runs, {out = args.out, title = args.title, data = args.data,
                                              evaluate = not args.no_evaluate,
                                              evaluation = args.evaluation})
  print(("report: %s, %s"):format(page, text))
end)
