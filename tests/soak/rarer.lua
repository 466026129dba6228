--- What the soak does in turn, one of them in each round: what deep networks, data, explanations and runs have that
-- the works of every round do not touch.
--
-- Each is called with the FOLDER to write to and the number of the round, and leaves nothing behind that is not in it.
local rm = require "resmoon"
local nn, optim, data, explain = rm.nn, rm.optim, rm.data, rm.explain

local shapes = data.shapes10 {size = 40}
local net = rm.models.resnet20 {width = 4}
local quiet = {progress = false}

local function step(network, x, y, optimizer)
  optimizer:zero_grad()
  local loss = network(x):cross_entropy(y)
  loss:backward()
  optimizer:step()
  return loss:item()
end

local function steps(network, optimizer, options, between)
  for x, y in data.Loader(shapes, options):epoch(1) do
    step(network, x, y, optimizer)
    if between then between(x, y) end
  end
end

return {
  function(_, n)  -- a residual network, with one thread and with two, and an average of its weights
    rm.set_num_threads(1 + n // 16 % 2)
    local ema = optim.EMA(net, {decay = 0.9})
    steps(net, optim.SGD(net:parameters(), {lr = 0.01, momentum = 0.9}), {batch_size = 10}, function() ema:update() end)
    ema:apply(function() rm.train.evaluate(net, data.Loader(shapes, {batch_size = 20})) end)
  end,
  function()  -- a network that is built, trained by Adam in parts that are computed again, and dropped
    local own = rm.models.resnet20 {width = 4, norm = "group"}
    for _, block in ipairs(own.layer2) do nn.checkpoint(block) end
    steps(own, optim.Adam(own:parameters(), {lr = 1e-3}), {batch_size = 20})
  end,
  function()  -- epochs that are left in their middle, while images are being prepared
    for i = 1, 5 do
      local taken = 0
      for _ in data.Loader(shapes, {batch_size = 5, shuffle = true, augment = true}):epoch(i) do
        taken = taken + 1
        if taken == 2 then break end
      end
    end
  end,
  function()  -- images that are mixed
    local sgd = optim.SGD(net:parameters(), {lr = 0.01})
    for x, y in data.Loader(shapes, {batch_size = 20}):epoch(1) do
      for _, mixed in ipairs {data.mixup, data.cutmix} do
        local blend, labels, mix = mixed(x, y)
        sgd:zero_grad()
        local scores = net(blend)
        data.mixed_loss(function(wanted) return scores:cross_entropy(wanted) end, labels, mix):backward()
        sgd:step()
      end
    end
  end,
  function()  -- hooks: one that uses the tensor it is of, one that fails, one that a graph never calls
    local w = rm.randn(20, 20, {requires_grad = true})
    w:register_hook(function(g) return g + w * 0 end);
    (w * w):sum():backward()
    w:register_hook(function() error("mine", 0) end)
    local ok, why = pcall(function() (w * 2):sum():backward() end)
    if ok or not tostring(why):find("mine", 1, true) then error("the hook did not fail: " .. tostring(why), 0) end
    local seen <close> = net.layer1:register_forward_hook(function(_, _, y) return y * 1 end)  -- luacheck: ignore
    net(rm.randn(2, 3, 32, 32))
  end,
  function(folder, n)  -- a run that is taken up, hashed, loaded and drawn
    local run = ("%s/again%d"):format(folder, n % 2)
    os.execute("rm -rf '" .. run .. "'")
    rm.train.run({model = "mlp", data = "shapes10", train_size = 40, test_size = 20, epochs = 1, batch_size = 20,
                  schedule = "constant", seed = n}, {folder = run, progress = false})
    rm.train.resume(run, {epochs = 2}, quiet)
    rm.train.load(run)
    rm.train.hash(run)
    rm.plot.curves({run}, {file = folder .. "/curves.png"})
  end,
  function(folder)  -- a search
    os.execute("rm -rf '" .. folder .. "/search'")
    rm.search.run {settings = {model = "mlp", train_size = 40, test_size = 20, epochs = 1},
                   folder = folder .. "/search", population = 2, generations = 2, progress = false}
  end,
  function() explain.landscape(net, shapes, {grid = 3, images = 20, progress = false}) end,
  function()
    local x = shapes:batch({1, 2, 3, 4}):normalize(shapes.mean, shapes.std)
    explain.gradcam(net, x)
    explain.saliency(net, x)
  end,
  function() explain.features(net, shapes, {iterations = 10, images = 20}) end,
  function() explain.lesions(net, shapes, {images = 20, draws = 1, samples = 1, swaps = 1, path_images = 4}) end,
  function(folder)  -- pictures of images and weights
    rm.plot.images(shapes:batch {1, 2, 3, 4}, {file = folder .. "/images.png"})
    rm.plot.filters(net, {file = folder .. "/filters.png"})
  end,
  function()  -- a search for the rate, after which all is as it was
    local loader = data.Loader(shapes, {batch_size = 20, shuffle = true})
    rm.train.lrfind(net, optim.SGD(net:parameters()), loader, {steps = 10})
  end,
  function(folder)  -- a folder of images, and a file that is none
    for i, class in ipairs {"cat", "dog"} do
      rm.sys.mkdir_p(folder .. "/pets/" .. class)
      data.write_png(("%s/pets/%s/1.png"):format(folder, class), rm.full({3, 8, 8}, i * 40, "uint8"))
    end
    local pets = data.folder(folder .. "/pets", {size = 8})
    for _ in data.Loader(pets, {batch_size = 1}):epoch(1) do end
    rm.write_atomic(folder .. "/broken.png", "\x89PNG\r\n\x1a\nno more")
    if pcall(data.read_image, folder .. "/broken.png") then error("a broken picture was read", 0) end
  end,
  function()  -- what is measured, and what is computed in the background of several values
    rm.profile.start()
    local x = rm.randn(64, 64, {requires_grad = true});
    (x:matmul(x):relu():softmax(2) + x:sort(1)):sum():backward()
    rm.profile.stop()
    rm.metrics.confusion(2):add({1, 2, 2}, {1, 1, 2}):total()
  end,
  function()  -- coroutines that are dropped in their middle, copies, and views that outlive what they are of
    for _ = 1, 20 do
      local thread = coroutine.wrap(function()
        local held = rm.randn(50, 50)
        coroutine.yield((held[1] * held):sum())
      end)
      thread()
    end
    net:clone()
  end,
}
