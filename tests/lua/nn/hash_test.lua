--- The hash of weights: what counts in it, and that network, run and file have the same.
local check   = require "support.check"
local rm      = require "resmoon"
local program = require "support.program"
local nn, train = rm.nn, rm.train

check.case("it is SHA-256 over names, types, shapes and bytes, in the order of names", function()
  local net = nn.Linear(2, 1)
  rm.no_grad(function()
    net.weight:copy_(rm.tensor {{0.5, -1}})
    net.bias:fill_(2)
  end)
  local bytes = "bias float32 (1)\n" .. ("<f"):pack(2) .. "weight float32 (1, 2)\n" .. ("<ff"):pack(0.5, -1)
  check.equal(net:hash(), rm.sha256(bytes):digest())
end)

check.case("weights, buffers, names and shapes count; the class and the order of making do not", function()
  local function made(f)
    rm.manual_seed(3)
    return f():hash()
  end
  local function two() return nn.Sequential {nn.Linear(3, 3), nn.BatchNorm2d(3)} end
  check.equal(made(two), made(two))
  local seen = {[made(two)] = true}
  local function other(f)
    local hash = made(f)
    check.that(not seen[hash], "the same hash")
    seen[hash] = true
  end
  other(function() local net = two(); rm.no_grad(function() net[1].bias:fill_(0) end) return net end)
  other(function() local net = two(); net[2].running_mean:fill_(1) return net end)
  other(function() return nn.Sequential {nn.Linear(3, 3)} end)
  other(function() return nn.Linear(3, 3) end)                 -- names: weight instead of 0.weight
  check.equal(require("resmoon.nn.hash").of {b = rm.ones(2), a = rm.ones(1)},
              require("resmoon.nn.hash").of {a = rm.ones(1), b = rm.ones(2)})
  check.error(function() nn.Linear(1, 1).hash() end, "net:hash")
end)

check.case("a run prints it, log.csv and the report keep it, and `resmoon hash` finds it in folder and file", function()
  program.with_folder(function(folder)
    local path = folder .. "/run"
    local out, errors, status = program.run {"train", "--model", "mlp", "--epochs", "2", "--train-size", "60",
                                             "--test-size", "20", "--size", "16", "--run", path}
    check.equal({errors, status}, {"", 0})
    local hash = out:match "\nhash of the weights: (%x+)\n"
    check.equal(#hash, 64)
    local rows = train.folder.read(path).rows
    check.equal(rows[2].hash, hash)
    check.that(rows[1].hash ~= hash and #rows[1].hash == 64, rows[1].hash)
    local last = path .. "/last.safetensors"
    check.equal({program.run {"hash", path, last}}, {("%s  %s\n"):format(hash, last):rep(2), "", 0})
    local net = train.load(last)
    check.equal(net:hash(), hash)
    local _, markdown = require("resmoon.report").write({path}, {out = folder .. "/r.html", evaluate = false})
    local file <close> = assert(io.open(markdown))
    check.that(file:read("a"):find("mlp " .. hash:sub(1, 16), 1, true), "in the report")
  end)
end)

check.case("what has no weights is refused by name", function()
  program.with_folder(function(folder)
    local _, errors, status = program.run {"hash", folder}
    check.that(errors:find "is not a run" and status == 1, errors)
    _, errors, status = program.run {"hash", folder .. "/none.safetensors"}
    check.that(errors:find "none.safetensors" and status == 1, errors)
  end)
end)
