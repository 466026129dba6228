--- A script that is gone through again for its network says, draws, deletes and overwrites nothing.
local check   = require "support.check"
local files   = require "support.files"
local program = require "support.program"
local rm      = require "resmoon"

local SCRIPT = [[
local rm = require "resmoon"
os.execute "echo started > executed.txt"
os.remove "mine.txt"
rm.sys.run {"rm", "-f", "mine.txt"}
local log = io.open("results.csv", "w")
io.stdout:write "noise\n"
io.stderr:write("noise", "\n"):write "noise\n"
io.write "noise\n"
local net = rm.nn.Linear(2, 2)
net:summary {2}
rm.plot.heatmap({{1, 2}, {3, 4}}, {file = "heat.svg"})
local live = rm.plot.live {file = "live.svg"}
live:add {loss = 1}
live:close()
rm.save("weights.safetensors", {w = rm.ones(1)})
rm.write_atomic("note.txt", "of the script")
rm.data.write_png("one.png", rm.zeros({1, 2, 2}, "uint8"))
rm.sys.mkdir_p "made"
if not rm.sys.exists "made/one.txt" then rm.write_atomic("made/one.txt", "1") end
assert(io.open "made/one.txt"):close()
local function tiny(o) return rm.nn.Sequential {rm.nn.Flatten(), rm.nn.Linear(3072, o.num_classes)} end
local result = rm.train.run({model = tiny, epochs = 1, train_size = 40, test_size = 20, drawing = {}},
                            {folder = "runs/tiny", progress = false})
log:write(("%.1f\n"):format(result.log.rows[1].train_loss))
log:close()
]]

check.case("evaluating the run of a script leaves the world as it is", function()
  files.with_folder(function(folder)
    files.write(folder .. "/script.lua", SCRIPT)
    local out, err, status = program.run({"script.lua"}, {folder = folder})
    check.equal(status, 0, err)
    check.that(out:find "noise" and out:find "Linear", out)

    local before = {}
    for _, name in ipairs {"mine.txt", "results.csv", "weights.safetensors", "note.txt", "one.png"} do
      files.write(folder .. "/" .. name, "kept " .. name)
      before[name] = "kept " .. name
    end
    for _, name in ipairs {"executed.txt", "heat.svg", "live.svg", "made/one.txt"} do
      os.remove(folder .. "/" .. name)
    end
    out, err, status = program.run({"evaluate", "runs/tiny"}, {folder = folder})
    check.equal(status, 0, err)
    check.that(not (out .. err):find "noise" and not out:find "Linear", out .. err)
    for name, text in pairs(before) do check.equal(files.read(folder .. "/" .. name), text) end
    check.that(not rm.sys.exists(folder .. "/executed.txt"), "a program was started")
    check.that(not rm.sys.exists(folder .. "/heat.svg") and not rm.sys.exists(folder .. "/live.svg"), "it was drawn")
    check.equal(files.read(folder .. "/made/one.txt"), "1")   -- what it is about to read is there
  end)
end)

check.case("a misspelt network of a script that fails behind its training is named with its neighbor", function()
  files.with_folder(function(folder)
    files.write(folder .. "/script.lua", SCRIPT)
    local _, err, status = program.run({"train", "--model", "script.lua:tinny"}, {folder = folder})
    check.equal(status, 1)
    check.equal(err, "resmoon train: models: script.lua has no 'tinny', did you mean 'tiny'? it has net, tiny\n")
  end)
end)

check.case("a file that cannot be run is an error of one line", function()
  files.with_folder(function(folder)
    files.write(folder .. "/nets.lua", "local t\nreturn t.x\n")
    local _, err, status = program.run({"train", "--model", "nets.lua:net"}, {folder = folder})
    check.equal(status, 1)
    check.equal(err, "resmoon train: models: nets.lua: nets.lua:2: attempt to index a nil value (local 't')\n")
  end)
end)
