--- reload "my_module".
local check   = require "support.check"
local program = require "support.program"
local rm      = require "resmoon"
local reload  = require("resmoon.shell.reload").reload

-- Writes NAME.lua with each text in turn; f(write) may require and reload it.
local function with_module(name, f)
  program.with_folder(function(folder)
    local path = package.path
    package.path = folder .. "/?.lua;" .. path
    local ok, message = pcall(f, function(text) program.file(folder .. "/" .. name .. ".lua", text) end)
    package.path, package.loaded[name] = path, nil
    if not ok then error(message, 0) end
  end)
end

local NET = [[
local Net = nn.class("Net", nn.Module)
function Net:init() self.fc = nn.Linear(2, 2) end
function Net:forward(x) return %s end
function Net:clone() return Net() end
%s
return Net
]]

check.case("networks get the new methods and keep their parameters", function()
  with_module("test_reload_net", function(write)
    write(NET:format("self.fc(x)", "function Net:old() return 1 end"))
    local Net = require "test_reload_net"
    local net, x = Net(), rm.ones(1, 2)
    local weight, y = net.fc.weight, net(x)
    for factor = 2, 4 do
      write(NET:format("self.fc(x) * " .. factor, "function Net:new() return " .. factor .. " end"))
      check.that(rawequal(reload "test_reload_net", Net), "the class keeps its identity")
      check.close(net(x), y * factor)
      check.equal(net:new(), factor)
    end
    check.equal(rawget(Net, "old"), nil)
    check.that(net.fc.weight == weight)
    check.that(Net.is(net) and Net.is(net:clone()) and rm.nn.Module.is(net))
    check.equal(getmetatable(net:clone()), Net)
    check.that(rawequal(package.loaded.test_reload_net, Net))
  end)
end)

check.case("a module of several classes, local ones and subclasses among them", function()
  local text = [[
local Base = nn.class("Base", nn.Module)
function Base:value() return %d end
local Derived = nn.class("Derived", Base)
function Derived:both() return self:value() * 10 end
local function make() return Derived() end
return {make = make, Base = Base, version = %d}
]]
  with_module("test_reload_two", function(write)
    write(text:format(1, 1))
    local module = require "test_reload_two"
    local object = module.make()
    check.equal(object:both(), 10)
    write(text:format(2, 2))
    check.that(rawequal(reload "test_reload_two", module))
    check.equal({object:both(), module.version, module.make():both()}, {20, 2, 20})
    check.that(module.Base.is(object) and module.Base.is(module.make()))
    check.that(rawequal(getmetatable(object), getmetatable(module.make())))
  end)
end)

check.case("a module that returns a function; variables that hold it get the new one", function()
  local text = [[
local Thing = nn.class("Thing")
function Thing:says() return %q end
return function() return Thing() end
]]
  with_module("test_reload_function", function(write)
    write(text:format("old"))
    _G.test_make = require "test_reload_function"
    local thing = _G.test_make()
    write(text:format("new"))
    reload "test_reload_function"
    check.equal({thing:says(), _G.test_make():says()}, {"new", "new"})
    check.that(rawequal(getmetatable(thing), getmetatable(_G.test_make())))
    _G.test_make = nil
  end)
end)

check.case("a file with an error changes nothing", function()
  with_module("test_reload_broken", function(write)
    write(NET:format("x", ""))
    local Net = require "test_reload_broken"
    local net = Net()
    for _, text in ipairs {"local x = ", "error('while it is read')", NET:format("x + 1", "error('late')")} do
      write(text)
      check.error(function() reload "test_reload_broken" end, "test_reload_broken.lua:")
      check.close(net(rm.ones(1, 2)), rm.ones(1, 2))
      check.that(rawequal(package.loaded.test_reload_broken, Net))
    end
  end)
  check.error(function() reload "test_no_such_module" end, "test_no_such_module")
  check.error(function() reload(3) end, "reload: expected the name of a module")
end)

check.case("a module that is nowhere: said in the user's words, with where it was looked for", function()
  local _, errors, status = program.run({"-e", 'require("resmoon.shell.reload").reload "nosuch"'})
  check.equal(status, 1)
  check.that(errors:find("^%(command line%):1: reload: there is no module 'nosuch'\n\tno file '"), errors)
end)
