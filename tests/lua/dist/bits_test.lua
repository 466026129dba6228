--- Many processes give the bits of one: for every family of networks, and every layer whose sums go over images.
local check   = require "support.check"
local mpirun  = require "support.mpirun"
local program = require "support.program"

local SCRIPT = "tests/support/bits_of_families.lua"

local function lines_of(text)
  local list = {}
  for line in text:gmatch "[^\n]+" do list[#list + 1] = line end
  return list
end

-- What the cases of the script come to, those whose name contains `only`.
local function gives_the_same(counts, only)
  if #mpirun.libraries() == 0 then check.skip "no MPI library is installed (libopenmpi-dev, libmpich-dev)" end
  local expected = lines_of(program.run {SCRIPT, only})
  check.that(#expected > 0, "no case ran")
  for _, n in ipairs(counts) do
    local out, errors, status = mpirun.run(n, {SCRIPT, only}, {seconds = 300, env = "RESMOON_NUM_THREADS=1"})
    check.equal(status, 0, errors)
    check.equal(lines_of(out), expected, n .. " processes")
  end
end

check.case("two processes, all families", function() gives_the_same {2} end)
check.slow("four processes, all families", function() gives_the_same {4} end)
check.case("four and eight processes, layers of all kinds", function() gives_the_same({4, 8}, "of all kinds") end)
