--- Lab C, basic blocks against bottlenecks, of the same number of layers: what they cost, and what they reach.
-- Source: He et al. 2016, arXiv:1512.03385, section 4.1, "Deeper bottleneck architectures", and figure 5.
local architecture = require "resmoon.labs.architecture"
local config  = require "resmoon.train.config"
local folder  = require "resmoon.runs.folder"
local tables  = require "resmoon.models.tables"
local text    = require "resmoon.base.text"
local trained = require "resmoon.labs.paper.trained"

-- The table of both: layers, parameters, multiply-accumulates, time, accuracy.
local function rows_of(runs)
  local rows = {{"block", "layers", "parameters", "10^6 MACs", "seconds per epoch", "images per second",
                 "test accuracy"}}
  for i, path in ipairs(runs) do
    local run = folder.read(path)
    local c, s = run.config, folder.summary(run)
    local net = config.model(c)
    rows[i + 1] = {c.block, tostring(tables.depth(net)), text.grouped(c.parameters or 0),
                   ("%.2f"):format(net:summary(c.input).macs / 1e6), ("%.1f"):format(s.seconds / s.epochs),
                   text.value("%.0f", s.img_per_s), text.value("%.2f%%", 100 - s.final)}
  end
  return rows
end

return function(context)
  local model, jobs = context.block_model, {}
  for i, block in ipairs {"basic", "bottleneck"} do
    jobs[i] = {name = ("%s_%s"):format(model, block), settings = config.with(context.settings,
                                                                             {model = model, block = block})}
  end
  local doc, runs = trained(context, {
    key = "blocks", title = "Basic blocks against bottlenecks",
    question = "A bottleneck narrows its input by a 1x1 layer, works on that with a 3x3 layer, and widens it again: "
               .. "three layers for about the time of two. Both networks here have the same number of layers and the "
               .. "same settings.",
    jobs = jobs,
  })
  if not runs then return nil end
  local rows = rows_of(runs)
  print("\n" .. table.concat(text.columns(rows), "\n"))
  doc:heading("Time and accuracy")
  architecture.table(doc, rows)
  return doc
end
