--- Figures made of pictures: images with predictions, filters, feature maps, the largest losses.
local check   = require "support.check"
local program = require "support.program"
local rm      = require "resmoon"
local shown   = require "support.drawn"
local gnuplot = require "resmoon.plot.gnuplot"
local plot    = rm.plot

-- Width and height of a PNG in pixels.
local function png_size(path)
  local file <close> = assert(io.open(path, "rb"))
  local width, height = (">I4I4"):unpack(file:read("a"), 17)
  return {width, height}
end

local function gray(values)
  local x = rm.tensor(values)
  return x:reshape(1, #values, #values[1])
end

check.case("a wrong prediction has a mark and the true class, in characters too", function()
  local x = rm.zeros({3, 1, 4, 4}, "uint8")
  local text = shown(function()
    return plot.images(x, {1, 2, 2}, {predicted = rm.tensor({1, 1, 2}, "int64"), classes = {"cat", "dog"}})
  end)
  check.that(text:find("\ncat +x cat +dog\n +is dog\n"), text)
  text = shown(function() return plot.images(x, {predicted = {"cat", "dog", "cow"}}) end)
  check.that(text:find "\ncat +dog +cow\n" and not text:find "x dog", text)
end)

check.case("captions keep to the width of their image", function()
  local names = {}
  for i = 1, 8 do names[i] = ("Überlänge "):rep(9) .. i end
  local text = shown(function() return plot.images(rm.zeros({8, 1, 16, 16}, "uint8"), names) end)
  local width = gnuplot.text_size()
  for line in text:gmatch "[^\n]+" do check.that(utf8.len(line) and utf8.len(line) <= width, line) end
  check.that(text:find "Überlänge Überl%. Überlänge Überl%.", text)
end)

check.case("predictions that do not fit are named", function()
  local x = rm.zeros({3, 1, 4, 4}, "uint8")
  check.error(function() plot.images(x, {1, 2}) end, "plot.images: 3 images, but 2 of labels")
  check.error(function() plot.images(x, {1, 2, 1}, {predicted = {1}}) end, "plot.images: 3 images, but 1 of predicted")
  check.error(function() plot.images(x, nil, {predictd = {1}}) end, "option 'predictd', did you mean 'predicted'")
  check.error(function() plot.images(x, nil, {columns = 0}) end, "columns is 0, expected a whole number from 1")
end)

check.case("pictures of all sizes are drawn, to files that hold their grid", function()
  if not gnuplot.find() then check.skip("gnuplot is not installed") end
  program.with_folder(function(folder)
    local file = folder .. "/a.png"
    local function draw(x, y, options)
      options = options or {}
      options.file = file
      check.that(plot.images(x, y, options))
      return png_size(file)
    end
    -- four columns of 96 + 12 pixels and a gap; two rows, with and without a caption and a title
    check.equal(draw(rm.zeros({8, 3, 32, 32}, "uint8"), nil, {columns = 6}), {6 * (96 + 5) + 5, 2 * (96 + 5) + 5})
    check.equal(draw(rm.zeros({8, 3, 32, 32}, "uint8"), {1, 2, 3, 4, 5, 6, 7, 8}, {columns = 6, title = "t"}),
                {6 * (96 + 12) + 12, 2 * (96 + 12 + 19) + 34})
    draw(rm.randn(2, 1, 3, 5))
    draw(rm.randn(300, 260))
  end)
end)

check.case("filters: one scale about zero, rows and columns where there are many inputs", function()
  local weight = rm.zeros(2, 1, 1, 2)
  weight[1][1][1][1], weight[2][1][1][2] = -1, 0.5    -- darkest, and halfway to the lightest
  local text = shown(function() return plot.filters(weight) end)
  check.equal(text, "filters: 2 filters, -1 to 1\n        +++++++" .. "+ ++++++++########\n" ..
    ("        ++++++++ ++++++++########\n"):rep(3) .. "1                2\n")
  local head = {}
  local net = rm.models.resnet20()
  for i, options in ipairs {{}, {layer = "layer2.0.conv1"}, {layer = "layer2.0.conv2", input = 3},
                            {layer = "layer3.0.conv2", limit = 4, inputs = 5}} do
    head[i] = shown(function() return plot.filters(net, options) end):match "^[^,]+,?[^,]*"
  end
  check.that(head[1]:find("conv1: 16 filters, -", 1, true), head[1])
  check.that(head[2]:find("layer2.0.conv1: 16 of 32 filters (rows), 16 inputs", 1, true), head[2])
  check.that(head[3]:find("layer2.0.conv2: 32 filters of input 3", 1, true), head[3])
  check.that(head[4]:find("layer3.0.conv2: 4 of 64 filters (rows), 5 of 64 inputs", 1, true), head[4])
  check.that(shown(function() return plot.filters(rm.nn.Conv2d(3, 2, 3)) end):find("conv2d: 2 filters", 1, true))
  shown(function() return plot.filters(rm.zeros(2, 3, 3, 3)) end)   -- nothing but zeros
end)

check.case("filters and maps that are not there are named", function()
  local net, x = rm.models.resnet20(), rm.zeros(3, 16, 16)
  check.error(function() plot.filters(net, {layer = "layer2.0.conv"}) end, "did you mean 'layer2.0.conv")
  check.error(function() plot.filters(net, {layer = "bn1"}) end, "'bn1' is a BatchNorm2d, expected a Conv2d")
  check.error(function() plot.filters(net, {layer = "layer1.0.conv1", input = 17}) end, "input is 17, but there are 16")
  check.error(function() plot.filters(rm.zeros(3, 3)) end, "expected a weight (O, I, kH, kW), got (3, 3)")
  check.error(function() plot.filters(rm.nn.Linear(2, 2)) end, "has no convolution")
  check.error(function() plot.filters("net") end, "argument 1 is a string")
  check.error(function() plot.feature_maps(net, x, {layer = "fc"}) end, "'fc' returns (1, 10), expected maps")
  check.error(function() plot.feature_maps(net, rm.zeros({3, 16, 16}, "uint8")) end, "is uint8, expected float32")
  check.error(function() plot.feature_maps(net, rm.zeros(2, 3, 16, 16)) end, "expected one image")
  check.error(function() plot.feature_maps(net, x, {limit = 0}) end, "limit is 0")
end)

check.case("feature maps: the image, then each channel with its range", function()
  local conv = rm.nn.Conv2d(1, 3, 1, {bias = false})
  rm.no_grad(function() conv.weight[1], conv.weight[2], conv.weight[3] = 1, 2, 0 end)
  local net = rm.nn.Sequential {conv, rm.nn.ReLU()}
  local x = gray {{-1, 0}, {0, 3}}
  local text = shown(function() return plot.feature_maps(net, x) end)
  check.that(text:find("^0: 3 of 3 channels, 2 x 2\n"), text)
  check.that(text:find("the image +1 +2 +3\n +%-1 to 3 +%-2 to 6 +all 0\n"), text)
  text = shown(function() return plot.feature_maps(net, x, {layer = "1", limit = 2}) end)
  check.that(text:find("^1: 2 of 3 channels"), text)
  check.that(text:find(" 0 to 3 +0 to 6\n"), text)
  check.that(net.training)
end)

check.case("top losses: what it was taken for, what it is, its loss", function()
  local ds = rm.data.Dataset.new {images = rm.zeros({3, 1, 4, 4}, "uint8"), labels = rm.tensor({1, 2, 1}, "int64"),
                                  name = "three", classes = {"cat", "dog"}}
  local worst = {{index = 2, label = 2, predicted = 1, probability = 0.1, loss = 2.3},
                 {index = 1, label = 1, predicted = 1, probability = 0.9, loss = 0.1}}
  local text = shown(function() return plot.top_losses(worst, ds) end)
  check.that(text:find("^largest losses\n"), text)
  check.that(text:find("\nx cat +cat\nis dog +is cat\nloss 2%.30 +loss 0%.10\n"), text)
  check.error(function() plot.top_losses({}, ds) end, "expected a list of metrics.top_losses")
  check.error(function() plot.top_losses(worst) end, "argument 2 is nil, expected the data set")
end)
