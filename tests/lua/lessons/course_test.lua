--- The pages and examples of the course: each lesson has both, short, with the parts that a teacher needs.
local check   = require "support.check"
local files   = require "support.files"
local lessons = require "resmoon.lessons"
local mpirun  = require "support.mpirun"
local program = require "support.program"
local rm      = require "resmoon"

local PARTS = {"Aim", "What you need to know", "The code", "What you see", "Exercise", "Questions"}

local function each_lesson(visit)
  for _, lesson in ipairs(lessons.course) do
    if lesson.example then visit(lesson, files.read(lesson.example), files.read(lesson.page)) end
  end
end

check.case("each example has at most 80 lines, and says which lesson it is", function()
  each_lesson(function(lesson, example)
    local _, lines = example:gsub("\n", "")
    check.that(lines <= 80, ("%s: %d lines"):format(lesson.example, lines))
    check.equal(example:match "^%-%- Lesson (%d%d)%. ", lesson.number)
  end)
end)

check.case("each page has the parts of a lesson, in their order, and names example, exercise and check", function()
  each_lesson(function(lesson, _, page)
    check.equal(page:match "^# ([^\n]*)", lesson.number .. " " .. lesson.title)
    local found = {}
    for name in page:gmatch "\n## ([^\n]*)" do found[#found + 1] = name end
    check.equal(found, PARTS)
    check.that(page:find("`resmoon " .. lesson.example .. "`", 1, true), lesson.page .. " does not name the example")
    check.that(page:find(('`check "%s"`'):format(lesson.number), 1, true), lesson.page .. " does not name the check")
    for _, part in ipairs(lesson.exercise()) do
      check.that(page:find("`" .. part.name, 1, true), ("%s does not ask for %s"):format(lesson.page, part.name))
    end
    check.that(select(2, page:match("## Questions(.*)"):gsub("\n%d%. ", "")) >= 3, lesson.page .. ": questions")
  end)
end)

check.case("the code of a page stands in its example, line for line", function()
  each_lesson(function(lesson, example, page)
    local blocks = 0
    for block in page:gmatch "```lua\n(.-)```" do
      blocks = blocks + 1
      check.that(example:find(block, 1, true),
                 ("%s: this is not in %s:\n%s"):format(lesson.page, lesson.example, block))
    end
    check.that(blocks > 0, lesson.page)
  end)
end)

-- The lines of a page that are typed in: commands, and what stands at the prompt.
local function typed(page)
  local commands, lines = {}, {}
  for line in page:gsub("```.-```", ""):gmatch "\n    ([^ \n][^\n]*)" do
    local list = line:find "^resmoon " and commands or lines
    list[#list + 1] = line
  end
  return commands, lines
end

check.case("the commands of the pages are right, and the lines for the prompt run", function()
  local count = 0
  each_lesson(function(lesson, _, page)
    local commands, lines = typed(page)
    for _, command in ipairs(commands) do
      local words = {}
      for word in command:match "^resmoon (.*)":gmatch "%S+" do words[#words + 1] = word end
      words[#words + 1] = "--help"   -- read last: it is answered only where all that stands before it is right
      local _, err, status = program.run(words)
      check.equal({err, status}, {"", 0}, lesson.page .. ": " .. command)
    end
    if #lines > 0 then
      program.with_folder(function(folder)
        local input = table.concat(lines, "\n") .. "\n"
        local out, err = program.run({"-i"}, {folder = folder, env = "RESMOON_PLOT=text", input = input})
        check.equal(err, "", lesson.page .. "\n" .. out)
      end)
    end
    check.that(#commands + #lines > 0 or lesson.number == "02" or lesson.number == "14", lesson.page)
    count = count + #commands + #lines
  end)
  check.that(count >= 20, count)
end)

check.case("the lesson on many machines prints the same with one process and with four", function()
  if #mpirun.libraries() == 0 then check.skip "no MPI library is installed (libopenmpi-dev, libmpich-dev)" end
  local example = lessons.course["14"].example
  local one = program.run {example}
  local four, err, status = mpirun.run(4, {example})
  check.equal(status, 0, err)
  check.equal((four:gsub("^processes: 4", "processes: 1")), one)
end)

check.case("the list of the course has each page and each example once, and there are no others", function()
  local list = files.read "docs/lessons/README.md"
  local pages, examples = {["README.md"] = true}, {more = true}
  each_lesson(function(lesson)
    local page, example = lesson.page:match "[^/]*$", lesson.example:match "[^/]*$"
    pages[page], examples[example] = true, true
    check.equal(select(2, list:gsub("%(" .. page:gsub("%p", "%%%0") .. "%)", "")), 1, page)
  end)
  check.that(list:find('`check "quiz"`', 1, true))
  for _, name in ipairs(rm.sys.list "docs/lessons") do check.that(pages[name], "of no lesson: " .. name) end
  for _, name in ipairs(rm.sys.list "examples") do check.that(examples[name], "of no lesson: " .. name) end
end)
