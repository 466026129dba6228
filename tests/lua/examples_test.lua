-- Every example runs and prints what its header says it prints, in a folder of its own.
local check   = require "support.check"
local files   = require "support.files"
local program = require "support.program"
local rm      = require "resmoon"

-- The lines after "It prints:" in the header, without the comment marks.
local function promised(path)
  local lines, inside = {}, false
  for line in io.lines(path) do
    if not line:find "^%-%-" then break end
    if inside then lines[#lines + 1] = line:match "^%-%-   (.*)$" end
    inside = inside or line:find("It prints:", 1, true) ~= nil
  end
  return table.concat(lines, "\n")
end

-- Tabs that print puts between values, and runs of spaces, count as one space.
local function normal(text) return (text:gsub("[ \t]+", " "):gsub(" *\n", "\n"):gsub("%s+$", "")) end

for _, folder_of in ipairs {"examples", "examples/more"} do
  for _, name in ipairs(rm.sys.list(folder_of)) do
    if name:find "%.lua$" then
      local example = folder_of .. "/" .. name
      check.case(example, function()
        local expected = promised(example)
        check.that(expected ~= "", "its header promises no output")
        check.that(files.read(example):find("Run it: resmoon " .. example, 1, true), "its header has another path")
        files.with_folder(function(folder)
          local out, err, status = program.run({rm.sys.getcwd() .. "/" .. example}, {folder = folder})
          check.equal(status, 0, err)
          check.equal(normal(out), normal(expected))
        end)
      end)
    end
  end
end
