--- Lab C, degradation: plain networks of 18 and 34 layers against residual ones.
-- Source: He et al. 2016, arXiv:1512.03385, section 4.1, table 2 and figure 4.
local folder  = require "resmoon.runs.folder"
local lab     = require "resmoon.labs.lab"
local text    = require "resmoon.base.text"
local trained = require "resmoon.labs.paper.trained"

-- Training loss of the plain and the residual network of each depth, early and at the end.
local function early(runs)
  local loss, list = {}, {}
  for _, path in ipairs(runs) do
    local run = folder.read(path)
    loss[run.config.model] = {first = run.rows[1].train_loss, last = run.rows[#run.rows].train_loss, epochs = #run.rows}
  end
  for _, depth in ipairs {"18", "34"} do
    local plain, residual = loss["plain" .. depth], loss["resnet" .. depth]
    list[#list + 1] = ("%s layers: after the first epoch the training loss is %s with shortcuts and %s without, after "
                       .. "epoch %d %s and %s."):format(depth, text.value("%.4f", residual.first),
      text.value("%.4f", plain.first), residual.epochs, text.value("%.4f", residual.last),
      text.value("%.4f", plain.last))
  end
  return list
end

return function(context)
  local doc, runs = trained(context, {
    key = "degradation", title = "Plain and residual networks of 18 and 34 layers",
    question = "Without shortcuts the network of 34 layers fits the training images worse than that of 18 "
               .. "(degradation); with them, after many epochs, it fits them better. The paper's top-1 errors on "
               .. "ImageNet, 10 crops: plain-18 27.94 %, plain-34 28.54 %, ResNet-18 27.88 %, ResNet-34 25.03 % "
               .. "(table 2).",
    jobs = lab.jobs({"plain18", "plain34", "resnet18", "resnet34"}, context.settings),
  })
  if not runs then return nil end
  doc:heading("Who is faster early")
  doc:paragraph("The paper finds that ResNet-18 and plain-18 come to about the same error, and ResNet-18 converges "
                .. "faster at the beginning.")
  doc:list(early(runs))
  return doc
end
