--- resmoon train under mpirun: the same bits as one process, with 2, 4 and 8 of them, and what happens when they fail.
local check   = require "support.check"
local mpirun  = require "support.mpirun"
local program = require "support.program"
local rm      = require "resmoon"

local function libraries()
  local list = mpirun.libraries()
  if #list == 0 then check.skip "no MPI library is installed (libopenmpi-dev, libmpich-dev)" end
  return list
end

-- `resmoon train` with these words, by n processes (1: without mpirun). Returns output, errors, status.
local function train(n, words, options)
  local list = {"train", "--threads", "1", table.unpack(words)}
  if n == 1 then return program.run(list) end
  return mpirun.run(n, list, options)
end

local function hash_of(out, err)
  return out:match "hash of the weights: (%x+)" or error("there is no hash:\n" .. out .. err, 2)
end

-- The log without seconds and rates, and the hash, of a run.
local function results(path)
  local rows = {}
  for i, row in ipairs(rm.train.folder.read(path).rows) do
    rows[i] = {row.epoch, row.steps, row.train_loss, row.train_error, row.test_loss, row.test_error, row.test_top3,
               row.hash}
  end
  return rows
end

-- The last batch of an epoch has 4 images: 2 and 4 processes share it, 8 compute it each.
local SMALL = {"--train-size", "36", "--test-size", "20", "--batch-size", "16", "--epochs", "2", "--lr", "0.02"}

local function run_all(words, counts)
  program.with_folder(function(folder)
    local function with(n) return {"--run", ("%s/%d"):format(folder, n), table.unpack(words)} end
    local expected = hash_of(train(1, with(1)))
    for _, n in ipairs(counts) do
      local out, err, status = train(n, with(n))
      check.equal(status, 0, out .. err)
      check.equal(hash_of(out, err), expected, n .. " processes")
      local _, hashes = out:gsub("hash of the weights", "")
      check.equal(hashes, 1, "process 0 alone shows: " .. out)
      -- Open MPI 4.1.4 gives process 0 a terminal for its output, without a size, wherever that goes.
      check.that(not out:find "\27", "a line that is drawn over, in a file: " .. out)
      check.equal(results(("%s/%d"):format(folder, n)), results(folder .. "/1"))
    end
  end)
end

local function with(...)
  local words = {table.unpack(SMALL)}
  for _, word in ipairs {...} do words[#words + 1] = word end
  return words
end

check.case("2, 4 and 8 processes come to the weights and the log of one", function()
  libraries()
  run_all(with("--model", "resnet20"), {2, 4, 8})
end)

-- Biases of convolutions, dropout, weights that are many under few pixels, images that are mixed with others.
check.case("so they do with other layers and other treatments of images", function()
  libraries()
  program.with_folder(function(folder)
    program.file(folder .. "/nets.lua", [[
      local nets = {}
      function nets.wide()
        return nn.Sequential {
          nn.Conv2d(3, 6, 5), nn.MaxPool2d(2), nn.Conv2d(6, 96, 3, {stride = 2}), nn.BatchNorm2d(96), nn.ReLU(),
          nn.Conv2d(96, 96, 3, {padding = 1, bias = false}), nn.BatchNorm2d(96), nn.ReLU(), nn.Dropout(0.3),
          nn.StochasticDepth(0.2, "row"), nn.AvgPool2d(6), nn.Flatten(), nn.Linear(96, 10)}
      end
      return nets]])
    run_all(with("--model", folder .. "/nets.lua:wide", "--random-erasing", "0.5"), {2, 4})
    run_all(with("--model", "lenet5", "--mixup", "0.4", "--optimizer", "lars", "--trust", "0.02"), {2})
  end)
end)

check.case("each library gives these bits", function()
  for _, library in ipairs(libraries()) do
    program.with_folder(function(folder)
      local words = with("--model", "lenet5", "--epochs", "1")
      local function into(n) return {"--run", ("%s/%d"):format(folder, n), table.unpack(words)} end
      local expected = hash_of(train(1, into(1)))
      local out, err, status = train(4, into(4), {library = library})
      check.equal({status, hash_of(out, err)}, {0, expected}, library.name .. err)
    end)
  end
end)

check.case("--resume goes on with another number of processes, to the same bits", function()
  libraries()
  program.with_folder(function(folder)
    local words = {"--model", "lenet5", "--train-size", "48", "--test-size", "20", "--batch-size", "8", "--lr", "0.01",
                   "--schedule", "constant"}
    local function into(name, ...) return {"--run", folder .. "/" .. name, ..., table.unpack(words)} end
    local whole = hash_of(train(1, into("whole", "--epochs=3")))
    train(2, into("parts", "--epochs=1"))
    for _, step in ipairs {{2, 4}, {3, 1}} do
      local out, err, status = train(step[2], {"--run", folder .. "/parts", "--resume", "--epochs", tostring(step[1])})
      check.equal(status, 0, out .. err)
    end
    check.equal(rm.train.folder.read(folder .. "/parts").rows[3].hash, whole)
  end)
end)

check.case("evaluate and compare give what one process gives", function()
  libraries()
  program.with_folder(function(folder)
    local run = folder .. "/one"
    train(1, {"--run", run, "--model", "lenet5", table.unpack(SMALL)})
    local function table_of(text) return (text:gsub("%(%d+ img/s%)", "")) end
    local one = table_of(program.run {"evaluate", run, "--batch-size", "8"})
    local out, err, status = mpirun.run(2, {"evaluate", run, "--batch-size", "8"})
    check.equal({status, table_of(out)}, {0, one}, err)
    for n, name in pairs {[1] = "alone", [2] = "both"} do
      local words = {"compare", "lenet5", "mlp", "--run", folder .. "/" .. name, "--threads", "1", table.unpack(SMALL)}
      local text, errors, how
      if n == 1 then text, errors, how = program.run(words) else text, errors, how = mpirun.run(n, words) end
      check.equal(how, 0, text .. errors)
    end
    for _, model in ipairs {"lenet5", "mlp"} do
      check.equal(results(folder .. "/both/" .. model), results(folder .. "/alone/" .. model))
    end
  end)
end)

check.case("a lab's networks are trained by all, and process 0 alone writes its report", function()
  libraries()
  program.with_folder(function(folder)
    local function words(name)
      return {"lab_b", "--run", folder .. "/" .. name, "--depths", "20", "--width", "4", "--size", "16",
              "--threads", "1", table.unpack(SMALL)}
    end
    check.equal(select(3, program.run(words "alone")), 0)
    local out, err, status = mpirun.run(2, words "both")
    check.equal(status, 0, out .. err)
    check.equal(select(2, out:gsub("\nreport: ", "")), 1, out)
    for _, model in ipairs {"resnet20", "plain20"} do
      check.equal(results(folder .. "/both/" .. model), results(folder .. "/alone/" .. model))
    end
    check.that(rm.sys.exists(folder .. "/both/report.html"), out)
  end)
end)

check.case("batch norm of each part is a setting, which the log names", function()
  libraries()
  program.with_folder(function(folder)
    local words = with("--model", "resnet20", "--epochs", "1")
    local one = hash_of(train(1, {"--run", folder .. "/1", table.unpack(words)}))
    local out, err, status = train(2, {"--run", folder .. "/2", "--local-batch-norm", table.unpack(words)})
    check.equal(status, 0, out .. err)
    check.that(out:find("batch norm over each part of a batch (local_batch_norm): not the bits of one process", 1, true)
               or err:find("local_batch_norm", 1, true), out .. err)
    check.that(hash_of(out, err) ~= one, "the statistics of parts are others")
  end)
end)

check.case("what does not divide, and what is for one process, is refused in one message", function()
  libraries()
  program.with_folder(function(folder)
    local function refused(words, message, n)
      local out, err, status = mpirun.run(n or 2, words)
      check.that(status ~= 0, out)
      local _, times = err:gsub(message:gsub("%p", "%%%0"), "")
      check.equal(times, 1, err)
    end
    local run = {"train", "--run", folder .. "/x", "--model", "mlp", "--train-size", "40", "--epochs", "1"}
    local function plus(...)
      local words = {table.unpack(run)}
      for _, word in ipairs {...} do words[#words + 1] = word end
      return words
    end
    refused(plus("--batch-size", "9"), "batches of 9 images do not divide among 2 processes: expected a multiple of 2")
    refused({"summary", "mlp"}, "resmoon summary: it is work for one process, and 2 were started")
    refused({"train", "--epohcs", "3"}, "unknown option '--epohcs'")
  end)
end)

-- What a process is to do: base settings, with what it is given instead.
local SCRIPT = [[
  local rank = rm.dist.rank()
  local settings = {model = "lenet5", batch_size = 8, epochs = 50, lr = 0.01, drawing = {}}
  local options = {folder = "%s", progress = false, hooks = {}}
  options.sets = {data.shapes10 {size = 400}, data.shapes10 {size = 20, seed = 2}}
  rm.write_atomic("%s/pid." .. rank, tostring(rm.sys.getpid()))
  %s
  train.run(settings, options)]]

-- Whether a process of that number is alive (a zombie is not).
local function alive(pid)
  local file = io.open("/proc/" .. pid .. "/stat")
  local state = file and file:read "a":match "%) (%u)"
  if file then file:close() end
  return state and state ~= "Z" and state ~= "X"
end

-- n processes with `code` in the script end with a failure, within 10 seconds, and none is left. Returns the errors.
local function ends(n, code, library)
  local errors
  program.with_folder(function(folder)
    local began = rm.sys.clock()
    local out, err, status = mpirun.run(n, {"-e", SCRIPT:format(folder .. "/run", folder, code)}, {library = library})
    check.that(status ~= 0, out .. err)
    check.that(rm.sys.clock() - began < 10, ("it took %.1f seconds"):format(rm.sys.clock() - began))
    for rank = 0, n - 1 do
      local file = io.open(folder .. "/pid." .. rank)
      if file then
        local pid = file:read "a"
        file:close()
        while alive(pid) and rm.sys.clock() - began < 10 do rm.sys.sleep(0.05) end   -- mpirun may end a little earlier
        check.that(not alive(pid), "process " .. rank .. " is still there")
      end
    end
    errors = out .. err   -- MPICH says on standard output what became of a process
  end)
  return errors
end

local function once(text, part)
  local _, times = text:gsub(part:gsub("%p", "%%%0"), "")
  check.equal(times, 1, text)
end

check.case("a process that is killed ends all", function()
  for _, library in ipairs(libraries()) do
    local err = ends(4, [[options.hooks.on_step = function(trainer)
      if rank == 1 and trainer.steps == 5 then io.popen("kill -KILL " .. rm.sys.getpid()):close() end
    end]], library)
    check.that(err:find "[Ss]ignal 9" or err:find "KILLED BY SIGNAL: 9" or err:find "EXIT CODE: 9", err)
  end
end)

check.case("processes with other settings, data or weights end with one message", function()
  libraries()
  once(ends(2, "settings.lr = rank == 0 and 0.1 or 0.2"), "has other settings than process")
  once(ends(2, "options.sets[1] = data.shapes10 {size = 400, seed = 5 + rank}"), "has other data than process")
  once(ends(2, "settings.model = function() rm.manual_seed(rank) return models.lenet5() end"),
       "has other network than process")
end)

check.case("processes of other versions end with one message", function()
  libraries()
  once(ends(2, "require('resmoon.core').version = 'version ' .. rank"), "has other versions or instruction sets than")
end)

-- The disk is full from the n-th call on a file of the run: tests/faults/shim.h.
check.case("a disk that is full for process 0 ends all", function()
  libraries()
  if program.path:find("asan", 1, true) then check.skip "the sanitizers have to be loaded first, not the shim" end
  local shim = program.path:gsub("[^/]*$", "") .. "tests/shim.so"
  if not rm.sys.exists(shim) then check.skip "tests/shim.so is not built (make ctests)" end
  program.with_folder(function(folder)
    for _, n in ipairs {1, 12, 30} do
      local began = rm.sys.clock()
      local fault = ("env LD_PRELOAD=%s RESMOON_WATCH=%s RESMOON_FAULT=io/ENOSPC/%d+"):format(shim, folder, n)
      local out, err, status = mpirun.run(2, {"train", "--run", folder .. "/run" .. n, "--model", "lenet5",
                                              table.unpack(SMALL)}, {env = fault})
      check.that(status ~= 0, out)
      once(err:lower(), "no space left on device")
      check.that(rm.sys.clock() - began < 10, "it took longer than 10 seconds")
    end
  end)
end)

check.case("memory that runs out for one process, in the middle of a step, ends all", function()
  for _, library in ipairs(libraries()) do
    local err = ends(2, [[options.hooks.on_step = function(trainer)
      if rank == 1 and trainer.steps == 5 then rm.zeros(1 << 40) end
    end]], library)
    once(err, "out of memory")
    once(err, "process 1: ")
  end
end)

-- At random moments, also of the start: the moments come from the test's seed.
check.slow("processes that are killed at random moments end all", function()
  libraries()
  for _ = 1, tonumber(os.getenv "RESMOON_TEST_KILLS" or 10) do
    local victim, after = math.random(0, 3), math.random() * 1.5
    ends(4, ([[if rank == %d then
      os.execute("(sleep %.3f; kill -KILL " .. rm.sys.getpid() .. ") >/dev/null 2>&1 &")
    end]]):format(victim, after))
  end
end)
