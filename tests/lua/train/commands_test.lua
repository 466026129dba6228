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
      check.that(not out:find("Usage:[^\n]*\n +%["), "the usage is one line")
      local usage, first = out:find("Usage:", 1, true), out:find(":\n   -", 1, true)
      check.that(usage and first and out:find("--help", first, true) < (out:find("\nData:", 1, true) or #out),
                 "the command's own options come first")
      refused({name, "--hepl"}, "resmoon " .. name .. ": unknown option '--hepl', did you mean '--help'?\n")
      count = count + 1
    end
  end
  check.that(count >= 12, count)
end)

check.case("an unknown option is answered with the nearest, an unknown network too", function()
  refused({"train", "--epoch", "3"}, "unknown option '--epoch', did you mean '--epochs'?")
  refused({"train", "--epohcs-number", "3"}, "unknown option '--epohcs-number'")
  refused({"train", "--model", "resnet21", "--run", "/nonexistent/x"}, "did you mean 'resnet20'")
  refused({"compare", "resnet20", "plian20"}, "did you mean 'plain20'")
  refused({"bench", "lenet"}, "did you mean 'lenet5'")
  refused({"train", "--epochs", "many"}, "'many' is no whole number")
  refused({"train", "--epochs", "-3"}, "--epochs is -3, expected at least 1")
  refused({"train", "--lr", "-0.5"}, "--lr is -0.5, expected at least 0")
  refused({"train", "--epochs=-3", "--run", "/nonexistent/x"}, "epochs is -3, expected at least 1")
  refused({"train", "--run", "README.md"}, "README.md is a file, and a run is a folder")
  refused({"train", "--data", "/nonexistent", "--run", "/nonexistent/x"}, "/nonexistent is neither a folder")
  refused({"evaluate", "/nonexistent/run"}, "/nonexistent/run")
end)

-- What a student types wrong, the first line of the answer, and what the second line has. There is no third.
local MISTAKES = {
  {{"train", "--epochs", "-3"}, "train: --epochs is -3, expected at least 1", "--epochs N"},
  {{"train", "--epochs=0"}, "train: --epochs is 0, expected at least 1", "--epochs N"},
  {{"train", "--epochs", "1.5"}, "train: --epochs: '1.5' is no whole number", "--epochs N"},
  {{"train", "--epochs", "ten"}, "train: --epochs: 'ten' is no whole number", "--epochs N"},
  {{"train", "--epochs="}, "train: --epochs: '' is no whole number", "--epochs N"},
  {{"train", "--lr", "abc"}, "train: --lr: 'abc' is not a number", "--lr RATE"},
  {{"train", "--lr", "0,1"}, "train: --lr: '0,1' is not a number (a point, not a comma: 0.1)", "--lr RATE"},
  {{"train", "--lr", "nan"}, "train: --lr: 'nan' is not a number", "--lr RATE"},
  {{"train", "--lr"}, "train: --lr needs a value", "--lr RATE"},
  {{"train", "--lr", "--epochs", "3"}, "train: --lr needs a value", "--lr RATE"},
  {{"train", "--momentum", "-.5"}, "train: --momentum is -.5, expected at least 0", "--momentum X"},
  {{"train", "--label-smoothing", "1"}, "train: --label-smoothing is 1, expected below 1", "--label-smoothing X"},
  {{"train", "--milestones", "a,b"}, "train: --milestones: 'a,b' is no list of epochs like 81,122", "--milestones N,N"},
  {{"train", "--milestones", "1,a"}, "train: --milestones: '1,a' is no list of epochs like 81,122", "--milestones N,N"},
  {{"train", "--milestones", "0,3"}, "train: --milestones is 0,3, expected the number of an epoch", "--milestones N,N"},
  {{"train", "--epoch", "3"}, "train: unknown option '--epoch', did you mean '--epochs'?", "--epochs N"},
  {{"train", "-epochs", "3"}, "train: unknown option '-epochs', did you mean '--epochs'?", "--epochs N"},
  {{"train", "--batch_size=8"}, "train: unknown option '--batch_size', did you mean '--batch-size'?", "--batch-size N"},
  {{"train", "--qqqqqqqqqq"}, "train: unknown option '--qqqqqqqqqq'", "train --help lists all options"},
  {{"train", "epochs=3"}, "train: 'epochs=3' is more than it takes, did you mean '--epochs'?", "--epochs N"},
  {{"train", "resnet20"}, "train: 'resnet20' is more than it takes, did you mean '--model resnet20'?", "--model NAME"},
  {{"train", "--optimizer", "sdg"},
   "train: --optimizer: 'sdg', did you mean 'sgd'? It is one of sgd, adam, adamw, rmsprop", "--optimizer"},
  {{"train", "--schedule=cosin"}, "train: --schedule: 'cosin', did you mean 'cosine'? It is one of ", "--schedule"},
  {{"train", "--augment", "yes"}, "train: --augment: 'yes' is not known, expected one of on, off, ", "--augment"},
  {{"compare"}, "compare: names is missing, as in  resmoon compare [options] <names>", "compare --help"},
  {{"predict", "runs/x"}, "predict: images is missing, as in  resmoon predict [options] <run>", "predict --help"},
  {{"predict", "runs/x", "a.png", "--top", "0"}, "predict: --top is 0, expected at least 1", "--top N"},
  {{"evaluate"}, "evaluate: run is missing, as in  resmoon evaluate [options] <run>", "evaluate --help"},
  {{"evaluate", "runs/x", "--crops", "5"}, "evaluate: --crops: '5' is not known, expected one of 1, 10", "--crops"},
  {{"report", "--thread", "2"}, "report: unknown option '--thread', did you mean '--threads'?", "--threads N"},
  {{"search", "--population", "-1"}, "search: --population is -1, expected at least 1", "--population N"},
  {{"summary", "--classes", "x"}, "summary: --classes: 'x' is no whole number", "--classes N"},
  {{"bench", "--mode", "trian"}, "bench: --mode: 'trian', did you mean 'train'?", "--mode"},
  {{"bench", "--steps", "0"}, "bench: --steps is 0, expected at least 1", "--steps N"},
  {{"fetch", "cifar"}, "fetch: set: 'cifar', did you mean 'cifar10'? It is one of", "Which one"},
  {{"lrfind", "--from", "x"}, "lrfind: --from: 'x' is not a number", "--from RATE"},
  {{"demo", "--epochs", "x"}, "demo: --epochs: 'x' is no whole number", "--epochs N"},
  {{"data", "--chek"}, "data: unknown option '--chek', did you mean '--check'?", "--check"},
  {{"lab_a", "--epochs", "1.5"}, "lab_a: --epochs: '1.5' is no whole number", "--epochs N"},
  {{"lab_b", "--depths", "20", "-3"}, "lab_b: --depths: '-3' is negative", "--depths N"},
  {{"lab_b", "--families", "resnt"}, "lab_b: --families: 'resnt', did you mean 'resnet'?", "--families"},
  {{"lab_c", "--lr", "1e"}, "lab_c: --lr: '1e' is not a number", "--lr RATE"},
  {{"lab_d", "--part", "lr"}, "lab_d: unknown option '--part', did you mean '--parts'?", "--parts"},
  {{"lab_e", "--inits", "xaver"}, "lab_e: --inits: 'xaver', did you mean 'xavier'?", "--inits"},
}

check.case("a mistake on a command line is answered in two lines: what is wrong, and what the option is", function()
  for _, mistake in ipairs(MISTAKES) do
    local words, first, second = table.unpack(mistake)
    local out, err, status = program.run(words)
    local lines, shown = {}, table.concat(words, " ") .. "\n" .. err
    for line in err:gmatch "[^\n]+" do lines[#lines + 1] = line end
    check.equal({out, status, #lines}, {"", 1, 2}, shown)
    check.equal(lines[1]:sub(1, #first + 8), "resmoon " .. first, shown)
    check.that(lines[2]:find(second, 1, true) and #lines[2] <= 100, shown)
  end
end)

check.case("a command that is not there, and options in front of the command", function()
  refused({"trian"}, "resmoon: there is no file and no script named trian, did you mean train?")
  refused({"labb"}, "did you mean lab_b?")
  refused({"--epochs", "3", "train"}, "resmoon: unknown option --epochs: options of a command stand behind its name")
  refused({"--hlep"}, "resmoon: unknown option --hlep, did you mean --help?")
end)

check.case("the examples of --help can be copied: their options and values are right", function()
  local count = 0
  for _, file in ipairs(rm.sys.list "scripts") do
    local name = file:match "^(.*)%.lua$"
    local out = name and succeed {name, "--help"} or ""
    for line in out:gsub(" \\\n *", " "):gmatch "\n  resmoon (%S[^\n]*)" do
      local words = {}
      for word in line:gmatch "%S+" do words[#words + 1] = (word:gsub("^['\"](.*)['\"]$", "%1")) end
      words[#words + 1] = "--help"    -- read last: it is answered only where all that stands before it is right
      local _, err, status = program.run(words)
      check.equal({err, status}, {"", 0}, line)
      count = count + 1
    end
  end
  check.that(count >= 25, count)
end)

check.case("help of train.run lists the settings", function()
  local out = succeed {"-e", 'help "train.run"'}
  for _, name in ipairs {"epochs", "lr", "batch_size", "schedule", "label_smoothing"} do
    check.that(out:find("\n  " .. name .. " ", 1, true), name)
  end
end)

check.case("train, resume, evaluate and compare leave what they promise", function()
  program.with_folder(function(folder)
    local function run(list) return succeed(arguments(list)) end
    local a, b = folder .. "/a", folder .. "/b"
    local out = run {"train", "--model", "lenet5", "--epochs", "2", "--run", a, "--schedule", "constant"}
    check.that(out:find("epoch 1/2  loss %d+%.%d+  train error .-test error .-img/s"), out)
    check.equal(select(2, out:gsub("\n", "")), 7)   -- 2 on the data, what begins, 2 epochs, hash, the end
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
  if program.path:find("asan", 1, true) then check.skip "AddressSanitizer reserves more than any limit" end
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

check.slow("memory that does not suffice: said with a way out, and no traceback", function()
  if program.path:find("asan", 1, true) then check.skip "AddressSanitizer reserves more than any limit" end
  program.with_folder(function(folder)
    local _, errors, status = program.run({"train", "--model", "resnet20", "--batch-size", "50000", "--threads", "1"},
                                          {folder = folder, env = "bash -c 'ulimit -v 2500000; exec \"$@\"' --"})
    check.equal(status, 1)
    check.that(errors:find("^resmoon train: out of memory for a float32 tensor %(50000, 16, 32, 32%)\n"), errors)
    check.that(errors:find("a smaller batch_size takes less; so does accumulate", 1, true), errors)
    check.that(not errors:find("traceback", 1, true), errors)
  end)
end)

check.case("a complaint that begins with the command's own name is not said twice", function()
  refused({"check", "77"}, "resmoon check: there is no exercise '77'")
  refused({"landscape", "no/such"}, "resmoon landscape: there is no no/such, neither")
end)
