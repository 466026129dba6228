--- Names, numbers and tables as text.
local check = require "support.check"
local rm    = require "resmoon"
local text  = require "resmoon.base.text"

check.case("a number that is none is nan, whatever its sign", function()
  for _, value in ipairs {0 / 0, -(0 / 0), text.NAN} do
    check.equal(text.format("%.2f %g|%5.1f", value, value, value), "nan nan|  nan")
    check.equal(text.value("%.2f", value), "n/a")
  end
  check.equal(text.format("%s %d %.1f", "a", 3, -math.huge), "a 3 -inf")
  check.equal({text.value("%.1f", nil, "-"), text.value("%.1f", 2)}, {"-", "2.0"})
  check.equal(tostring(rm.tensor({0 / 0, -(0 / 0)}):totable()[1]), "nan")
  check.equal(tostring(rm.tensor(0 / 0):item()), "nan")
  check.error(function() rm.zeros(2):dropout(0 / 0) end, "got nan")
end)

check.case("names of others obey nothing", function()
  check.equal(text.visible "a\27]0;title\7b\0\u{9b}31m\u{202e}\xff\n",
              "a\\x1b]0;title\\ab\\x00\\u{9b}31m\\u{202e}\\xff\\n")
  check.equal(text.visible "Zürich 猫 e\u{301} 100% `x` <b>", "Zürich 猫 e\u{301} 100% `x` <b>")
  check.equal(text.visible_lines "a\27\nb\tc", "a\\x1b\nb\tc")
end)

check.case("widths are columns of a screen", function()
  check.equal({text.width "abc", text.width "é", text.width "e\u{301}", text.width "猫と犬", text.width "\xff"},
              {3, 1, 1, 6, 1})
  check.equal({text.cut("naïve", 4), text.cut("猫と犬", 5), text.cut("猫と犬", 4), text.cut("abc", 3)},
              {"naï.", "猫と.", "猫.", "abc"})
  check.equal({text.pad("猫", 4), text.pad("é", 3, true)}, {"猫  ", "  é"})
  local lines = text.columns {{"class", "n"}, {"e\u{301}te\u{301}", "1"}, {"猫", "22"}, {"x\27[2J", "333"}}
  check.equal(lines, {
    "class       n", "-------------", "e\u{301}te\u{301}         1", "猫         22", "x\\x1b[2J  333",
  })
end)

check.case("names that are cut stay apart", function()
  check.equal(text.distinct({"black cat", "black dog", "white", "black cat"}, 5), {"bla~1", "bla~2", "white", "bla~4"})
  check.equal(text.distinct({"a", "b"}, 5), {"a", "b"})
  check.equal(text.told_apart {"a", "b", "a"}, {"a #1", "b", "a #2"})
  check.equal(text.told_apart {"a", "a", "a #1"}, {"a #2", "a #3", "a #1"})
  check.equal(text.file_keys {"a b", "a_b", "A_B", "a_b_2"}, {"a_b", "a_b_2", "A_B_3", "a_b_2_4"})
end)

check.case("a word for the shell is quoted only where it has to be", function()
  check.equal(text.shell "runs/resnet20", "runs/resnet20")
  check.equal(text.shell "my runs/it's", [['my runs/it'\''s']])
  check.equal({text.shell "", text.shell "a;b", text.shell "$HOME"}, {"''", "'a;b'", "'$HOME'"})
end)

check.case("columns: the first to the left, numbers to the right, rules where they are asked for", function()
  check.equal(text.columns({{"name", "n"}, {"a", "100"}, {"long one", "7"}}, {indent = " "}),
              {" name        n", " -------------", " a         100", " long one    7"})
  check.equal(text.columns({{"a", "b", "c"}, {"1", "22", "3"}, {"t", "", "4"}}, {left = 2, rules = {1, 2}}),
              {"a  b   c", "--------", "1  22  3", "--------", "t      4"})
  check.equal(text.columns({{"a", "b", "c"}, {"1", "22", "333"}}, {left = {[3] = true}}),
              {"a   b  c", "----------", "1  22  333"})
end)
