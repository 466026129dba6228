--- resmoon summary: layers, output shapes, parameters, multiply-accumulates and activation memory.
local argparse = require "argparse"
local rm       = require "resmoon"
local options  = require "resmoon.train.options"

local parser = argparse("resmoon summary", "Prints the layers of a network: output shape, parameters, "
                        .. "multiply-accumulates and activation memory, for one image.")
  :help_max_width(90)
  :epilog [[
Example:
  resmoon summary resnet50 --input 3,224,224]]
parser:argument("model", "network, or the folder of a run"):argname "MODEL"
parser:option("--input", "channels, height and width of the images"):argname "C,H,W":default "3,32,32"
parser:option("--classes", "number of classes"):argname "N":convert(options.whole):default "10"
parser:option("--shortcut", "of residual networks: A, B or C"):choices {"A", "B", "C"}
local args = parser:parse()

options.main(function()
  local c, h, w = args.input:match("^(%d+),(%d+),(%d+)$")
  if not c then error(("--input is '%s', expected three numbers like 3,32,32"):format(args.input), 0) end
  local input = {math.tointeger(c), math.tointeger(h), math.tointeger(w)}
  local net
  if rm.sys.is_dir(args.model) then
    local config
    net, config = rm.train.load(args.model)
    input = config.input
  else
    net = rm.models.get(args.model) {input = input, num_classes = args.classes, shortcut = args.shortcut}
  end
  print(net:summary(input))
end)
