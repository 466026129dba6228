--- The same bits everywhere: what operators and runs come to is the committed table's, with each instruction set that
-- keeps the promise, and any number of threads; and a run that was interrupted or killed comes to the same.
--
-- The tables are tests/reference/bits/operators.txt and runs.txt. Where arithmetic is changed on purpose, the scripts
-- that make them write them anew:
--     build/release/resmoon tests/support/bits_of_operators.lua 2 > tests/reference/bits/operators.txt
--     build/release/resmoon tests/support/bits_of_runs.lua 2 > tests/reference/bits/runs.txt
local check   = require "support.check"
local program = require "support.program"
local rm      = require "resmoon"

local THREADS = {"1", "2", "3", "7"}

local isas = {}
for _, isa in ipairs(rm.machine.isas()) do
  if rm.machine.same_bits(isa) then isas[#isas + 1] = isa end
end

local function lines_of(text)
  local list = {}
  for line in text:gmatch "[^\n]+" do list[#list + 1] = line end
  return list
end

-- The script `name` gives the table of that name again, for each set and number of threads.
local function gives_the_table(name)
  if #isas == 0 then check.skip "no instruction set here fuses multiply-adds" end
  local file <close> = assert(io.open(("tests/reference/bits/%s.txt"):format(name)))
  local expected = lines_of(file:read "a")
  check.that(#expected > 30, "the table is short")
  for _, isa in ipairs(isas) do
    local out, errors, status = program.run({("tests/support/bits_of_%s.lua"):format(name), table.unpack(THREADS)},
                                            {env = "RESMOON_ISA=" .. isa})
    check.equal({errors, status}, {"", 0})
    local got, wrong = lines_of(out), {}
    check.equal(#got, #THREADS * #expected)
    for i, line in ipairs(got) do
      local at, threads = (i - 1) % #expected + 1, THREADS[(i - 1) // #expected + 1]
      if line ~= expected[at] then
        wrong[#wrong + 1] = ("%s, %s threads: %s, expected %s"):format(isa, threads, line, expected[at])
      end
    end
    check.that(#wrong == 0, table.concat(wrong, "\n"))
  end
end

check.case("operators give the bits of the table", function() gives_the_table "operators" end)
check.slow("runs give the bits of the table", function() gives_the_table "runs" end)

-- A run of 3 epochs of 10 steps, which in step 13 sends itself a signal, if one is given.
local function begin(path, signal, env)
  local code = ([[
    local settings = {model = "lenet5", train_size = 80, test_size = 20, batch_size = 8, epochs = 3, augment = true,
                      schedule = "cosine", optimizer = "adam", lr = 0.003, drawing = {}}
    local function on_step(trainer)
      if trainer.steps == 13 and "%s" ~= "" then io.popen("kill -%s " .. rm.sys.getpid()):close() end
    end
    local result = train.run(settings, {folder = "%s", progress = false, hooks = {on_step = on_step}})
    print("hash of the weights: " .. result.net:hash())]]):format(signal, signal, path)
  return program.run({"-e", code}, {env = env})
end

check.case("Ctrl-C, kill -9 and --resume change no bit, even where another set and more threads go on", function()
  program.with_folder(function(folder)
    local first, last = isas[1] or rm.isa(), isas[#isas] or rm.isa()
    local whole = begin(folder .. "/whole", "", "RESMOON_NUM_THREADS=1 RESMOON_ISA=" .. first)
    local hash = whole:match "^hash of the weights: (%x+)\n$"
    check.that(hash and #hash == 64, whole)
    for _, signal in ipairs {"INT", "KILL"} do
      local path = folder .. "/" .. signal
      local out = begin(path, signal, "RESMOON_NUM_THREADS=2 RESMOON_ISA=" .. first)
      check.that(not out:find(hash, 1, true), "it was not stopped by " .. signal)
      local again, errors = program.run({"train", "--run", path, "--resume", "--threads", "3"},
                                        {env = "RESMOON_ISA=" .. last})
      check.that(again:find("hash of the weights: " .. hash, 1, true), again .. errors)
      check.equal(program.run {"hash", path}, ("%s  %s/last.safetensors\n"):format(hash, path))
    end
    local function hashes(path)
      local list = {}
      for i, row in ipairs(rm.train.folder.read(path).rows) do list[i] = row.hash end
      return list
    end
    check.equal(#hashes(folder .. "/whole"), 3)
    check.equal(hashes(folder .. "/INT"), hashes(folder .. "/whole"))
    check.equal(hashes(folder .. "/KILL"), hashes(folder .. "/whole"))
  end)
end)

-- --- what asks the C library -------------------------------------------------------------------------------------
-- Results of its elementary functions differ by processor and version. (Square roots and remainders are exact.)
local elementary = {}
for name in ("exp exp2 log log2 log10 log1p expm1 pow sin cos tan asin acos atan atan2 sinh cosh tanh erf cbrt hypot")
    :gmatch "%S+" do
  elementary[name], elementary[name .. "f"] = true, true
end

-- Places in the files below some folders where `find_in` finds something in what `strip` leaves of a line.
local function places(folders, suffix, strip, find_in)
  local list, pipe = {}, assert(io.popen(("find %s -name '*%s' | sort"):format(folders, suffix)))
  for path in pipe:lines() do
    local file <close> = assert(io.open(path))
    local at = 0
    for line in (strip(file:read "a") .. "\n"):gmatch "([^\n]*)\n" do
      at = at + 1
      if find_in(line) then list[#list + 1] = ("%s:%d: %s"):format(path, at, line) end
    end
  end
  pipe:close()
  return table.concat(list, "\n")
end

local function lines_alone(text) return (text:gsub("[^\n]", "")) end

check.case("what decides about bits takes no elementary function of the C library", function()
  local function strip_c(text) return (text:gsub("/%*.-%*/", lines_alone)) end
  local function asks_c(line)
    for name in (" " .. line):gmatch "[^%w_](%l[%w]*)%(" do
      if elementary[name] then return true end
    end
  end
  check.that(asks_c "y = expf(x);" and not asks_c "y = rm_math_exp(x) + k->exp_forward(1, x);", "the finder")
  check.equal(places("src/kernels src/ops src/data src/core src/layers src/lazy", ".[ch]", strip_c, asks_c), "")
  local function strip_lua(text)
    return (text:gsub("%-%-[^\n]*", ""):gsub("%[%[.-%]%]", lines_alone):gsub('"[^"\n]*"', ""):gsub("'[^'\n]*'", ""))
  end
  local function asks_lua(line)
    for name in line:gsub("core%.math%.", ""):gmatch "math%.(%l+)%(" do
      if elementary[name] then return true end
    end
    return line:find "%^ *[^2 ]" ~= nil   -- squares are for what is shown
  end
  check.that(asks_lua "a = math.cos(x)" and asks_lua "a = b ^ c" and not asks_lua "a = core.math.cos(x) + b ^ 2", "it")
  check.equal(places("lua/resmoon/optim lua/resmoon/data lua/resmoon/nn lua/resmoon/models lua/resmoon/search "
                     .. "lua/resmoon/train", ".lua", strip_lua, asks_lua), "")
end)
