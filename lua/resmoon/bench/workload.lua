--- What is timed: a network on one random batch in memory.
--
-- train  forward, cross-entropy, backward, SGD(0.1, momentum 0.9, weight decay 1e-4)
-- infer  forward only, eval mode, no gradients
local rm = require "resmoon"
local world = require("resmoon.core").world

-- Every block of every layer keeps its input only: `net.layer1[1]` and so on.
local function checkpoint_blocks(net, model)
  local blocks = 0
  for _, layer in ipairs(net:children()) do
    for _, block in ipairs(rm.nn.Module.is(layer) and layer:children() or {}) do
      if rm.nn.Module.is(block) then
        rm.nn.checkpoint(block)
        blocks = blocks + 1
      end
    end
  end
  if blocks == 0 then error(("bench: %s has no blocks to checkpoint"):format(model), 0) end
end

--- The batch of options.shared is one process's part of what all train together (resmoon.core.world).
-- options: model, mode, batch, size (height and width), classes, checkpoint (the blocks: nn.checkpoint).
-- Returns {net, x, y, step = function, flops = operations of a step, parameters = count}.
-- Operations are those of direct convolutions and of linear layers, a multiply-add counting as two:
-- in training for output, input gradient (the first layer needs none) and weight gradient.
return function(options)
  rm.manual_seed(1)
  local input = {3, options.size, options.size}
  local net = rm.models.get(options.model) {input = input, num_classes = options.classes}
  if options.checkpoint then checkpoint_blocks(net, options.model) end
  -- Images lie as the loader makes them, channels last: so pooling a pixel by itself returns them.
  local x, labels = rm.randn(options.batch, table.unpack(input)):avg_pool2d(1), {}
  for i = 1, options.batch do labels[i] = (i - 1) % options.classes + 1 end
  local work = {net = net, x = x, y = rm.tensor(labels, "int64"), parameters = 0}
  for _, p in ipairs(net:parameters()) do work.parameters = work.parameters + p:numel() end
  local summary, first = net:summary(input), nil
  for _, row in ipairs(summary.rows) do first = first or (row.macs > 0 and row.macs) end
  if options.mode == "infer" then
    net:eval()
    work.flops = 2 * options.batch * summary.macs
    function work.step() rm.no_grad(function() return net(x) end) end
    return work
  end
  net:train()
  work.flops = 2 * options.batch * (3 * summary.macs - (first or 0))
  local optimizer = rm.optim.SGD(net:parameters(), {lr = 0.1, momentum = 0.9, weight_decay = 1e-4})
  function work.step()
    optimizer:zero_grad()
    world.share(options.shared or false)
    local loss = net(x):cross_entropy(work.y)
    if options.shared then loss = loss * (1 / world.size()) end
    loss:backward()
    world.share(false)
    optimizer:step()
  end
  return work
end
