--- Lab C, errors: the paper's tables for ImageNet and CIFAR-10, and one's own runs beside them.
-- Source: He et al. 2016, arXiv:1512.03385, tables 4 and 6.
local architecture = require "resmoon.labs.architecture"
local config    = require "resmoon.train.config"
local Document  = require "resmoon.report.document"
local folder    = require "resmoon.runs.folder"
local published = require "resmoon.labs.paper.published"
local sys       = require("resmoon.core").sys
local tables    = require "resmoon.models.tables"
local text      = require "resmoon.base.text"

local function percent(x) return text.value("%.2f", x, "-") end

-- Folders of finished runs below the lab's own folder: PART/NAME.
local function of_lab(home)
  local list = {}
  for _, part in ipairs(sys.exists(home) and sys.list(home) or {}) do
    local inside = home .. "/" .. part
    for _, name in ipairs(sys.is_dir(inside) and sys.list(inside) or {}) do
      local path = inside .. "/" .. name
      if folder.is_run(path) and #folder.read(path).rows > 0 then list[#list + 1] = path end
    end
  end
  table.sort(list)
  return list
end

-- What the tables say of a run.
local function own(path)
  local run = folder.read(path)
  local c, last = run.config, run.rows[#run.rows]
  local net = config.model(c)
  return {
    name = ("%s (here, %s)"):format(path:match "([^/]*/[^/]*)$" or path, text.visible(c.data_name or c.data)),
    model = c.model, layers = tostring(tables.depth(net)), parameters = ("%.2f"):format((c.parameters or 0) / 1e6),
    top1 = percent(last.test_error), top5 = percent(last.test_top5 and 100 - last.test_top5),
    cifar = c.data_name == "cifar10",
    stages = net.stages,   -- 4 of ImageNet's networks, 3 of CIFAR-10's
  }
end

local function show(doc, title, rows)
  print("\n" .. title .. "\n" .. table.concat(text.columns(rows), "\n"))
  doc:heading(title)
  architecture.table(doc, rows)
end

return function(context)
  local doc, runs = Document("Errors: the paper's, and one's own"), {}
  for _, path in ipairs(context.runs or of_lab(context.home)) do runs[#runs + 1] = own(path) end
  local rows = {{"network", "layers", "parameters (10^6)", "top-1 error (%)", "top-5 error (%)"}}
  for _, each in ipairs(published.imagenet) do
    rows[#rows + 1] = {each[1], each[1]:match "ResNet%-(%d+)" or "-", "-", each[2] or "-", each[3]}
  end
  for _, each in ipairs(runs) do
    if not each.cifar and each.stages == 4 then
      rows[#rows + 1] = {each.name, each.layers, each.parameters, each.top1, each.top5}
    end
  end
  show(doc, "ImageNet, single models (table 4)", rows)
  rows = {{"method", "layers", "parameters (10^6)", "test error (%)"}}
  for _, each in ipairs(published.cifar) do
    rows[#rows + 1] = {each[1], each[2] or "-", each[3] or "-", each[4]}
  end
  for _, each in ipairs(runs) do
    if each.cifar or each.stages == 3 then
      rows[#rows + 1] = {each.name, each.layers, each.parameters, each.top1}
    end
  end
  show(doc, "CIFAR-10 (table 6)", rows)
  doc:paragraph("Rows with \"here\" are runs on this machine, after their last epoch. Only those on the same images as "
                .. "the paper's compare with its numbers; of others the order of the networks is what can be looked "
                .. "at.")
  if #runs == 0 then
    doc:paragraph("There is no finished run yet; other parts of this lab train some, and --runs names others.")
  end
  return doc
end
