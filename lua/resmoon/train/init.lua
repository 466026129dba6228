--- Training: the loop, its checkpoints and logs, and runs described by one table.
--
--     result = train.run {model = "resnet20", data = "~/data", epochs = 30, schedule = "onecycle"}
--     train.Trainer {net = net, optimizer = opt, train = loader, epochs = 30}:fit()
--     train.evaluate(net, loader).error
local evaluation = require "resmoon.train.evaluate"
local run        = require "resmoon.train.run"

return {
  Trainer = require "resmoon.train.trainer",
  run = run.run,
  resume = run.resume,
  load = run.load,
  compare = require "resmoon.train.compare",
  evaluate = evaluation.evaluate,
  lrfind = require "resmoon.train.lrfind",
  predict = require "resmoon.train.predict",
  config = require "resmoon.train.config",
  checkpoint = require "resmoon.train.checkpoint",
  folder = require "resmoon.train.folder",
  Log = require "resmoon.train.log",
}
