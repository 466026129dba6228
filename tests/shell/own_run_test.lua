-- A network of one's own, trained by a script (examples/more/own_block.lua), is a run like any other on the command
-- line.
local check   = require "support.check"
local files   = require "support.files"
local program = require "support.program"
local rm      = require "resmoon"

local script = rm.sys.getcwd() .. "/examples/more/own_block.lua"

-- What a command writes, after it ended well; it must not run what the script prints beside its training.
local function runs(folder, ...)
  local out, err, status = program.run({...}, {folder = folder})
  check.equal(status, 0, err)
  check.that(not (out .. err):find "logits", "the script's own output:\n" .. out)
  return out, err
end

check.case("evaluate, predict, compare, report, --resume and --model take the run of a script", function()
  files.with_folder(function(folder)
    local copy = folder .. "/own_block.lua"
    files.write(copy, files.read(script))
    local _, err, status = program.run({copy}, {folder = folder})
    check.equal(status, 0, err)
    os.remove(copy)   -- from here on the copy in the run builds the network

    local run = rm.train.folder.read(folder .. "/runs/senet")
    check.equal(run.config.parameters, 20696)
    local best = ("top-1 %.2f%%"):format(100 - rm.train.folder.summary(run).kept)
    check.that(runs(folder, "evaluate", "runs/senet"):find(best, 1, true), "not the best epoch's accuracy")

    rm.data.write_png(folder .. "/one.png", (rm.data.shapes10 {train = false, size = 1}:get(1)))
    check.that(runs(folder, "predict", "runs/senet", "one.png"):find("^one%.png  %a+ [%d.]+%%"), "no prediction")

    check.that(runs(folder, "report", "runs/senet", "--no-evaluate"):find("report.html", 1, true), "no report")
    check.that(files.read(folder .. "/report.html"):find("20,696", 1, true), "the report has no count of parameters")

    local out = runs(folder, "compare", "runs/senet")
    check.that(out:find("senet%s+20,696%s+4"), out)

    local keep = rm.train.hash(folder .. "/runs/senet")
    out = runs(folder, "train", "--run", "runs/senet", "--resume")
    check.that(out:find("senet", 1, true), out)
    check.equal(rm.train.hash(folder .. "/runs/senet"), keep)
  end)
end)
