--- net:freeze and net:unfreeze: by path, with held batch norms, and what optimizers and summaries make of it.
local check = require "support.check"
local rm    = require "resmoon"
local nn    = rm.nn

local function trained(net)
  local list = {}
  for name, p in net:named_parameters() do
    if p.requires_grad then list[#list + 1] = name end
  end
  return table.concat(list, " ")
end

local function small()
  return nn.Sequential {nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2 * 4 * 4, 2)}
end

check.case("without a path all, by path a part or a single parameter, in both ways of writing", function()
  local net = small()
  check.that(net:freeze() == net)
  check.equal(trained(net), "")
  check.equal(trained(net:unfreeze "3"), "3.weight 3.bias")
  check.equal(trained(net:unfreeze()), "0.weight 0.bias 1.weight 1.bias 3.weight 3.bias")
  check.equal(trained(net:freeze("0", "3.bias")), "1.weight 1.bias 3.weight")
  check.equal(trained(net:unfreeze():freeze {"[1]", "1"}), "3.weight 3.bias")
  local resnet = rm.models.resnet20():freeze("conv1", "bn1", "layer1", "layer2[2].conv1", "fc.bias")
  check.that(not resnet.layer2[2].conv1.weight.requires_grad and resnet.layer2[1].conv1.weight.requires_grad)
  check.that(not resnet.layer1[3].bn2.weight.requires_grad and not resnet.fc.bias.requires_grad)
  check.that(resnet.fc.weight.requires_grad)
end)

check.case("a star stands for a part of a name, and no more", function()
  local net = rm.models.resnet20():freeze "layer*"
  check.that(not net.layer3[1].conv1.weight.requires_grad and net.bn1.weight.requires_grad)
  net = rm.models.resnet20():freeze "layer1.*.bn1"
  check.that(not net.layer1[2].bn1.weight.requires_grad and net.layer1[2].bn2.weight.requires_grad)
  check.that(net.bn1.weight.requires_grad)
end)

check.case("a misspelt path names the nearest, and nothing is frozen then", function()
  local net = rm.models.resnet20()
  local all = trained(net)
  check.error(function() net:freeze("conv1", "layr1") end,
              "freeze: resnet20 has no 'layr1', did you mean 'layer1'? it has conv1, bn1, layer1")
  check.error(function() net:unfreeze "layer1[4]" end, "unfreeze: resnet20 has no 'layer1[4]'")
  check.error(function() net:freeze(3) end, "freeze: a path is a number")
  check.error(function() net:freeze("conv1", {batchnrm = true}) end, "unknown option 'batchnrm', did you mean")
  check.equal(trained(net), all)
end)

check.case("an optimizer passes frozen parameters over, with momentum and decay", function()
  local net = small()
  local opt = rm.optim.SGD(net:parameters(), {lr = 0.1, momentum = 0.9, weight_decay = 0.1})
  local function step()
    opt:zero_grad()
    net(rm.randn(4, 1, 6, 6)):cross_entropy(rm.tensor({1, 2, 1, 2}, "int64")):backward()
    opt:step()
  end
  step()
  net:freeze "0"
  local conv, fc = net[1].weight:detach():clone(), net[4].weight:detach():clone()
  step()
  check.equal(net[1].weight:eq(conv):all():item(), 1)
  check.that(net[4].weight:ne(fc):any():item() == 1)
  net:unfreeze "0"
  step()
  check.that(net[1].weight:ne(conv):any():item() == 1)
end)

check.case("running statistics move unless they are held; train() does not wake a held batch norm", function()
  local x = rm.randn(4, 1, 6, 6)
  local net = small():freeze "1"
  net:train()(x)
  check.equal(net[2].num_batches_tracked:item(), 1)   -- PyTorch's way: frozen weights, moving statistics
  local mean = net[2].running_mean:clone()
  net:freeze({batchnorm = true})
  check.that(not net[2].training and net[1].training)
  net:train()(x)
  check.equal(net[2].running_mean:eq(mean):all():item(), 1)
  check.equal(net[2].num_batches_tracked:item(), 1)
  net:unfreeze "0"
  check.equal(net[2].training, false)
  net:unfreeze "1"
  check.equal(net[2].training, true)
  net:train()(x)
  check.equal(net[2].num_batches_tracked:item(), 2)
  net:freeze("1", {batchnorm = true})
  net:eval():unfreeze()
  check.equal(net[2].training, false)   -- the network's own mode
end)

check.case("a clone of a frozen network is frozen, and sleeps as well", function()
  local copy = small():freeze("0", "1", {batchnorm = true}):clone():train()
  check.equal(trained(copy), "3.weight 3.bias")
  check.equal(copy[2].training, false)
end)

check.case("what is frozen can be listed and put back", function()
  local net = small():freeze("1", "3.bias", {batchnorm = true})
  local frozen = net:frozen()
  check.equal(table.concat(frozen.parameters, " "), "1.weight 1.bias 3.bias")
  check.equal(table.concat(frozen.held, " "), "1")
  local other = small():freeze "0"
  other:set_frozen(frozen):train()
  check.equal(trained(other), "0.weight 0.bias 3.weight")
  check.equal(other[2].training, false)
  check.equal(other:set_frozen(nil):frozen(), nil)
  check.equal(other[2].training, true)
  check.error(function() other:set_frozen {parameters = {"9.weight"}} end, "set_frozen: Sequential has no '9.weight'")
end)

check.case("a summary shows what is frozen, and says nothing where nothing is", function()
  local net = small()
  check.that(not tostring(net:summary {1, 6, 6}):find "frozen")
  net:freeze("0", "3.bias")
  local summary = net:summary {1, 6, 6}
  check.equal(summary.frozen, 2 * 9 + 2 + 2)
  local text = tostring(summary)
  check.that(text:find("Conv2d (frozen)", 1, true) and text:find("Linear (partly frozen)", 1, true), text)
  check.that(text:find("frozen: 22 of 90 parameters", 1, true), text)
end)

check.case("what set_frozen is given are lists of names, and summary says which module gives no tensor", function()
  local net = small()
  check.error(function() net:set_frozen(net) end, "set_frozen: ")
  check.error(function() net:set_frozen {held = {1}} end, "set_frozen: held is a table, expected a list of strings")
  local Odd = nn.class("Odd", nn.Module)
  function Odd.forward() return 3 end
  check.error(function() nn.Sequential({Odd()}):summary {2} end, "summary: [1] gives 3, expected a tensor")
end)

check.case("modules of functions, of padding and transforms want a tensor", function()
  check.error(function() nn.ReLU6()(4) end, "ReLU6: x is 4, expected a tensor")
  check.error(function() nn.Softplus(2) {} end, "Softplus: x is a table, expected a tensor")
  check.error(function() nn.ZeroPad2d(1) {1} end, "ZeroPad2d: x is a table, expected a tensor")
  check.error(function() rm.data.transforms.cover(4) {1} end, "transform: image is a table, expected a tensor")
end)
