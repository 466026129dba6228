--- Many processes that work together: what mpirun started.
--
--     mpirun -n 4 resmoon script.lua     -- a script of your own, with rm.dist; commands (resmoon train) refuse
--
-- Two calls make a loop of your own parallel, where each process has its share of the images:
--
--     rm.dist.broadcast(net)              -- before it: everybody begins with the weights of process 0
--     loss:backward()
--     rm.dist.average_gradients(net)      -- after backward: the mean over all processes
--
-- Without mpirun there is one process, of rank 0, and everything here does what it says for one. Open MPI or MPICH do
-- the work (Debian: libopenmpi-dev, libmpich-dev, when ResMoon is built). All processes call the same functions, in the
-- same order: whoever calls barrier() alone waits for the others, RESMOON_DIST_TIMEOUT seconds (600) at most. A process
-- that ends with an error ends all.
--
-- Sums are added up in one fixed order, so that they are the same bits in every run and on every process: neighbours
-- first, ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)).
-- Topic: rm.dist
local core    = require "resmoon.core"
local fail    = require "resmoon.base.fail"
local is      = require "resmoon.base.is"
local library = require "resmoon.base.library"
local Module  = require "resmoon.nn.module"

local world = core.world
local dist = {}

--- Which of the processes this is, and how many there are.
-- Call: rm.dist.rank() -> number
-- Call: rm.dist.size() -> number
-- Units: ranks count from 0, as MPI has them; process 0 is the one that prints.
-- Errors: none.
-- Example:
--   > rm.dist.rank(), rm.dist.size()
--   0  1
function dist.rank() return world.rank() end
function dist.size() return world.size() end

--- The same among the processes of this computer.
-- Call: rm.dist.local_rank() -> number
-- Call: rm.dist.local_size() -> number
-- Errors: none.
-- Example:
--   > rm.dist.local_rank(), rm.dist.local_size()
--   0  1
function dist.local_rank() return world.local_rank() end
function dist.local_size() return world.local_size() end

--- What carries the messages: the name and version of the MPI library; nil for one process.
-- Call: rm.dist.library() -> string or nil
-- Errors: none.
-- Example:
--   > rm.dist.library()
--   nil
function dist.library()
  local name = world.library()
  return name ~= "" and name or nil
end

--- Waits until all processes are here.
-- Call: rm.dist.barrier() -> nothing
-- Errors: a process that does not come for RESMOON_DIST_TIMEOUT seconds.
-- Example:
--   > rm.dist.barrier()
function dist.barrier() world.barrier() end

-- The tensors of a module, by name: float32 alone where `floats`.
local function tensors_of(x, floats)
  local state, list = x:state_dict(), {}
  for _, name in ipairs(state) do
    if not floats or state[name].dtype == "float32" then list[#list + 1] = state[name] end
  end
  return list
end

local function expected(name, x)
  local what = type(x) == "table" and "a table" or "a " .. type(x)
  fail("dist.%s: argument 1 is %s, expected a tensor, a module or a number", name, x == nil and "nil" or what)
end

-- Raises unless every process has the same `text`, which says what is about to be done.
local function agree(name, text)
  if world.size() == 1 then return end
  local digest = core.sha256():update(text):digest()
  for r, other in ipairs(world.gather(digest)) do
    if other ~= digest then
      fail("dist.%s: process %d has %s, and process %d has something else", name, world.rank(), text, r - 1)
    end
  end
end

local function described(list)
  local text = {}
  for i, t in ipairs(list) do text[i] = ("%s (%s)"):format(t.dtype, table.concat(t.shape, ", ")) end
  return #text > 4 and ("%d tensors, %s"):format(#text, table.concat(text, "; ")) or table.concat(text, "; ")
end

-- Calls f(t) with memory of t's elements that may be written, without the tape.
local function in_place(t, f)
  core.no_grad(function()
    if t:is_contiguous() then return f(t) end
    local own = t:contiguous()
    f(own)
    t:copy_(own)
  end)
end

--- What process `root` has, for everybody: a tensor or the parameters and buffers of a module, in place; a number or a
-- string.
-- Call: rm.dist.broadcast(x, root = 0) -> x
-- Shapes: of x; the same on every process.
-- Errors: a root that there is not; shapes or types that differ.
-- Example:
--   > rm.dist.broadcast(rm.tensor {1, 2})
--   [1., 2.]  float32 (2)
function dist.broadcast(x, root)
  root = root or 0
  if not is.whole(root, 0) or root >= world.size() then
    fail("dist.broadcast: root is %s, expected a process, 0 to %d", root, world.size() - 1)
  end
  if is.tensor(x) or Module.is_module(x) then
    local list = is.tensor(x) and {x} or tensors_of(x)
    agree("broadcast", described(list))
    for _, t in ipairs(list) do in_place(t, function(own) world.broadcast(own, root) end) end
    return x
  elseif type(x) == "number" or type(x) == "string" then
    return dist.gather(x)[root + 1]
  end
  expected("broadcast", x)
end

local ops = {sum = true, mean = true, max = true}

-- In place. The mean of whole numbers is none.
local function reduce(t, op)
  in_place(t, function(own)
    world.all_reduce(own, op == "mean" and "sum" or op)
    if op == "mean" then own:div_(world.size()) end
  end)
end

--- The sum, the mean or the largest over all processes: of a tensor, element by element, or of a number, as a new one;
-- of the parameters and float32 buffers of a module, in place.
-- Call: rm.dist.all_reduce(x, op = "sum") -> tensor, number or module
-- Shapes: of x; the same on every process.
-- Options: op is "sum", "mean" or "max"
-- Errors: another op; uint8; the mean of int64; shapes or types that differ.
-- Example:
--   > rm.dist.all_reduce(rm.tensor {1, 2}, "mean"), rm.dist.all_reduce(3)
--   [1., 2.]  float32 (2)  3
function dist.all_reduce(x, op)
  op = op or "sum"
  if not ops[op] then fail('dist.all_reduce: op is %s, expected "sum", "mean" or "max"', op) end
  if type(x) == "number" then
    local values = dist.gather(x)
    if op == "max" then return math.max(table.unpack(values)) end
    local step = 1
    while step < #values do
      for i = 1, #values - step, 2 * step do values[i] = values[i] + values[i + step] end
      step = 2 * step
    end
    return op == "mean" and values[1] / world.size() or values[1]
  elseif Module.is_module(x) then
    local list = tensors_of(x, true)
    agree("all_reduce", described(list))
    for _, t in ipairs(list) do reduce(t, op) end
    return x
  elseif not is.tensor(x) then
    expected("all_reduce", x)
  end
  if x.dtype == "uint8" then fail("dist.all_reduce: x is uint8, expected float32 or int64") end
  if op == "mean" and x.dtype ~= "float32" then fail("dist.all_reduce: the mean of %s, expected float32", x.dtype) end
  agree("all_reduce", described {x})
  local y = x:detach():clone()
  reduce(y, op)
  return y
end

--- What every process has, as a list in the order of ranks, on each of them: of a tensor, of the state of a module, of
-- a number or a string.
-- Call: rm.dist.gather(x) -> list
-- Shapes: of x; the same on every process.
-- Errors: shapes or types that differ.
-- Example:
--   > #rm.dist.gather(rm.zeros(2, 3)), rm.dist.gather(rm.dist.rank())[1]
--   1  0
function dist.gather(x)
  local list = {}
  if type(x) == "number" or type(x) == "string" then
    local packed = string.pack("s8", type(x) == "string" and "s" .. x or math.type(x) == "integer" and
                               "i" .. string.pack("j", x) or "f" .. string.pack("n", x))
    local most = 0   -- strings may differ in length
    for _, length in ipairs(world.gather(string.pack("j", #packed))) do
      most = math.max(most, (string.unpack("j", length)))
    end
    for r, text in ipairs(world.gather(packed .. ("\0"):rep(most - #packed))) do
      local value = string.unpack("s8", text)
      local kind, rest = value:sub(1, 1), value:sub(2)
      if kind == "s" then list[r] = rest else list[r] = (string.unpack(kind == "i" and "j" or "n", rest)) end
    end
  elseif is.tensor(x) then
    agree("gather", described {x})
    for r = 1, world.size() do
      list[r] = x:detach():clone()
      in_place(list[r], function(own) world.broadcast(own, r - 1) end)
    end
  elseif Module.is_module(x) then
    local state = x:state_dict()
    for r = 1, world.size() do list[r] = {} end
    for i, name in ipairs(state) do
      for r, t in ipairs(dist.gather(state[name])) do list[r][i], list[r][name] = name, t end
    end
  else
    expected("gather", x)
  end
  return list
end

--- After backward: the gradient of every parameter becomes its mean over all processes. Where each process took the
-- mean loss of equally many images, that is the gradient of the mean over all of them.
-- Call: rm.dist.average_gradients(net) -> nothing
-- Errors: raises for what is no module, and where processes have gradients of different parameters.
-- Example:
--   > net = nn.Linear(2, 1)
--   > net(rm.ones(1, 2)):sum():backward()
--   > rm.dist.average_gradients(net)
--   > net.weight.grad
--   [[1., 1.]]  float32 (1, 2)
function dist.average_gradients(net)
  if not Module.is_module(net) then fail("dist.average_gradients: argument 1 is %k, expected a module", net) end
  local grads, names = {}, {}
  for _, p in ipairs(net:parameters()) do
    grads[#grads + 1] = p.grad
    names[#names + 1] = p.grad and "1" or "0"
  end
  if world.size() == 1 then return end
  agree("average_gradients", ("gradients of parameters %s: %s"):format(table.concat(names), described(grads)))
  for _, g in ipairs(grads) do reduce(g, "mean") end
end

return library("rm.dist", dist)
