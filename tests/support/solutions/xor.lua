--- Solutions of exercise 01: right ones, and wrong ones with the lines they get.
local TRAIN = [[
rm.manual_seed(2)
local x, y = {}, {}
for i = 0, 7 do
  x[i + 1] = {i >> 2 & 1, i >> 1 & 1, i & 1}
  y[i + 1] = (x[i + 1][1] + x[i + 1][2] + x[i + 1][3]) % 2 + 1
end
x, y = rm.tensor(x), rm.tensor(y, "int64")
local function train(net, steps)
  local opt = rm.optim.Adam(net:parameters(), {lr = 0.05})
  for _ = 1, steps do
    opt:zero_grad()
    net(x):cross_entropy(y):backward()
    opt:step()
  end
  return net
end
]]

return {{
  number = "01",
  right = {TRAIN .. "parity = train(nn.Sequential {nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 2)}, 300)"},
  wrong = {
    {code = "parity = nn.Sequential {nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1)}",
     lines = {"two scores for each of the 8 inputs (it has the shape (8, 1))"}},
    {code = TRAIN .. "parity = train(nn.Linear(3, 2), 100)",
     lines = {"class 1 for an even number of ones, class 2 for an odd one (5 of 8 inputs)"}},
    {code = "parity = nn.Linear(2, 2)",
     lines = {"parity(x), x (8, 3) (it raises: linear: x has 3 features, weight expects 2)"}},
  },
}}
