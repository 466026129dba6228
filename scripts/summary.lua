--- resmoon summary: layers, output shapes, parameters, multiply-accumulates and activation memory.
local commandline = require "resmoon.base.commandline"
local rm       = require "resmoon"
local options  = require "resmoon.train.options"

local parser = commandline("resmoon summary", "Prints the layers of a network: output shape, parameters, "
                           .. "multiply-accumulates and activation memory, for one image.")
  :epilog [[
Example:
  resmoon summary resnet50 --input 3,224,224
  resmoon summary --architecture resnet18 resnet34 resnet50 resnet101 resnet152 --input 3,224,224
  resmoon summary --depths]]
parser:argument("models", "network, FILE.lua:NAME of your own, or the folder of a run"):argname "MODEL":args "*"
parser:flag("--architecture", "one table of several ResNets or plain nets, as in the paper: stages, sizes, MACs")
parser:flag("--depths", "the table of AlexNet, VGG, GoogLeNet, Highway networks and ResNet-152")
parser:option("--input", "channels, height and width of the images"):argname "C,H,W":convert(options.input)
  :default "3,32,32"
parser:option("--classes", "number of classes"):argname "N":convert(options.count):default "10"
parser:option("--shortcut", "of residual networks: A, B, C or D"):choices {"A", "B", "C", "D"}
local args = parser:parse()

options.main(function()
  local input = args.input
  if args.depths then return print(rm.models.tables.depths()) end
  if #args.models == 0 then error("the name of a network or the folder of a run is missing", 0) end
  if args.architecture then return print(rm.models.tables.architecture(args.models, input)) end
  for i, model in ipairs(args.models) do
    local shape, net = input
    if i > 1 then print() end
    if rm.sys.is_dir(model) then
      local config
      net, config = rm.train.load(model)
      shape = config.input
    else
      net = rm.models.get(model) {input = input, num_classes = args.classes, shortcut = args.shortcut}
    end
    print(net:summary(shape))
  end
end)
