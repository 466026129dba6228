--- rm.dist: in one process, and in some that mpirun has started, with each MPI library that is there.
local check   = require "support.check"
local mpirun  = require "support.mpirun"
local program = require "support.program"
local rm      = require "resmoon"

local dist = rm.dist

local function libraries()
  local list = mpirun.libraries()
  if #list == 0 then check.skip "no MPI library is installed (libopenmpi-dev, libmpich-dev)" end
  return list
end

check.case("only so many exchanges as there can be are timed", function()
  local time = require("resmoon.core").world.time
  check.error(function() time(1, -8) end, "dist: 1 exchanges of %-8 bytes, expected numbers from 0")
  check.error(function() time(65, 8) end, "dist: 65 exchanges at once, expected at most 64")
  check.error(function() time(1, math.maxinteger) end, "dist: no memory for")
  check.that(time(2, 8) >= 0)
end)

check.case("one process is a world", function()
  check.equal({dist.rank(), dist.size(), dist.local_rank(), dist.local_size()}, {0, 1, 0, 1})
  check.equal(dist.library(), nil)
  dist.barrier()
  local x = rm.tensor {3, 4}
  check.equal(dist.broadcast(x):totable(), {3, 4})
  for _, op in ipairs {"sum", "mean", "max"} do
    check.equal(dist.all_reduce(x, op):totable(), {3, 4})
    check.equal(dist.all_reduce(5, op), 5)
  end
  check.equal(#dist.gather(x), 1)
  check.equal(dist.gather "a", {"a"})
end)

check.case("what is wrong is said before anything is sent", function()
  check.error(function() dist.all_reduce(rm.ones(2), "product") end, 'op is product, expected "sum", "mean" or "max"')
  check.error(function() dist.all_reduce(rm.ones(2):byte()) end, "dist.all_reduce: x is uint8")
  check.error(function() dist.all_reduce(rm.ones(2):long(), "mean") end, "the mean of int64")
  check.error(function() dist.all_reduce {} end, "argument 1 is a table, expected a tensor, a module or a number")
  check.error(function() dist.broadcast(rm.ones(2), 1) end, "root is 1, expected a process, 0 to 0")
  check.error(function() dist.average_gradients(rm.ones(2)) end, "argument 1 is a tensor, expected a module")
end)

-- Run by every process; each check raises, which ends all with a failure.
local CALLS = [=[
local dist, r, n = rm.dist, rm.dist.rank(), rm.dist.size()
local function same(a, b) if not rm.allclose(a, b, {rtol = 0, atol = 0}) then error(tostring(a) .. tostring(b)) end end
-- Long and short tensors, lengths that the processes do not divide, in every layout.
for _, length in ipairs {1, 3, 1000, 5003} do
  local x = rm.arange(length) * (r + 1)
  same(dist.all_reduce(x), rm.arange(length) * (n * (n + 1) // 2))
  same(dist.all_reduce(x, "max"), rm.arange(length) * n)
  same(dist.all_reduce(x, "mean"), rm.arange(length) * ((n + 1) / 2))
  same(x, rm.arange(length) * (r + 1))
  same(dist.all_reduce(x:long()), (rm.arange(length) * (n * (n + 1) // 2)):long())
end
local most = dist.all_reduce(rm.full({3}, math.maxinteger, "int64"))
assert(most[3]:item() == math.maxinteger * n, "a sum of int64 wraps")
local wide = rm.full({4, 6}, r):t()
same(dist.all_reduce(wide), rm.full({6, 4}, n * (n - 1) // 2))
-- A sum is one tree: not what adding up in order gives.
local values = {1e8, 1, -1e8, 1, 3e7, 5, -3e7, 7}
local tree = {}
for i = 1, n do tree[i] = rm.tensor {values[i]} end
local step = 1
while step < n do
  for i = 1, n - step, 2 * step do tree[i] = tree[i] + tree[i + step] end
  step = 2 * step
end
for _, length in ipairs {1, 4000} do same(dist.all_reduce(rm.full({length}, values[r + 1])), tree[1]:expand(length)) end
assert(dist.all_reduce(r + 1) == n * (n + 1) // 2 and dist.all_reduce(r, "max") == n - 1)
assert(dist.all_reduce(r, "mean") == (n - 1) / 2)
local bad = rm.tensor {1, r == n - 1 and 0 / 0 or 2}
assert(dist.all_reduce(bad, "max")[2]:isnan():item() == 1)
-- Broadcast and gather.
for root = 0, n - 1 do
  same(dist.broadcast(rm.full({3, 2}, r), root), rm.full({3, 2}, root))
  assert(dist.broadcast("from " .. r, root) == "from " .. root)
end
local all = dist.gather(rm.tensor {r, 10 * r})
for i = 1, n do same(all[i], rm.tensor {i - 1, 10 * (i - 1)}) end
for i, text in ipairs(dist.gather(("x"):rep(r))) do assert(#text == i - 1) end
-- Modules.
rm.manual_seed(r)
local net = nn.Sequential {nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)}
local first = dist.gather(net)[1]
dist.broadcast(net)
same(net[1].weight:detach(), first["0.weight"])
for _, hash in ipairs(dist.gather(net:hash())) do assert(hash == net:hash()) end
net:eval()
net(rm.full({2, 3}, r + 1)):sum():backward()
local own = dist.gather(net[1].weight.grad)
dist.average_gradients(net)
local sum = own[1]:clone()
for i = 2, n do sum = sum + own[i] end
assert(rm.allclose(net[1].weight.grad, sum / n, {rtol = 1e-5, atol = 1e-6}))
dist.barrier()
if r == 0 then print("all is well", n, dist.library()) end
]=]

check.case("1, 2 and 4 processes agree, with each library", function()
  for _, library in ipairs(libraries()) do
    for _, n in ipairs {1, 2, 4} do
      local out, err, status = mpirun.run(n, {"-e", CALLS}, {library = library})
      check.equal(status, 0, library.name .. ": " .. out .. err)
      check.that(out:find("^all is well\t" .. n), out .. err)
      check.that(n == 1 or out:find(library.name == "openmpi" and "Open MPI" or "MPICH", 1, true), out)
    end
  end
end)

check.case("3 processes agree, too", function()
  libraries()
  local out, err, status = mpirun.run(3, {"-e", CALLS})
  check.equal(status, 0, out .. err)
end)

check.case("a process that fails ends all, with its message and a status that is not 0", function()
  for _, library in ipairs(libraries()) do
    local began = rm.sys.clock()
    local _, err, status = mpirun.run(3, {"-e", "if rm.dist.rank() == 2 then error('no disk') end rm.dist.barrier()"},
                                      {library = library})
    check.that(status ~= 0, "expected a failure")
    check.that(err:find("process 2: ", 1, true) and err:find("no disk", 1, true), err)
    check.that(rm.sys.clock() - began < 10, "it took too long")
  end
end)

check.case("what all have to say is said once", function()
  for _, library in ipairs(libraries()) do
    local _, err, status = mpirun.run(4, {"-e", "error 'a wrong option'"}, {library = library})
    check.that(status ~= 0, "expected a failure")
    local _, times = err:gsub("a wrong option", "")
    check.equal(times, 1, err)
  end
end)

check.case("a command that is one process's work is refused: said once, and nothing is written", function()
  for _, library in ipairs(libraries()) do
    program.with_folder(function(folder)
      local out, err, status = mpirun.run(2, {"draw", "resnet20", "--figure", folder .. "/d"}, {library = library})
      check.that(status ~= 0, "expected a failure")
      local _, times = (out .. err):gsub("it is work for one process, and 2 were started", "")
      check.equal(times, 1, out .. err)
      check.that(not rm.sys.exists(folder .. "/d"), "something was written")
    end)
  end
end)

check.case("processes that call with different tensors are told so", function()
  libraries()
  local _, err, status = mpirun.run(2, {"-e", "rm.dist.all_reduce(rm.ones(2 + rm.dist.rank()))"})
  check.that(status ~= 0 and err:find("process 0 has float32 (2), and process 1 has something else", 1, true), err)
end)

-- Process 0 gives up a sum while the message of process 1 is not there yet; when that comes, another tensor has the
-- memory.
local GIVEN_UP = [=[
local world, r = require "resmoon.core".world, rm.dist.rank()
local function give_up()
  local x = rm.full({300000}, r + 1)
  local ok, err = pcall(world.all_reduce, x, "sum")
  assert(not ok and err:find "has not answered process %d for 1 seconds", err)
  assert(rm.allclose(x, rm.full({300000}, r + 1), {rtol = 0, atol = 0}), "what failed has changed something")
end
if r == 1 then rm.sys.sleep(2.5) end
give_up()
collectgarbage()
local y = rm.full({300000}, 7)
for _ = 1, 150 do
  local ok, err = pcall(rm.dist.barrier)
  assert(not ok and err:find("failed or was given up in its middle, so process " .. r, 1, true), err)
  rm.sys.sleep(0.02)
  assert(rm.allclose(y, rm.full({300000}, 7), {rtol = 0, atol = 0}), "somebody else's memory was written to")
end
print "all is well"
os.exit(r == 0 and 3 or 0)
]=]

check.case("what comes after a call was given up is written into nobody's memory, and the next calls say so", function()
  for _, library in ipairs(libraries()) do
    local out, err, status = mpirun.run(2, {"-e", GIVEN_UP}, {library = library, env = "RESMOON_DIST_TIMEOUT=1"})
    check.equal({out:match "all is well", status}, {"all is well", 3}, out .. err)
  end
end)

check.case("started by mpirun without support the program says so instead of doing the same N times", function()
  program.with_folder(function(folder)
    -- A program that finds no plugin beside it.
    local copy = folder .. "/resmoon"
    os.execute(("cp %s %s"):format(program.quote(program.path), program.quote(copy)))
    for variable, name in pairs {OMPI_COMM_WORLD_SIZE = "Open MPI", PMI_SIZE = "MPICH"} do
      local pipe = io.popen(("env %s=4 RESMOON_HOME=. %s -e 'print \"trained\"' 2>&1"):format(variable, copy))
      local out = pipe:read "a"
      local _, _, status = pipe:close()
      check.that(status ~= 0, "expected a failure")
      local said = "started by mpirun (" .. name .. ") as 4 processes, but this ResMoon was built without"
      check.that(out:find(said, 1, true), out)
      check.that(not out:find("trained", 1, true), out)
    end
  end)
end)

check.case("programs that a process starts are worlds of their own", function()
  libraries()
  local out, err, status = mpirun.run(2, {"-e", [[
    if rm.dist.rank() == 0 then
      local pipe = io.popen(arg[0] .. " -e 'print(rm.dist.size())'")
      print(pipe:read "a")
      pipe:close()
    end]]})
  check.equal({status, out:match "%d"}, {0, "1"}, out .. err)
end)

check.case("processes that may run on the same processors divide these", function()
  libraries()
  local out, err = mpirun.run(2, {"-e", "rm.dist.barrier() io.write(rm.sys.cpu_count() .. '\\n')"})
  local each = math.max(1, rm.sys.cpu_count() // 2)
  for count in out:gmatch "%d+" do check.equal(tonumber(count), each, out .. err) end
end)
