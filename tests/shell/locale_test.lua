--- A script that asks for a decimal comma: numbers are written and read in the C form all the same.
local check   = require "support.check"
local rm      = require "resmoon"
local program = require "support.program"

-- Runs f(folder, env) where a German locale can be made, which env then offers.
local function with_german(f)
  program.with_folder(function(folder)
    rm.sys.mkdir_p(folder .. "/locales")
    if not os.execute(("localedef -i de_DE -f UTF-8 %s/locales/de_DE.UTF-8 >/dev/null 2>&1"):format(folder)) then
      check.skip "no German locale can be made here (packages libc-bin and locales)"
    end
    f(folder, ("LOCPATH=%s/locales LC_ALL=de_DE.UTF-8 RESMOON_PLOT=text"):format(folder))
  end)
end

local function content(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

check.case("train, plot and report write points, not commas, and read them back", function()
  with_german(function(folder, env)
    local script = program.file(folder .. "/s.lua", [[
      print(os.setlocale "de_DE.UTF-8")
      print(1.5, ("%.2f"):format(0.25), tonumber "2.5", tonumber "2,5", "a" < "B", rm.tensor {1.5, 0.25})
      print(os.setlocale(nil, "time"), os.date("%B", 0))
      local settings = {model = "mlp", epochs = 2, train_size = 40, test_size = 20, threads = 1, lr = 0.0125}
      train.run(settings, {folder = "run"})
      plot.lines({{0.5, 1.5, 2.5}}, {file = "lines.svg"})
      plot.lines({{0.5, 1.5, 2.5}})
      rm.save("x.safetensors", {x = rm.ones(1)}, {rate = tostring(0.5)})
      print(select(2, rm.load "x.safetensors").rate)
      require("resmoon.report").write({"run"}, {out = "report.html"})
      print(train.folder.read("run").log.lr[1])
    ]])
    local out, err, status = program.run({script}, {folder = folder, env = env})
    check.equal(status, 0, out .. err)
    check.equal(err, "")
    check.that(out:find("de_DE.UTF-8\n1.5\t0.25\t2.5\tnil\tfalse\t[1.5000, 0.2500]  float32 (2)\n", 1, true), out)
    check.that(out:find("de_DE.UTF-8\tJanuar\n", 1, true), out)  -- the rest of the locale is the script's
    check.that(out:find("\n0.5\n", 1, true) and out:find("0.0125\n$"), out)
    check.that(not out:find "%d,%d", out)
    for _, file in ipairs {"run/log.csv", "run/config.json", "report.md", "lines.svg"} do
      check.that(not content(folder .. "/" .. file):find "%d,%d+[eE%%]" , file)
    end
    local log = content(folder .. "/run/log.csv")
    check.that(log:find("\n1,%d+,0.0125,0.9,%d+%.%d+,"), log)
    check.that(content(folder .. "/run/config.json"):find('"lr": 0.0125', 1, true))
    check.that(content(folder .. "/report.md"):find("0.0125", 1, true))
    local svg = content(folder .. "/lines.svg")
    local tics = 0
    for label in svg:gmatch "<text>(.-)</text>" do
      tics = tics + (label:find "%d%.%d" and 1 or 0)
      check.that(not label:find "%d,%d", label)
    end
    check.that(tics > 2, svg:sub(1, 4000))
    -- and what a German run left, another goes on with
    out, err, status = program.run({"compare", "run"}, {folder = folder, env = "RESMOON_PLOT=text"})
    check.equal(status, 0, out .. err)
  end)
end)

check.case("the prompt edits letters of several bytes as before", function()
  if not program.has_readline() then check.skip "built without readline" end
  local screen = program.type({"expect > ", "send x = \"\\xc3\\xa4\\xc3\\xb6\"\\x7f\\x7f\\xc3\\xbc\"\\r", "expect > ",
                               "send print(#x .. '=' .. x)\\r", "expect 4="}, {env = "LC_ALL=C.UTF-8"})
  check.that(screen:find("4=äü", 1, true), screen)
end)
