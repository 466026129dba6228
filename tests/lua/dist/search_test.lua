--- resmoon search under mpirun: the trials, the journal and the winner of a search with workers of its own.
local check   = require "support.check"
local mpirun  = require "support.mpirun"
local program = require "support.program"
local readfile = require "resmoon.base.readfile"
local rm      = require "resmoon"

local function skip_without_mpi()
  if #mpirun.libraries() == 0 then check.skip "no MPI library is installed (libopenmpi-dev, libmpich-dev)" end
end

local SEARCH = {"search", "--model", "mlp", "--train-size", "80", "--test-size", "10", "--epochs", "2",
                "--population", "4", "--generations", "3"}

local function words(folder, ...)
  local list = {table.unpack(SEARCH)}
  for _, word in ipairs {"--run", folder, ...} do list[#list + 1] = word end
  return list
end

-- All that is in the folder of a search, without seconds.
local function journal_of(folder)
  local all = {}
  for _, name in ipairs(rm.sys.list(folder .. "/trials")) do
    local trial = rm.json.decode(readfile(folder .. "/trials/" .. name))
    trial.seconds = nil
    all[name] = rm.json.encode(trial)
  end
  for _, name in ipairs {"search.json", "data.json"} do all[name] = readfile(folder .. "/" .. name) end
  return all
end

-- What is printed of trials and the winner, in an order of its own: workers end when they end.
local function trials_of(text)
  local list = {}
  for line in text:gmatch "[^\n]+" do
    if line:find "trial" then list[#list + 1] = (line:gsub("%(%d+ s%)", "")) end
  end
  table.sort(list)
  return list
end

check.case("2, 3 and 4 processes leave the journal and find the winner of local workers", function()
  skip_without_mpi()
  program.with_folder(function(folder)
    local expected, errors, how = program.run(words(folder .. "/workers", "--workers", "2"))
    check.equal(how, 0, errors)
    check.that(#trials_of(expected) > 5, expected)
    for _, n in ipairs {2, 3, 4} do
      local out, err, status = mpirun.run(n, words(folder .. "/" .. n))
      check.equal(status, 0, out .. err)
      check.equal(journal_of(folder .. "/" .. n), journal_of(folder .. "/workers"))
      check.equal(trials_of(out), trials_of(expected))
    end
  end)
end)

check.case("it goes on with another number of processes, where trials are missing", function()
  skip_without_mpi()
  program.with_folder(function(folder)
    local whole = folder .. "/whole"
    check.equal(select(3, program.run(words(whole))), 0)
    local expected, cut = journal_of(whole), rm.sys.list(whole .. "/trials")
    table.sort(cut)
    for i = 4, #cut do assert(os.remove(whole .. "/trials/" .. cut[i])) end
    local out, err, status = mpirun.run(3, words(whole))
    check.equal(status, 0, out .. err)
    check.equal(journal_of(whole), expected)
  end)
end)

check.case("workers beside processes, and another search's folder, are refused once", function()
  skip_without_mpi()
  program.with_folder(function(folder)
    for message, list in pairs {
      ["workers is 2, but mpirun has started 2 processes"] = words(folder .. "/a", "--workers", "2"),
      ["holds a run; --run DIR puts a search elsewhere"] = words(folder .. "/run"),
    } do
      rm.sys.mkdir_p(folder .. "/run")
      program.file(folder .. "/run/config.json", "{}")
      local out, err, status = mpirun.run(2, list)
      check.that(status ~= 0, out)
      local _, times = err:gsub(message:gsub("%p", "%%%0"), "")
      check.equal(times, 1, err)
    end
  end)
end)
