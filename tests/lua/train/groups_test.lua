--- Weight decay by parameter groups: in optimizers, as a setting of training, from the command line.
local check = require "support.check"
local files = require "support.files"
local rm    = require "resmoon"
local optim, train = rm.optim, rm.train

local function weight(value) return rm.tensor(value, {requires_grad = true}) end

check.case("a group's own rate and decay count for it alone, in every optimizer", function()
  -- PyTorch 1.13, three steps with a gradient of 0.1; the second group has lr 0.1 and weight decay 0.5.
  local expected = {SGD = {0.9970000386, 0.8288500309}, Adam = {0.9700000286, 0.7012228370},
                    AdamW = {0.9700000286, 0.5721250176}, RMSprop = {0.7710871696, -0.1940791607}}
  for name, numbers in pairs(expected) do
    local a, b = weight {1}, weight {1}
    local opt = optim[name]({{params = {a}, weight_decay = 0}, {params = {b}, lr = 0.1, weight_decay = 0.5}},
                            {lr = 0.01})
    for _ = 1, 3 do
      a.grad, b.grad = rm.tensor {0.1}, rm.tensor {0.1}
      opt:step()
    end
    check.close({a:item(), b:item()}, numbers, {rtol = 1e-5})
  end
end)

check.case("no_decay_on_norm_and_bias: a step without gradients shrinks matrices and kernels alone", function()
  for _, name in ipairs {"resnet20", "lenet5", "mlp"} do
    local net = rm.models[name] and rm.models[name]() or rm.models.get(name)()
    local c = train.config.complete {model = name, no_decay_on_norm_and_bias = true, weight_decay = 0.1, lr = 0.5,
                                     momentum = 0.0}
    local opt = train.config.optimizer(c, net:parameters())
    check.equal(#opt.groups, 2)
    check.equal(#opt.groups[1].params + #opt.groups[2].params, #net:parameters())
    local before = {}
    for path, p in net:named_parameters() do
      p.grad = rm.zeros(p.shape)
      before[path] = p:detach():clone()
    end
    opt:step()
    for path, p in net:named_parameters() do
      local factor = (path:find "bias$" or path:find "bn[^.]*%.weight$") and 1 or 0.95
      local expected = before[path] * factor
      check.that((p:detach() - expected):abs():max():item() <= 1e-6, path)
    end
  end
end)

check.case("what joins the network later decays; all groups follow the schedule; a run is taken up", function()
  local net = rm.models.mlp {hidden = {4}}
  local c = train.config.complete {no_decay_on_norm_and_bias = true, lr = 0.2}
  local opt = train.config.optimizer(c, net:parameters())
  net:replace("fc2", rm.nn.Linear(4, 3))
  opt:follow(net)
  check.equal({#opt.groups[1].params, #opt.groups[2].params, opt.groups[2].weight_decay}, {1, 3, 1e-4})
  files.with_folder(function(folder)
    local settings = {model = "lenet5", epochs = 2, train_size = 64, test_size = 16, schedule = "constant",
                      no_decay_on_norm_and_bias = true, weight_decay = 0.1}
    local whole = train.run(settings, {folder = folder .. "/a", progress = false})
    settings.epochs = 1
    train.run(settings, {folder = folder .. "/b", progress = false})
    local parts = train.resume(folder .. "/b", {epochs = 2}, {progress = false})
    check.equal(parts.last.test_loss, whole.last.test_loss)
    settings.epochs, settings.no_decay_on_norm_and_bias = 2, false
    local other = train.run(settings, {progress = false})
    check.that(other.last.train_loss ~= whole.last.train_loss, "the setting changes nothing")
  end)
end)
