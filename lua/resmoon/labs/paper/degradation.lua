--- Lab C, degradation: plain networks of 18 and 34 layers against residual ones.
-- Source: He et al. 2016, arXiv:1512.03385, section 4.1, table 2 and figure 4.
local lab     = require "resmoon.labs.lab"
local trained = require "resmoon.labs.paper.trained"

return function(context)
  return trained(context, {
    key = "degradation", title = "Plain and residual networks of 18 and 34 layers",
    question = "Without shortcuts the network of 34 layers fits the training images worse than that of 18 "
               .. "(degradation); with them, after many epochs, it fits them better. The paper's top-1 errors on "
               .. "ImageNet, 10 crops: plain-18 27.94 %, plain-34 28.54 %, ResNet-18 27.88 %, ResNet-34 25.03 % "
               .. "(table 2).",
    jobs = lab.jobs({"plain18", "plain34", "resnet18", "resnet34"}, context.settings),
  })
end
