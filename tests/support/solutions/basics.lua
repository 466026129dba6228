--- Solutions of exercises 02 to 05.
local STANDARDIZE = "function standardize(x) return (x - x:mean(1)) / x:std(1) end\n"
local SLOPE = [[
function slope(f, at)
  local x = rm.tensor(at + 0.0):requires_grad_(true)
  f(x):backward()
  return x.grad:item()
end
]]

-- The classes of a network that flattens what it gets.
local function perceptron(behind, last)
  return ([[
    function perceptron(inputs, hidden, classes)
      local net, n = nn.Sequential {nn.Flatten()}, inputs
      for _, size in ipairs(hidden) do
        net:append(nn.Linear(n, size))
        %s
        n = size
      end
      net:append(nn.Linear(n, classes))
      %s
      return net
    end
  ]]):format(behind, last or "")
end

local function lenet(convolutions, first)
  return ([[
    function lenet()
      return nn.Sequential {%s, nn.Flatten(), nn.Linear(%s, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
                            nn.Linear(84, 10)}
    end
  ]]):format(convolutions, first)
end

local NORMS = [[
  function gradient_norms(net, x, y)
    %s
    net(x):cross_entropy(y):backward()
    local list = {}
    for _, p in ipairs(net:parameters()) do
      if p:dim() >= %d then list[#list + 1] = p.grad:%s:item() end
    end
    %s
    return list
  end
]]

return {
  {
    number = "02",
    right = {STANDARDIZE .. SLOPE},
    wrong = {
      {code = STANDARDIZE, lines = {"slope is there"}},
      {code = "function standardize(x) return (x - x:mean()) / x:std() end\n" .. SLOPE,
       lines = {"the mean of each column is 0", "the standard deviation of each column is 1"}},
      {code = "function standardize(x) return x:sub_(x:mean(1)):div_(x:std(1)) end\n" .. SLOPE,
       lines = {"x itself is unchanged"}},
      {code = STANDARDIZE .. [[
         local x = rm.tensor(0.0):requires_grad_(true)
         function slope(f, at)
           rm.no_grad(function() x:fill_(at) end)
           f(x):backward()
           return x.grad:item()
         end]],
       lines = {"the slope is the same when it is asked for again (it is too large)",
                "the slope of exp(-x) at 0.5 (it is too large)", "the slope of |x| at -3 (it is too large)"}},
      {code = STANDARDIZE .. "function slope(f, at) return f(rm.tensor(at + 0.0)) end",
       lines = {"the slope of x^3 at 2 (it is too small)",
                "the slope is the same when it is asked for again (it is too small)",
                "the slope of exp(-x) at 0.5 (it is too large)", "the slope of |x| at -3 (it is too large)"}},
    },
  },
  {
    number = "03",
    right = {perceptron "net:append(nn.ReLU())", perceptron "net:append(nn.Tanh())"},
    wrong = {
      {code = perceptron "", lines = {"there is something bent between the layers"}},
      {code = perceptron("net:append(nn.ReLU())", "net:append(nn.Softmax(2))"),
       lines = {"scores are of either sign, and no probabilities (the last layer has something behind it)"}},
      {code = "function perceptron(a, _, c) return nn.Sequential {nn.Flatten(), nn.Linear(a, 20), nn.ReLU(), "
              .. "nn.Linear(20, c)} end",
       lines = {"the number of parameters (it is too small)",
                "with four hidden layers: the number of parameters (it is too large)"}},
      {code = "function perceptron(a, _, c) return nn.Linear(a, c) end",
       lines = {"perceptron(...)(x), x (16, 3, 4, 4) (it raises: linear: x has 4 features, weight expects 48)"}},
    },
  },
  {
    number = "04",
    right = {lenet("nn.Conv2d(1, 6, 5, {padding = 2}), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(), "
                   .. "nn.AvgPool2d(2)", 400),
             "function lenet() return rm.models.lenet5 {input = {1, 28, 28}} end"},
    wrong = {
      {code = lenet("nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)",
                    256),
       lines = {"the linear layers have the sizes of LeNet-5",
                "the number of parameters, with biases (it is too small)"}},
      {code = lenet("nn.Conv2d(1, 6, 3, {padding = 1}), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), "
                    .. "nn.MaxPool2d(2)", 400),
       lines = {"the convolutions look at 5x5 pixels", "the number of parameters, with biases (it is too small)"}},
      {code = "function lenet() return nn.Sequential {nn.Flatten(), nn.Linear(784, 10)} end",
       lines = {"there are two convolutions (there are 0)", "the convolutions look at 5x5 pixels",
                "they look for 6 and for 16 patterns", "there are three linear layers (there are 1)",
                "the linear layers have the sizes of LeNet-5",
                "the number of parameters, with biases (it is too small)",
                "there is something bent between the layers"}},
    },
  },
  {
    number = "05",
    right = {NORMS:format("net:zero_grad()", 2, "norm()", "net:zero_grad()")},
    wrong = {
      {code = NORMS:format("", 2, "norm()", ""),
       lines = {"plain20: they are the same when asked for again",
                "plain20: no gradient is left behind (59 parameters have one)",
                "resnet20: they are the same when asked for again",
                "resnet20: no gradient is left behind (59 parameters have one)"}},
      {code = NORMS:format("", 2, "abs():max()", "net:zero_grad()"),
       lines = {"plain20: they are the norms of the gradients, in order",
                "plain20: they are the same when asked for again",
                "resnet20: they are the norms of the gradients, in order",
                "resnet20: they are the same when asked for again"}},
      {code = NORMS:format("", 1, "norm()", "net:zero_grad()"),
       lines = {"plain20: a number for each weight of a convolution or a linear layer (59 numbers)"}},
    },
  },
}
