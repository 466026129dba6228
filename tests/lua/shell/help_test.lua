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
