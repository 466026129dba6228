--- Whether a method is called as a statement, so that nobody gets its result: net:summary {3, 32, 32}.
--
--     local caller = debug.getinfo(2, "fl")
--     if discarded(caller.func, caller.currentline, "summary") then print(result) end
--
-- Lua does not tell a function what becomes of its results, but the caller's code says it: each call has the number of
-- results that it wants. The code is read as string.dump writes it (ldump.c and lopcodes.h of Lua 5.4). Of what it
-- cannot read, and where one line uses the name in both ways, it says false.

-- From lopcodes.h of Lua 5.4: opcode in bits 0..6, A in 7..14, k in 15, B in 16..23, C in 24..31.
local GETFIELD, SELF, CALL = 14, 20, 68
local HEADER = 4 + 1 + 1 + 6 + 3 + 8 + 8   -- "\27Lua", version, format, check bytes, sizes, an integer, a number
local ABSOLUTE = -128                      -- in the line information: the line stands in a list of its own

local Reader = {}
Reader.__index = Reader

function Reader:byte()
  self.at = self.at + 1
  return self.code:byte(self.at - 1)
end

-- A count: seven bits a byte, the last byte marked.
function Reader:size()
  local n = 0
  while true do
    local byte = self:byte()
    n = n << 7 | byte & 0x7f
    if byte & 0x80 ~= 0 then return n end
  end
end

function Reader:skip(bytes) self.at = self.at + bytes end

function Reader:string()
  local n = self:size()
  if n == 0 then return nil end
  self:skip(n - 1)
  return self.code:sub(self.at - n + 1, self.at - 1)
end

-- The constants that are strings, by their place from 0.
function Reader:strings()
  local strings = {}
  for i = 0, self:size() - 1 do
    local kind = self:byte()
    if kind & 0x0f == 4 then strings[i] = self:string()
    elseif kind & 0x0f == 3 then self:skip(8) end   -- an integer or a float
  end
  return strings
end

-- The line of each instruction, from 1.
function Reader:lines(first)
  local deltas, absolute, lines, line = self:size(), {}, {}, first
  local start = self.at
  self:skip(deltas)
  for _ = 1, self:size() do
    local pc = self:size()
    absolute[pc + 1] = self:size()
  end
  for pc = 1, deltas do
    local delta = ("b"):unpack(self.code, start + pc - 1)
    line = delta == ABSOLUTE and absolute[pc] or line + delta
    lines[pc] = line
  end
  return lines
end

-- Reads a function; returns its instructions, strings and lines.
function Reader:body()
  self:string()
  local first, _, instructions = self:size(), self:size(), {}
  self:skip(3)
  for pc = 1, self:size() do
    instructions[pc] = ("I4"):unpack(self.code, self.at)
    self:skip(4)
  end
  local strings = self:strings()
  self:skip(3 * self:size())             -- upvalues
  for _ = 1, self:size() do              -- functions in it, each with its names
    self:body()
    for _ = 1, self:size() do self:string() self:size() self:size() end
    for _ = 1, self:size() do self:string() end
  end
  return instructions, strings, self:lines(first)
end

local function opcode(instruction) return instruction & 0x7f end
local function a(instruction) return instruction >> 7 & 0xff end
local function c(instruction) return instruction >> 24 & 0xff end

local function takes(instruction, strings, name)
  local op = opcode(instruction)
  return (op == SELF and instruction >> 15 & 1 == 1 or op == GETFIELD) and strings[c(instruction)] == name
end

local function search(func, line, name)
  local code = string.dump(func)
  local reader = setmetatable({code = code, at = HEADER + 2}, Reader)   -- a byte behind it counts the upvalues
  if code:byte(5) ~= 0x54 or code:byte(6) ~= 0 then return false end
  local instructions, strings, lines = reader:body()
  local found = false
  for pc, instruction in ipairs(instructions) do
    if takes(instruction, strings, name) then
      local call, at = pc + 1, a(instruction)
      local function is_call(i) return opcode(i) == CALL and a(i) == at end
      while instructions[call] and not is_call(instructions[call]) do call = call + 1 end
      if instructions[call] and lines[call] == line then
        if c(instructions[call]) ~= 1 then return false end   -- one more than the results that it wants
        found = true
      end
    end
  end
  return found
end

--- Whether `func`, which is at `line`, calls `name` there and wants no result.
return function(func, line, name)
  if type(func) ~= "function" or debug.getinfo(func, "S").what == "C" then return false end
  local ok, result = pcall(search, func, line, name)
  return ok and result
end
