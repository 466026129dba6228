--- The instruction sets: src/kernels/isa.list is the only place that names them, and everything follows it.
local check = require "support.check"
local program = require "support.program"
local rm = require "resmoon"

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read("a")
end

-- The names, in the order of the list.
local function listed()
  local names = {}
  for name in read("src/kernels/isa.list"):gmatch("\nRM_INSTRUCTION_SET%((%w+)") do names[#names + 1] = name end
  return names
end

check.case("no other file names one", function()
  local pattern = {"__AVX"} -- "baseline" is also an ordinary word
  for _, name in ipairs(listed()) do
    if name ~= "baseline" then pattern[#pattern + 1] = ("(^|[^a-z0-9])%s([^a-z0-9]|$)"):format(name) end
  end
  local pipe = assert(io.popen(("grep -rliE '%s' Makefile src lua scripts"):format(table.concat(pattern, "|"))))
  check.equal(pipe:read("a"), "src/kernels/isa.list\n")
  pipe:close()
end)

check.case("what the processor has is listed from the narrowest to the widest", function()
  local at = {}
  for i, name in ipairs(listed()) do at[name] = i end
  local last = 0
  for _, name in ipairs(rm.machine.isas()) do
    check.that(at[name] > last, name)
    last = at[name]
  end
  check.equal(rm.machine.isas()[1], listed()[1])
end)

check.case("the widest is taken; RESMOON_ISA takes another; a name that is not there is said", function()
  local names = rm.machine.isas()
  local function used(env) return program.run({"-e", "io.write(rm.isa())"}, {env = env}) end
  check.equal(used "-u RESMOON_ISA", names[#names])
  for _, name in ipairs(names) do check.equal(used("RESMOON_ISA=" .. name), name) end
  local out, errors = used "RESMOON_ISA=avx1024"
  check.equal(out, names[#names])
  check.equal(errors, ("resmoon: RESMOON_ISA=avx1024 is not available here (%s)\n"):format(
    table.concat(listed(), ", ")))
end)

check.case("each has the name that oneDNN knows", function()
  check.equal(rm.machine.onednn_isa("baseline"), "SSE41")
  for _, isa in ipairs(rm.machine.isas()) do
    check.that(rm.machine.onednn_isa(isa):find("^[%u%d_]+$"), isa)
    check.that(read("src/kernels/isa.list"):find('"' .. rm.machine.onednn_isa(isa) .. '"', 1, true), isa)
  end
  check.equal(rm.machine.onednn_isa(), rm.machine.onednn_isa(rm.isa()))
  check.error(function() rm.machine.onednn_isa("avx1024") end, "avx1024")
end)
