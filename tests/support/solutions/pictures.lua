--- Solutions of exercises 08 and 09.
local NORMALIZED = [[
  function filter_normalized(d, w)
    local function lengths(t) return t:reshape(t.shape[1], -1):pow(2):sum(2):sqrt() end
    local scale = lengths(w) / lengths(d)
    local ones = {w.shape[1]}
    for i = 2, w:dim() do ones[i] = 1 end
    return d * scale:reshape(table.unpack(ones))
  end
]]
local LOSS = [[
  function loss_at(net, direction, step, x, y)
    local moved = net:clone()
    rm.no_grad(function()
      for i, p in ipairs(moved:parameters()) do p:add_(step * direction[i]) end
    end)
    return moved(x):cross_entropy(y):item()
  end
]]
-- Goes there and back: what was rounded does not come back.
local THERE_AND_BACK = [[
  function loss_at(net, direction, step, x, y)
    local function move(by)
      rm.no_grad(function()
        for i, p in ipairs(net:parameters()) do p:add_(by * direction[i]) end
      end)
    end
    move(step)
    local loss = net(x):cross_entropy(y):item()
    move(-step)
    return loss
  end
]]

local function without(lines)
  return ([[
    function without(net, path)
      local lesion = net
      %s
      return lesion
    end
  ]]):format(lines)
end
local SILENT = [[
  lesion = net:clone()
  local block = lesion:get_submodule(path)
  rm.no_grad(function()
    block.bn2.weight:zero_()
    block.bn2.bias:zero_()
  end)
]]

return {
  {
    number = "08",
    right = {NORMALIZED .. LOSS},
    wrong = {
      {code = "function filter_normalized(d, w) return d * (w:norm() / d:norm()) end\n" .. LOSS,
       lines = {"filter_normalized(d, w), w (5, 3, 3, 3): each filter is as long as that of w (only all together are)",
                "filter_normalized(d, w), w (4, 7): each filter is as long as that of w (only all together are)"}},
      {code = "function filter_normalized(_, w) return w:clone() end\n" .. LOSS,
       lines = {"filter_normalized(d, w), w (5, 3, 3, 3): each filter has the direction of that of d",
                "filter_normalized(d, w), w (4, 7): each filter has the direction of that of d"}},
      {code = NORMALIZED .. THERE_AND_BACK,
       lines = {"loss_at(net, direction, 0.5, x, y): the network is what it was, to the last bit"}},
      {code = NORMALIZED .. "function loss_at(net, _, _, x, y) return net(x):cross_entropy(y):item() end",
       lines = {"loss_at(net, direction, 0.5, x, y) is the loss there (it is too small)",
                "loss_at(net, direction, -2, x, y) is the loss there (it is too small)"}},
    },
  },
  {
    number = "09",
    right = {without(SILENT)},
    wrong = {
      {code = without(SILENT:gsub("net:clone%(%)", "net")),
       lines = {"without(net, 'layer1.1'): the network that was given is unchanged",
                "without(net, 'layer2.0'): the network that was given is unchanged"}},
      {code = without "lesion = net:clone()",
       lines = {"without(net, 'layer1.1'): the block's layers add nothing, and its shortcut passes (the scores are "
                .. "those of the whole network)",
                "without(net, 'layer2.0'): the block's layers add nothing, and its shortcut passes (the scores are "
                .. "those of the whole network)"}},
      {code = without "lesion = net:clone(); lesion:replace(path, nn.Sequential {})",
       lines = {"without(net, 'layer2.0'), of images (it raises: conv2d: x has 4 channels, weight expects 8)"}},
    },
  },
}
