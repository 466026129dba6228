local check = require "support.check"
local json  = require("resmoon").json

check.case("decode keeps integers, floats and arrays apart", function()
  local t = json.decode '{"a": [1, 2.0, "x", true, null], "b": {"c": null}, "n": -7}'
  check.equal(math.type(t.a[1]), "integer")
  check.equal(math.type(t.a[2]), "float")
  check.equal(t.a[5], json.null)
  check.equal(t.b.c, nil)
  check.equal(t.n, -7)
end)

check.case("encode sorts keys and round-trips", function()
  check.equal(json.encode {b = 1, a = {1, 2}, c = {x = "é\n\"\\\1"}},
              [[{"a":[1,2],"b":1,"c":{"x":"é\n\"\\\u0001"}}]])
  check.equal(json.encode {}, "{}")
  check.equal(json.encode(json.array {}), "[]")
  for _, text in ipairs {"[]", '{"a":[]}', "[1,null,2]", "0.1", "1e+300", "1.0", "-5", "[[],{}]",
                         "9223372036854775807", "0.30000000000000004"} do
    check.equal(json.encode(json.decode(text)), text)
  end
end)

check.case("indented text decodes to the same", function()
  local t = {model = "resnet20", milestones = {81, 122}, nested = {a = {{x = 1}, {x = 2}}}}
  local text = json.encode(t, {indent = true})
  check.that(text:find('\n  "milestones": [81, 122],\n', 1, true), text)
  check.equal(json.encode(json.decode(text)), json.encode(t))
end)

check.case("what has no form is refused", function()
  check.error(function() json.encode(0 / 0) end, "no form")
  check.error(function() json.encode(print) end, "a function")
  check.error(function() json.encode {1, 2, x = 3} end, "has the key x")
  check.error(function() json.encode {[2] = 1} end, "keys are text")
  check.error(function() json.encode "\xff" end, "not UTF-8")
  local cycle = {}
  cycle.again = cycle
  check.error(function() json.encode(cycle) end, "nested deeper")
end)

check.case("hostile text is refused", function()
  check.error(function() json.decode(("["):rep(1000000)) end, "nested")
  check.error(function() json.decode(("["):rep(101) .. ("]"):rep(101)) end, "nested 101 deep")
  check.error(function() json.decode '{"a":1,"a":2}' end, "duplicate")
  check.error(function() json.decode '"a\\u0000"' end, "json.decode")
  check.error(function() json.decode "[1,]" end, "line 1")
  check.error(function() json.decode "" end, "json.decode")
end)

-- What had been read is let go of in the order of the text, which must not make a reader look through all of it each
-- time.
check.case("a long text that ends wrongly is refused, an object with a name twice too", function()
  local list = {}
  for i = 1, 100000 do list[i] = ('"k%d":{"a":[%d,2]}'):format(i, i) end
  local text = table.concat(list, ",")
  check.equal(json.decode("{" .. text .. "}").k100000.a[1], 100000)
  check.error(function() json.decode("{" .. text .. ',"k1":2}') end, "duplicate object key")
  check.error(function() json.decode("[" .. ("1,"):rep(500000) .. "x") end, "invalid token near 'x'")
end)
