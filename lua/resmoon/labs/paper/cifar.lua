--- Lab C, CIFAR-10: residual networks of several depths, as in the paper's table 6.
-- Source: He et al. 2016, arXiv:1512.03385, section 4.2, table 6.
local lab     = require "resmoon.labs.lab"
local trained = require "resmoon.labs.paper.trained"

return function(context)
  local models = {}
  for i, depth in ipairs(context.depths) do models[i] = ("resnet%d"):format(depth) end
  return trained(context, {
    key = "cifar", title = "Residual networks of several depths",
    question = "The paper's test errors on CIFAR-10: ResNet-20 8.75 %, -32 7.51 %, -44 7.17 %, -56 6.97 %, -110 6.43 % "
               .. "(6.61 +- 0.16 of five runs), -1202 7.93 % (table 6). Deeper is better, until there are more "
               .. "parameters than so few images bear.",
    jobs = lab.jobs(models, context.settings),
  })
end
