--- Lab C, shortcuts: options A, B and C compared.
-- Source: He et al. 2016, arXiv:1512.03385, section 4.1, "Identity vs. projection shortcuts", and table 3.
local config  = require "resmoon.train.config"
local trained = require "resmoon.labs.paper.trained"

return function(context)
  local model, jobs = context.shortcut_model, {}
  for i, option in ipairs {"A", "B", "C"} do
    jobs[i] = {name = model .. "_" .. option,
               settings = config.with(context.settings, {model = model, shortcut = option})}
  end
  return trained(context, {
    key = "shortcuts", title = "Shortcuts A, B and C",
    question = "A: zeros for the channels that are new, without parameters. B: projections where shapes change. C: "
               .. "projections everywhere. The paper's top-1 errors of ResNet-34 on ImageNet, 10 crops: A 25.03 %, "
               .. "B 24.52 %, C 24.19 % (table 3): the differences are small, so projections are not what makes "
               .. "residual networks work.",
    jobs = jobs,
  })
end
