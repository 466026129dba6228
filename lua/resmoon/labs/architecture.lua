--- What a lab's report says of its networks: the architecture table, and every layer of each.
local config = require "resmoon.train.config"
local folder = require "resmoon.runs.folder"
local tables = require "resmoon.models.tables"
local text   = require "resmoon.base.text"

local architecture = {}

--- Adds rows, the first one a head, as a table.
function architecture.table(doc, rows) doc:table(rows[1], table.move(rows, 2, #rows, 1, {})) end

local function grouped(n) return n > 0 and text.grouped(n) or "" end

-- Head and rows of all layers of a network, from a pass of one image.
local function layers(summary)
  local rows = {}
  for i, row in ipairs(summary.rows) do
    local shape = {}
    for d = 2, #row.shape do shape[#shape + 1] = tostring(row.shape[d]) end
    rows[i] = {row.name == "" and "(itself)" or row.name, row.type, table.concat(shape, " x "), grouped(row.parameters),
               grouped(row.macs)}
  end
  rows[#rows + 1] = {"all", "", "", text.grouped(summary.parameters), text.grouped(summary.macs)}
  return {"layer", "type", "output", "parameters", "multiply-accumulates"}, rows
end

--- Adds the networks of some runs as they were trained: one table with their stages, and one of each with its layers.
-- Networks of other families have no stages, and are left out of the first.
function architecture.of_runs(doc, paths)
  local nets, all, input = {}, {}, nil
  for i, path in ipairs(paths) do
    local run = folder.read(path)
    local c = run.config
    all[i], input = {name = run.name, net = config.model(c)}, input or c.input
    if all[i].net.stages and all[i].net.layer1 and all[i].net.fc then nets[#nets + 1] = all[i] end
  end
  if #nets > 0 then
    doc:paragraph(("The networks as they were trained here, on images of %s. %s"):format(table.concat(input, " x "),
      "A part of a residual network adds its input to what its layers give; a plain one does not."))
    architecture.table(doc, tables.rows_of(nets, input))
  end
  for _, each in ipairs(all) do
    doc:details(("%s, layer by layer"):format(each.name), layers(each.summary or each.net:summary(input)))
  end
end

return architecture
