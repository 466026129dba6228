--- Gradients by the length of the path that they take through a residual network.
--
-- n blocks make 2^n paths from the loss back to the image: each block is passed through its branch or through its
-- shortcut; (n over k) of them pass k branches. A path's own gradient is found by a backward in which each block lets
-- pass only what comes through its branch, or only what comes through its shortcut.
-- Source: Veit, Wilber and Belongie 2016, arXiv:1605.06431, section 4.2 ("Vanishing gradients in residual networks").
local core = require "resmoon.core"
local fail = require "resmoon.base.fail"

local paths = {}

-- Hooks by which block i passes either way, as chosen[i] says when gradients come by. Returns their handles.
local function gate(block, i, chosen, handles)
  local captured  -- the gradient that came through the branch
  local function hook(name, module, f) handles[#handles + 1] = module["register_forward_" .. name](module, f) end
  hook("pre_hook", block.module, function(_, x)
    local inside = core.alias(x)
    inside:register_hook(function(gradient)
      local through = captured
      captured = nil
      if chosen[i] then return through or core.zeros_like(gradient) end
    end)
    return inside
  end)
  for _, module in ipairs(block.enter) do
    hook("pre_hook", module, function(_, x)
      local branch = core.alias(x)
      branch:register_hook(function(gradient) captured = captured and captured + gradient or gradient end)
      return branch
    end)
  end
  hook("hook", block.hooks[1][1], function(_, _, y)
    y = core.alias(y)
    y:register_hook(function(gradient)
      if not chosen[i] then return core.zeros_like(gradient) end
    end)
    return y
  end)
end

-- k of n, drawn anew.
local function draw(n, k, generator)
  local order, chosen = core.randperm(n, {generator = generator}):totable(), {}
  for i = 1, k do chosen[order[i]] = true end
  return chosen
end

--- n over k, as a number.
function paths.binomial(n, k)
  local value = 1
  for i = 1, math.min(k, n - k) do value = value * (n - i + 1) / i end
  return value
end

--- What is measured of n blocks: {length = {0, ..., n}, count = (n over k), norm = mean gradient norm of a path of each
-- length, share = of all paths, weight = count * norm as a share of all, mean = length of a path, effective = the same
-- weighted by gradient, covers = {low, high}: the middle 95 % of the gradient}.
function paths.summarize(norms)
  local n = #norms - 1
  local result = {length = {}, count = {}, norm = norms, share = {}, weight = {}, mean = 0, effective = 0}
  local all, sum = 0, 0
  for k = 0, n do
    result.length[k + 1], result.count[k + 1] = k, paths.binomial(n, k)
    all, sum = all + result.count[k + 1], sum + result.count[k + 1] * norms[k + 1]
  end
  local before, low, high = 0, nil, n
  for k = 0, n do
    result.share[k + 1] = result.count[k + 1] / all
    local weight = sum > 0 and result.count[k + 1] * norms[k + 1] / sum or 0
    result.weight[k + 1] = weight
    result.mean, result.effective = result.mean + k * result.share[k + 1], result.effective + k * weight
    if before <= 0.025 and before + weight > 0.025 then low = k end
    if before < 0.975 and before + weight >= 0.975 then high = k end
    before = before + weight
  end
  result.covers = {low or 0, high}
  return result
end

--- Measures the norms. blocks: of a residual network (blocks.lua); x, y: a batch and its labels; samples: paths of each
-- length; generator: draws them. The parameters require no gradients meanwhile, which is the caller's to arrange.
-- Returns a list of n + 1 norms, from length 0. Raises for blocks that cannot be gated.
function paths.norms(net, blocks, x, y, samples, generator)
  for _, block in ipairs(blocks) do
    if block.kind ~= "residual" or not (block.module and block.enter and block.hooks) then
      fail("lesions: paths: %s is no module of its own with a branch that begins and ends with a layer", block.path)
    end
  end
  local handles, chosen = {}, {}
  local _ <close> = setmetatable({}, {__close = function()
    for _, handle in ipairs(handles) do handle:remove() end
  end})
  for i, block in ipairs(blocks) do gate(block, i, chosen, handles) end
  x = x:detach():clone():requires_grad_(true)
  local loss, norms, n = net(x):cross_entropy(y), {}, #blocks
  for k = 0, n do
    local sum, times = 0, (k == 0 or k == n) and 1 or samples
    for _ = 1, times do
      local set = draw(n, k, generator)
      for i = 1, n do chosen[i] = set[i] end
      x.grad = nil
      loss:backward({retain_graph = true})
      sum = sum + x.grad:norm():item()
    end
    norms[k + 1] = sum / times
  end
  return norms
end

return paths
