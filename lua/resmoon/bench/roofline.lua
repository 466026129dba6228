--- The roofline picture: what each convolution reaches, and what the machine would allow.
--
-- Abscissa: operations for each byte that has to move at least (inputs read once, outputs written
-- once); ordinate: GFLOP/s of the direct way. Under the slanted roof memory is the limit, under the flat
-- one the multiply-adds. Winograd does with fewer operations than are counted, and may stand above it.
-- Source: Williams, Waterman, Patterson 2009, "Roofline: an insightful visual performance model".
local figure = require "resmoon.plot.figure"

-- Points of one pass; the number is the layer's in the legend below.
local shapes = {{"forward", 1, 7, 1.3}, {"input gradient", 2, 9, 1.4}, {"weight gradient", 3, 5, 1.2}}

-- 1, 2, 5, 10, 20 ... between two bounds.
local function ticks(low, high)
  local list = {}
  for exponent = math.floor(math.log(low, 10)), math.ceil(math.log(high, 10)) do
    for _, digit in ipairs {1, 2, 5} do
      local value = digit * 10.0 ^ exponent
      if value >= low and value <= high then list[#list + 1] = {value, ("%g"):format(value)} end
    end
  end
  return list
end

--- products: of layers.measure; machine: of resmoon.bench.machine; options: file, title.
return function(products, machine, options)
  local memory = math.max(machine.copy, machine.triad)
  local ridge = machine.peak / memory
  local low, high, top, bottom = ridge / 8, ridge * 4, machine.peak * 2, math.huge
  for _, e in ipairs(products) do
    low, high = math.min(low, e.intensity / 1.6), math.max(high, e.intensity * 1.6)
    top, bottom = math.max(top, e.gflops * 1.6), math.min(bottom, e.gflops / 1.8)
  end
  bottom = math.min(bottom, memory * low)
  local f = figure.new({size = options.size or {1200, 680}})
  local p = f:panel({title = options.title, key = "outside right top Left reverse", logy = true, xrange = {low, high},
                     yrange = {bottom, top}, ylabel = "GFLOP/s (direct convolution)",
                     xlabel = "operations per byte (direct convolution; inputs and outputs once)"})
  p.settings = "set logscale x\n"
  p.xticks, p.yticks = ticks(low, high), ticks(bottom, top)
  p:add({columns = {{low, ridge, high}, {memory * low, machine.peak, machine.peak}}, style = "lines",
         color = "#000000", title = ("roofs: %.0f GB/s, %.0f GFLOP/s"):format(memory, machine.peak)})
  for _, shape in ipairs(shapes) do
    local x, y = {}, {}
    for _, e in ipairs(products) do
      if e.pass == shape[1] then x[#x + 1], y[#y + 1] = e.intensity, e.gflops end
    end
    p:add({columns = {x, y}, style = "points", color = shape[2], symbol = shape[3], point = shape[4],
           title = shape[1]})
  end
  -- Layers of one shape have one abscissa: their number stands above the highest of their points.
  local names, place, x, y, number = {}, {}, {}, {}, {}
  for _, e in ipairs(products) do
    if not place[e.what] then
      names[#names + 1], place[e.what] = e.what, #names + 1
      x[#x + 1], y[#y + 1], number[#number + 1] = e.intensity, e.gflops, #names
    end
    local i = place[e.what]
    y[i] = math.max(y[i], e.gflops)
  end
  -- Above points that stand side by side the numbers take turns in height.
  local by_x = {}
  for i = 1, #x do by_x[i] = i end
  table.sort(by_x, function(a, b) return x[a] < x[b] end)
  for k = 2, #by_x do
    local i, before = by_x[k], by_x[k - 1]
    if x[i] / x[before] < 1.15 and math.abs(math.log(y[i] / y[before])) < 0.12 then y[i] = y[before] * 1.13 end
  end
  p:add({columns = {x, y, number}, using = "1:2:3", style = "labels offset 0,0.9", plain = true})
  for i, name in ipairs(names) do
    p:add({columns = {{0 / 0}, {0 / 0}}, style = "points", color = "#ffffff", title = ("%d  %s"):format(i, name)})
  end
  return f:draw(options)
end
