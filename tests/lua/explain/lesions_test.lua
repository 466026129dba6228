--- Lesions: against networks built by hand without the block, swaps, paths, and that nothing stays changed.
local check = require "support.check"
local files = require "support.files"
local rm    = require "resmoon"
local nn, models = rm.nn, rm.models
local blocks = require "resmoon.explain.blocks"
local paths  = require "resmoon.explain.paths"
local trace  = require "resmoon.explain.trace"

local function moved(net)
  -- Running statistics that are not those of a new network, so that eval mode does something.
  net:train()
  rm.no_grad(net, rm.randn(16, 3, 32, 32))
  return net:eval()
end

local function same(a, b) return a:eq(b):all():item() == 1 end

local function outputs(net, x) return rm.no_grad(net, x) end

check.case("without a block: the bits of a network whose block is its shortcut", function()
  local net, x = moved(models.resnet20 {layers = {2, 2}}), rm.randn(4, 3, 32, 32)
  local all = blocks.of("test", trace(net, {3, 32, 32}))
  check.equal(#all, 4)
  check.equal(all[2].path, "layer1.1")
  for _, at in ipairs {{1, "layer1", 1}, {2, "layer1", 2}, {3, "layer2", 1}, {4, "layer2", 2}} do
    local hand = net:clone():eval()
    local block = hand[at[2]][at[3]]
    rawset(block, "forward", function(self, y) return (self.downsample and self.downsample(y) or y):relu() end)
    check.that(same(blocks.without({all[at[1]]}, outputs, net, x), outputs(hand, x)), all[at[1]].path)
  end
end)

check.case("of a plain network: the bits of one without the block; what changes the shape stays", function()
  local net, x = moved(models.plain20 {layers = {2, 2}}), rm.randn(4, 3, 32, 32)
  local all = blocks.of("test", trace(net, {3, 32, 32}))
  check.equal(#all, 4)
  check.equal(all[3].why, "it makes 32×16×16 of 16×32×32")
  local hand = net:clone():eval()
  hand:remove "layer1.1"
  check.that(same(blocks.without({all[2]}, outputs, net, x), outputs(hand, x)))
end)

check.case("two swapped: the bits of a network with the blocks in the other order", function()
  local net, x = moved(models.resnet20 {layers = {3, 1}}), rm.randn(4, 3, 32, 32)
  local all = blocks.of("test", trace(net, {3, 32, 32}))
  check.that(blocks.can_swap(all[1], all[3]))
  check.that(not blocks.can_swap(all[3], all[4]))
  local hand = net:clone():eval()
  local first = hand.layer1[1]
  rawset(hand.layer1, 1, hand.layer1[3])
  rawset(hand.layer1, 3, first)
  check.that(same(blocks.swapped(all[1], all[3], outputs, net, x), outputs(hand, x)))
  check.equal(rawget(all[1].module, "forward"), nil)
end)

check.case("a class of one's own: found by its addition; a row of convolutions by shapes that fit", function()
  local Mine = nn.class("Mine", nn.Module)
  function Mine:init()
    self.a, self.b, self.fc = nn.Conv2d(3, 8, 3, {padding = 1}), nn.Conv2d(8, 8, 3, {padding = 1}), nn.Linear(8, 10)
  end
  function Mine:forward(x)
    x = self.a(x):relu()
    return self.fc((x + self.b(x):tanh()):mean(4):mean(3))
  end
  local net, x = Mine():eval(), rm.randn(2, 3, 8, 8)
  local all = blocks.of("test", trace(net, {3, 8, 8}))
  check.equal(#all, 1)
  local hand = rm.no_grad(function() return net.fc(net.a(x):relu():mean(4):mean(3)) end)
  check.that(same(blocks.without(all, outputs, net, x), hand))
  all = blocks.of("test", trace(nn.Sequential {nn.Conv2d(3, 4, 3, {padding = 1}), nn.ReLU(),
                                               nn.Conv2d(4, 4, 3, {padding = 1}), nn.ReLU(), nn.Flatten(),
                                               nn.Linear(256, 2)}, {3, 8, 8}))
  check.equal(#all, 2)
  check.that(all[1].why and not all[2].why)
  check.error(function() blocks.of("lesions", trace(nn.Sequential {nn.Linear(4, 2)}, {4})) end,
              "neither shortcuts nor convolutions")
end)

check.case("paths: the gradients of all of them add up to the whole", function()
  -- Each path's own gradient, summed over all 2^n sets, is the gradient of the loss.
  local net = moved(models.resnet20 {layers = {2, 1}})
  local x, y = rm.randn(2, 3, 32, 32), rm.tensor({1, 2}, "int64")
  net:requires_grad_(false)
  local all = blocks.of("test", trace(net, {3, 32, 32}))
  local norms = paths.norms(net, all, x, y, 1, rm.generator(1))
  check.equal(#norms, 4)
  -- Length n: by hand, with every shortcut cut; length 0: with every branch cut.
  local function by_hand(forward)
    local hand = net:clone():eval()
    for _, block in ipairs {hand.layer1[1], hand.layer1[2], hand.layer2[1]} do rawset(block, "forward", forward) end
    local leaf = x:clone():requires_grad_()
    hand(leaf):cross_entropy(y):backward()
    return leaf.grad:norm():item()
  end
  local function branch(self, v) return self.bn2(self.conv2(self.bn1(self.conv1(v)):relu())) end
  local function way(self, v) return self.downsample and self.downsample(v) or v end
  check.close(norms[1], by_hand(function(self, v) return (branch(self, v):detach() + way(self, v)):relu() end),
              {rtol = 1e-5})
  check.close(norms[4], by_hand(function(self, v) return (branch(self, v) + way(self, v):detach()):relu() end),
              {rtol = 1e-5})
end)

check.case("paths: binomial numbers, shares and the middle 95 %", function()
  check.equal(paths.binomial(27, 13), 20058300.0)
  local s = paths.summarize {4, 2, 1}
  check.close(s.share[2], 0.5)
  check.close(s.weight[1], 4 / 9)
  check.close(s.weight[2], 4 / 9)
  check.close(s.mean, 1)
  check.close(s.effective, 6 / 9)
  check.equal(s.covers[1], 0)
  check.equal(s.covers[2], 2)
end)

check.case("the result, and a network that is bit for bit what it was", function()
  local net = moved(models.resnet20 {layers = {2, 2}}):train()
  local ds = rm.data.shapes10 {size = 30, train = false}
  local hash, grad = net:hash(), net.conv1.weight.grad
  local l = rm.lesions(net, ds, {images = 20, draws = 2, samples = 2})
  check.equal(net:hash(), hash)
  check.equal(net.training, true)
  check.equal(net.conv1.weight.grad, grad)
  check.equal(net.conv1.weight.requires_grad, true)
  check.equal(rawget(net, "_hooks"), nil)
  check.equal(l.images, 20)
  check.equal(#l.single, 4)
  check.equal(#l.random, 2)
  check.equal(#l.swaps, 1)  -- layer1 alone has two of equal shapes
  check.equal(#l.paths.norm, 5)
  -- The same seed, the same numbers.
  local again = rm.lesions(net, ds, {images = 20, draws = 2, samples = 2})
  check.equal(again.random[2].mean, l.random[2].mean)
  check.equal(again.paths.norm[3], l.paths.norm[3])
  -- By hand: the error of the whole.
  local x, y = ds:batch {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}
  net:eval()
  local wrong = rm.no_grad(net, x:normalize(ds.mean, ds.std)):argmax(2):ne(y):float():sum():item()
  check.close(l.base, 5 * wrong)
  check.that(tostring(l):find "layer2.0", tostring(l))
  check.error(function() rm.lesions(net, 3) end, "lesions: argument 2 is a number, expected a data set")
  check.error(function() rm.lesions(net, ds, {image = 3}) end, "unknown option 'image', did you mean 'images'")
  if not require("resmoon.plot.gnuplot").find() then return end
  local plain = rm.lesions(models.plain20 {layers = {2, 2}}, ds, {images = 20, draws = 1})
  check.equal(plain.paths, nil)
  files.with_folder(function(folder)
    rm.plot.lesions({l, plain}, {file = folder .. "/lesions.svg", names = {"resnet", "plain"}})
    local svg = files.read(folder .. "/lesions.svg")
    check.that(svg:find("gradient of one path", 1, true) and svg:find(">plain<", 1, true))
  end)
end)
