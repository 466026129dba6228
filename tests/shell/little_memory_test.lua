--- With little address space left, matrix products go on by other means, and nothing waits for ever.
local check   = require "support.check"
local program = require "support.program"

-- What a program prints that may have so many KiB of addresses, and at most 20 seconds; and its status.
local function within(kib, code)
  local limit = ("bash -c 'ulimit -v %d; exec timeout -s KILL 20 \"$@\"' --"):format(kib)
  return program.run({"-e", code}, {env = limit})
end

-- The sanitizers take terabytes of addresses for themselves.
local function skip_where_sanitized()
  if program.path:find("asan", 1, true) then check.skip "the sanitizers need more addresses than any limit leaves" end
  if program.path:find("coverage", 1, true) then check.skip "a program that counts its lines needs more addresses" end
end

check.case("no room for OpenBLAS's buffers: plain loops, said once, the same value", function()
  skip_where_sanitized()
  local code = "a = rm.ones(300, 300); for i = 1, 3 do print(a:matmul(a):sum():item()) end"
  for _, kib in ipairs {70000, 100000, 200000} do
    local output, complaints, status = within(kib, code)
    check.equal(output, "27000000.0\n27000000.0\n27000000.0\n")
    check.that(complaints:find "^resmoon: no memory for OpenBLAS's buffers %b(); matrix products will be slow\n$",
               ("%d KiB: %s"):format(kib, complaints))
    check.equal(status, 0)
  end
end)

check.case("no room for the library itself: the reason is said", function()
  skip_where_sanitized()
  local output, complaints, status = within(32000, "a = rm.ones(30, 30); print(a:matmul(a):sum():item())")
  check.equal(output, "27000.0\n")
  check.that(complaints:find "^resmoon: OpenBLAS cannot be loaded %(.+%); matrix products will be slow\n$", complaints)
  check.equal(status, 0)
end)
