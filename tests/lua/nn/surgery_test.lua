--- Parts of a network found, replaced, inserted and removed; the optimizer follows.
local check = require "support.check"
local rm    = require "resmoon"
local nn, optim, models = rm.nn, rm.optim, rm.models

local function net20() return models.resnet20 {width = 4} end
local function image() return rm.randn(2, 3, 16, 16) end

check.case("a path may be that of the checkpoint, or Lua's", function()
  local net = net20()
  check.that(net:get_submodule("layer1.0.conv2") == net.layer1[1].conv2)
  check.that(net:get_submodule("layer1[1].conv2") == net.layer1[1].conv2)
  check.that(net:get_submodule("layer2") == net.layer2 and net:get_submodule("") == net)
  check.that(nn.Sequential({nn.ReLU()}):get_submodule("[1]").type == "ReLU")
  for name, module in net:named_modules() do check.that(net:get_submodule(name) == module, name) end
end)

check.case("a path that leads nowhere is answered with what is there", function()
  local net = net20()
  local function refused(path, message)
    for _, op in ipairs {"get_submodule", "replace", "insert", "remove"} do
      local layer = (op == "replace" or op == "insert") and nn.ReLU() or nil
      check.error(function() net[op](net, path, layer) end, op .. ": " .. message)
    end
  end
  refused("layer1.0.conv3", "layer1.0 has no 'conv3', did you mean 'conv1'?; it has conv1, bn1, conv2, bn2")
  refused("layre1.0", "resnet20 has no 'layre1', did you mean 'layer1'?; it has conv1, bn1, layer1")
  refused("layer1.7.conv1", "layer1 has no '7'; it has 0, 1, 2")
  refused("conv1.weight", "conv1 is a Conv2d, which has no parts")
  refused(3, "the path is a number, expected a string")
  refused("layer1..conv1", "'layer1..conv1' is not a path")
end)

check.case("replace: the old one comes back, the new one has its mode", function()
  local net = net20():eval()
  local old, fresh = net.fc, nn.Linear(16, 7)
  check.that(net:replace("fc", fresh) == old and net.fc == fresh and not fresh.training)
  check.shape(net(image()), {2, 7})
  net:replace("layer2.1", nn.Identity())
  check.equal(net.layer2[2].type, "Identity")
  check.shape(net(image()), {2, 7})
  check.error(function() net:replace("fc", 3) end, "replace: expected a module or layer, got a number")
  check.error(function() net:replace("layer1.0", net) end, "the module that would come in holds the place")
  check.that(net.fc == fresh)
end)

check.case("insert: in a Sequential the ones behind move", function()
  local net = nn.Sequential {nn.Linear(2, 3), nn.Linear(3, 2)}
  local function types()
    local list = {}
    for _, child in ipairs(net:children()) do list[#list + 1] = child.type end
    return table.concat(list, " ")
  end
  local last = net[2]
  check.that(net:insert("1", nn.ReLU()) == net)
  check.equal(types(), "Linear ReLU Linear")
  check.that(net[3] == last)
  net:insert("0", nn.Dropout(0.5), "after")
  net:insert("4", nn.Softmax())
  net:insert("4", nn.Tanh(), "after")
  net:insert("0", nn.Identity())
  check.equal(types(), "Identity Linear Dropout ReLU Linear Softmax Tanh")
  check.shape(net(rm.randn(4, 2)), {4, 2})
  check.equal(net:state_dict()[3], "4.weight")
  check.error(function() net:insert("9", nn.ReLU()) end, "insert: Sequential has no '9'")
  check.error(function() net:insert("0", nn.ReLU(), "behind") end, "expected \"before\" or \"after\"")
end)

check.case("insert: a field becomes a Sequential of both", function()
  local net = net20()
  local x, conv = image(), net.conv1
  net:eval()
  local plain = net(x)
  net:insert("conv1", nn.Identity(), "after")
  check.that(net.conv1[1] == conv and net.conv1.training == false)
  check.equal(net:state_dict()[1], "conv1.0.weight")
  check.equal(net(x), plain)
  net:insert("layer1.0.bn2", nn.Tanh())
  check.equal(net.layer1[1].bn2[1].type, "Tanh")
end)

check.case("remove: others move up, a field gets an Identity", function()
  local net = net20()
  local middle, last = net.layer1[2], net.layer1[3]
  check.that(net:remove("layer1.1") == middle)
  check.that(#net.layer1 == 2 and net.layer1[2] == last)
  net.layer1:append(middle)
  check.that(net.layer1[3] == middle)
  net:remove("layer1.2")
  net:remove("bn1")
  check.equal(net.bn1.type, "Identity")
  check.shape(net(image()), {2, 10})
  local names = {}
  for name in net.layer1:named_children() do names[#names + 1] = name end
  check.equal(names, {"0", "1"})
end)

check.case("the optimizer follows: momentum stays with what stays", function()
  for _, make in ipairs {optim.SGD, optim.Adam, optim.RMSprop} do
    local net = nn.Sequential {nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 3), nn.Linear(3, 2)}
    local opt = make(net:parameters(), make == optim.SGD and {lr = 0.1, momentum = 0.9} or {lr = 0.1})
    local x = rm.randn(4, 2)
    local function step()
      opt:zero_grad()
      net(x):pow(2):sum():backward()
      opt:step()
    end
    step()
    local function state_of(p)
      local found = {}
      for i, q in ipairs(opt.groups[1].params) do
        if q == p then
          for name, list in pairs(opt.groups[1].state) do found[name] = list[i] and list[i]:totable() or nil end
          found.steps = opt.groups[1].steps[i]
        end
      end
      return found
    end
    local kept = state_of(net[4].weight)
    check.that(next(kept) and kept.steps == 1)
    net:replace("2", nn.Linear(3, 3))
    net:remove("0")
    net:insert("0", nn.Linear(2, 3, {bias = false}))
    local came, went = opt:follow(net)
    check.equal({came, went, #opt.groups[1].params}, {3, 4, 5})
    check.equal(state_of(net[4].weight), kept)
    check.equal(state_of(net[1].weight).steps, 0)
    check.equal({opt:follow(net)}, {0, 0})
    step()
    check.equal({state_of(net[1].weight).steps, state_of(net[4].weight).steps}, {1, 2})
    opt:load_state_dict(opt:state_dict())
  end
end)

check.case("follow: frozen and left out parameters do not join; groups keep their options", function()
  local net = nn.Sequential {nn.Linear(2, 2), nn.Linear(2, 2)}
  local opt = optim.SGD({{params = {net[1].weight}, lr = 0.5}, {params = {net[2].weight}, lr = 0.1}})
  net[1].bias.requires_grad = false
  check.equal({opt:follow(net, {leave = {net[2].bias}})}, {0, 0})
  net:replace("0", nn.Linear(2, 2, {bias = false}))
  check.equal({opt:follow(net, {leave = {net[2].bias}})}, {1, 1})
  check.equal({#opt.groups[1].params, #opt.groups[2].params}, {0, 2})
  check.that(opt.groups[2].params[2] == net[1].weight)
  net(rm.randn(3, 2)):sum():backward()
  opt:step()
  check.error(function() opt:follow(nn.ReLU()) end, "follow: the network has no parameter to train")
  check.error(function() opt:follow({}) end, "follow: expected a module or layer, got a table")
  check.equal(#opt.groups[2].params, 2)
end)

check.case("training goes on after a change, and the loss keeps falling", function()
  rm.manual_seed(1)
  local net = net20()
  local x, y = rm.data.shapes10({train = true, size = 16, seed = 1}):batch(16)
  x = (x:float() - 128) / 64
  local opt = optim.SGD(net:parameters(), {lr = 0.05, momentum = 0.9})
  local function train(n)
    local loss
    for _ = 1, n do
      opt:zero_grad()
      loss = net(x):cross_entropy(y)
      loss:backward()
      opt:step()
    end
    return loss:item()
  end
  local before = train(12)
  net:remove("layer3.2")
  net:replace("layer1.1.conv2", nn.Conv2d(4, 4, 5, {padding = 2, bias = false}))
  net:insert("layer2.1", nn.Dropout(0))
  opt:follow(net)
  check.that(train(25) < 0.7 * before)
end)
