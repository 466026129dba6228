-- luacheck: globals io (its streams are replaced to see what is printed)
local check   = require "support.check"
local rm      = require "resmoon"
local gnuplot = require "resmoon.plot.gnuplot"
local legend  = require "resmoon.plot.legend"
local plot, sys = rm.plot, rm.sys

local function with_folder(f)
  if not gnuplot.find() then check.skip("gnuplot is not installed") end
  local folder = sys.mkdtemp("/tmp/resmoon-plot-")
  local ok, message = pcall(f, folder)
  sys.run({"rm", "-rf", folder})
  if not ok then error(message, 0) end
end

-- Runs f with stdout (or stderr) of io in a string.
local function captured(stream, f)
  local real, parts = io[stream], {}
  io[stream] = {write = function(_, ...) parts[#parts + 1] = table.concat({...}) end, flush = function() end}
  local ok, a, b = pcall(f)
  io[stream] = real
  assert(ok, a)
  return table.concat(parts), a, b
end

local function content(path)
  local f <close> = assert(io.open(path, "rb"))
  return f:read("a")
end

check.case("quote leaves no way out", function()
  check.equal(gnuplot.quote "it's", [["it\047s"]])
  check.equal(gnuplot.quote "3->16 x1", [["3-\076\061\066 x1"]])  -- else \0761 would be read
  check.equal(gnuplot.quote "a\nsystem `x`\0", [["a\134nsystem \140x\140\134x00"]])  -- seen, not obeyed
  check.equal(gnuplot.path "x.png", [["./x.png"]])
  check.equal(gnuplot.path "|rm x.png", [["./\174rm x.png"]])
  check.equal(gnuplot.path "/tmp/\"\\.png", [["/tmp/\042\134.png"]])
  check.error(function() gnuplot.path "a\nb.png" end, "cannot be the name")
end)

check.case("texts and names of others run no commands", function()
  with_folder(function(folder)
    local mark = folder .. "/mark"
    local texts = {
      "`touch " .. mark .. "`", "$(touch " .. mark .. ")", "x'; system('touch " .. mark .. "'); '",
      "a\nsystem('touch " .. mark .. "')\n", "a\n!touch " .. mark .. "\n", "\"`touch " .. mark .. "`\"",
      "@mark", "EOD\nsystem('touch " .. mark .. "')", "\\", "%s%d", "'", "''", "'''x", "a' title 'b", '"', "\\\\",
    }
    for i, text in ipairs(texts) do
      local file = ("%s/%d.png"):format(folder, i)
      check.that(plot.lines({{y = {1, 2}, title = text}},
                            {title = text, xlabel = text, ylabel = text, file = file}), text)
      check.that(plot.bars({text, "b"}, {1, 2}, {title = text, file = file}), text)
      check.that(plot.heatmap({{1, 2}, {3, 4}}, {xticks = {text, text}, file = file}), text)
      check.that(not sys.exists(mark), "a command ran: " .. text)
    end
    check.that(plot.lines({1, 2}, {file = folder .. "/|touch mark.png"}))
    check.that(plot.lines({1, 2}, {file = folder .. "/`touch mark`'.png"}))
    check.that(not sys.exists(mark) and not sys.exists("mark.png"))
    check.error(function() plot.lines({1, 2}, {key = "top'; system 'x", file = folder .. "/x.png"}) end,
                "no place for a legend")
  end)
end)

check.case("files by suffix: PNG, SVG, PDF, and nothing left behind", function()
  with_folder(function(folder)
    local files = {folder .. "/f.png", folder .. "/f.svg", folder .. "/f.pdf"}
    check.that(plot.lines({{1, 2, 3}, {y = {3, 0 / 0, 1}, dashed = true}}, {file = files, size = {320, 200}}))
    check.equal(content(files[1]):sub(1, 8), "\137PNG\r\n\26\n")
    check.equal(content(files[1]):sub(17, 24), "\0\0\1\64\0\0\0\200")  -- 320 x 200
    check.that(content(files[2]):find("<svg", 1, true))
    check.equal(content(files[3]):sub(1, 5), "%PDF-")
    check.equal(sys.list(folder), {"f.pdf", "f.png", "f.svg"})
    check.error(function() plot.lines({1, 2}, {file = "x.gif"}) end, ".png, .svg or .pdf")
  end)
end)

check.case("a file that cannot be written is an error with its name, and what was there stays", function()
  with_folder(function(folder)
    local function refused(file, reason)
      check.error(function() plot.lines({1, 2}, {file = file}) end, "plot: " .. reason)
    end
    refused(folder .. "/no/f.png", ("cannot write %s/no/f.png: No such file or directory"):format(folder))
    sys.mkdir_p(folder .. "/d.png")
    refused(folder .. "/d.png", ("cannot replace %s/d.png: Is a directory"):format(folder))
    check.equal(sys.list(folder), {"d.png"})
    -- a file that may not grow stands for a full disk (gnuplot 5.4.4 ends with status 0 on one)
    local file = folder .. "/f.svg"
    plot.lines({1, 2}, {file = file})
    local before = content(file)
    local script = ("trap '' XFSZ; ulimit -f 1; %s -e 'plot.lines({3, 1, 2}, {file = \"%s\"})'"):format(arg[-1], file)
    local status, _, errors = sys.run({"sh", "-c", script}, {capture = true})
    check.equal(status, 1)
    check.that(errors:find(("plot: cannot write %s: File too large"):format(file), 1, true), errors)
    check.equal(content(file), before)
    check.equal(sys.list(folder), {"d.png", "f.svg"})
  end)
end)

-- Runs f with a program in place of gnuplot.
local function with_gnuplot(folder, text, f)
  local name = folder .. "/gnuplot"
  local program <close> = assert(io.open(name, "w"))
  program:write("#!/bin/sh\n", text, "\n")
  program:close()
  os.execute("chmod +x " .. name)
  local find, seconds = gnuplot.find, gnuplot.seconds
  local restored <close> = setmetatable({}, {__close = function()  -- luacheck: ignore
    gnuplot.find, gnuplot.seconds = find, seconds
  end})
  gnuplot.find, gnuplot.seconds = function() return name end, 0.3
  f()
end

check.case("a gnuplot that hangs, dies, or gives a part is said, and nothing is written", function()
  with_folder(function(folder)
    local file = folder .. "/f.png"
    local function refused(text, reason)
      with_gnuplot(folder, text, function()
        local began = sys.clock()
        check.error(function() plot.lines({1, 2}, {file = file}) end,
                    ("plot: %s was not drawn: %s"):format(file, reason))
        check.that(sys.clock() - began < 5)
      end)
      check.that(not sys.exists(file))
    end
    refused("trap '' TERM; sleep 100", "gnuplot did not end within 0.3 seconds, and was stopped")
    refused("cat >/dev/null; printf '\\211PNG'", "gnuplot gave only a part of it")
    refused("cat >/dev/null; echo 'line 3: no such thing' >&2; exit 1", "gnuplot: no such thing")
    refused("cat >/dev/null; kill -SEGV $$", "gnuplot: status 139")
  end)
end)

check.case("characters with colors are those without, and no line is blank", function()
  if not gnuplot.find() then check.skip("gnuplot is not installed") end
  local function drawn(colors)
    return gnuplot.trimmed((gnuplot.run(("set terminal dumb size 60,15 %s noenhanced\nset title 'a'\nplot sin(x)\n")
      :format(colors))))
  end
  local plain, colored = drawn "mono", drawn "ansi256"
  check.that(colored:find "\27%[38;5;")
  check.equal(colored:sub(-10), "\27[0;39;49m")  -- the terminal is as it was
  local function shape(text) return (text:gsub("\27%[[%d;]*m", ""):gsub("[-*+]", ".")) end  -- lines differ in color
  check.equal(shape(colored), shape(plain))
  for line in (plain .. "\n"):gmatch "(.-)\n" do check.that(line:find "%S" and not line:find "%s$", line) end
end)

check.case("curves: both panels in characters, no wider than the terminal", function()
  if not gnuplot.find() then check.skip("gnuplot is not installed") end
  sys.setenv("RESMOON_PLOT", "text")
  local log = {epoch = {1, 2, 3}, train_loss = {2, 1, 0.5}, train_error = {70, 40, 20}, test_error = {72, 45, 30}}
  local text = captured("stdout", function() plot.curves({{name = "net one", log = log}}) end)
  sys.setenv("RESMOON_PLOT")
  for _, part in ipairs {"training loss", "test error (%)", "net one"} do check.that(text:find(part, 1, true), part) end
  check.that(not text:find("\f"))
  local columns = gnuplot.text_size()
  for line in text:gmatch("[^\n]+") do check.that(#line <= columns, "too wide: " .. line) end
end)

check.case("images: a grid in a file and in characters", function()
  with_folder(function(folder)
    local x = rm.zeros({3, 3, 8, 8}, "uint8")
    check.that(plot.images(x, {1, 2, 1}, {classes = {"a", "b"}, file = folder .. "/i.png"}))
    check.equal(content(folder .. "/i.png"):sub(2, 4), "PNG")
    sys.setenv("RESMOON_PLOT", "text")
    local text = captured("stdout", function() plot.images(x, {1, 2, 1}, {classes = {"a", "b"}}) end)
    sys.setenv("RESMOON_PLOT")
    check.that(text:find("a +b +a"), text)
    check.error(function() plot.images(rm.zeros({2, 5, 8, 8})) end, "(N, 3 or 1, H, W), got (2, 5, 8, 8)")
  end)
end)

-- A run of `last` epochs with a schedule.
local function run_of(last, config)
  local log = {epoch = {}, train_loss = {}, train_error = {}, test_error = {}}
  for i = 1, last do
    log.epoch[i], log.train_loss[i], log.train_error[i], log.test_error[i] = i, 3 / i, 80 / i, 85 / i
  end
  return {name = "net", log = log, config = config}
end

check.case("curves mark the epochs after which the rate drops", function()
  with_folder(function(folder)
    local function marks(runs, options)
      options = options or {}
      options.file = folder .. "/c.svg"
      local f = plot.curves(runs, options)
      check.equal(f.panels[1].marks, f.panels[2].marks)
      local drawn = select(2, content(options.file):gsub('stroke="rgb%(119, 119, 119%)"', ""))
      check.that(drawn >= (#f.panels[1].marks > 0 and 2 or 0), drawn)
      return f.panels[1].marks, f.panels[1].mark_title
    end
    local multistep = {schedule = "multistep", milestones = {3, 5, 9}, gamma = 0.1}
    local at, name = marks {run_of(6, multistep), run_of(6, multistep)}
    check.equal({at, name}, {{3, 5}, "rate / 10"})    -- the third lies beyond the last epoch; each once
    at, name = marks {run_of(6, {schedule = "step", step_size = 2, gamma = 0.2})}
    check.equal({at, name}, {{2, 4}, "rate / 5"})    -- what comes after the sixth is not to be seen
    at, name = marks {run_of(6, multistep), run_of(6, {schedule = "step", step_size = 4, gamma = 0.5})}
    check.equal({at, name}, {{3, 5, 4}, "rate drops"})
    check.equal((marks {run_of(6, {schedule = "onecycle", gamma = 0.1}), run_of(3)}), {})
    check.equal((marks({run_of(6, multistep)}, {marks = false})), {})
    check.equal({marks({run_of(6)}, {marks = {2}})}, {{2}, "marks"})
    check.equal((marks {run_of(50, {schedule = "step", step_size = 1, gamma = 0.9})}), {})  -- nobody could read them
    check.error(function() plot.curves({run_of(2)}, {marks = 3}) end, "marks is 3, expected a list of epochs or false")
    check.error(function() plot.curves({run_of(2)}, {mark = {3}}) end, "did you mean 'marks'?")
  end)
end)

check.case("roc: each class has a look of its own, and the mean is thick and black", function()
  with_folder(function(folder)
    rm.manual_seed(4)
    local labels, classes = {}, {}
    for i = 1, 60 do labels[i] = i % 12 + 1 end
    for c = 1, 12 do classes[c] = "class number " .. c end
    local scores = rm.randn(60, 12)
    local f = plot.roc(scores, labels, {classes = classes, file = folder .. "/r.svg"})
    local looks, mean = {}, nil
    for _, layer in ipairs(f.panels[1].layers) do
      if layer.title and layer.title:find "^class number" then
        local look = layer.color .. "/" .. layer.dashed
        check.that(not looks[look], look)
        looks[look], looks[#looks + 1] = true, look
      elseif layer.title then
        mean = layer
      end
    end
    local _, auc = rm.metrics.auc(scores, labels)
    check.equal({#looks, mean.title, mean.color}, {12, ("mean of classes (AUC %.3f)"):format(auc), "#000000"})
    check.equal(mean.columns, {rm.metrics.macro_roc(scores, labels)})
    check.error(function() plot.roc({}) end, "plot.roc: nothing to draw")
  end)
end)

check.case("a legend goes where no curve is", function()
  local function place(layers, options)
    local panel = options or {}
    panel.layers = {}
    for i, layer in ipairs(layers) do
      panel.layers[i] = {columns = layer, style = "lines", title = layer.title or "a net"}
    end
    return legend.place(panel, 800, 500)
  end
  check.equal(place {{{1, 2}, {2, 1}}}, "top right")
  check.equal(place {{{1, 2}, {1, 2}}}, "top left")
  check.equal(place {{{0, 1, 2}, {2, 2, 1}}, {{0, 2}, {2, 2}}}, "bottom left")
  check.equal(place {{{1, 2, 3, 4}, {1, 2, 1, 2}}, {{1, 2, 3, 4}, {2, 1, 2, 1}}}, "below")
  check.equal(place({{{1, 2}, {2, 1}}}, {key = "bottom left"}), "bottom left")
  check.equal(place({{{1, 10, 100}, {1, 10, 100}}}, {logx = true, logy = true}), "top left")
  check.equal(place({{{1, 2}, {2, 1}}}, {key = false}), nil)
  -- below, as many rows as there must be
  local many = {}
  for i = 1, 9 do many[i] = {{1, 2}, {1, 2}, title = ("a long name "):rep(4)} end
  local panel = {layers = {}, key = "below"}
  for i, layer in ipairs(many) do panel.layers[i] = {columns = layer, style = "lines", title = layer.title} end
  local plan = legend.layout(legend.entries(panel), 600)
  check.equal({plan.columns, plan.rows, plan.shown}, {1, 9, 9})
  plan = legend.layout(legend.entries(panel), 600, 4)   -- no more rows than there is room for, and it says so
  check.equal({plan.rows, plan.shown, plan.titles[4]}, {4, 4, "and 6 more"})
end)

check.case("names below bars are turned, or cut, before they run into one another", function()
  with_folder(function(folder)
    local names, values = {}, {}
    for i = 1, 12 do names[i], values[i] = "automobile " .. i, i end
    local file = folder .. "/b.svg"
    plot.bars(names, values, {file = file})
    check.that(content(file):find("rotate(-40", 1, true))
    plot.bars({"a", "b"}, {1, 2}, {file = file})
    check.that(not content(file):find("rotate(-40", 1, true))
    sys.setenv("RESMOON_PLOT", "text")
    local text = captured("stdout", function() plot.bars(names, values) end)
    sys.setenv("RESMOON_PLOT")
    check.that(text:find "au~1 au~2 +au~3", text)   -- cut, and still told apart
  end)
end)

check.case("a matrix of any size fits the screen of characters", function()
  sys.setenv("RESMOON_PLOT", "text")
  local text = captured("stdout", function() plot.heatmap(rm.randn(100, 300)) end)
  sys.setenv("RESMOON_PLOT")
  local columns, rows = gnuplot.text_size()
  local count = 0
  for line in text:gmatch "[^\n]+" do
    count = count + 1
    check.that(#line <= columns, line)
  end
  check.that(count > 5 and count <= rows, count)
end)

check.case("histogram and heatmap take tensors; empty ones are named", function()
  with_folder(function(folder)
    check.that(plot.histogram(rm.zeros(100), {file = folder .. "/h.png"}))
    check.that(plot.heatmap(rm.zeros(3, 4), {file = folder .. "/m.png"}))
    check.error(function() plot.histogram({}) end, "no finite value")
    check.error(function() plot.lines({{x = {1}, y = {1, 2}}}) end, "1 values of x for 2 of y")
    check.error(function() plot.lines({{1, "2"}}) end, "element 2 is a string")
  end)
end)

check.case("without gnuplot there is one message and no error", function()
  local path = sys.getenv("PATH")
  for name in pairs(package.loaded) do
    if name:find("^resmoon%.plot") then package.loaded[name] = nil end
  end
  sys.setenv("PATH", "/nonexistent")
  local fresh = require "resmoon.plot"
  local said, ok, reason = captured("stderr", function()
    fresh.lines({1, 2}, {file = "/tmp/never.png"})
    local drawn = captured("stdout", function()   -- what is made of characters is drawn all the same
      check.that(fresh.images(rm.zeros({1, 1, 4, 4}, "uint8"), {7}))
      check.that(fresh.heatmap({{1, 2}, {3, 4}}))
      check.that(fresh.filters(rm.randn(2, 3, 3, 3)))
    end)
    for _, part in ipairs {"\n7\n", "@ = 4", "2 filters"} do check.that(drawn:find(part, 1, true), drawn) end
    return fresh.lines({1, 2})
  end)
  sys.setenv("PATH", path)
  check.equal(ok, nil)
  check.that(reason:find("gnuplot is not installed", 1, true))
  check.equal(select(2, said:gsub("plot: ", "")), 1)
end)

check.case("numbers that are none or without end are drawn as such, in any figure", function()
  with_folder(function(folder)
    local nan, huge = 0 / 0, math.huge
    local file = folder .. "/n.svg"
    for i, draw in ipairs {
      function() return plot.heatmap({{nan, 1}, {2, huge}}, {file = file}) end,
      function() return plot.heatmap({{nan, nan}, {nan, nan}}, {file = file}) end,
      function() return plot.lines({{1, nan, huge, 2}}, {file = file}) end,
      function() return plot.bars({"a", "b", "c"}, {1, nan, -huge}, {file = file}) end,
    } do
      check.that(draw(), i)
      check.that(not content(file):find "%-nan", i)
    end
    -- Each is called by its name: gnuplot's data have no infinity, which would be written as "NaN".
    plot.heatmap({{nan, 1}, {2, huge}, {-huge, 3}}, {file = file})
    local cells = {}
    for word in content(file):gmatch "<text>(%-?%a+)</text>" do cells[#cells + 1] = word end
    table.sort(cells)
    check.equal(cells, {"-inf", "inf", "nan"})
    sys.setenv("RESMOON_PLOT", "text")
    local text = captured("stdout", function() plot.heatmap {{nan, 1}, {2, -huge}} end)
    sys.setenv("RESMOON_PLOT")
    check.that(text:find("%?%?") and text:find("' ' = 1 to @ = 2", 1, true), text)
  end)
end)

check.case("a class without a curve is left out of a ROC figure, with a word", function()
  with_folder(function(folder)
    local scores = {{0.8, 0.1, 0.1}, {0.2, 0.7, 0.1}, {0.6, 0.3, 0.1}}
    local said = captured("stderr", function()
      check.that(plot.roc(scores, {1, 2, 1}, {classes = {"cat", "dog", "zebra"}, file = folder .. "/r.svg"}))
    end)
    check.that(said:find("no ROC curve of zebra", 1, true), said)
    local svg = content(folder .. "/r.svg")
    check.that(svg:find("dog (AUC 1.000)", 1, true) and not svg:find("zebra", 1, true) and not svg:find("nan", 1, true))
    check.error(function() plot.roc({{0.9, 0.1}}, {1}) end, "no class has both images of its own and images of others")
  end)
end)

check.case("a caption of a million letters is cut in a moment, and to the same letters", function()
  with_folder(function(folder)
    local x, file = rm.zeros({1, 3, 40, 40}, "uint8"), folder .. "/i.svg"
    local function caption(name)
      plot.images(x, {name}, {file = file})
      return content(file):match "ii+%."
    end
    local began = os.clock()
    local long = caption(("i"):rep(1000000))
    check.that(os.clock() - began < 5, os.clock() - began)
    check.that(#long > 5)
    check.equal(long, caption(("i"):rep(500)))
  end)
end)
