--- The course: its list, and the checks of its exercises.
local class  = require "resmoon.base.class"
local course = require "resmoon.lessons.course"
local core   = require "resmoon.core"
local fail   = require "resmoon.base.fail"
local Judge  = require "resmoon.lessons.judge"
local kind   = require "resmoon.nn.kind"
local checkpoint = require "resmoon.runs.checkpoint"
local text   = require "resmoon.base.text"

local WIDTH = 100   -- of a line at the prompt

local lessons = {course = course}

local Verdict = class("Verdict")

local function wrapped(line, indent)
  return indent .. table.concat(text.wrapped(line, WIDTH - #indent), "\n" .. indent)
end

function Verdict:__tostring()
  local list = {("exercise %s: %s"):format(self.number, self.title)}
  for _, line in ipairs(self.lines) do
    local said = line.right and "right" or "not yet" .. (line.hint and (" (%s)"):format(line.hint) or "")
    list[#list + 1] = wrapped(("%s: %s"):format(line.what, said), "  ")
  end
  if #self.missing > 0 then
    list[#list + 1] = "  to be defined:"
    for _, part in ipairs(self.missing) do list[#list + 1] = wrapped(part.task .. ".", "    ") end
  end
  if self.passed then list[#list + 1] = ("all %d right"):format(#self.lines)
  elseif #self.lines > 0 then list[#list + 1] = ("%d of %d right"):format(self.right, #self.lines) end
  return table.concat(list, "\n")
end

-- The generators of random numbers, as the user had them, when it is closed: a check draws numbers of its own.
local function keep_generators()
  local states = checkpoint.generators()
  return setmetatable({}, {__close = function() checkpoint.set_generators(states) end})
end

local function fits(value, wanted)
  local meta = type(value) == "table" and getmetatable(value)
  if wanted == "network" then return kind.is_module(value) end
  if wanted == "function" then
    return type(value) == "function" or type(meta) == "table" and meta.__call ~= nil
  end
  return type(value) == wanted
end

--- The numbers of the exercises, in order.
function lessons.numbers()
  local list = {}
  for i, each in ipairs(course) do list[i] = each.number end
  return list
end

local function find(number)
  local name = tostring(number):gsub("^%s+", ""):gsub("%s+$", "")
  local whole = math.tointeger(tonumber(name))
  local each = course[whole and ("%02d"):format(whole) or name]
  if each then return each end
  fail("check: there is no exercise '%s'; there are %s", text.visible(name), table.concat(lessons.numbers(), ", "))
end

--- What is right in the user's solution of an exercise, and what is not yet.
-- number: "07" or 7. user: a table in which the user's names are.
-- Returns {number =, title =, lines = list of {what =, right =, hint =}, missing = parts that are not there, right =
-- number of lines, passed = boolean}, which prints as lines.
function lessons.check(number, user)
  local lesson = find(number)
  local judge, missing = Judge(), {}
  local _ <close> = keep_generators()
  core.enable_grad(function()
    for _, part in ipairs(lesson.exercise()) do
      local value = user[part.name]
      if value == nil then
        missing[#missing + 1] = part
        judge:that(part.name .. " is there", false)
      elseif not fits(value, part.kind) then
        judge:that(("%s is a %s"):format(part.name, part.kind), false, "it is a " .. type(value))
      else
        core.manual_seed(1)
        judge:call("the check of " .. part.name, part.judge, judge, value)
      end
    end
  end)
  local self = setmetatable({number = lesson.number, title = lesson.title, lines = judge.lines, missing = missing,
                             right = 0}, Verdict)
  for _, line in ipairs(self.lines) do self.right = self.right + (line.right and 1 or 0) end
  self.passed = self.right == #self.lines
  return self
end

--- What an exercise asks for, as text.
function lessons.task(number)
  local lesson = find(number)
  local list = {("exercise %s: %s (%s)"):format(lesson.number, lesson.title, lesson.page)}
  for _, part in ipairs(lesson.exercise()) do list[#list + 1] = wrapped(part.task .. ".", "  ") end
  return table.concat(list, "\n")
end

--- The user's names in a file, which is run: those it assigns, and the fields of the table that it returns.
function lessons.solution(path)
  local names = setmetatable({}, {__index = _G})
  local chunk, message = loadfile(path, "t", names)
  if not chunk then fail("check: %s", message) end
  local returned = chunk()
  if type(returned) == "table" and not kind.is_module(returned) then
    for name, value in next, returned do names[name] = value end
  end
  return names
end

--- The course as text, a lesson in a line.
function lessons.list()
  local lines, widest = {}, 0
  for _, each in ipairs(course) do widest = math.max(widest, #each.title) end
  for i, each in ipairs(course) do
    local names = {}
    for k, part in ipairs(each.exercise()) do names[k] = part.name end
    lines[i] = ("%-4s  %s  define %-31s  %s"):format(each.number, text.pad(each.title, widest),
                                                     table.concat(names, ", "), each.example or each.page)
  end
  return table.concat(lines, "\n")
end

return lessons
