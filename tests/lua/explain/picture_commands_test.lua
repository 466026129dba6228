--- The commands landscape, signals and frames, on a run.
local check = require "support.check"
local files = require "support.files"
local program = require "support.program"
local rm    = require "resmoon"
local gnuplot = require "resmoon.plot.gnuplot"

check.slow("landscape, signals and frames of a run: text, figures, and points that are taken up", function()
  if not gnuplot.find() then check.skip "no gnuplot" end
  files.with_folder(function(folder)
    rm.train.run({model = "mlp", epochs = 3, train_size = 100, test_size = 20, batch_size = 25, keep_every = 1,
                  watch_layers = true}, {folder = folder .. "/r", progress = false})
    local function run(...)
      local out, complaints, status = program.run({...}, {folder = folder, env = "RESMOON_PLOT=text"})
      check.equal({complaints, status}, {"", 0})
      return out
    end
    local out = run("landscape", "r", "--grid", "5", "--images", "20", "--keep", "kept", "--figure", "l.png")
    check.that(out:find "landscape of mlp: 5 x 5 points, random directions %(seed 1%), 20 images\n", out)
    check.that(out:find "figure: l.png" and rm.sys.exists(folder .. "/l.png"), out)
    local before = files.read(folder .. "/kept/r.landscape")
    -- The points are there: the same again, and the file alone will do.
    check.equal(run("landscape", "r", "--grid", "5", "--images", "20", "--keep", "kept", "--figure", "l.png"), out)
    check.equal(files.read(folder .. "/kept/r.landscape"), before)
    check.equal(run("landscape", "kept/r.landscape", "--figure", "l.png"), out)
    out = run("landscape", "r", "--grid", "5", "--images", "20", "--directions", "path")
    check.that(out:find "the path of 3 checkpoints" and out:find "a to c: the path of 3 checkpoints", out)
    check.that(run("signals", "r", "--map", "gradient"):find "mlp: norm of the gradient, log10")
    out = run("signals", "mlp", "--images", "10", "--columns", "mean")
    check.that(out:find "mlp, %d layers with weights, 10 images", out)
    -- A linear axis from 0 behind a logarithmic one.
    check.that(run("signals", "r", "--columns", "gradient", "dead", "--figure", "s.svg"):find "figure: s.svg")
    out = run("frames", "path", "r", "--grid", "3", "--images", "10", "--figure", "p.apng")
    check.equal(out, "figure: p.apng, 3 frames: p_001.png to p_003.png\n")
    local _, complaints, status = program.run({"landscape", "nowhere"}, {folder = folder})
    check.that(status == 1 and complaints:find "there is no nowhere, neither the folder of a run nor", complaints)
    _, complaints, status = program.run({"frames", "path"}, {folder = folder})
    check.that(status == 1 and complaints:find "path: the folder of %a+ run is missing\n$", complaints)
  end)
end)
