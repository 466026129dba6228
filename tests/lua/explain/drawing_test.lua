--- Networks drawn: the graph that is found in a forward, its shortcuts and repeats, and the figure.
local check = require "support.check"
local files = require "support.files"
local rm    = require "resmoon"
local printed = require "support.drawn"
local nn, models = rm.nn, rm.models
local trace = require "resmoon.explain.trace"
local tree  = require "resmoon.explain.tree"

local function drawn(net, options)
  options = options or {}
  options.show = false
  return rm.draw(net, options)
end

-- "3>5 solid": edges that are shortcuts.
local function shortcuts(d)
  local list = {}
  for _, e in ipairs(d.edges) do
    if e.shortcut then list[#list + 1] = ("%d>%d %s"):format(e.from, e.to, e.shortcut) end
  end
  return table.concat(list, ", ")
end

local function labels(d)
  local list = {}
  for i, box in ipairs(d.boxes) do list[i] = box.label end
  return table.concat(list, "; ")
end

-- "3x(...)": how a row is folded.
local function folded(row)
  local list = {}
  for _, item in ipairs(row) do
    if item.times then list[#list + 1] = ("%dx(%s)"):format(item.times, folded(item.row))
    elseif item.box then list[#list + 1] = item.box.label
    elseif item.tangle then list[#list + 1] = ("tangle(%s)"):format(folded(item.tangle))
    else
      local branches = {}
      for i, branch in ipairs(item.branches) do branches[i] = folded(branch) end
      list[#list + 1] = ("[%s%s]"):format(table.concat(branches, " | "),
        item.shortcut and (item.shortcut.dotted and " .." or " --") or "")
    end
  end
  return table.concat(list, " ")
end

check.case("ResNet-18: one solid shortcut in each block, dotted where stage 2 to 4 begin", function()
  local d = drawn(models.resnet18(), {input = {3, 64, 64}})
  local text = labels(d)
  check.that(text:find("image; 7×7 conv, 64, /2; 3×3 max pool, /2; 3×3 conv, 64; 3×3 conv, 64; +; 3×3", 1, true), text)
  -- Eight blocks; those with a projection have it as a box of its own, and two dotted edges.
  local n = {solid = 0, dotted = 0}
  for _, e in ipairs(d.edges) do if e.shortcut then n[e.shortcut] = n[e.shortcut] + 1 end end
  check.equal(n.solid, 5)
  check.equal(n.dotted, 6)
  local sum = 0
  for _, box in ipairs(d.boxes) do sum = sum + box.parameters end
  check.equal(sum, d.parameters)
end)

check.case("ResNet-20 and plain-20 folded: three blocks, then a dotted one and two, twice", function()
  local d = drawn(models.resnet20())
  check.equal(folded(d.row), "image 3×3 conv, 16 3x([3×3 conv, 16 3×3 conv, 16 --] +) "
    .. "[3×3 conv, 32, /2 3×3 conv, 32 ..] + 2x([3×3 conv, 32 3×3 conv, 32 --] +) "
    .. "[3×3 conv, 64, /2 3×3 conv, 64 ..] + 2x([3×3 conv, 64 3×3 conv, 64 --] +) avg pool fc, 10")
  d = drawn(models.plain20())
  check.equal(folded(d.row), "image 3×3 conv, 16 6x(3×3 conv, 16) 3×3 conv, 32, /2 5x(3×3 conv, 32) "
    .. "3×3 conv, 64, /2 5x(3×3 conv, 64) avg pool fc, 10")
  check.equal(shortcuts(d), "")
  d = drawn(models.resnet56())
  check.that(folded(d.row):find("9x([3×3 conv, 16 3×3 conv, 16 --] +)", 1, true), folded(d.row))
  check.that(folded(d.row):find("8x([3×3 conv, 64 3×3 conv, 64 --] +)", 1, true), folded(d.row))
end)

check.case("ResNet-50: bottlenecks, the first of stage 1 dotted, since it has four times the channels", function()
  local text = folded(drawn(models.resnet50 {}, {input = {3, 64, 64}}).row)
  check.that(text:find("[1×1 conv, 64 3×3 conv, 64 1×1 conv, 256 ..] + "
                       .. "2x([1×1 conv, 64 3×3 conv, 64 1×1 conv, 256 --] +)", 1, true), text)
  check.that(text:find("5x([1×1 conv, 256 3×3 conv, 256 1×1 conv, 1024 --] +)", 1, true), text)
end)

check.case("LeNet-5, VGG and GoogLeNet: rows and branches", function()
  local d = drawn(models.lenet5())
  check.equal(#d.edges, #d.boxes - 1)
  local vgg = nn.Sequential {}
  local channels = 3
  for _, width in ipairs {64, 128, 256, 256, 256} do
    vgg:append(nn.Conv2d(channels, width, 3, {padding = 1})):append(nn.ReLU())
    channels = width
  end
  vgg:append(nn.MaxPool2d(2)):append(nn.Flatten()):append(nn.Linear(256 * 16 * 16, 10))
  check.equal(folded(drawn(vgg).row), "image 3×3 conv, 64 3×3 conv, 128 3×3 conv, 256 3×3 conv, 256 3×3 conv, 256 "
    .. "2×2 max pool, /2 fc, 10")
  d = drawn(models.googlenet {input = {3, 32, 32}, num_classes = 10}, {input = {3, 32, 32}})
  local n = 0
  for _, item in ipairs(d.row) do n = n + (item.branches and #item.branches == 4 and 1 or 0) end
  check.equal(n, 9)
end)

-- A class of the user's own: two branches through functions, a scale, and an addition in forward.
local Mine = nn.class("Mine", nn.Module)
function Mine:init()
  self.a, self.b = nn.Conv2d(3, 8, 3, {padding = 1}), nn.Conv2d(8, 8, 3, {padding = 1})
  self.scale = rm.ones(1):requires_grad_()
  self.fc = nn.Linear(8, 2)
end
function Mine:forward(x)
  x = self.a(x):relu()
  x = x + self.b(x):tanh() * self.scale
  return self.fc(x:mean(4):mean(3))
end

check.case("an addition in the forward of one's own class is a shortcut; its own parameters are counted", function()
  local d = drawn(Mine(), {input = {3, 8, 8}})
  check.equal(labels(d), "image; 3×3 conv, 8; 3×3 conv, 8; mul; +; mean; mean; fc, 2")
  check.equal(shortcuts(d), "2>5 solid")
  check.equal(d.boxes[4].parameters, 1)
  check.equal(d.boxes[3].more[1], "tanh")
end)

check.case("what cannot be taken apart is drawn with all its edges", function()
  local Dense = nn.class("Dense", nn.Module)
  function Dense:init()
    self.a, self.b, self.c = nn.Conv2d(3, 4, 3, {padding = 1}), nn.Conv2d(4, 4, 1), nn.Conv2d(8, 4, 1)
    self.d = nn.Conv2d(12, 4, 1)
  end
  function Dense:forward(x)
    local p = self.a(x)
    local q = self.b(p):relu()
    local r = self.c(rm.cat({p, q}, 2))
    return self.d(rm.cat({p, q, r}, 2))
  end
  local d = drawn(Dense(), {input = {3, 8, 8}})
  local edges = {}
  for _, e in ipairs(d.edges) do edges[#edges + 1] = e.from .. ">" .. e.to end
  -- image, a, b, concat, c, concat, d
  check.equal(table.concat(edges, " "), "1>2 2>3 2>4 3>4 4>5 2>6 3>6 5>6 6>7")
end)

check.case("a checkpointed block shows what is in it, and a module that is called twice is counted once", function()
  local net = models.resnet20()
  local before = labels(drawn(net))
  nn.checkpoint(net.layer1[1])
  check.equal(labels(drawn(net)), before)
  local fc = nn.Linear(4, 4)
  local d = drawn(nn.Sequential {fc, nn.ReLU(), fc}, {input = {4}})
  check.equal(d.boxes[2].parameters + d.boxes[3].parameters, 20)
end)

check.case("the network is as it was: bits, mode, gradients, hooks", function()
  local net = models.resnet20()
  net:train(true)
  local hash = net:hash()
  drawn(net)
  check.equal(net:hash(), hash)
  check.equal(net.training, true)
  check.equal(net.layer1[1].bn1.training, true)
  for _, p in net:named_parameters() do check.equal(p.grad, nil) end
  check.equal(rawget(net, "_hooks"), nil)
  check.error(function() drawn(net, {input = {1, 32, 32}}) end, "x has 1 channels, weight expects 3")
  check.equal(rawget(net, "_hooks"), nil)
  check.equal(net.layer1[1].bn1.training, true)
end)

check.case("what has no graph is refused in words", function()
  local Cut = nn.class("Cut", nn.Module)
  function Cut:init() self.a = nn.Linear(4, 2) end
  function Cut:forward(x) return rm.no_grad(self.a, x) end
  check.error(function() drawn(Cut(), {input = {4}}) end, "nothing that Cut computes was recorded")
  check.error(function() rm.draw(3) end, "draw: argument 1 is a number, expected a network")
  check.error(function() drawn(models.mlp(), {inptu = {3}}) end, "unknown option 'inptu', did you mean 'input'")
end)

check.case("units come after their inputs, and each operation stands in its module", function()
  local graph = trace(models.resnet20(), {3, 32, 32})
  for _, unit in ipairs(graph) do
    for _, from in ipairs(unit.inputs) do check.that(from < unit.id) end
  end
  local adds = {}
  for _, unit in ipairs(graph) do if unit.type == "add" then adds[#adds + 1] = unit.path end end
  check.equal(table.concat(adds, " "),
              "layer1.0 layer1.1 layer1.2 layer2.0 layer2.1 layer2.2 layer3.0 layer3.1 layer3.2")
  check.that(#tree(graph, false) > 0)
end)

check.case("in characters and in files: boxes, dotted arcs, numbers of repeats", function()
  local text = printed(function() return rm.draw(models.resnet20()) end)
  check.that(text:find "│ 3×3 conv, 32, /2 +│  ┊ +bn, relu · 32×16×16 · 4,672\n", text)
  check.that(text:find("×3", 1, true) and text:find("(+ relu)╶┄┄", 1, true), text)
  if not require("resmoon.plot.gnuplot").find() then return end
  files.with_folder(function(folder)
    rm.draw({models.plain20(), models.resnet20()}, {file = folder .. "/both.svg"})
    local svg = files.read(folder .. "/both.svg")
    check.that(svg:find("3×3 conv, 32, /2", 1, true) and svg:find "stroke%-dasharray", "both.svg")
  end)
end)
