-- resmoon bench, as a person runs it, and the parts it is made of.
local check   = require "support.check"
local rm      = require "resmoon"
local measure = require "resmoon.bench.measure"
local program = require "support.program"

local SMALL = {"--batch", "4", "--steps", "2", "--warmup", "1", "--threads", "1"}

local function bench(list)
  local all = {"bench", table.unpack(SMALL)}
  table.move(list, 1, #list, #all + 1, all)
  local out, err, status = program.run(all)
  return out, err, status
end

local function succeed(list)
  local out, err, status = bench(list)
  check.equal(status, 0, out .. err)
  return out
end

local function refused(list, message)
  local _, err, status = bench(list)
  check.equal(status, 1)
  check.that(err:find(message, 1, true), err)
  check.that(not err:find("traceback", 1, true), err)
end

check.case("records: medians, extremes, rounds joined", function()
  local r = measure.summarize({batch = 10, flops = 4e6}, {4, 1, 2, 9})
  check.equal({r.step_ms, r.step_ms_min, r.step_ms_max, r.steps}, {3, 1, 9, 4})
  check.that(math.abs(r.img_per_s - 3333.33) < 0.01 and math.abs(r.gflops - 1.33) < 0.01)
  local a = {batch = 10, model = "m", times_ms = {1, 2}, peak_rss_mb = 7}
  local joined = measure.join {a, {times_ms = {6}, peak_rss_mb = 9}}
  check.equal({joined.step_ms, joined.steps, joined.peak_rss_mb, joined.model}, {2, 3, 9, "m"})
  check.equal(a.peak_rss_mb, 7)
end)

check.case("the machine's own figures", function()
  for _, isa in ipairs(rm.machine.isas()) do check.that(rm.machine.flops(isa, 0) > 1e8, isa) end
  local copy, triad = rm.machine.bandwidth(1 << 20, 0)
  check.that(copy > 1e8 and triad > 1e8)
  check.error(function() rm.machine.flops("avx1024") end, "avx1024")
  check.error(function() rm.machine.bandwidth(10) end, "at least 65536 bytes")
end)

check.case("a step's operations: three products, but no gradient for the images", function()
  local workload = require "resmoon.bench.workload"
  local function flops(mode) return workload({model = "mlp", mode = mode, batch = 2, size = 8, classes = 10}).flops end
  local first, rest = 3 * 8 * 8 * 512, 512 * 256 + 256 * 10
  check.equal(flops("infer"), 2 * 2 * (first + rest))
  check.equal(flops("train"), 2 * 2 * (2 * first + 3 * rest))
end)

check.case("several networks, each in a process of its own; one thread against more", function()
  local out = succeed {"lenet5", "mlp", "--scaling", "--rounds", "2"}
  check.that(out:find("median of 4 steps", 1, true), out)
  check.that(out:find("multiply%-add peak [%d.]+ GFLOP/s"), out)
  check.that(out:find("\nlenet5 ") and out:find("\nmlp ") and out:find("1 thread", 1, true), out)
  local lines = {}
  for line in succeed({"lenet5", "mlp", "--json", "--bare"}):gmatch("[^\n]+") do
    lines[#lines + 1] = rm.json.decode(line)
  end
  check.equal({lines[1].model, lines[2].model, #lines[1].times_ms, lines[1].peak_gflops},
              {"lenet5", "mlp", 2, nil})
end)

check.case("an instruction set is forced", function()
  for _, isa in ipairs(rm.machine.isas()) do
    local line = rm.json.decode(succeed {"lenet5", "--isa", isa, "--json"})
    check.equal(line.isa, isa)
    check.that(line.peak_gflops > 0)
  end
  refused({"lenet5", "--isa", "avx1024"}, "It is one of " .. table.concat(rm.machine.isas(), ", "))
end)

check.case("--ops: phases, operators, layers with methods and errors, the roofline", function()
  program.with_folder(function(folder)
    local out = succeed {"resnet20", "--size", "16", "--ops", "--figure", folder .. "/r.svg"}
    check.that(out:find("backward +[%d.]+ +[%d.]+ %%"), out)
    check.that(out:find("16%->16  16x16  3x3 +6  forward +winograd +[%d.]+ +%d+ +%d+ %% +%d%.%de%-0[67]"), out)
    check.that(out:find("BatchNorm2d+relu  16x16x16", 1, true), out)
    local file <close> = assert(io.open(folder .. "/r.svg"))
    check.that(file:read("a"):find("16->32  16x16  3x3 /2", 1, true))
  end)
end)

check.case("what cannot be is refused", function()
  refused({"lenet5", "--figure", "x.png"}, "--figure needs --ops")
  refused({"lenet5", "mlp", "--ops"}, "--ops looks into one network")
  refused({"lenet"}, "did you mean 'lenet5'")
  refused({"lenet5", "--batch", "0"}, "--batch is 0, expected at least 1")
end)

check.slow("PyTorch beside it, where there is one", function()
  if not require("resmoon.bench.peer").find() then
    refused({"lenet5", "--peer"}, "--peer needs PyTorch")
    check.skip("no PyTorch here")
  end
  local line = rm.json.decode(succeed {"resnet20", "--peer", "--rounds", "1", "--json", "--bare"})
  check.equal({line.peer.framework, line.peer.parameters, line.peer.steps}, {"pytorch", line.parameters, 2})
  check.that(line.ratio > 0 and line.peer.peak_rss_mb > 10)
  refused({"plain18", "--peer", "--rounds", "1"}, "no PyTorch twin of plain18")
end)

check.case("--checkpoint keeps the inputs of blocks, in runs of its own too", function()
  local out = succeed {"resnet20", "plain20", "--checkpoint", "--bare"}
  check.that(out:find("resnet20 ", 1, true) and out:find("plain20 ", 1, true), out)
  refused({"lenet5", "--checkpoint", "--bare"}, "bench: lenet5 has no blocks to checkpoint")
end)
