--- What interrupt_test.lua has the program do, and what must be true after each Ctrl-C.
--
-- It runs inside the program, and gives the user's side two globals: work(NAME), which begins a piece of
-- work that does not end by itself, and intact(N), which prints "intact N" if all that was there before is
-- as it was.
local rm = require "resmoon"
local nn, optim, plot, sys = rm.nn, rm.optim, rm.plot, rm.sys

local folder = arg[1]
rm.manual_seed(1)

-- Things that no work writes into: their sums must stay.
local kept = {}
for i = 1, 20 do kept[i] = rm.randn(100, 10 * i) end
local net = rm.models.resnet20()
local function sums()
  local list = {}
  for i, t in ipairs(kept) do list[i] = t:sum():item() end
  for _, p in ipairs(net:parameters()) do list[#list + 1] = p:sum():item() end
  return list
end
local before = sums()

-- Things that work writes into, all or nothing: every element counts the steps.
local weights = {}
for i = 1, 4 do weights[i] = rm.zeros(300, 1000 * i, {requires_grad = true}) end
local sgd = optim.SGD(weights, {lr = 1})
local counted = {}
for i = 1, 4 do counted[i] = rm.zeros(1000, 500 * i, {requires_grad = true}) end
for _, t in ipairs(weights) do t.grad = rm.ones(table.unpack(t.shape)) end
for _, t in ipairs(counted) do t.grad = rm.zeros(table.unpack(t.shape)) end
local bn = nn.BatchNorm2d(64)
local bn_input = rm.ones(16, 64, 32, 32)
bn_input[{{1, 8}}] = 3
local moved = rm.zeros(2000, 1000)

-- Whether all elements of all tensors are one number; gives it.
local function uniform(what, tensors)
  local first
  for i, t in ipairs(tensors) do
    local low, high = t:min():item(), t:max():item()
    first = first or low
    if low ~= high or low ~= first then
      error(("%s: tensor %d has elements from %.9g to %.9g, the first has %.9g"):format(what, i, low, high, first), 0)
    end
  end
  return first
end

local x, w, image_net = rm.randn(32, 32, 64, 64), rm.randn(64, 32, 3, 3), nn.Conv2d(16, 64, 5, {stride = 2})
local images = rm.randn(64, 16, 64, 64)
local a, b = rm.randn(1500, 1500), rm.randn(1500, 1500)
local long, tall = rm.randn(300, 40000), rm.randn(40000, 300)
local batch, labels = rm.randn(32, 3, 32, 32), rm.randint(1, 10, {32})
local shapes = rm.data.shapes10 {train = true, size = 500}
local file, state = folder .. "/state.safetensors", {weight = rm.arange(200000)}
rm.save(file, state)
for i = 1, 4 do rm.data.write_png(("%s/%d.png"):format(folder, i), (rm.rand(3, 200, 200) * 255):to("uint8")) end
local paths = {}
for i = 1, 200 do paths[i] = ("%s/%d.png"):format(folder, i % 4 + 1) end

local function forever(step) while true do step() end end
local numbers = {}
for i = 1, 300000 do numbers[i] = i end
-- Whether numbers are still 1 .. n, in some order.
local function permuted()
  local seen = {}
  for i, n in ipairs(numbers) do
    if seen[n] or not (n >= 1 and n <= 300000) then error(("number %d is %s, again"):format(i, n), 0) end
    seen[n] = true
  end
  if #numbers ~= 300000 then error(#numbers .. " numbers are left", 0) end
end
local function with_method(name, f)
  local restored <close> = setmetatable({}, {__close = function() rm.conv_method(nil) end})  -- luacheck: ignore
  rm.conv_method(name)
  f()
end
local works = {
  lua = function() local n = 0 while true do n = n + 1 end end,
  calls = function() forever(function() return ("x"):rep(10):upper() end) end,
  coroutine = function() forever(coroutine.wrap(function() forever(function() coroutine.yield() end) end)) end,
  winograd = function() forever(function() rm.conv2d(x, w, nil, {padding = 1}) end) end,
  direct = function() forever(function() image_net(images) end) end,
  im2col = function()
    with_method("im2col", function() forever(function() rm.conv2d(x, w, nil, {stride = 2}) end) end)
  end,
  naive = function()
    with_method("naive", function() rm.conv2d(x, w, nil, {padding = 1}) end)
  end,
  matmul = function() forever(function() return a:matmul(b) end) end,
  deep = function() forever(function() return long:matmul(tall) end) end,
  huge = function() local h = rm.ones(6000, 6000) return h:matmul(h):matmul(h) end,
  pointwise = function() forever(function() return (x:exp() + x):sigmoid():sum() end) end,
  sort = function() forever(function() return a:sort(2) end) end,
  random = function() forever(function() return rm.randn(2000, 2000) end) end,
  backward = function() forever(function() net(batch):cross_entropy(labels) end) end,
  gradients = function()
    forever(function()
      local loss = 0
      for _, t in ipairs(counted) do loss = loss + t:sum() end
      loss:backward()
    end)
  end,
  optimizer = function() forever(function() sgd:step() end) end,
  running = function() forever(function() bn(bn_input):relu() end) end,
  inplace = function() forever(function() moved:add_(1) end) end,
  training = function()
    local copy = rm.models.resnet20()
    local adam = optim.Adam(copy:parameters(), {lr = 1e-3})
    forever(function()
      adam:zero_grad()
      copy(batch):cross_entropy(labels):backward()
      adam:step()
    end)
  end,
  draw = function() forever(function() rm.data.shapes10 {train = true, size = 3000} end) end,
  load = function() forever(function() rm.imaging.read_images(paths, 3, rm.data.transforms.cover(200)) end) end,
  batches = function()
    forever(function()
      for _ in rm.data.Loader(shapes, {batch_size = 50, augment = true}):epoch(1) do end
    end)
  end,
  save = function() forever(function() rm.save(file, state) end) end,
  caught = function()
    local function inner() forever(function() pcall(xpcall, function() rm.randn(10) end, print) end) end
    forever(function() pcall(inner) end)
  end,
  handler = function() forever(function() xpcall(error, function() forever(function() end) end) end) end,
  resumed = function()
    local function inner() forever(function() pcall(rm.randn, 300) end) end
    forever(function() coroutine.resume(coroutine.create(inner)) end)
  end,
  closed = function()
    forever(function()
      local endless = {__close = function() forever(function() end) end}
      local thread = coroutine.create(function()
        local _ <close> = setmetatable({}, endless)
        coroutine.yield()
      end)
      coroutine.resume(thread)
      coroutine.close(thread)
    end)
  end,
  finalizer = function()
    setmetatable({}, {__gc = function() forever(function() end) end})
    forever(collectgarbage)
  end,
  loading = function() forever(function() load(function() forever(function() end) end) end) end,
  pattern = function() forever(function() pcall(string.find, ("a"):rep(100), (".-"):rep(40) .. "b") end) end,
  gmatch = function() return ("a"):rep(100):gmatch((".*"):rep(40) .. "b")() end,
  gsub = function() return (("a"):rep(100):gsub(("(a-)"):rep(30) .. "b", print)) end,
  set = function() return ("a"):rep(1e6):find("[" .. ("b"):rep(1e6) .. "]") end,
  balance = function() return ("("):rep(1e6):find("%b()") end,
  sorting = function()
    forever(function()
      local mixed = {}
      for i = 1, 300000 do mixed[i] = i * 7919 % 300000 + 1 end
      numbers = mixed
      table.sort(numbers)
    end)
  end,
  moving = function() table.move({}, 1, 1 << 60, 2) end,
  inserting = function() table.insert(setmetatable({}, {__len = function() return 1 << 60 end}), 1, 1) end,
  repeating = function() forever(function() return ("ab"):rep(5e8) end) end,
  joining = function()
    local list = {}
    for i = 1, 1e6 do list[i] = "element" end
    forever(function() return table.concat(list, ", ") end)
  end,
  sleep = function() sys.sleep(1000) end,
  program = function() sys.run({"sleep", "1000"}) end,
  plot = function()
    local figure = folder .. "/figure.png"
    forever(function() plot.lines({{1, 4, 2, 8, 5, 7}}, {file = figure}) end)
  end,
}

local names = {}
for name in pairs(works) do names[#names + 1] = name end
table.sort(names)

local ended   -- the first work that ended by itself: an interrupt is not caught by pcall

function work(name)  -- luacheck: globals work
  io.write("running ", name, "\n")
  io.flush()
  local ok, message = pcall(works[name])
  ended = ended or ("the work %s ended by itself: %s"):format(name, ok and "without an error" or tostring(message))
  error(ended, 0)
end

function intact(n)  -- luacheck: globals intact
  if ended then error(ended, 0) end
  local now = sums()
  for i, sum in ipairs(before) do
    if now[i] ~= sum then error(("sum %d was %.9g, is %.9g"):format(i, sum, now[i]), 0) end
  end
  uniform("optimizer", weights)
  local grads = {}
  for i, t in ipairs(counted) do grads[i] = t.grad end
  uniform("gradients", grads)
  uniform("running mean", {bn.running_mean})
  uniform("running variance", {bn.running_var})
  uniform("in place", {moved})
  if rm.load(file).weight:sum():item() ~= state.weight:sum():item() then error("the file is damaged", 0) end
  permuted()
  if rm.conv_method() then error("conv_method: " .. rm.conv_method(), 0) end
  collectgarbage()
  collectgarbage()
  print(("intact %d, %d tensors, %d MB"):format(n, rm.live_tensors(), sys.rss() // 1e6))
end

print("works: " .. table.concat(names, " "))
