--- help(): what it finds, how it looks, and that every example of a docstring runs as it says.
local check    = require "support.check"
local rm       = require "resmoon"
local examples = require "support.help_examples"
local help     = require "resmoon.shell.help"
local index    = require "resmoon.shell.help.index"
local read     = require "resmoon.shell.help.read"

local function has(text, ...)
  for _, part in ipairs {...} do
    check.that(text:find(part, 1, true), ("expected %q in:\n%s"):format(part, text))
  end
end

check.case("a name, a function and an object are explained alike", function()
  local text = help.text "conv2d"
  has(text, "x:conv2d(weight, bias = nil, {stride = 1", "Shapes:", "Errors:", "Source:", "src/bind/conv.c, line",
      "Example:", "> x:conv2d(w, nil, {padding = 1})")
  check.equal(help.text(rm.conv2d), help.text "tensor.conv2d")
  check.equal(help.text(rm.zeros(1).conv2d), help.text "rm.conv2d")
  check.equal(help.text "x:conv2d", help.text "tensor.conv2d")
  check.equal(help.text(rm.zeros(1)), help.text "tensors")
end)

check.case("texts are as wide as the terminal, and 80 columns without one", function()
  local core = require "resmoon.core"
  local isatty, winsize = core.sys.isatty, core.sys.winsize
  local columns
  core.sys.isatty = function(n) return n == 1 and columns ~= nil or isatty(n) end
  core.sys.winsize = function() return 30, columns end
  -- The widest line of some texts, without code, which people copy.
  local function widest()
    local most = 0
    for _, text in ipairs {help.text "plot.lines", help.text(), help.text "nn", help.text "tensors", help.found "relu",
                           help.text "commands"} do
      text = text:gsub("\nExample:.*", ""):gsub("\27%[%d*m", "")
      for line in text:gmatch "[^\n]+" do
        if not line:find "^   " then most = math.max(most, rm.text_width(line)) end
      end
    end
    return most
  end
  local ok, message = pcall(function()
    for width, expected in pairs {[41] = 40, [61] = 60, [101] = 100, [300] = 120, [20] = 40} do
      columns = width
      local most = widest()
      check.that(most <= expected and most > expected - 12, ("%d columns: a line of %d"):format(width, most))
    end
    columns = nil
    check.that(widest() <= 80)
  end)
  core.sys.isatty, core.sys.winsize = isatty, winsize
  if not ok then error(message, 0) end
end)

-- --- everything public ---------------------------------------------------------------------

-- What the library keeps for itself, in tables that are public for its own files only.
local internal = {}
for name in ([[
  rm.imaging rm.layer_methods rm.layer_fields rm.layer_slots rm.layer_constructors
  rm.layer_hooks rm.set_layer_hooks rm.copy_layer rm.alias rm.set_module_path rm.json_decode rm.bind_docs
  rm.adam_step rm.sgd_step rm.rmsprop_step rm.clip_grad_norm rm.max_norm rm.find_duplicate rm.copy_all
  rm.checkpoint rm.find_nonfinite rm.observe_backward rm.tape_key rm.tape_graph rm.tensor_key rm.world
]]):gmatch "%S+" do internal[name] = true end

-- What a class has beside its own methods, and what only answers calls documented at the base class.
local class_fields = {init = true, is = true, describe = true, forward = true, step_group = true, rate = true}

local function documented(name, value, class)
  if index.of(value) or index.get().by_name[name] then return true end
  if not class then return false end
  if class_fields[name:match "[^.]+$"] then return true end
  local base = rawget(class, "super")
  while base do  -- a method that takes the place of one that is documented
    local method = rawget(base, name:match "[^.]+$")
    if method and index.of(method) then return true end
    base = rawget(base, "super")
  end
  return name:find "^optim%.schedule%." and index.get().by_name["schedule." .. name:match "[^.]+$"] ~= nil
end

-- Calls visit(name, value, class) for every function, class and callable table below `t`.
local function walk(t, prefix, visit, seen)
  seen[t] = true
  local class = rawget(t, "__name") and t or nil
  local names = {}
  for key in next, t do
    if type(key) == "string" and not key:find "^_" and key ~= "super" then names[#names + 1] = key end
  end
  table.sort(names)
  for _, key in ipairs(names) do
    local value = rawget(t, key)
    local name = prefix == "rm" and (seen.parts[key] and key or "rm." .. key) or prefix .. "." .. key
    local meta = type(value) == "table" and getmetatable(value)
    if not internal[name] then
      if type(value) == "function" or meta and meta.__call then visit(name, value, class) end
      if type(value) == "table" and not seen[value] and (not meta or meta.__call or meta.__index) then
        walk(value, name, visit, seen)
      end
    end
  end
end

local function everything(visit)
  local parts = {}
  for _, part in ipairs(rm.parts) do parts[part] = pcall(function() return rm[part] end) end
  check.that(rm.json and rm.sys)  -- loaded when they are named
  walk(rm, "rm", visit, {parts = parts})
  for name, method in pairs(getmetatable(rm.zeros(1)).methods) do visit("tensor." .. name, method) end
  for name, method in pairs(rm.layer_methods) do visit("nn.Module." .. name, method) end
end

check.case("everything public has a docstring", function()
  local missing, count = {}, 0
  everything(function(name, value, class)
    count = count + 1
    if not documented(name, value, class) then missing[#missing + 1] = name end
  end)
  check.that(count > 400, count)
  table.sort(missing)
  check.equal(table.concat(missing, "\n"), "", "a docstring is a comment above the code with lines `Call: `, "
    .. "`Shapes: `, `Errors: `, `Example:` (lua/resmoon/shell/help/read.lua says how)")
end)

-- What a test cannot type: an editor, what a training run prints (its times), what depends on all there is.
local live = {edit = true, watch = true, resume = true, who = true, mem = true, reload = true}

check.case("every docstring says what it does, gives a call, errors and an example, and shapes of tensors", function()
  local bad = {}
  local function complain(entry, what)
    bad[#bad + 1] = ("%s (%s:%d) %s"):format(entry.names[1], entry.file, entry.line, what)
  end
  for _, entry in ipairs(index.get().entries) do
    if #read.summary(entry) < 15 then complain(entry, "does not say what it does") end
    if not entry.topic then
      for _, steps in ipairs(entry.examples) do
        if #steps == 0 then complain(entry, "has an example without a line of code (> code)") end
      end
      if #entry.examples == 0 and not live[entry.names[1]] then complain(entry, "has no example") end
      if not entry.tags.Errors then complain(entry, "does not say what errors it raises") end
      local calls = table.concat(entry.calls, " ")
      if calls:find "tensor" or calls:find "%f[%w]x[:.%[]" or calls:find "layer$" then
        if not entry.tags.Shapes then complain(entry, "does not say which shapes") end
      end
    end
    for tag, lines in pairs(entry.tags) do
      if #table.concat(lines) < 3 then complain(entry, "has an empty " .. tag) end
    end
  end
  check.equal(table.concat(bad, "\n"), "")
end)

check.case("every documented name but a field is there", function()
  local fields = {["tensor.indexing"] = true, ["rm.sys.process"] = true}
  local words = require("resmoon.shell.commands").words
  local gone = {}
  for _, entry in ipairs(index.get().entries) do
    for _, name in ipairs(entry.names) do
      local field = fields[name] or fields[name:match "^(.*)%."] or name:find "^nn%.handle%."
      for _, call in ipairs(entry.calls) do  -- `x.shape -> table`, `loader.x`
        field = field or call:match "^%l+%.[%w_]+%f[^%w_]" and read.name(call) == name and not call:find "%("
      end
      if not entry.topic and not field and not words[name] and index.resolve(name) == nil then
        gone[#gone + 1] = ("%s (%s:%d)"):format(name, entry.file, entry.line)
      end
    end
  end
  check.equal(table.concat(gone, "\n"), "")
end)

-- --- how it looks ---------------------------------------------------------------------------

check.case("no line is wider than 80 columns, and nothing but text is written to a pipe", function()
  local wide = {}
  for _, entry in ipairs(index.get().entries) do
    local text = help.text(entry.names[1])
    for line in (text .. "\n"):gmatch "(.-)\n" do
      if utf8.len(line) > 80 then
        wide[#wide + 1] = ("%s (%s:%d): %s"):format(entry.names[1], entry.file, entry.line, line)
      end
    end
    check.that(not text:find("\27", 1, true), entry.names[1])
  end
  check.equal(table.concat(wide, "\n"), "")
end)

check.case("an unknown name gives the nearest, a word is searched for in all texts", function()
  has(help.text "cnov2d", 'did you mean "conv2d"?')
  has(help.text "repeat", "tensor.tile")  -- what PyTorch calls it: a word of Lua
  has(help.found "arXiv:1509.09308", "tensor.conv2d")
  has(help.found "maxout", "tensor.maxout")
  has(help.found "xyzzy", "no text has")
end)

check.case("the overview lists the topics, and each topic its members", function()
  local text = help.text()
  for _, topic in ipairs {"tensors", "autograd", "nn", "models", "data", "train", "plot", "prompt", "commands"} do
    has(text, "  " .. topic)
  end
  check.equal(tostring(help), text)
  has(help.text "tensors", "element by element", "reshape", "cross_entropy")
  has(help.text "commands", "resmoon train")
end)

check.case("a function of the user's is explained by the comment above it", function()
  -- Twice the number.
  local function double(x) return 2 * x end
  has(help.text(double), "help_test.lua, line", "Twice the number.")
  check.equal(double(2), 4)
end)

check.case("each comment is read once, in Lua as in C", function()
  local entry = read.entry({"What it does.", "Call: x:f(a) -> tensor", "Call: rm.g()", "Errors: one,", "  or two.",
                            "Example:", "  > f(1,", "  >> 2)", "  [1]", "  > 3"}, "a.lua", 7)
  check.equal(entry.names, {"tensor.f", "rm.g"})
  check.equal(entry.tags.Errors, {"one,", "  or two."})
  check.equal(entry.examples, {{{code = "f(1,\n2)", output = {"[1]"}}, {code = "3", output = {}}}})
  check.equal(read.summary(entry), "What it does.")
  check.equal(read.entry({"An ordinary comment."}, "a.lua", 7), nil)
end)

check.case("every example prints what it says", function()
  local results = examples.run()
  check.that(#results > 100)
  local wrong = examples.differences(results)
  check.that(#wrong == 0, table.concat(wrong, "\n\n") ..
             "\nif what is printed is right: build/release/resmoon tests/help_examples.lua --write")
end)
