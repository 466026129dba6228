--- Networks in files of one's own: models.get "nets.lua:senet".
local check   = require "support.check"
local program = require "support.program"
local rm      = require "resmoon"
local file    = require "resmoon.models.file"
local models  = rm.models

-- f(path) with a file of this text.
local function with_file(text, f)
  program.with_folder(function(folder) f(program.file(folder .. "/nets.lua", text)) end)
end

local NETS = [[
local nn = require("resmoon").nn
local nets = {}
function nets.small(o) return nn.Linear(o.input[1], o.num_classes) end
function nets.wide(o) return nn.Linear(2 * o.input[1], o.num_classes) end
return nets
]]

check.case("a text names a file, and what is in it", function()
  check.equal({file.parse "a/b.lua:net"}, {"a/b.lua", "net"})
  check.equal({file.parse "b.lua"}, {"b.lua"})
  check.equal(file.parse "resnet20", nil)
  check.equal(file.parse "runs/a", nil)
  check.equal(file.name "a/b.lua:net", "net")
  check.equal(file.name "a/b.lua", "b")
  check.equal(file.name "resnet20", nil)
end)

check.case("a function of the table that a file returns", function()
  with_file(NETS, function(path)
    check.equal(models.get(path .. ":wide") {input = {3}, num_classes = 4}.weight.shape, {4, 6})
    check.error(function() models.get(path .. ":smal") end, "has no 'smal', did you mean 'small'? it has small, wide")
    check.error(function() models.get(path) end, "defines small, wide; " .. path .. ":small takes one of them")
  end)
end)

check.case("what a file returns (function, class or network) needs no name; nor does the only global", function()
  local head = "local nn = require('resmoon').nn\n"
  for _, text in ipairs {
    "return function(o) return nn.Linear(2, o.num_classes) end",
    "local C = nn.class('C', nn.Sequential)\nfunction C:init(o) self:append(nn.Linear(2, o.num_classes)) end\nreturn C",
    "return nn.Linear(2, 5)",
    "Block = nn.class('Block', nn.Module)\nfunction net(o) return nn.Linear(2, o.num_classes) end",
  } do
    with_file(head .. text, function(path)
      check.equal(#models.get(path) {num_classes = 5}:parameters(), 2)
    end)
  end
  with_file("#!/usr/bin/resmoon\n" .. head .. "function net() return nn.ReLU() end", function(path)
    check.equal(tostring(models.get(path)()), "ReLU()")
    check.equal(rawget(_G, "net"), nil)   -- its globals are its own
  end)
end)

check.case("a file says nothing, and leaves generators and threads as they were", function()
  local text = [[
    print "not shown"
    io.write "nor this"
    local rm = require "resmoon"
    rm.set_num_threads(1)
    local noise = rm.randn(100)
    return function() return rm.nn.ReLU() end]]
  with_file(text, function(path)
    rm.manual_seed(5)
    local expected = rm.randn(3)
    rm.manual_seed(5)
    local threads = rm.num_threads()
    models.get(path)
    check.equal(rm.randn(3):eq(expected):all():item(), 1)
    check.equal(rm.num_threads(), threads)
    local out, err, status = program.run {"summary", path, "--input", "3,4,4"}
    check.equal(status, 0, err)
    check.that(not out:find "not shown" and not out:find "nor this", out)
  end)
end)

check.case("a script that trains is gone through up to where it would, and no further", function()
  local text = [[
    local rm = require "resmoon"
    local function small() return rm.nn.Sequential {rm.nn.Flatten(), rm.nn.Linear(12, 2)} end
    local function large() return rm.nn.Sequential {rm.nn.Flatten(), rm.nn.Linear(12, 20)} end
    rm.train.run({model = small, name = "little"}, {folder = "%s"})
    error "it went on"]]
  program.with_folder(function(folder)
    local path = program.file(folder .. "/nets.lua", text:format(folder .. "/run"))
    check.equal(models.get(path)()[2].weight.shape, {2, 12})
    check.equal(models.get(path .. ":large")()[2].weight.shape, {20, 12})
    check.equal(models.get(path .. ":little")()[2].weight.shape, {2, 12})
    check.equal(rm.sys.list(folder), {"nets.lua"})
  end)
end)

check.case("a loop of one's own does not train either", function()
  local text = [[
    local rm = require "resmoon"
    local function net() return rm.nn.Linear(2, 2) end
    local made = net()
    local opt = rm.optim.SGD(made:parameters(), {lr = 0.1})
    made(rm.ones(1, 2)):sum():backward()
    %s
    rm.write_atomic("%s", "trained")]]
  for _, step in ipairs {"opt:step()", "pcall(opt.step, opt)", "coroutine.wrap(function() opt:step() end)()"} do
    program.with_folder(function(folder)
      local path = program.file(folder .. "/nets.lua", text:format(step, folder .. "/trained"))
      if step == "opt:step()" then check.equal(models.get(path .. ":net")().weight.shape, {2, 2})
      else pcall(models.get, path .. ":net") end
      check.that(not rm.sys.exists(folder .. "/trained"), step)
    end)
  end
end)

check.case("what is wrong with a file is said with its name and line", function()
  check.error(function() models.get "/nowhere/nets.lua:net" end, "models: /nowhere/nets.lua: No such file or directory")
  with_file("return 3", function(path)
    check.error(function() models.get(path) end, path .. " defines no network: it returns a function that builds one")
  end)
  with_file("local x = nil\nreturn x.y", function(path)
    check.error(function() models.get(path) end, "nets.lua:2: attempt to index a nil value %(local 'x'%)")
  end)
  with_file("return function( end", function(path)
    check.error(function() models.get(path) end, "nets.lua:1: ")
  end)
  with_file("return function() return 7 end", function(path)
    check.error(function() models.get(path)() end, "nets.lua returned a number, expected a module")
  end)
end)
