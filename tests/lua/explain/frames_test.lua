--- Frames: animated PNGs, chunk by chunk, and what is drawn in them.
local check = require "support.check"
local shown = require "support.drawn"
local files = require "support.files"
local rm    = require "resmoon"
local gnuplot = require "resmoon.plot.gnuplot"
local apng  = require "resmoon.plot.apng"
local frames, plot, sys = rm.frames, rm.plot, rm.sys

-- The chunks of a PNG file: list of {kind, data, crc}.
local function chunks(path)
  local bytes, at, list = files.read(path), 9, {}
  check.equal(bytes:sub(1, 8), "\137PNG\r\n\26\n")
  while at <= #bytes do
    local length, kind = (">I4c4"):unpack(bytes, at)
    list[#list + 1] = {kind, bytes:sub(at + 8, at + 7 + length), ((">I4"):unpack(bytes, at + 8 + length))}
    at = at + 12 + length
  end
  return list
end

check.case("an animated PNG has the frames' data, in order, with sums that are right", function()
  files.with_folder(function(folder)
    for k = 1, 3 do rm.data.write_png(("%s/%d.png"):format(folder, k), rm.full({3, 4, 5}, 50 * k, "uint8")) end
    local list = {folder .. "/1.png", folder .. "/2.png", folder .. "/3.png"}
    apng(folder .. "/a.apng", list, 0.5)
    local got, kinds, sequence = chunks(folder .. "/a.apng"), {}, 0
    local of = {}
    for k, file in ipairs(list) do
      of[k] = ""
      for _, c in ipairs(chunks(file)) do
        if c[1] == "IDAT" then of[k] = of[k] .. c[2] end
        -- Sums that libpng made stand for those of the same chunks here.
        if c[1] == "IHDR" then check.equal(got[1], c) end
        if c[1] == "IEND" then check.equal(got[#got], c) end
      end
    end
    for i, c in ipairs(got) do
      kinds[i] = c[1]
      if c[1] == "fcTL" or c[1] == "fdAT" then
        check.equal((">I4"):unpack(c[2]), sequence)
        sequence = sequence + 1
      end
    end
    check.equal(kinds, {"IHDR", "acTL", "fcTL", "IDAT", "fcTL", "fdAT", "fcTL", "fdAT", "IEND"})
    check.equal({(">I4I4"):unpack(got[2][2])}, {3, 0, 9})
    check.equal({(">I4I4I4I4I4I2I2BB"):unpack(got[5][2])}, {1, 5, 4, 0, 0, 500, 1000, 0, 0, 27})
    check.equal({got[4][2], got[6][2]:sub(5), got[8][2]:sub(5)}, of)
    rm.data.write_png(folder .. "/2.png", rm.zeros({3, 4, 6}, "uint8"))
    check.error(function() apng(folder .. "/b.apng", list, 0.5) end, "2.png has another size or form than")
    for _, bad in ipairs {"", "GIF89a", files.read(list[1]):sub(1, 40), "\137PNG\r\n\26\n\255\255\255\255IDATx"} do
      files.write(list[2], bad)
      check.error(function() apng(folder .. "/b.apng", list, 0.5) end, "2.png is no PNG file, or damaged")
    end
    check.that(not sys.exists(folder .. "/b.apng"))
  end)
end)

check.case("frames of XOR end with a boundary that parts the classes", function()
  if not gnuplot.find() then check.skip "no gnuplot" end
  files.with_folder(function(folder)
    local net, state = rm.nn.Sequential {rm.nn.Linear(2, 8), rm.nn.Tanh(), rm.nn.Linear(8, 2)},
      rm.random.init:get_state()
    local list = frames.xor {file = folder .. "/xor.apng", net = net, steps = 60, every = 30, keep = true}
    check.equal(#list, 3)
    for k, c in ipairs(list) do check.equal(c, ("%s/xor_%03d.png"):format(folder, k)) end
    check.equal((">I4"):unpack(chunks(folder .. "/xor.apng")[2][2]), 3)
    check.equal(net(rm.tensor {{0, 0}, {0, 1}, {1, 0}, {1, 1}}):argmax(2):totable(), {1, 2, 2, 1})
    check.equal(frames.xor {file = folder .. "/xor.apng", steps = 1, every = 1, keep = false}, {})
    check.equal(rm.random.init:get_state(), state)
    check.error(function() frames.xor {file = folder .. "/xor.gif"} end, "expected a name ending in .apng or .png")
  end)
end)

check.case("a boundary in characters has the points where they are", function()
  local net = rm.nn.Linear(2, 2)
  rm.no_grad(function()
    net.weight:copy_(rm.tensor {{0, 0}, {20, 0}})
    net.bias:copy_(rm.tensor {0, -10})
  end)
  local text = shown(function()
    return plot.boundary(net, {{0, 0}, {1, 1}}, {1, 2}, {range = {0, 1, 0, 1}, title = "half"})
  end)
  local lines = {}
  for line in text:gmatch "[^\n]+" do lines[#lines + 1] = line end
  check.equal(lines[1], "half")
  check.that(lines[2]:find "^ +[%.%+]+#+2$", lines[2])
  check.that(lines[#lines - 1]:find "^1 +[%.%+]+#+$", lines[#lines - 1])
  check.error(function() plot.boundary(rm.nn.Linear(2, 3)) end, "expected the scores of 2 classes")
  check.error(function() plot.boundary(net, {{0, 0}}, {1, 2}) end, "as many labels")
end)

check.case("a landscape in characters has its network in the middle, and a path its letters", function()
  local rows = {}
  for i = 1, 5 do
    rows[i] = {}
    for j = 1, 5 do rows[i][j] = (i - 3) ^ 2 + (j - 3) ^ 2 end
  end
  local here = {name = "bowl", x = {-2, -1, 0, 1, 2}, y = {-2, -1, 0, 1, 2}, losses = rows}
  local text = shown(function() return plot.landscape({here, here}, {title = "two"}) end)
  check.that(text:find("bowl\n@@**++**@@\n**::..::**\n++..o ..++\n**::..::**\n@@**++**@@\n' ' = 0 to @ = 8\n", 1, true),
             text)
  here.path = {x = {2, 1, 0}, y = {1, 2, 0}, epochs = {1, 2, 3}}
  text = shown(function() return plot.landscape(here, {steps = 2}) end)
  check.that(text:find("bowl\n@@**++b*@@\n**::..::a*\n", 1, true) and text:find "a to b: the path of 2", text)
  rows[1][1], rows[1][2] = math.huge, 0 / 0
  text = shown(function() return plot.landscape(here) end)
  check.that(text:find "@@%?%?%+%+%*%*@@\n' ' = 0 to @ = 8", text)   -- infinity is the top, what is not done a question
  check.error(function() plot.landscape {} end, "there is no landscape to draw")
  check.error(function() plot.landscape {x = {1, 2}, y = {1, 2}, losses = {{1, 2}}} end, "1 rows of losses for 2 v")
  check.error(function() plot.landscape {x = {1, 2}, y = {1, 2}, losses = {{1, 2}, {0 / 0}}} end, "has not 2 losses")
end)

check.case("landscapes, signals and maps are drawn as PNG, SVG and PDF", function()
  if not gnuplot.find() then check.skip "no gnuplot" end
  files.with_folder(function(folder)
    local net, ds = rm.models.mlp {hidden = {8, 8}}, rm.data.shapes10 {size = 20}
    local flat = {name = "flat", x = {-1, 1}, y = {-1, 1}, losses = {{2, 2}, {2, 2}}}   -- no contour at all
    local Layers = require "resmoon.runs.layers"
    local layers = Layers()
    layers:add(0, rm.signals(net, ds).layers)
    for name, draw in pairs {
      landscape = function(o) return plot.landscape({rm.landscape(net, ds, {grid = 5, images = 8}), flat}, o) end,
      signals = function(o) return plot.signals({rm.signals(net, ds)}, o) end,
      map = function(o) return plot.signal_map({{name = "a", layers = layers}, {name = "b", layers = layers}}, o) end,
    } do
      local list = {}
      for i, suffix in ipairs {"png", "svg", "pdf"} do list[i] = ("%s/%s.%s"):format(folder, name, suffix) end
      check.that(draw {file = list})
      for _, file in ipairs(list) do check.that(sys.stat(file).size > 3000, file) end
    end
    check.that(plot.signals({{layers = layers, name = "watched"}}, {file = folder .. "/w.png"}))
    check.error(function() plot.signals {net} end, "run 1 is no folder of a run")
    check.error(function() plot.signals({rm.signals(net, ds)}, {columns = {"grad"}}) end, "'grad' is no column")
    check.error(function() plot.signal_map(folder) end, "is not a run")
    check.error(function() plot.signal_map {{layers = Layers(), name = "b"}} end, "no epoch of b was watched")
  end)
end)
