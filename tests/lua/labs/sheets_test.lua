--- docs/sheets.md: every requirement of the five lab sheets is met by the command of its row, where the row says.
--
-- The commands are those of the table, made small (few images, one epoch, narrow networks); each is run once, and then
-- every row is looked up in what it printed or wrote.
local check   = require "support.check"
local program = require "support.program"
local rm      = require "resmoon"

local SMALL = {"--train-size", "40", "--test-size", "20", "--batch-size", "20", "--threads", "1"}
local SEARCH = {lab_d = true, lab_e = true}

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

-- {sheet =, requirement =, command =, file =, words =}
local function rows_of(text)
  local rows = {}
  for line in text:gmatch "\n(| %d%d%d |[^\n]*)" do
    line = line:gsub("\\|", "\0")
    local sheet, requirement, command, file, words = line:match "^| (%d+) | (.-) | `(.-)` | ([^ ]+): `(.*)` |$"
    check.that(sheet, line)
    rows[#rows + 1] = {sheet = sheet, requirement = requirement, command = command, file = file,
                       words = words:gsub("%z", "|")}
  end
  return rows
end

-- A command line of the table, small, into `home`.
local function words_of(command, home)
  local list = {}
  for word in command:gmatch "%S+" do list[#list + 1] = word end
  table.remove(list, 1)
  if command:find("--help", 1, true) then return list end
  list[#list + 1], list[#list + 2] = "--run", home
  table.move(SMALL, 1, #SMALL, #list + 1, list)
  local epochs = command:find("--milestones", 1, true) and "2" or list[1] == "lab_d" and "2" or "1"
  list[#list + 1], list[#list + 2] = "--epochs", epochs
  -- The width of lab B's networks is one of the requirements.
  if list[1] ~= "lab_b" then list[#list + 1], list[#list + 2] = "--width", "2" end
  if SEARCH[list[1]] then
    for _, word in ipairs {"--population", "2", "--generations", "2", "--trial-epochs", "1"} do
      list[#list + 1] = word
    end
  end
  if list[1] == "lab_d" then list[#list + 1], list[#list + 2] = "--steps", "10" end
  return list
end

-- Text as a person reads it: Markdown's and HTML's escapes, and how lines are broken, say nothing.
local function plain(text)
  text = text:gsub("\\(%p)", "%1"):gsub("&gt;", ">"):gsub("&lt;", "<"):gsub("&amp;", "&"):gsub("&#39;", "'")
  return (text:gsub("%s+", " "))
end

check.case("the table names all five sheets, and no row without a command and a place", function()
  local rows, count = rows_of(read "docs/sheets.md"), {}
  for _, row in ipairs(rows) do
    count[row.sheet] = (count[row.sheet] or 0) + 1
    check.that(row.command:find "^resmoon %l" and #row.words > 0, row.requirement)
  end
  for sheet, least in pairs {["000"] = 30, ["001"] = 10, ["002"] = 30, ["003"] = 25, ["004"] = 40} do
    check.that((count[sheet] or 0) >= least, ("sheet %s: %s rows"):format(sheet, count[sheet] or 0))
  end
end)

check.slow("every requirement of the lab sheets is found where docs/sheets.md says", function()
  program.with_folder(function(folder)
    local done, number, missing = {}, 0, {}
    for _, row in ipairs(rows_of(read "docs/sheets.md")) do
      local run = done[row.command]
      if not run then
        number = number + 1
        local home = ("%s/%d"):format(folder, number)
        local out, err, status = program.run(words_of(row.command, home), {env = "RESMOON_PLOT=text"})
        check.equal(status, 0, row.command .. "\n" .. out .. err)
        run = {home = home, output = plain(out), files = {}}
        done[row.command] = run
      end
      local text = run.output
      if row.file ~= "output" then
        local path = run.home .. "/" .. row.file
        run.files[row.file] = run.files[row.file] or rm.sys.exists(path) and plain(read(path)) or ""
        text = run.files[row.file]
      end
      if not text:find(plain(row.words), 1, true) then
        missing[#missing + 1] = ("%s, %s: no %q in %s of %s"):format(row.sheet, row.requirement, row.words, row.file,
                                                                    row.command)
      end
    end
    check.equal(table.concat(missing, "\n"), "")
  end)
end)
