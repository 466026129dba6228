--- A network drawn from the living object, as in figure 3 of the paper.
--
-- The forward is run once, in evaluation mode, and what it computed is read off the tape (trace.lua): so it works for
-- any module, whatever its forward looks like, and additions around blocks are found in classes of your own. The
-- network is as it was afterwards.
-- A box is a layer with what follows it ("bn, relu"), its shape for one image, and its parameters. Shortcuts are arcs,
-- dotted where they change the shape; equal pieces are drawn once with their number.
--
-- Call: draw(net, {options}) -> drawing
-- Call: draw({net, net, ...}, {options}) -> list of drawings, beside one another
-- Shapes: input is that of one image, {C, H, W}; where it is not given the usual sizes are tried.
-- Options: input     of the images, as in {3, 32, 32}
--  collapse  false: every block of its own, none drawn once for several
--  file      name ending in .png, .svg or .pdf, or a list of them; else the figure is shown
--  title     above it; the name of the network without it
--  show      false: nothing is drawn, and the result is plot.network's to draw
-- Returns: a drawing has boxes, a list of {label =, more =, shape =, parameters =, path =}, and edges, a list of
--  {from =, to =, shortcut = "solid" or "dotted" or nil}, which are places in boxes; printed it is a table of both.
-- Errors: raises for what is no network, where no usual image fits, and where the result does not follow from the image
--  by recorded operations.
-- Source: He et al. 2016, arXiv:1512.03385, figure 3.
-- Example:
--   > d = draw(models.resnet20(), {file = "resnet20.svg"})
--   > d.boxes[2].label, d.boxes[2].parameters
--   3×3 conv, 16  464
--   > rm.sys.exists "resnet20.svg"
--   true
local fail   = require "resmoon.base.fail"
local input_of = require "resmoon.explain.input"
local kind   = require "resmoon.nn.kind"
local network = require "resmoon.plot.network"
local options_of = require "resmoon.base.options"
local shown  = require "resmoon.base.shown"
local text   = require "resmoon.base.text"
local trace  = require "resmoon.explain.trace"
local tree   = require "resmoon.explain.tree"

local Drawing = {__name = "Drawing"}
Drawing.__index = Drawing

-- Boxes in order, edges between them, of a row that is not collapsed.
local function gather(row, graph)
  local list, edges, box_of = {}, {}, {}
  local shortcuts = {}  -- [from .. ">" .. to] = "solid" or "dotted", by units
  local function visit(items)
    for _, item in ipairs(items) do
      if item.box then
        local box = item.box
        list[#list + 1] = {label = box.label, more = box.more, shape = box.shape, parameters = box.parameters,
                           path = box.unit.path, type = box.unit.type}
        for _, unit in ipairs(box.units) do box_of[unit.id] = #list end
      end
      for _, branch in ipairs(item.branches or {}) do visit(branch) end
      visit(item.tangle or {})
      local short = item.shortcut
      if short then
        visit(short.row)
        local look = short.dotted and "dotted" or "solid"
        local from = item.from
        for _, inner in ipairs(short.row) do
          shortcuts[from .. ">" .. inner.box.unit.id] = look
          from = inner.box.units[#inner.box.units].id
        end
        shortcuts[from .. ">" .. item.to] = look
      end
    end
  end
  visit(row)
  for _, unit in ipairs(graph) do
    for _, from in ipairs(unit.inputs) do
      local a, b = box_of[from], box_of[unit.id]
      if a ~= b then edges[#edges + 1] = {from = a, to = b, shortcut = shortcuts[from .. ">" .. unit.id]} end
    end
  end
  table.sort(edges, function(a, b)
    if a.to ~= b.to then return a.to < b.to end
    return a.from < b.from
  end)
  return list, edges
end

local function one(net, options)
  local shape = input_of("draw", net, options.input)
  local graph = trace(net, shape)
  local all, trained = 0, 0
  for _, p in net:named_parameters() do
    all, trained = all + p:numel(), trained + (p.requires_grad and p:numel() or 0)
  end
  local list, edges = gather(tree(graph, false), graph)
  local about = ("%s parameters%s, image %s"):format(text.grouped(all),
    trained < all and (" (%s frozen)"):format(text.grouped(all - trained)) or "", table.concat(shape, "×"))
  return setmetatable({title = kind.label(net), about = about, input = shape, parameters = all,
                       boxes = shown.mark(list), edges = shown.mark(edges),
                       row = tree(graph, options.collapse ~= false)}, Drawing)
end

function Drawing:__tostring()
  local lines = {{"box", "layer", "with", "shape", "parameters", "from", "path"}}
  local from = {}
  for _, edge in ipairs(self.edges) do
    from[edge.to] = from[edge.to] or {}
    table.insert(from[edge.to], edge.from .. (edge.shortcut and (" (%s)"):format(edge.shortcut) or ""))
  end
  for i, box in ipairs(self.boxes) do
    lines[i + 1] = {tostring(i), box.label, table.concat(box.more, ", "), table.concat(box.shape, "×", 2),
                    box.parameters > 0 and text.grouped(box.parameters) or "", table.concat(from[i] or {}, ", "),
                    box.path}
  end
  return ("%s: %s\n"):format(self.title, self.about) .. table.concat(text.columns(lines, {left = 7}), "\n")
end

local function draw(what, options)
  options = options_of("draw", options, {input = "table", collapse = "boolean", file = "string|table", title = "string",
                                         show = "boolean", size = "table"})
  local nets = kind.is_module(what) and {what} or what
  if type(nets) ~= "table" or #nets == 0 then fail("draw: argument 1 is %k, expected a network", what) end
  local list = {}
  for i, net in ipairs(nets) do
    if not kind.is_module(net) then fail("draw: argument 1 has %k at %d, expected a network", net, i) end
    list[i] = one(net, options)
  end
  if options.show ~= false then
    network(list, {file = options.file, title = options.title, size = options.size})
  end
  return nets[1] == what and list[1] or shown.mark(list)
end

return draw
