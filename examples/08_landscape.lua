-- Lesson 08. The loss landscape: what the loss is around the weights that training has found.
--
-- Two random directions, each filter as long as the network's own, and the loss at each point of a grid.
-- Source: Li et al. 2018, arXiv:1712.09913, section 4.
--
-- Run it: resmoon examples/08_landscape.lua. It prints:
--   plain-32: loss from left to right through the middle: 3.53 2.5 2.26 2.06 1.84 2 2.44 3.45 8.04
--     below ln 10, the loss of guessing: 13 of 81 points, on average to a distance of 0.23
--   resnet-32: loss from left to right through the middle: 6.7 3.19 1.19 0.165 0.0127 0.141 1.73 6.17 14.1
--     below ln 10, the loss of guessing: 24 of 81 points, on average to a distance of 0.33
--   landscape.png: true
local rm = require "resmoon"

local set = rm.data.shapes10({train = true, size = 128, seed = 1}):shrunk(16)
local images, labels = set:batch(128)
local x = images:normalize(set.mean, set.std)

--- A network of 32 layers that has learned these images for some steps.
local function trained(name)
  rm.manual_seed(1)
  local net = rm.models[name] {width = 8, layers = {5, 5, 5}}
  local opt = rm.optim.SGD(net:parameters(), {lr = 0.05, momentum = 0.9})
  local schedule = rm.optim.schedule.OneCycle(opt, {max_lr = 0.05, total_steps = 160})
  for step = 0, 159 do
    local first = 1 + step % 4 * 32
    opt:zero_grad()
    net(x:narrow(1, first, 32)):cross_entropy(labels:narrow(1, first, 32)):backward()
    opt:step()
    schedule:step()
  end
  return net
end

local all = {}
for i, name in ipairs {"plain20", "resnet20"} do
  local net = trained(name)
  local here = rm.landscape(net, set, {grid = 9, range = 0.5, images = 64, progress = false, name = name:match "%a+"})
  all[i] = here
  local row = {}
  for k, loss in ipairs(here.losses:totable()[5]) do row[k] = ("%.3g"):format(loss) end
  print(("%s-32: loss from left to right through the middle: %s"):format(here.name, table.concat(row, " ")))
  print(("  below ln 10, the loss of guessing: %d of %d points, on average to a distance of %.2f"):format(
    here.losses:lt(math.log(10)):long():sum():item(), here.points, here.flatness.guessing.mean))
end

rm.plot.landscape(all, {file = "landscape.png"})
print("landscape.png: " .. tostring(rm.sys.exists "landscape.png"))
