--- Patterns, sorting and the rest that can take long: they answer as Lua's own, errors included.
--
-- support/as_lua.lua prints what they do with random arguments; the shell and Lua itself must print the same.
-- (That Ctrl-C stops them: interrupt_test.lua.)
local check   = require "support.check"
local program = require "support.program"

local support = arg[0]:match("^(.*)/[^/]*/[^/]*$") .. "/support"

local function same(part, seed, rounds)
  local arguments = {support .. "/as_lua.lua", part, tostring(seed), tostring(rounds)}
  local words = {}
  for i, word in ipairs(arguments) do words[i] = program.quote(word) end
  local pipe = io.popen("lua5.4 " .. table.concat(words, " ") .. " 2>&1")
  local expected = pipe:read("a")
  pipe:close()
  local output, errors, status = program.run(arguments)
  check.equal({status, errors}, {0, ""})
  local ours, its = output:gmatch("[^\n]*"), expected:gmatch("[^\n]*")
  local line, wanted = ours(), its()
  while line and line == wanted do line, wanted = ours(), its() end
  check.equal(line, wanted)
end

check.case("find, match, gmatch and gsub with random patterns", function()
  same("patterns", math.random(1 << 30), 20000)
end)
check.case("wrong calls, and patterns that are too much", function() same("errors", 1, 1) end)
check.case("rep, concat, insert, remove, move and sort", function() same("tables", math.random(1 << 30), 3000) end)
