-- Lesson 09. Lesions: take a block out of a trained network. A residual one has other paths; a plain one has none.
--
-- Source: Veit et al. 2016, arXiv:1605.06431, section 4.1.
--
-- Run it: resmoon examples/09_lesions.lua. It prints:
--   plain20: error 0.0 %
--     without one block: 88.2 90.0 87.5 90.0 87.2 94.2 92.0; mean 89.9 %
--   resnet20: error 0.0 %
--     without one block: 67.2 35.0 16.5 27.2 9.8 19.2 0.0; mean 25.0 %
local rm              = require "resmoon"
local nn, data, train = rm.nn, rm.data, rm.train

local images = data.shapes10({train = true, size = 400}):shrunk(16)
local tester = data.Loader(images, {batch_size = 200})

--- A network that knows these images by heart, if it can.
local function trained(name)
  rm.manual_seed(1)
  local net = rm.models[name] {width = 8, layers = {3, 3, 3}}
  local loader = data.Loader(images, {batch_size = 32, shuffle = true, seed = 1})
  local opt = rm.optim.Adam(net:parameters(), {lr = 0.005})
  train.Trainer({
    net = net, optimizer = opt, train = loader, epochs = 30, progress = false, schedule_unit = "step",
    schedule = rm.optim.schedule.OneCycle(opt, {max_lr = 0.005, total_steps = 30 * #loader}),
  }):fit()
  return net
end

-- Blocks that keep the shape can go: what comes in goes out. (The first ones of stages 2 and 3 change it.)
local blocks = {"layer1.0", "layer1.1", "layer1.2", "layer2.1", "layer2.2", "layer3.1", "layer3.2"}

for _, name in ipairs {"plain20", "resnet20"} do
  local net, errors, sum = trained(name), {}, 0
  print(("%s: error %.1f %%"):format(name, train.evaluate(net, tester).error))
  for i, path in ipairs(blocks) do
    local lesion = net:clone()
    lesion:replace(path, nn.Sequential {})              -- nothing: x is given on
    local percent = train.evaluate(lesion, tester).error
    errors[i], sum = ("%.1f"):format(percent), sum + percent
  end
  print(("  without one block: %s; mean %.1f %%"):format(table.concat(errors, " "), sum / #blocks))
end
