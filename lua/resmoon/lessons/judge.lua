--- What a check finds out about a solution: lines, each of which is right or not yet.
--
--     judge:that("block(x) keeps the shape", same, "it gives (4, 6, 7, 5)")     a line; the last is shown if not yet
--     ok, y = judge:call("block(x)", block, x)                                  its result, or a line with its error
--     judge:module("block(8)", value)                                           whether it is a network, and a line
--
-- A line says what is wrong, never how it is done.
local class = require "resmoon.base.class"
local is    = require "resmoon.base.is"
local kind  = require "resmoon.nn.kind"

local Judge = class("Judge")

function Judge:init() self.lines = {} end

--- Adds a line, and returns whether it is right. hint: what was found instead, for a line that is not.
function Judge:that(what, right, hint)
  self.lines[#self.lines + 1] = {what = what, right = right and true or false, hint = not right and hint or nil}
  return right and true or false
end

-- The first line of an error, without the place in a file of ours.
local function message(value)
  local text = tostring(value):match "^[^\n]*"
  return #text > 200 and text:sub(1, 197) .. "..." or text
end

--- Calls f(...): true and what it returns, or false and a line that shows the error. Interrupts pass.
function Judge:call(what, f, ...)
  local got = table.pack(pcall(f, ...))
  if got[1] then return table.unpack(got, 1, got.n) end
  self:that(what, false, "it raises: " .. message(got[2]))
  return false
end

local function described(value)
  if value == nil then return "nothing" end
  if is.tensor(value) then return "a tensor" end
  return "a " .. type(value)
end

--- Whether the value is a network.
function Judge:module(what, value)
  return self:that(what .. " is a network", kind.is_module(value), "it is " .. described(value))
end

--- Whether the value is a tensor of this shape.
function Judge:shape(what, value, shape)
  local text = table.concat(shape, ", ")
  if not is.tensor(value) then return self:that(what, false, "it is " .. described(value) .. ", not a tensor") end
  local own = table.concat(value.shape, ", ")
  return self:that(what, own == text, ("it has the shape (%s)"):format(own))
end

--- A line for a number: equal within the tolerance (relative), and else whether it is too large or too small.
function Judge:number(what, value, expected, tolerance)
  if is.tensor(value) and value:numel() == 1 then value = value:item() end
  if type(value) ~= "number" then return self:that(what, false, "it is " .. described(value) .. ", not a number") end
  local right = math.abs(value - expected) <= (tolerance or 0) * math.max(math.abs(expected), 1e-30)
  local hint = value ~= value and "it is NaN" or value > expected and "it is too large" or "it is too small"
  return self:that(what, right, hint)
end

return Judge
