--- Parts of lab C that are a comparison of networks: they train, show table and curves, and give a document.
local report   = require "resmoon.report"
local Document = require "resmoon.report.document"
local train    = require "resmoon.train"

--- about: key (folder and files in context.home), title, question (of the part), jobs (for train.several).
-- Returns the document, and the folders of the runs; nil if Ctrl-C ended it.
return function(context, about)
  local base = context.home .. "/" .. about.key
  local runs = train.several(about.jobs, {folder = base})
  if not runs then return nil end
  train.compare.show(runs, base, {title = about.title})
  local doc = Document(about.title)
  doc:paragraph(about.question)
  report.add(doc, runs, {base = base, evaluate = false})
  return doc, runs
end
