--- Tables that are results: print shows what is in them, and to everything else they are plain tables.
local check = require "support.check"
local rm    = require "resmoon"
local shown = require "resmoon.base.shown"

check.case("a shape prints, joins and stays a table", function()
  local x = rm.zeros(2, 3)
  check.equal(tostring(x.shape), "{2, 3}")
  check.equal("shape " .. x.shape .. "!", "shape {2, 3}!")
  check.equal(type(x.shape), "table")
  check.equal(#x.shape, 2)
  local seen = {}
  for i, n in ipairs(x.shape) do seen[i] = n end
  check.equal(seen, {2, 3})
  check.equal(table.concat(x.shape, "x"), "2x3")
  check.equal({table.unpack(x.shape)}, {2, 3})
  check.equal(rm.json.encode {shape = x.shape}, '{"shape":[2,3]}')
  check.equal(rm.ones(x.shape).shape, {2, 3})
  local shape = x.shape
  shape[1] = 5
  check.equal(shape, {5, 3})
  check.equal(x.shape, {2, 3})
  check.equal(tostring(x:stride()), "{3, 1}")
  check.equal(tostring(rm.tensor(1).shape), "{}")
end)

-- PyTorch 1.13: torch.zeros(2, 3).shape == torch.ones(2, 3).shape is True, as against (3, 2) False.
check.case("shapes are compared by what they are", function()
  check.that(rm.zeros(2, 3).shape == rm.ones(2, 3).shape)
  check.that(rm.zeros(2, 3).shape == {2, 3})
  check.that(rm.zeros(2, 3).shape ~= rm.ones(3, 2).shape)
  check.that(rm.zeros(2, 3).shape ~= rm.ones(2, 3, 1).shape)
  check.that(rm.tensor(1).shape == rm.tensor(2).shape)
  check.that(rm.zeros(2).shape ~= "2")
end)

check.case("a mistake with such a table is told as one with a table", function()
  local ok, message = pcall(function() return rm.zeros(2).shape + 1 end)
  check.that(not ok and message:find "arithmetic on a table value", message)
end)

check.case("nested results print their contents, long ones what fits", function()
  local row = shown.mark {epoch = 1, nested = {a = {1, 2}}, name = "x"}
  check.equal(tostring(row), '{epoch = 1, name = "x", nested = {a = {1, 2}}}')
  check.equal(tostring(row.nested), "{a = {1, 2}}")
  local list = {}
  for i = 1, 30 do list[i] = i end
  check.that(tostring(shown.mark(list)):find "20, %.%.%. %(10 more%)}$")
  row.nested.itself = row
  check.that(tostring(row):find("itself = {...}", 1, true))
end)

check.case("what has a metatable keeps it", function()
  local mine = setmetatable({1}, {__tostring = function() return "mine" end})
  check.equal(tostring(shown.mark {mine}), "{mine}")
  check.equal(tostring(mine), "mine")
  check.equal(shown.mark(3), 3)
end)

check.case("JSON prints, and what was read is written the same", function()
  local value = rm.json.decode '{"a": [1, 2], "b": {"c": "x"}, "d": []}'
  check.equal(tostring(value), '{a = {1, 2}, b = {c = "x"}, d = {}}')
  check.equal(tostring(value.a), "{1, 2}")
  check.equal(rm.json.encode(value), '{"a":[1,2],"b":{"c":"x"},"d":[]}')
  check.equal("read " .. value.b, 'read {c = "x"}')
end)

check.case("parameters, statistics, classes, settings", function()
  local net = rm.nn.Sequential {rm.nn.Linear(1, 2, {bias = false})}
  check.equal(tostring(net:parameters()), "{\n  " .. tostring(net[1].weight) .. "\n}")
  check.that(tostring(net:state_dict()):find('^{%s+"0.weight"'), tostring(net:state_dict()))
  local ds = rm.data.shapes10 {size = 20}
  check.that(tostring(ds.mean):find "^{0%.%d+, 0%.%d+, 0%.%d+}$", tostring(ds.mean))
  check.equal(tostring(ds.shape), "{3, 32, 32}")
  check.that(tostring(ds.classes):find('{"circle", "square"', 1, true), tostring(ds.classes))
  check.that(tostring(rm.train.config.complete {epochs = 3}.milestones) == "{1, 2}")
  local opt = rm.optim.SGD(net:parameters(), {lr = 0.5})
  check.that(tostring(opt.groups[1]):find "lr = 0%.5")
  check.that(tostring(net:summary({1}).rows[1]):find('type = "Linear"', 1, true))
end)

check.case("a list of parameters still makes an optimizer, and modules in a shown table are still refused", function()
  local net = rm.models.mlp()
  check.equal(#rm.optim.SGD(net:parameters(), {lr = 1}).groups[1].params, 6)
  local ok, message = pcall(function() net.parts = shown.mark {rm.nn.ReLU()} end)
  check.that(not ok and message:find "hides its modules", message)
end)

-- The examples of the docstrings call every public function: none of their results is a table that would print as an
-- address. What an example writes as a table itself has no metatable, and is not looked at.
check.slow("no public function returns a table that does not show itself", function()
  local program, read = require "support.program", require "resmoon.shell.help.read"
  local script = [[
    local shown, found = require "resmoon.base.shown", {}
    local function look(value, code, depth)
      if type(value) ~= "table" or depth > 3 then return end
      if debug.getmetatable(value) == nil then found[#found + 1] = code return end
      if not shown.is_plain(value) then return end
      for _, inner in next, value do look(inner, code, depth + 1) end
    end
    local say, count = print, 0
    for _, entry in ipairs(require "resmoon.shell.help.read".all()) do
      for _, example in ipairs(entry.examples) do
        local environment = setmetatable({print = function() end}, {__index = _G})
        for _, step in ipairs(example) do
          local chunk = load("return " .. step.code, "=prompt", "t", environment)
          local results = table.pack(pcall(chunk or load(step.code, "=prompt", "t", environment)))
          if chunk and results[1] then
            for i = 2, results.n do count = count + 1 look(results[i], step.code, 0) end
          end
        end
      end
    end
    say("LOOKED AT", count)
    for _, code in ipairs(found) do say("PLAIN", code) end
  ]]
  check.that(#read.all() > 300)
  program.with_folder(function(folder)
    local out = program.run({"-e", script}, {folder = folder})
    check.that(tonumber(out:match "LOOKED AT\t(%d+)") > 500, out:match "LOOKED AT[^\n]*")
    local plain = {}
    for code in out:gmatch "PLAIN\t([^\n]*)" do plain[#plain + 1] = code end
    check.equal(plain, {})
  end)
end)
