--- Calls on files that fail: each open, read, write, fsync, close, rename and mkdir of each kind of file.
--
--     LD_PRELOAD=BUILD/tests/shim.so resmoon tests/faults/io.lua [--seconds S] [--only TEXT]
--
-- Each call fails once with EIO, ENOSPC and EINTR, is short once, and fails (or is short) from there on. Afterwards the
-- file is as it was, or whole and new; an error names the file or its folder; no temporary file is left.
local here = arg[0]:match "^(.*)/[^/]*$"
package.path = here .. "/?.lua;" .. package.path
local rm    = require "resmoon"
local core  = require "resmoon.core"
local shim  = require "shim"
local models, plot, train = rm.models, rm.plot, rm.train
local sys = rm.sys

local options = {seconds = 60}
for i = 1, #arg, 2 do options[arg[i]:match "^%-%-(%w+)$"] = tonumber(arg[i + 1]) or arg[i + 1] end

local folder = sys.mkdtemp "/tmp/resmoon-faults-"
local base = folder .. "/x"

local function content(path)
  local file <close> = io.open(path, "rb")
  return file and file:read "a"
end

local net = models.mlp {hidden = {4}, input = {1, 4, 4}, num_classes = 2}
local kinds = {}
-- files: names below the folder that the kind writes; write(folder): writes them; whole(content): whether it is one.
local function kind(name, files, write, whole)
  kinds[#kinds + 1] = {name = name, files = files, write = write, whole = whole or function() return true end}
end

local function ends(text) return function(c) return c:sub(-#text) == text end end
local function is_json(c) return pcall(rm.json.decode, c) end

kind("safetensors", {"w.safetensors"}, function(f) rm.save(f .. "/w.safetensors", net:state_dict()) end)
kind("checkpoint", {"c.safetensors"}, function(f)
  train.checkpoint.save(f .. "/c.safetensors", net, rm.optim.SGD(net:parameters(), {lr = 1}), {epoch = 1})
end)
kind("text (write_atomic)", {"t.txt"}, function(f)
  rm.write_atomic(f .. "/t.txt", ("line\n"):rep(5000))
end, ends "line\n")
kind("PNG", {"p.png"}, function(f) core.data.write_png(f .. "/p.png", rm.zeros({3, 9, 9}, "uint8")) end,
     ends "IEND\xAE\x42\x60\x82")
for _, form in ipairs {"png", "svg", "pdf"} do
  kind("figure, " .. form, {"figure." .. form}, function(f)
    local done, reason = plot.lines({{1, 3, 2}}, {file = f .. "/figure." .. form})
    if not done then error(reason, 0) end
  end)
end
kind("log.csv", {"log.csv"}, function(f)
  local log = train.Log()
  for e = 1, 20 do log:add {epoch = e, train_loss = e, lr = 0.1} end
  log:write(f .. "/log.csv")
end, function(c) return select(2, c:gsub("\n", "\n")) == 21 end)
kind("a run's beginning (config.json, data.json)", {"run/config.json", "run/data.json"}, function(f)
  local made = {covers = "all", classes = {"a"}}
  require("resmoon.runs.begin").run(f .. "/run", {model = "mlp", epochs = 1}, made):release()
end, is_json)
kind("a search (search.json, data.json, a trial)", {"search/search.json", "search/data.json", "search/trials/001.json"},
     function(f)
  local journal = require "resmoon.search.journal"
  journal.begin(f .. "/search", {training = {}, population = 2}, {covers = "all"}):release()
  journal.write(f .. "/search", 1, {fitness = 1, genes = {lr = 1}})
end, is_json)
kind("report (HTML, Markdown)", {"r.html", "r.md"}, function(f)
  local document = require "resmoon.report.document"
  document("Title"):paragraph("text"):write(f .. "/r.html")
end)
kind("weights read", {}, function(f) rm.load(f .. "/../w.safetensors") end)
kind("a run read (config.json, data.json, log.csv)", {}, function(f)
  train.folder.read(f .. "/../run")
  require("resmoon.runs.record").read(f .. "/../run")
end)

rm.save(folder .. "/w.safetensors", net:state_dict())
do
  local made = {covers = "all", classes = {"a"}}
  require("resmoon.runs.begin").run(folder .. "/run", {model = "mlp", epochs = 1}, made):release()
  local log = train.Log()
  log:add {epoch = 1, train_loss = 2.5, lr = 0.1}
  log:write(folder .. "/run/log.csv")
end

local function complain(k, order, text, ...)
  print(("FAULT\t%s\t%s: " .. text):format(k.name, order, ...))
end

-- Names of hidden temporary files below a folder.
local function leftovers(path, found)
  for _, name in ipairs(sys.list(path)) do
    if name:find "%.tmp$" then found[#found + 1] = name end
    if sys.is_dir(path .. "/" .. name) then leftovers(path .. "/" .. name, found) end
  end
  return found
end

-- Runs it with an order; old: whether the files are there, as others, before. Returns the faults that were made.
local function attempt(k, order, old)
  sys.run {"rm", "-rf", base}
  sys.mkdir_p(base)
  if old then
    for _, name in ipairs(k.files) do
      if not name:find "/" then rm.write_atomic(base .. "/" .. name, "old") end
    end
  end
  shim.order("watch/" .. base)
  shim.order(order)
  local ok, message = pcall(k.write, base)
  shim.off()
  local fired = shim.fired()
  shim.order "watch/"
  if not ok and fired == 0 then
    complain(k, order, "failed without a fault: %s", message)
    return 0
  end
  for _, name in ipairs(k.files) do
    local c = content(base .. "/" .. name)
    local was = old and not name:find "/" and "old" or nil
    if ok and c == was then complain(k, order, "%s was not written, and nothing said so", name) end
    if c ~= was and not (c and c ~= "" and (not k.whole or k.whole(c))) then
      complain(k, order, "%s is neither old nor whole", name)
    end
  end
  if not ok and not tostring(message):find(base, 1, true) and not tostring(message):find(base, 1, true) then
    complain(k, order, "names no file: %s", message)
  end
  local left = leftovers(base, {})
  if #left > 0 then complain(k, order, "left behind: %s", table.concat(left, ", ")) end
  return fired
end

local faults = {"EIO/%d", "ENOSPC/%d", "EINTR/%d", "short/%d", "EIO/%d+", "ENOSPC/%d+", "short/%d+"}
for _, k in ipairs(kinds) do
  if not options.only or k.name:find(options.only, 1, true) then
    attempt(k, "io/EIO/0")
    shim.order("watch/" .. base)
    local calls = shim.count()
    local injections = 0
    for at = 1, calls do
      for _, fault in ipairs(faults) do
        if attempt(k, ("io/" .. fault):format(at), true) > 0 then injections = injections + 1 end
      end
    end
    print(("@\t%s\t%d\t%d"):format(k.name, calls, injections))
    io.stdout:flush()
  end
end
sys.run {"rm", "-rf", folder}
