--- What soak.lua has the program do at its prompt, again and again: round(N) does one of each, one of what rarer.lua
-- lists, and notes what the process holds. Once all of rarer.lua has had its turn, what tensors left to be used again
-- goes back to the system first: what is resident then is what somebody holds.
--
--     resmoon -i tests/soak/work.lua FOLDER      (samples go to FOLDER/samples)
local rm = require "resmoon"
local rarer = dofile(arg[0]:match "^.*/" .. "rarer.lua")
local folder = arg[1]
local began = os.time()

local net = rm.models.lenet5 {input = {3, 32, 32}}
local test = rm.data.shapes10 {size = 50, train = false}

local function caught(pattern, f, ...)
  local ok, message = pcall(f, ...)
  if ok or not tostring(message):find(pattern, 1, true) then
    error(("expected an error with %q, got %s"):format(pattern, tostring(message)), 0)
  end
end

local works = {
  function(n)  -- a run: trained, evaluated, taken up again
    local run = ("%s/run%d"):format(folder, n % 2)
    os.execute("rm -rf '" .. run .. "'")
    rm.train.run({model = "lenet5", data = "shapes10", train_size = 60, test_size = 20, epochs = 1, batch_size = 20,
                  seed = n}, {folder = run, progress = false})
  end,
  function()
    local loader = rm.data.Loader(rm.data.shapes10 {size = 60}, {batch_size = 20, shuffle = true, augment = true})
    local sgd = rm.optim.SGD(net:parameters(), {lr = 0.01, momentum = 0.9})
    for x, y in loader:epoch(1) do
      sgd:zero_grad()
      net(x):cross_entropy(y):backward()
      sgd:step()
    end
  end,
  function() rm.train.evaluate(net, rm.data.Loader(test, {batch_size = 25})) end,
  function(n) rm.plot.lines({{1, 4, 2, n % 7}}, {file = folder .. "/figure.png"}) end,
  function()
    rm.save(folder .. "/w.safetensors", net:state_dict())
    net:load_state_dict(rm.load(folder .. "/w.safetensors"))
  end,
  function()
    caught("matmul", function() return rm.ones(2, 3):matmul(rm.ones(2, 3)) end)
    caught("absent", rm.load, folder .. "/absent.safetensors")
    caught("unknown option", rm.nn.Conv2d, 1, 1, 1, {surprise = 1})
    rm.write_atomic(folder .. "/cut.safetensors", "\x20\0\0\0\0\0\0\0{\"w\":")
    caught("cut.safetensors", rm.load, folder .. "/cut.safetensors")
    caught("out of memory", function() return rm.zeros(1 << 40) end)
  end,
  function(n)
    rm.data.write_png(folder .. "/x.png", (rm.rand(3, 40 + n % 9, 30) * 255):to("uint8"))
    rm.imaging.read_images({folder .. "/x.png"}, 3, rm.data.transforms.cover(20))
  end,
  function() rm.sys.run {"true"} end,
}

local function noted(n, what, work, ...)
  local ok, message = pcall(work, ...)
  if ok then return end
  local file <close> = assert(io.open(folder .. "/failures", "a"))
  file:write(("round %d, %s: %s\n"):format(n, what, tostring(message)))
end

function round(n)  -- luacheck: globals round
  for i, work in ipairs(works) do noted(n, "work " .. i, work, n) end
  local i = n % #rarer + 1
  noted(n, "rarer work " .. i, rarer[i], folder, n)
  collectgarbage()
  collectgarbage()
  local cached, trimmed = rm.memory().cached, n % #rarer == 0
  if trimmed then rm.trim_memory() end
  local file <close> = assert(io.open(folder .. "/samples", "a"))
  file:write(("%d %d %d %d %d %d\n"):format(os.time() - began, rm.sys.rss(), #rm.sys.list "/proc/self/fd",
    rm.live_tensors(), cached, trimmed and 1 or 0))
end
