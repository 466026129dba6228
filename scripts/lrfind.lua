--- resmoon lrfind: which learning rate suits a network, its data and its batch size.
local commandline = require "resmoon.base.commandline"
local rm       = require "resmoon"
local defaults  = require "resmoon.train.defaults"
local options   = require "resmoon.train.options"
local preflight = require "resmoon.train.preflight"
local rate_curve = require "resmoon.train.rate_curve"

local parser = commandline("resmoon lrfind", "Trains a few steps while the learning rate grows, draws the loss over "
                           .. "the rate and suggests one (Smith 2017). Nothing is saved but the figure.")
  :epilog [[
Example:
  resmoon lrfind --model resnet20 --data ~/data --figure lrfind.png]]
parser:option("--model", "network (default resnet20), or FILE.lua:NAME of your own"):argname "NAME"
parser:option("--from", "lowest rate"):argname "RATE":convert(options.number):default "1e-5"
parser:option("--to", "highest rate"):argname "RATE":convert(options.number):default "3"
parser:option("--steps", "steps from one to the other"):argname "N":convert(options.count):default "100"
parser:option("--figure", "draw into this file (.png, .svg, .pdf) instead of on the screen"):argname "FILE"
options.add(parser)
local args = parser:parse()

options.main(function()
  local c = options.config(args)
  c.model = args.model
  c = rm.train.config.complete(c)
  if c.threads then rm.set_num_threads(c.threads) end
  rm.manual_seed(c.seed)
  local train = rm.train.config.open(c)
  rm.train.config.fit(c, train)
  c.classes, c.input = train.classes, train.shape
  local net = rm.train.config.model(c)
  defaults.fit_network(c, net)
  if c.own then preflight.network(net, c) end
  local optimizer = rm.train.config.optimizer(c, net:parameters())
  local mean, std = rm.train.config.normalization(c, train)
  local loader = rm.train.config.loader(c, train, {mean = mean, std = std, drop_last = true})
  if #loader == 0 then
    error(("lrfind: %d images are fewer than a batch of %d"):format(train:size(), c.batch_size), 0)
  end
  local found = rm.train.lrfind(net, optimizer, loader, {from = args.from, to = args.to, steps = args.steps})
  print(("%s on %s, batches of %d: loss %.4f at first, lowest %.4f%s"):format(c.model, train.name or c.data,
        c.batch_size, found.loss[1],
        math.min(table.unpack(found.smooth)), found.stopped and ", then it diverged" or ""))
  print(("steepest fall at rate %.2g, lowest loss at %.2g"):format(found.steepest, found.lowest))
  print(("suggestion: --lr %.2g"):format(found.suggestion))
  local caution = rate_curve.caution(found)
  if caution then print(caution) end
  local title = ("%s: loss while the rate grows"):format(c.model)
  local drawn = rm.plot.lrfind(found, {file = args.figure, title = title})
  if drawn and args.figure then print("figure: " .. args.figure) end
end)
