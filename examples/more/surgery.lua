-- Changing a network without recompiling: another activation, a layer more, frozen weights.
--
-- Run it: resmoon examples/more/surgery.lua. It prints:
--   before: Linear ReLU Linear
--   after:  Linear ELU Dropout Linear
--   trainable tensors: 4, with the first layer frozen: 2
local rm = require "resmoon"
local nn = rm.nn

local function types(net)
  local names = {}
  for _, layer in ipairs(net:children()) do names[#names + 1] = tostring(layer):match "^%a+" end
  return table.concat(names, " ")
end

local net = nn.Sequential {nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3)}
print("before: " .. types(net))

-- A network is a list of layers: keep the trained ones, put new ones between them.
local other = nn.Sequential {net[1], nn.ELU(), nn.Dropout(0.2), net[3]}
print("after:  " .. types(other))

local function trainable(m)
  local n = 0
  for _, p in ipairs(m:parameters()) do if p.requires_grad then n = n + 1 end end
  return n
end
local all = trainable(other)
for _, p in ipairs(other[1]:parameters()) do p.requires_grad = false end
print(("trainable tensors: %d, with the first layer frozen: %d"):format(all, trainable(other)))
