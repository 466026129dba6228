--- Finalizers called by hand: with something else they are errors; what they have closed is an error to use.
local check = require "support.check"
local rm    = require "resmoon"

-- Every metatable of ours, by name.
local function metatables()
  local found = {}
  for name, value in pairs(debug.getregistry()) do
    if type(name) == "string" and name:find "^resmoon%." and type(value) == "table" then found[name] = value end
  end
  return found
end

local function objects()
  local x = rm.ones(2, 3)
  local file = os.tmpname()
  local list = {
    tensor = x + 1, layer = rm.nn.Conv2d(1, 2, 3), bn = rm.nn.BatchNorm2d(2), hash = rm.sha256 "abc",
    waiting = rm.no_grad(function() return rm.nn.BatchNorm2d(2)(rm.ones(1, 2, 3, 3)) end),
    lock = rm.sys.lock(file .. ".lock"), process = rm.sys.spawn({"cat"}, {quiet = true}),
    generator = rm.generator(1), hook = rm.ones(2, {requires_grad = true}):register_hook(print),
  }
  os.remove(file)
  return list
end

local others = {0, "word", true, {}, print, io.stdout, coroutine.create(print)}

check.case("a finalizer refuses what is not its own", function()
  local list, tried = objects(), 0
  for name, meta in pairs(metatables()) do
    for _, field in ipairs {"__gc", "__close"} do
      local finalize = rawget(meta, field)
      if finalize then
        local given = {table.unpack(others)}
        for _, object in pairs(list) do
          if debug.getmetatable(object) ~= meta then given[#given + 1] = object end
        end
        for _, value in ipairs(given) do
          local ok, message = pcall(finalize, value)
          tried = tried + 1
          check.that(not ok and type(message) == "string" and message:find "expected",
                     ("%s.%s(%s): %s"):format(name, field, type(value), tostring(message)))
        end
        check.that(not pcall(finalize), name .. "." .. field .. "() without an argument")
      end
    end
  end
  check.that(tried > 100, "only " .. tried .. " calls were tried")
end)

check.case("what was closed by hand is an error to use, and can be closed again", function()
  local list = objects()
  for name, object in pairs(list) do
    local meta = debug.getmetatable(object)
    local finalize = rawget(meta, "__gc") or rawget(meta, "__close")
    if finalize then
      finalize(object)
      finalize(object)
      local methods = {}
      for _, from in ipairs {meta, meta.methods or {}, type(meta.__index) == "table" and meta.__index or {},
                             name == "layer" and rm.layer_methods or {}} do
        for key, f in pairs(from) do
          if type(f) == "function" and key ~= "__gc" and key ~= "__close" then methods[key] = f end
        end
      end
      for key, f in pairs(methods) do
        pcall(f, object)            -- must return, whatever it gives
        pcall(f, object, 1)
        pcall(f, object, object)
        pcall(f, rm.ones(2, 3), object)
        if type(key) == "string" and name == "tensor" and key ~= "__name" then
          local ok, message = pcall(f, object)
          check.that(not ok, "a closed tensor has done " .. key)
          check.that(type(message) ~= "string" or not message:find "got tensor", key .. ": " .. tostring(message))
        end
      end
    end
  end
  local x = rm.ones(2)
  debug.getmetatable(x).__gc(x)
  check.error(function() return x + 1 end, "this tensor was closed: its __gc was called")
  local layer = rm.nn.Linear(2, 2)
  debug.getmetatable(layer).__gc(layer)
  check.error(function() return layer(rm.ones(2)) end, "this layer was closed: its __gc was called")
  local hash = rm.sha256 "abc"
  debug.getmetatable(hash).__gc(hash)
  check.error(function() return hash:digest() end, "this hash was closed: its __gc was called")
end)

check.case("a profile can be stopped twice, and names outlive their functions", function()
  rm.profile.start()
  local _ = rm.ones(2, 2):matmul(rm.ones(2, 2))
  local first = rm.profile.stop()
  for _ = 1, 3 do collectgarbage() end
  local again = rm.profile.stop()
  check.equal(#again, #first)
  for i, entry in ipairs(first) do
    check.equal(again[i].name, entry.name)
    check.equal(again[i].calls, entry.calls)
  end
end)

check.case("a leaf whose hook uses it goes with the graph that held it last, without a backward", function()
  collectgarbage()
  collectgarbage()
  local before = rm.live_tensors()
  local function graph()
    local w = rm.randn(3, 3, {requires_grad = true})
    w:register_hook(function(g) return g * w end)
    return w * 2
  end
  local y = graph()
  collectgarbage()  -- the box of w goes, its tensor is the graph's
  collectgarbage()
  check.equal(y.shape, {3, 3})
  y = nil  -- luacheck: ignore
  collectgarbage()
  collectgarbage()
  check.equal(rm.live_tensors() - before, 0)
end)
