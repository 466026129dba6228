-- Modules: a network is a Lua table of layers and a function.
--
-- Run it: resmoon examples/more/modules.lua. It prints:
--   logits (5, 10)
--   1,418 parameters in 6 tensors, the first is conv1.weight (8, 1, 3, 3)
--   the same network, wider: 5,130 parameters
local rm    = require "resmoon"
local class = require "resmoon.base.class"
local nn    = rm.nn

local Net = class("Net", nn.Module)

function Net:init(width)
  self.conv1 = nn.Conv2d(1, width, 3, {padding = 1})
  self.conv2 = nn.Conv2d(width, 2 * width, 3, {stride = 2, padding = 1})
  self.fc    = nn.Linear(2 * width, 10)
end

-- What is called here runs now: there is no graph to compile, and every value can be printed.
function Net:forward(x)
  x = self.conv1(x):relu()
  x = self.conv2(x):relu()
  return self.fc(x:mean(3, 4))
end

local function count(net)
  local n = 0
  for _, p in ipairs(net:parameters()) do n = n + p:numel() end
  return (tostring(n):reverse():gsub("(%d%d%d)(%d)", "%1,%2"):reverse())
end

local net = Net(8)
print("logits (" .. table.concat(net(rm.randn(5, 1, 12, 12)).shape, ", ") .. ")")

local first, weight = net:named_parameters()()
print(("%s parameters in %d tensors, the first is %s (%s)"):format(
  count(net), #net:parameters(), first, table.concat(weight.shape, ", ")))

-- Changing an architecture is changing an argument, or a line above.
print("the same network, wider: " .. count(Net(16)) .. " parameters")
