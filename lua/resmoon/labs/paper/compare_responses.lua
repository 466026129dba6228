--- Lab C, layer responses: how strongly the layers of plain and residual networks answer.
-- Source: He et al. 2016, arXiv:1512.03385, section 4.2, "Analysis of layer responses", and figure 7.
local Document  = require "resmoon.report.document"
local answers   = require "resmoon.report.responses"
local lab       = require "resmoon.labs.lab"
local plot      = require "resmoon.plot"
local responses = require "resmoon.train.responses_of_runs"
local text      = require "resmoon.base.text"
local trained   = require "resmoon.labs.paper.trained"

local TITLE = "Standard deviation of layer responses"

-- What the numbers say of networks of both families and several depths.
local function says(series)
  local of, list = {}, {}
  for _, each in ipairs(series) do of[each.name] = each.std end
  local function compare(a, b)
    if of[a] and of[b] then list[#list + 1] = answers.responses(a, of[a], b, of[b]) end
  end
  compare("resnet20", "plain20")
  compare("resnet56", "plain56")
  compare("resnet56", "resnet20")
  compare("resnet110", "resnet56")
  return list
end

-- The document so far, and the runs: those given, or trained ones; nil if Ctrl-C ended it.
local function runs_of(context)
  if context.responses_of then return Document(TITLE), context.responses_of end
  return trained(context, {
    key = "responses", title = TITLE,
    question = "The response of a 3x3 layer is what its batch norm gives, before relu and addition. The paper finds "
               .. "that layers of residual networks answer more weakly than those of plain ones, and the more weakly "
               .. "the deeper the network: each layer changes the signal less (figure 7). After a few epochs the "
               .. "scales of the batch norms are still near 1, where they start, and with them the responses.",
    jobs = lab.jobs({"plain20", "plain56", "resnet20", "resnet56", "resnet110"}, context.settings),
  })
end

return function(context)
  local doc, runs = runs_of(context)
  if not doc then return nil end
  local series = {}
  for i, run in ipairs(runs) do series[i] = responses.of(run, {images = context.images}) end
  local rows = responses.rows(series)
  print("\n" .. table.concat(text.columns(rows), "\n"))
  plot.responses(series, {title = TITLE})
  doc:heading("Responses")
  doc:table(rows[1], table.move(rows, 2, #rows, 1, {}))
  local base = context.home .. "/layer_responses"
  if plot.responses(series, {file = {base .. ".png", base .. ".svg"}, title = TITLE}) then
    print(("figure: %s.png, %s.svg"):format(base, base))
    doc:figure(base .. ".svg", "standard deviation of layer responses, in order of the layers and sorted")
  end
  if #says(series) > 0 then doc:list(says(series)) end
  return doc
end
