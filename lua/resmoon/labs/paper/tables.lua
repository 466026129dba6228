--- Lab C, the networks: table 1 of the paper, and the depths of a decade.
local Document = require "resmoon.report.document"
local tables   = require "resmoon.models.tables"
local text     = require "resmoon.base.text"

local residual = {"resnet18", "resnet34", "resnet50", "resnet101", "resnet152"}

-- Rows, the first one a head: on the screen and in the document.
local function show(doc, rows)
  print(table.concat(text.columns(rows), "\n") .. "\n")
  doc:table(rows[1], table.move(rows, 2, #rows, 1, {}))
end

return function()
  local doc = Document("The networks of the paper")
  doc:paragraph("Residual networks for ImageNet: what each stage is made of, the size of its output for an image of "
                .. "224 x 224, parameters and multiply-accumulates, all computed from the networks themselves "
                .. "(table 1 of the paper).")
  show(doc, tables.architecture_rows(residual))
  print(table.concat(text.wrapped(tables.counting, 110), "\n") .. "\n")
  doc:paragraph(tables.counting)
  doc:paragraph("The revolution of depth: winners and entries of the ImageNet challenge, and highway networks "
                .. "(for CIFAR-10), with the errors that were published.")
  show(doc, tables.depths_rows())
  doc:gap("which of these networks has more layers but fewer multiply-accumulates than another, and why?")
  return doc
end
