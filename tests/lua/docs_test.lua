--- The committed documentation is what the sources say.
local check  = require "support.check"
local manual = require "support.manual"

check.case("docs/reference is made from the docstrings", function()
  local differences = manual.differences "docs/reference"
  check.that(#differences == 0, "`make docs` writes it anew:\n" .. table.concat(differences, "\n"))
end)

check.case("a page that is wrong, missing or too many is found", function()
  local rm = require "resmoon"
  local folder = rm.sys.mkdtemp(os.tmpname())
  manual.write(folder)
  check.equal(#manual.differences(folder), 0)
  rm.write_atomic(folder .. "/nn.md", "# nn\n")
  os.remove(folder .. "/data.md")
  rm.write_atomic(folder .. "/mine.md", "")
  local differences = table.concat(manual.differences(folder), "\n")
  check.that(differences:find("nn.md: line ", 1, true), differences)
  check.that(differences:find("data.md is missing", 1, true), differences)
  check.that(differences:find("mine.md belongs to nothing", 1, true), differences)
  rm.sys.run {"rm", "-rf", folder}
end)

check.case("every docstring belongs to a topic of help()", function()
  check.equal(manual.pages()["elsewhere.md"], nil)
end)
