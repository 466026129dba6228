-- Numbers that a call cannot work with (below 0, nan, infinite) are refused by name, before anything is done.
local check = require "support.check"
local rm    = require "resmoon"
local data, explain, nn, optim, plot, schedule = rm.data, rm.explain, rm.nn, rm.optim, rm.plot, rm.optim.schedule

local NAN, INF = 0 / 0, math.huge
local function weight() return rm.ones(2, {requires_grad = true}) end
local function sgd() return optim.SGD({weight()}, {lr = 0.1, momentum = 0.9}) end

-- Calls make(options) with each wrong value of each option; the others are as given.
local function refused(what, make, given, wrong)
  for name, values in pairs(wrong) do
    for _, value in ipairs(values) do
      local options = {}
      for key, each in pairs(given) do options[key] = each end
      options[name] = value
      local ok, message = pcall(make, options)
      local called = ("%s: %s = %s"):format(what, name, tostring(value))
      check.that(not ok, called .. " was taken")
      check.that(tostring(message):find(name, 1, true), ("%s: not named in: %s"):format(called, tostring(message)))
      check.that(not tostring(message):find "resmoon/", called .. ": " .. tostring(message))
    end
  end
end

local BELOW, ABOVE, SHARE = {-1, NAN, INF}, {0, -1, NAN, INF}, {-0.1, 1.1, NAN, INF}

check.case("optimizers: rates, momenta and decays", function()
  local wrong = {
    SGD = {lr = BELOW, momentum = BELOW, weight_decay = BELOW, dampening = {NAN, INF}},
    Adam = {lr = BELOW, eps = BELOW, weight_decay = BELOW,
            betas = {{0.9}, {0.9, 1}, {-1, 0.9}, {NAN, 0.9}, {0.9, 0.9, 0.9}}},
    AdamW = {lr = BELOW, eps = BELOW, weight_decay = BELOW, betas = {{}, {1, 1}}},
    RMSprop = {lr = BELOW, alpha = SHARE, eps = BELOW, weight_decay = BELOW, momentum = BELOW},
    LARS = {lr = BELOW, momentum = BELOW, weight_decay = BELOW, trust = BELOW},
  }
  for name, options in pairs(wrong) do
    refused("optim." .. name, function(o) return optim[name]({weight()}, o) end, {}, options)
    refused("a group of " .. name, function(o)
      o.params = {weight()}
      return optim[name]({o}, {})
    end, {}, options)
  end
  check.error(function() optim.SGD({weight()}, {momentum = -1}) end,
              "optim.SGD: momentum is -1, expected a number from 0")
  check.error(function() optim.Adam({weight()}, {betas = {0.9}}) end,
              "optim.Adam: betas is a table, expected two numbers from 0, below 1")
end)

check.case("what is set later is looked at before a step, which does nothing then", function()
  for _, each in ipairs {{"lr", nil}, {"lr", NAN}, {"momentum", -1}, {"lr", "fast"}, {"weight_decay", INF}} do
    local w = weight()
    local opt = optim.SGD({w}, {lr = 0.1, momentum = 0.9})
    w:sum():backward()
    opt.groups[1][each[1]] = each[2]
    check.error(function() opt:step() end, ("optim.SGD: %s is"):format(each[1]))
    check.equal({w:totable(), opt.groups[1].steps}, {{1, 1}, {0}})
  end
  local opt = optim.SGD({weight()}, {lr = 0.1, momentum = 0.9, nesterov = true})
  opt.momentum = 0
  check.error(function() opt:step() end, "with nesterov, momentum is 0, expected a number above 0")
end)

check.case("schedules", function()
  local wrong = {
    Step = {{step_size = 2}, {step_size = ABOVE, gamma = BELOW}},
    MultiStep = {{milestones = {2}}, {milestones = {{NAN}, {INF}}, gamma = BELOW}},
    Exponential = {{gamma = 0.9}, {gamma = BELOW}},
    Cosine = {{T_max = 5}, {T_max = ABOVE, eta_min = BELOW}},
    OneCycle = {{max_lr = 1, total_steps = 10},
                {max_lr = BELOW, total_steps = ABOVE, pct_start = SHARE, div_factor = ABOVE, final_div_factor = ABOVE,
                 base_momentum = BELOW, max_momentum = BELOW}},
    Cyclic = {{base_lr = 0.1, max_lr = 1}, {base_lr = BELOW, max_lr = BELOW, gamma = BELOW, step_size_up = ABOVE,
              step_size_down = ABOVE, base_momentum = BELOW, max_momentum = BELOW}},
    Plateau = {{}, {factor = {-0.1, 1, NAN}, patience = BELOW, threshold = BELOW, cooldown = BELOW, min_lr = BELOW,
               eps = BELOW}},
  }
  for name, each in pairs(wrong) do
    refused(name, function(o) return schedule[name](sgd(), o) end, each[1], each[2])
  end
  refused("Warmup", function(o) return schedule.Warmup(schedule.Exponential(sgd(), {gamma = 0.9}), o) end,
          {warmup_steps = 3}, {warmup_steps = BELOW, start_factor = BELOW})
end)

check.case("clip_grad_norm: a limit below 0 would turn the gradient around", function()
  local w = weight()
  w:sum():backward()
  for _, limit in ipairs {-1, NAN} do
    check.error(function() optim.clip_grad_norm({w}, limit) end, "max_norm is")
  end
  check.that(math.abs(optim.clip_grad_norm({w}, INF) - math.sqrt(2)) < 1e-6)   -- measures alone
  check.equal(w.grad:totable(), {1, 1})
end)

check.case("layers: when they are made, and when a field is set", function()
  local norms = {BatchNorm1d = {4}, BatchNorm2d = {4}, LayerNorm = {4}, GroupNorm = {2, 4}, InstanceNorm2d = {4}}
  for name, arguments in pairs(norms) do
    local wrong = {eps = BELOW}
    if name:find "Batch" or name:find "Instance" then wrong.momentum = SHARE end
    refused(name, function(o)
      local list = {table.unpack(arguments)}
      list[#list + 1] = o
      return nn[name](table.unpack(list))
    end, {}, wrong)
  end
  for _, each in ipairs {{nn.BatchNorm2d(2), "eps", -1}, {nn.BatchNorm2d(2), "momentum", 1.5},
                         {nn.BatchNorm2d(2), "momentum", NAN}, {nn.BatchNorm2d(2), "eps", false},
                         {nn.Dropout(0.5), "p", 2}, {nn.Dropout(0.5), "p", false}, {nn.Dropout(0.5), "p", NAN},
                         {nn.LeakyReLU(0.1), "negative_slope", INF}, {nn.ELU(1), "alpha", NAN}} do
    local layer, name, value = each[1], each[2], each[3]
    local before = layer[name]
    check.error(function() layer[name] = value end, name)
    check.equal(layer[name], before)
  end
  check.error(function() nn.BatchNorm2d(2, {eps = INF}) end, "BatchNorm2d: eps must be finite, got inf")
  local norm = nn.BatchNorm2d(2)
  norm.momentum = false    -- the plain average of all batches
  check.equal(norm.momentum, nil)
  norm.momentum = 0.5
  check.equal(norm.momentum, 0.5)
  refused("resnet20", rm.models.resnet20, {}, {stochastic_depth = SHARE})
end)

check.case("operations", function()
  local x, labels = rm.rand(2, 2, 3, 3), rm.tensor({1, 2}, "int64")
  local function statistics() return rm.zeros(2), rm.ones(2) end
  refused("batch_norm", function(o)
    local mean, var = statistics()
    return x:batch_norm(nil, nil, mean, var, o):sum():item()
  end, {training = true}, {eps = {-1, NAN}, momentum = SHARE})
  refused("batch_norm, evaluated", function(o)
    local mean, var = statistics()
    return x:batch_norm(nil, nil, mean, var, o):sum():item()
  end, {}, {eps = {-1, NAN}})
  refused("instance_norm", function(o)
    local mean, var = statistics()
    return x:instance_norm(nil, nil, mean, var, o)
  end, {}, {eps = {-1, NAN}, momentum = SHARE})
  refused("cross_entropy", function(o) return rm.rand(2, 3):cross_entropy(labels, o) end, {},
          {ignore_index = {1.5, NAN, INF, 1e300}, label_smoothing = SHARE})
  refused("allclose", function(o) return x:allclose(x, o) end, {}, {rtol = {NAN}, atol = {NAN}})
end)

check.case("what is explained, drawn and measured", function()
  local points = rm.randn(12, 3)
  refused("tsne", function(o) return explain.tsne(points, o) end, {perplexity = 3, iterations = 2},
          {iterations = {0, -1, 1.5}, dims = {0, -1}, rate = ABOVE, exaggeration = ABOVE})
  local net, shapes = rm.models.resnet20 {width = 2}, data.shapes10 {size = 8}
  refused("confused", function(o) return explain.confused(net, shapes, o) end, {}, {pairs = {0, -1}, examples = {-1}})
  refused("lesions", function(o) return explain.lesions(net, shapes, o) end, {},
          {swaps = {-1}, random = {-1}, draws = {0}, samples = {0}, path_images = {0, -1}})
  refused("plot.lines", function(o) return plot.lines({{1, 2}}, o) end, {file = "never.png"},
          {size = {{0, 100}, {100, 1.5}, {NAN, 100}, {100, 40000}}})
  refused("plot.histogram", function(o) return plot.histogram({1, 2}, o) end, {file = "never.png"},
          {bins = {0, 1.5, 1 << 40}})
  refused("plot.filters", function(o) return plot.filters(net, o) end, {file = "never.png"}, {scale = ABOVE})
  refused("calibration", function(o) return rm.metrics.calibration({{0.5, 0.5}}, {1}, o) end, {},
          {bins = {0, 1.5, 1 << 40}})
  refused("shapes10", data.shapes10, {size = 4}, {seed = {NAN, 1.5}})
  refused("lrfind", function(o)
    return rm.train.lrfind(net, optim.SGD(net:parameters()), data.Loader(shapes, {batch_size = 4}), o)
  end, {steps = 10}, {smoothing = {-0.1, 1, NAN}, diverge = {0, -1, NAN}})
end)
