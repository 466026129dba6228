--- resmoon draw: networks as boxes and arrows, as in figure 3 of the paper.
local commandline = require "resmoon.base.commandline"
local rm      = require "resmoon"
local options = require "resmoon.train.options"

local parser = commandline("resmoon draw", "Draws networks from the image down, beside one another: layers, shapes, "
                           .. "parameters, shortcuts as arcs (dotted where they change the shape), equal pieces once.")
  :epilog [[
Example:
  resmoon draw resnet18
  resmoon draw plain34 resnet34 --figure networks.svg
  resmoon draw nets.lua:senet --input 3,32,32]]
parser:argument("models", "network, FILE.lua:NAME of your own, or the folder of a run"):argname "MODEL":args "+"
parser:option("--input", "channels, height and width of the images (default what usual images fit)"):argname "C,H,W"
  :convert(options.input)
parser:flag("--all", "every block of its own, none drawn once for several")
parser:flag("--table", "print boxes and edges as a table as well")
parser:option("--figure", "draw into this file (.png, .svg, .pdf; default the screen)"):argname "FILE"
local args = parser:parse()

options.main(function()
  local input, nets = args.input, {}
  for i, model in ipairs(args.models) do
    if rm.sys.is_dir(model) then nets[i] = rm.train.load(model)
    else nets[i] = rm.models.get(model)(input and {input = input} or {}) end
  end
  local list = rm.draw(nets, {input = input, collapse = not args.all, file = args.figure})
  for _, each in ipairs(args.table and list or {}) do print(each) end
  if args.figure and rm.sys.exists(args.figure) then print("figure: " .. args.figure) end
end)
