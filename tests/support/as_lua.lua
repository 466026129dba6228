--- Prints what the functions that the shell replaces do: for longwork_test.lua, here and in Lua itself.
--     lua as_lua.lua patterns|errors|tables SEED ROUNDS
local part, seed, rounds = arg[1], tonumber(arg[2]), tonumber(arg[3])
math.randomseed(seed)

local function pick(list) return list[math.random(#list)] end

local function show(...)
  local texts = {}
  for i = 1, select("#", ...) do
    local v = select(i, ...)
    texts[i] = type(v) == "string" and ("%q"):format(v):gsub("\n", "n")
      or (type(v) == "table" or type(v) == "function") and type(v) or tostring(v)
  end
  return table.concat(texts, ",")
end
local function try(f, ...) return show(pcall(f, ...)) end

local atoms = {
  "a", "b", "c", ".", "%a", "%d", "%w", "%s", "[ab]", "[^a]", "[a-c]", "[%w_]", "[]]", "[^]]", "[a-]", "[%]]", "%.",
  "%%", "^", "$", "-", "*", "+", "?", "(", ")", "()", "%b()", "%bab", "%f[%w]", "%f[^a]", "%1", "%2", "[", "%", "]",
  "\0", "%z", "%Z", "%g", "%x", "%u", "%L", "%f", "%b", "%bx", "[%a-z]", "[a%-z]", "[^", "[%", "\u{e9}", "%0",
}
local letters = {"a", "b", "c", " ", "(", ")", "1", "_", ".", "-", "\0", "]", "[", "%", "\u{e9}", "A", "\n", "^", "$"}
local replacements = {
  "x", "%0", "%1", "<%1%2>", "%", "%%", "%a", "%9", "", 12, 1.5, true, {a = "A", b = false, ab = 1},
  function(...) return (...) end, function() end, function() return {} end, function(...) return select("#", ...) end,
}

local function pattern()
  local items = {}
  for i = 1, math.random(0, 7) do
    items[i] = pick(atoms) .. (math.random() < 0.35 and pick {"*", "+", "-", "?"} or "")
  end
  return table.concat(items)
end

local function subject()
  local list = {}
  for i = 1, math.random(0, 12) do list[i] = pick(letters) end
  return table.concat(list)
end

local function all_matches(s, p, from)
  local list = {}
  for a, b, c in s:gmatch(p, from) do
    list[#list + 1] = show(a, b, c)
    if #list > 40 then break end
  end
  return table.concat(list, ";")
end

local parts = {}

function parts.patterns()
  for _ = 1, rounds do
    local s, p, from = subject(), pattern(), math.random() < 0.5 and math.random(-14, 14) or nil
    local r = math.random(#replacements)
    print(show(s, p, from, r), try(string.find, s, p, from), try(string.match, s, p, from))
    print(try(all_matches, s, p, from),
          try(string.gsub, s, p, replacements[r], pick {0, 1, 2, -1, 100}), try(string.gsub, s, p, replacements[r]),
          try(string.find, s, p, from, true))
  end
end

function parts.errors()
  local long = ("a"):rep(300)
  local calls = {
    {}, {1}, {"a"}, {"a", 1}, {"a", "b", {}}, {"a", "b", "c", "d"}, {{}, "a"}, {nil, "x"}, {"a", "b", 1.5},
    {"a", "(", 1}, {"a", ("("):rep(40)}, {long, ("a?"):rep(300)}, {long, ("b?"):rep(300)}, {long, ("(a)"):rep(33)},
    {long, ("a-"):rep(250)}, {long, ("a*"):rep(250)}, {long, ("b*"):rep(250)},
    {"x", 2 ^ 53}, {"x", 1e9, "yyyyyyyy"}, {"x", math.maxinteger},
    {"a\0b", "\0"}, {"a\0b", "%z"}, {"", ""}, {"", "()"}, {"abc", "", 4}, {"abc", "", 5}, {"abc", "b", math.mininteger},
  }
  for _, name in ipairs {"find", "match", "gmatch", "gsub", "rep"} do
    for _, arguments in ipairs(calls) do print(name, try(string[name], table.unpack(arguments, 1, 4))) end
  end
  print(pcall(function() return ("x"):find() end))
  print(pcall(function() return ("x"):find("[a") end))
  print(try(table.insert, {}, 1, 2, 3), try(table.insert, {}), try(table.insert, nil, 1), try(table.concat))
  print(try(table.move, {}, 1, math.maxinteger, 2), try(table.move, {}, -5, math.maxinteger, 2),
        try(table.move, {}, 1, 3, math.maxinteger), try(table.move, {}, 1, 2), try(table.move, 1, 2, 3, 4))
  print(try(table.sort, {3, nil, 1}), try(table.sort, {3, "a", 1}), try(table.sort, {1, 2}, 3), try(table.sort),
        try(table.sort, {1, 2, 3, 4, 5, 6, 7}, function() return true end), try(table.concat, {1, {}, 3}),
        try(table.sort, setmetatable({}, {__len = function() return math.maxinteger end})))
  print(pcall(function() table.sort({1, 2, 3, 4, 5, 6, 7}, function() return true end) end))
  print(try(table.remove, {1, 2, 3}, 7), try(table.remove, {}, 0), try(table.remove, {[0] = 1}, 0))
  print(try(table.remove, {}))
end

local function contents(t)
  local list = {}
  for k, v in pairs(t) do list[#list + 1] = tostring(k) .. "=" .. tostring(v) end
  table.sort(list)
  return table.concat(list, ",")
end

-- A table that stands for another, as table's functions allow.
local function proxy(t)
  return setmetatable({}, {__index = t, __newindex = t, __len = function() return #t end})
end

local operations = {
  {"insert", function() return math.random(-2, 12), 7 end}, {"insert", function() return 5 end},
  {"remove", function() return math.random(-2, 12) end}, {"remove", function() end},
  {"move", function() return math.random(-2, 5), math.random(-2, 12), math.random(-2, 12) end},
  {"concat", function() return pick {",", ""}, math.random(3), pick {3, 12} end}, {"concat", function() end},
}

function parts.tables()
  for _ = 1, rounds do
    local s, n, separator = subject(), math.random(-1, 40), pick {"", ",", "--"}
    print(show(s:rep(n), s:rep(n, separator)))
    local t = {}
    for i = 1, math.random(0, 9) do t[i] = math.random(9) end
    local before, operation = contents(t), pick(operations)
    local given = table.pack(operation[2]())
    local through = pick {t, proxy(t)}
    print(operation[1], before, show(table.unpack(given, 1, given.n)),
          try(table[operation[1]], through, table.unpack(given, 1, given.n)), contents(t))
  end
  for i = 1, 200 do  -- to the order of elements that are equal
    local pairs_, numbers, words = {}, {}, {}
    for j = 1, math.random(0, i < 195 and 300 or 20000) do
      pairs_[j], numbers[j], words[j] = {math.random(20), j}, math.random(50) * pick {1, 1.0}, subject()
    end
    table.sort(pairs_, function(a, b) return a[1] < b[1] end)
    table.sort(numbers)
    table.sort(words)
    for j, pair in ipairs(pairs_) do pairs_[j] = pair[1] .. ":" .. pair[2] end
    print(table.concat(pairs_, " "), table.concat(numbers, " "), show(table.concat(words, "\1")))
  end
end

parts[part]()
