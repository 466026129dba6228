--- Lab C, 110 layers against 1202: both can be trained, and the larger network overfits.
--
-- Without the user's data there is a stand-in: a network of 20 and one of 110 layers on so few drawings that the larger
-- one can learn them by heart. The report says that it is one.
-- Source: He et al. 2016, arXiv:1512.03385, section 4.2, "Exploring over 1000 layers".
local config  = require "resmoon.train.config"
local folder  = require "resmoon.runs.folder"
local lab     = require "resmoon.labs.lab"
local text    = require "resmoon.base.text"
local trained = require "resmoon.labs.paper.trained"
local verdict = require "resmoon.train.verdict"

local QUESTION = "In the paper both ResNet-110 and ResNet-1202 reach a training error below 0.1 %, so that even more "
  .. "than a thousand layers can be optimized; but the test error of ResNet-1202 is 7.93 %, that of ResNet-110 6.43 %: "
  .. "with 19.4 instead of 1.7 million parameters it overfits the 50,000 images."

local STAND_IN = " Here the embedded drawings stand in for CIFAR-10, ResNet-20 for ResNet-110 and ResNet-110 for "
  .. "ResNet-1202: this shows how the comparison is made, not what the paper found. With --data it is 110 and 1202."

-- What became of both: errors on training and test images.
local function says(runs)
  local list = {}
  for i, path in ipairs(runs) do
    local run = folder.read(path)
    local s = folder.summary(run)
    if not s.final_train then
      list[i] = ("%s: trained on mixed images, which have no training error; test error %s."):format(run.name,
                 text.value("%.2f%%", s.final))
    else
      list[i] = ("%s (%s parameters): training error %s, %s the paper's 0.1 %%; test error %s, %s points %s the "
                 .. "training error (%s)."):format(run.name, text.grouped(run.config.parameters or 0),
                text.value("%.2f%%", s.final_train), s.final_train < 0.1 and "below" or "not below",
                text.value("%.2f%%", s.final), text.value("%.2f", math.abs(s.final - s.final_train)),
                s.final < s.final_train and "below" or "above",
                verdict.judged(verdict.gap(run)))
    end
  end
  return list
end

return function(context)
  local embedded = lab.is_embedded(context.settings)
  local models = embedded and {"resnet20", "resnet110"} or {"resnet110", "resnet1202"}
  local settings = context.settings
  if embedded then
    local given = context.given
    settings = config.with(settings, {train_size = given.train_size or 500, epochs = given.epochs or 12,
                                      width = given.width or 8})
  end
  local jobs = lab.jobs(models, settings)
  -- A step of 1202 layers keeps the outputs of all of them: parts of a batch take less memory, and give the same step.
  if not embedded and not context.given.accumulate then jobs[2].settings.accumulate = 8 end
  local doc, runs = trained(context, {key = "overfitting", title = "110 layers against 1202", jobs = jobs,
                                      question = QUESTION .. (embedded and STAND_IN or "")})
  if not runs then return nil end
  local list = says(runs)
  print("\n" .. table.concat(list, "\n"))
  doc:list(list)
  return doc
end
