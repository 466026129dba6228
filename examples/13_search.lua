-- Lesson 13. Search: let many short trainings compete, keep the better half, and cross and change them.
--
-- Source: Holland 1975, "Adaptation in natural and artificial systems"; the drawing of rates by their exponent:
-- Bergstra and Bengio 2012, "Random search for hyper-parameter optimization".
--
-- Run it: resmoon examples/13_search.lua. It prints:
--   generation 1: loss 0.1496 (rate 2.15, momentum 0.46) to 2.5183
--   generation 2: loss 0.1496 (rate 2.15, momentum 0.46) to 0.6972
--   generation 3: loss 0.1496 (rate 2.15, momentum 0.46) to 0.7032
--   generation 4: loss 0.1106 (rate 2.15, momentum 0.78) to 0.3570
--   generation 5: loss 0.1106 (rate 2.15, momentum 0.78) to 0.7020
--   generation 6: loss 0.1106 (rate 2.15, momentum 0.78) to 0.6973
--   28 trainings; the first generation's best had 0.1496, the last one's has 0.1106
local rm = require "resmoon"

-- Points inside and outside of a circle: 200 to train, 200 to choose by.
rm.manual_seed(1)
local points = rm.rand(400, 2) * 3 - 1.5
local classes = points:pow(2):sum(2):lt(1):long() + 1
local x, y = points:narrow(1, 1, 200), classes:narrow(1, 1, 200)
local vx, vy = points:narrow(1, 201, 200), classes:narrow(1, 201, 200)

--- The validation loss after a short training with these settings.
local function trial(genes)
  rm.manual_seed(2)
  local net = rm.nn.Sequential {rm.nn.Linear(2, 16), rm.nn.Tanh(), rm.nn.Linear(16, 2)}
  local opt = rm.optim.SGD(net:parameters(), {lr = genes.lr, momentum = genes.momentum})
  for _ = 1, 60 do
    opt:zero_grad()
    net(x):cross_entropy(y):backward()
    opt:step()
  end
  return net(vx):cross_entropy(vy):item()
end

-- The rate is drawn by its exponent: between 0.0001 and 0.001 as often as between 1 and 10.
local genes = {
  {name = "lr", low = 1e-4, high = 10, scale = "log"},
  {name = "momentum", low = 0, high = 0.99, scale = "linear"},
}

--- The fitness of those that are new; where a training failed, the loss is no number, and the fitness the lowest.
local function evaluate(list)
  local fitness = {}
  for i, individual in ipairs(list) do
    local loss = trial(individual.genes)
    fitness[i] = loss == loss and -loss or -math.huge
  end
  return fitness
end

local result = rm.search.genetic {
  evaluate = evaluate, genes = genes, population = 8, generations = 6, seed = 7,
  on_generation = function(generation, population)
    local best, worst = population[1], population[#population]
    print(("generation %d: loss %.4f (rate %.3g, momentum %.2f) to %.4f"):format(generation, -best.fitness,
      best.genes.lr, best.genes.momentum, -worst.fitness))
  end,
}
print(("%d trainings; the first generation's best had %.4f, the last one's has %.4f"):format(#result.all,
  -math.max(table.unpack(evaluate(table.move(result.all, 1, 8, 1, {})))), -result.best.fitness))
