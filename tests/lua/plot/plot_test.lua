-- luacheck: globals io (its streams are replaced to see what is printed)
local check   = require "support.check"
local rm      = require "resmoon"
local gnuplot = require "resmoon.plot.gnuplot"
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
  check.equal(gnuplot.quote "a\nsystem `x`\0", [["a system \140x\140 "]])
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

check.case("a folder that is not there is said, and the caller goes on", function()
  with_folder(function(folder)
    local said, ok, reason = captured("stderr", function()
      return plot.lines({1, 2}, {file = folder .. "/no/f.png"})
    end)
    check.equal(ok, nil)
    check.that(reason and said:find("plot: ", 1, true), said)
  end)
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
    return fresh.lines({1, 2})
  end)
  sys.setenv("PATH", path)
  check.equal(ok, nil)
  check.that(reason:find("gnuplot is not installed", 1, true))
  check.equal(select(2, said:gsub("plot: ", "")), 1)
end)
