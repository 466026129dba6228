-- The programs over the trainer, as a person starts them: train, compare, evaluate, summary, bench.
local check   = require "support.check"
local rm      = require "resmoon"
local program = require "support.program"

local SMALL = {"--train-size", "48", "--test-size", "20", "--batch-size", "16", "--threads", "1", "--lr", "0.01"}

local function arguments(list)
  local all = {table.unpack(list)}
  return table.move(SMALL, 1, #SMALL, #all + 1, all)
end

local function succeed(list, options)
  local out, err, status = program.run(list, options)
  check.equal(status, 0, out .. err)
  return out, err
end

local function refused(list, message, options)
  local out, err, status = program.run(list, options)
  check.that(status ~= 0, "expected a failure, got " .. out)
  check.that(err:find(message, 1, true), ("expected %q in %q"):format(message, err))
  check.that(not err:find("stack traceback", 1, true), err)
end

check.case("every command answers --help with an example, and a misspelt option with the nearest", function()
  local count = 0
  for _, file in ipairs(rm.sys.list "scripts") do
    local name = file:match "^(.*)%.lua$"
    if name then
      local out = succeed {name, "--help"}
      check.that(out:find("Usage: resmoon " .. name, 1, true) and out:find("Example:\n", 1, true), out)
      refused({name, "--hepl"}, "Did you mean '--help'?")
      count = count + 1
    end
  end
  check.that(count >= 12, count)
end)

check.case("an unknown option is answered with the nearest, an unknown network too", function()
  refused({"train", "--epoch", "3"}, "Did you mean '--epochs'?")
  refused({"train", "--epohcs-number", "3"}, "unknown option '--epohcs-number'")
  refused({"train", "--model", "resnet21", "--run", "/nonexistent/x"}, "did you mean 'resnet20'")
  refused({"compare", "resnet20", "plian20"}, "did you mean 'plain20'")
  refused({"bench", "lenet"}, "did you mean 'lenet5'")
  refused({"train", "--epochs", "many"}, "'many' is no whole number")
  refused({"train", "--epochs", "-3"}, "unknown option '-3'\nA negative value is written with '=': --NAME=-3\n")
  refused({"train", "--lr", "-0.5"}, "with '=': --NAME=-0")   -- argparse reads -0.5 as several letters
  refused({"train", "--epochs=-3", "--run", "/nonexistent/x"}, "epochs is -3, expected at least 1")
  refused({"train", "--run", "README.md"}, "README.md is a file, and a run is a folder")
  refused({"train", "--data", "/nonexistent", "--run", "/nonexistent/x"}, "/nonexistent is neither a folder")
  refused({"evaluate", "/nonexistent/run"}, "/nonexistent/run")
end)

check.case("train, resume, evaluate and compare leave what they promise", function()
  program.with_folder(function(folder)
    local function run(list) return succeed(arguments(list)) end
    local a, b = folder .. "/a", folder .. "/b"
    local out = run {"train", "--model", "lenet5", "--epochs", "2", "--run", a, "--schedule", "constant"}
    check.that(out:find("epoch 1/2  loss %d+%.%d+  train error .-test error .-img/s"), out)
    check.equal(select(2, out:gsub("\n", "")), 6)   -- 2 on the data, what begins, 2 epochs, the end
    check.that(out:find("lenet5 on shapes10: 48 images of 10 classes, 2 epochs, sgd, rate 0.01 %(constant%)"), out)
    check.that(not out:find("[\r\27]"), "the output of a program that is no terminal has no control characters")
    check.equal(rm.sys.list(a), {"best.safetensors", "config.json", "curves.png", "curves.svg", "data.json",
                                 "last.safetensors", "log.csv"})
    refused(arguments {"train", "--model", "lenet5", "--run", a}, "already holds a run: --resume")

    out = succeed {"train", "--run", a, "--resume", "--epochs", "3"}
    check.that(out:find("epoch 3/3", 1, true) and not out:find("epoch 2/3", 1, true), out)
    refused({"train", "--run", a, "--resume", "--lr", "1"}, "begun with lr = 0.01")

    out = succeed {"evaluate", a, "--figure", folder .. "/m.png"}
    check.that(out:find("top%-1 %d+%.%d+%%  top%-3 .-top%-5"), out)
    check.that(out:find("circle", 1, true) and out:find("true \\ predicted", 1, true), out)
    check.that(rm.sys.exists(folder .. "/m.png"))
    check.that(not out:find("largest losses", 1, true), out)
    out = succeed {"evaluate", a, "--top-losses", "3", "--top-losses-figure", folder .. "/worst.png"}
    local listed = out:match "largest losses.*"
    check.equal(select(2, listed:gsub("\n *%d+ +%l+ +%l+ +[%d.e-]+%% +%d+%.%d+", "")), 3, out)
    check.that(rm.sys.exists(folder .. "/worst.png"))

    run {"train", "--model", "mlp", "--epochs", "1", "--run", b}
    out = succeed({"compare", a, b, "--run", folder .. "/c"}, {env = "RESMOON_PLOT=text"})
    check.that(out:find("lenet5 +%d+,%d+ +3 "), out)
    check.that(out:find("training loss", 1, true) and out:find("test error", 1, true), out)
    check.equal(rm.sys.list(folder .. "/c"), {"compare.png", "compare.svg"})
  end)
end)

check.case("without gnuplot training says so once and goes on", function()
  program.with_folder(function(folder)
    local words = arguments {"train", "--model", "mlp", "--epochs", "2", "--run", folder .. "/a"}
    local out, err = succeed(words, {env = "PATH=/nonexistent"})
    check.that(out:find("epoch 2/2", 1, true) and out:find("best error", 1, true), out)
    check.equal(err, "plot: gnuplot is not installed, so no figure was drawn (apt-get install gnuplot-nox)\n")
    check.equal(rm.sys.list(folder .. "/a"), {"best.safetensors", "config.json", "data.json", "last.safetensors",
                                               "log.csv"})
    -- what draws in the terminal needs none
    out, err = succeed({"compare", folder .. "/a", "--run", folder .. "/c"}, {env = "PATH=/nonexistent"})
    check.that(out:find("mlp +%S+ +2 "), out)
    check.equal(select(2, err:gsub("gnuplot", "")), 2, err)    -- one message, in which it stands twice
  end)
end)

check.case("curves that cannot be written: said, the run is kept, and the status tells", function()
  program.with_folder(function(folder)
    rm.sys.mkdir_p(folder .. "/a/curves.png")
    local words = arguments {"train", "--model", "mlp", "--epochs", "1", "--run", folder .. "/a"}
    local out, err, status = program.run(words)
    check.equal({status, err}, {1, ("plot: cannot replace %s/a/curves.png: Is a directory\n"):format(folder)})
    check.that(out:find "best error", out)
    succeed {"evaluate", folder .. "/a"}
  end)
end)

check.slow("Ctrl-C in training saves and says how to go on", function()
  program.with_folder(function(folder)
    local words = arguments {"train", "--model", "lenet5", "--epochs", "400", "--run", folder .. "/a"}
    local screen = program.type({"expect img/s", "send \\x03", "expect --resume"}, {arguments = words})
    check.that(screen:find("stopped in epoch", 1, true) and screen:find("ETA", 1, true), screen)
    local out = succeed {"train", "--run", folder .. "/a", "--resume", "--early-stop", "1", "--epochs", "400"}
    check.that(out:find("epoch", 1, true), out)
  end)
end)

check.case("train --profile says where a step's time goes, and trains on", function()
  program.with_folder(function(folder)
    local out = succeed {"train", "--model", "lenet5", "--epochs", "1", "--run", folder .. "/a", "--train-size", "48",
                         "--test-size", "20", "--batch-size", "4", "--profile"}
    check.that(out:find("a step takes [%d.]+ ms, %d+ img/s %(mean of 9%)"), out)
    check.that(out:find("conv2d +2 +[%d.]+ +2 "), out)
    check.that(out:find("epoch 1/1"), out)
  end)
end)

check.case("summary and bench", function()
  local out = succeed {"summary", "resnet20"}
  check.that(out:find("269,722", 1, true), out)
  local line = rm.json.decode((succeed {"bench", "lenet5", "--batch", "4", "--steps", "2", "--threads", "1", "--json"}))
  check.that(line.img_per_s > 0 and line.peak_rss_mb > 1 and line.step_ms > 0)
  check.equal({line.model, line.mode, line.batch, line.threads, line.steps}, {"lenet5", "train", 4, 1, 2})
  line = rm.json.decode((succeed {"bench", "lenet5", "--mode", "infer", "--batch", "4", "--steps", "2", "--json"}))
  check.equal(line.mode, "infer")
end)

check.slow("demo: a table and the figure of its networks", function()
  program.with_folder(function(folder)
    local run = folder .. "/d"
    local out = succeed({"demo", "--models", "resnet20", "plain20", "--train-size", "64", "--test-size", "20",
                         "--epochs", "1", "--threads", "1", "--run", run}, {env = "RESMOON_PLOT=text"})
    check.that(out:find("resnet20 +269,722 +1 ") and out:find("plain20 +269,722 +1 "), out)
    check.equal(rm.sys.list(run), {"compare.png", "compare.svg", "plain20", "resnet20"})
  end)
end)

check.case("a damaged data file is named, with what was expected, and no traceback", function()
  program.with_folder(function(folder)
    rm.sys.mkdir_p(folder .. "/cifar-10-batches-bin")
    program.file(folder .. "/cifar-10-batches-bin/data_batch_1.bin", ("x"):rep(5000))
    refused({"train", "--data", folder, "--run", folder .. "/run"},
            "data_batch_1.bin: has 5000 bytes, expected 30730000")
    check.that(not rm.sys.exists(folder .. "/run"), "a run that could not begin leaves no folder")
  end)
end)

check.case("a network's name is the network, also beside a run of that name", function()
  program.with_folder(function(folder)
    succeed(arguments {"train", "--model", "lenet5", "--epochs", "1", "--run", folder .. "/lenet5"})
    succeed(arguments {"compare", "lenet5", "./lenet5", "--epochs", "1", "--run", folder .. "/c"},
            {folder = folder, env = "RESMOON_PLOT=text"})
    check.that(rm.sys.exists(folder .. "/c/lenet5/log.csv"))
  end)
end)

check.case("a damaged log is named with its line, and one network twice is one too many", function()
  program.with_folder(function(folder)
    succeed(arguments {"train", "--model", "mlp", "--epochs", "1", "--run", folder .. "/a"})
    local log = program.file(folder .. "/a/log.csv", "epoch,train_loss,train_error\n1,0,5,20\n")
    refused({"compare", folder .. "/a"}, log .. ":2: 4 fields, expected 3")
    refused({"report", folder .. "/a"}, log .. ":2: 4 fields, expected 3")
    refused(arguments {"compare", "mlp", "mlp", "--run", folder .. "/c"}, "jobs 1 and 2 are both called 'mlp'")
    check.that(not rm.sys.exists(folder .. "/c"))
  end)
end)
