-- What batch norm gives may be used twice: the parts of its gradient are added in the pass that backward makes anyway.
local check = require "support.check"
local rm    = require "resmoon"

-- The gradients of relu(bn(x) [+ s]), whose output loss(y, a, b, c) uses.
local function gradients(channels, relu, shortcut, loss, options)
  rm.manual_seed(4)
  local shape = {3, channels, 5, 6}
  local function leaf(...) return rm.randn(...):requires_grad_() end
  local leaves = {leaf(shape), leaf(channels), leaf(channels), shortcut and leaf(shape) or nil}
  local y = leaves[1]:batch_norm(leaves[2], leaves[3], nil, nil, {training = true})
  if shortcut then y = y + leaves[4] end
  if relu then y = y:relu() end
  local a, b, c = rm.randn(shape), rm.randn(shape), rm.randn(shape)
  local total = loss(y, a, b, c):sum()
  total:backward(nil, options)
  if options then total:backward() end
  local list = {}
  for i, each in ipairs(leaves) do list[i] = each.grad end
  return list
end

local function each_kind(compare)
  for _, channels in ipairs {16, 17, 48} do
    for _, relu in ipairs {false, true} do
      for _, shortcut in ipairs {false, true} do
        compare(channels, relu, shortcut, ("%d channels, relu %s, shortcut %s"):format(channels, relu, shortcut))
      end
    end
  end
end

local function once(y, a, b) return y * (a + b) end
local function twice(y, a, b) return y * a + y * b end

local function difference(a, b) return (a - b):abs():max():item() end

check.case("two parts give the bits of their sum", function()
  each_kind(function(channels, relu, shortcut, what)
    local want, got = gradients(channels, relu, shortcut, once), gradients(channels, relu, shortcut, twice)
    check.equal(#got, shortcut and 4 or 3)
    for i = 1, #want do check.equal(difference(want[i], got[i]), 0, what .. ", gradient " .. i) end
  end)
end)

check.case("three parts, and a graph that is gone through twice", function()
  each_kind(function(channels, relu, shortcut, what)
    local want = gradients(channels, relu, shortcut, function(y, a, b, c) return y * (a + b + c) end)
    local got = gradients(channels, relu, shortcut, function(y, a, b, c) return y * a + y * b + y * c end)
    local again = gradients(channels, relu, shortcut, twice, {retain_graph = true})
    local single = gradients(channels, relu, shortcut, twice)
    for i = 1, #want do
      check.that(difference(want[i], got[i]) < 1e-4, what .. ", gradient " .. i)
      check.equal(difference(again[i], single[i] * 2), 0, what .. ", twice, gradient " .. i)
    end
  end)
end)

check.case("a hook sees the sum", function()
  each_kind(function(channels, relu, shortcut, what)
    local seen
    local function watched(y, a, b)
      y:register_hook(function(g) seen = {g:clone(), a + b} end)
      return y * a + y * b
    end
    local want = gradients(channels, relu, shortcut, once)
    local got = gradients(channels, relu, shortcut, watched)
    check.equal(difference(seen[1], seen[2]), 0, what)
    for i = 1, #want do check.equal(difference(want[i], got[i]), 0, what .. ", gradient " .. i) end
  end)
end)
