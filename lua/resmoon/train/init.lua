--- Training: the loop with its log and checkpoints, runs in folders, and what is done with them.
--
--     train.run({model = "resnet20", data = "~/data", epochs = 30}, {folder = "runs/r20"})
--     train.resume("runs/r20")                 goes on where it stopped, bit for bit
--     net, config = train.load("runs/r20")     the best checkpoint
--     train.run({model = senet}, {folder = "runs/senet"})      a function of your own, or "nets.lua:senet"
--     train.Trainer {net = net, optimizer = opt, train = loader, epochs = 5}:fit()
--
-- The commands `resmoon train`, `compare` and `evaluate` are these functions. A run is a folder: config.json, data.json
-- (which images it was trained on: they are compared when it is taken up), log.csv, best.safetensors, last.safetensors,
-- curves.png, curves.svg; and a copy of your file where the network is your own.
-- Topic: train
local library = require "resmoon.base.library"
require "resmoon.train.top_losses"  -- gives metrics.top_losses
local run    = require "resmoon.train.run"
local tested = require "resmoon.train.tested"

return library("train", {
  Trainer = require "resmoon.train.trainer",
  run = run.run,
  resume = run.resume,
  several = require "resmoon.train.several",
  load = require "resmoon.train.load",
  compare = require "resmoon.train.compare",
  evaluate = tested.evaluate,
  ten_crop = require "resmoon.train.ten_crop",
  lrfind = require "resmoon.train.lrfind",
  predict = tested.predict,
  config = require "resmoon.train.config",
  checkpoint = require "resmoon.runs.checkpoint",
  folder = require "resmoon.runs.folder",
  hash = require "resmoon.runs.hash",
  named = require "resmoon.runs.named",
  Log = require "resmoon.runs.log",
})
