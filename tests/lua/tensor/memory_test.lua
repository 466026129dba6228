local check   = require "support.check"
local program = require "support.program"
local rm      = require "resmoon"

-- Resident memory of this process in KiB.
local function resident()
  for line in io.lines "/proc/self/status" do
    local kib = line:match "^VmRSS:%s*(%d+)"
    if kib then return tonumber(kib) end
  end
end

-- A step of training as a user writes it, leaving all its garbage to the collector.
local function step(x, w1, w2)
  local h = x:matmul(w1):t():contiguous():t()
  local y = rm.cat({h, x}, 2):matmul(w2)
  y:backward(rm.ones(y.shape))
  rm.no_grad(function()
    w1:copy_(w1:detach())
    w1.grad, w2.grad = nil, nil
  end)
end

check.case("10,000 small steps without the collector stay flat", function()
  if not io.open "/proc/self/status" then check.skip "needs /proc" end
  local x = rm.randn(32, 48)
  local w1 = rm.randn(48, 64, {requires_grad = true})
  local w2 = rm.randn(112, 10, {requires_grad = true})
  local early
  for i = 1, 10000 do
    step(x, w1, w2)
    if i == 200 then
      early = resident()
      if rm.memory().cached == 0 then check.skip "an allocator that reuses nothing (a sanitizer's)" end
    end
  end
  local late = resident()
  check.that(late <= 1.05 * early, ("%d KiB after 200 steps, %d KiB after 10,000"):format(early, late))
end)

check.case("large tensors that are dropped are given back in time", function()
  local before = rm.memory().live
  local most = 0
  for _ = 1, 2000 do
    rm.empty(1024, 1024)  -- 4 MiB, a few bytes to Lua: 8 GiB in all
    most = math.max(most, rm.memory().live - before)
  end
  local x = rm.randn(1024, 1024, {requires_grad = true})
  for _ = 1, 200 do
    x:sigmoid()  -- the tape saves the result, which must be counted all the same
    most = math.max(most, rm.memory().live - before)
  end
  check.that(most < 256 * 2 ^ 20, ("%d MiB at most"):format(most // 2 ^ 20))
end)

check.case("an allocation that fails is tried again after a collection", function()
  if rm.memory().cached == 0 then check.skip "an allocator that reuses nothing (a sanitizer's)" end
  if not os.execute "prlimit --version >/dev/null 2>&1" then check.skip "needs prlimit" end
  -- 360 MiB in boxes so old that only a full collection finds them; then more than is left of 600 MiB.
  local out, err = program.run({"-e", [[
    local old = {}
    for i = 1, 30 do old[i] = rm.empty(1024, 1024, 3) end
    for _ = 1, 4 do collectgarbage "step" end
    old = nil
    print(rm.empty(1024, 1024, 100):numel() == 100 * 2 ^ 20)
    print(pcall(rm.empty, 1024, 1024, 1024))]]}, {env = "RESMOON_NUM_THREADS=1 prlimit --as=629145600"})
  check.equal(err, "")
  check.that(out:find("^true\nfalse\t.*out of memory for a float32 tensor %(1024, 1024, 1024%)"), out)
end)
