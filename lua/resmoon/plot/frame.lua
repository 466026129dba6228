--- Lines of text that are drawn over themselves in the terminal.
--
-- A frame is written in one piece and begins where the one before began.
local sys = require("resmoon.core").sys

local Frame = {}
Frame.__index = Frame

local SECONDS = 0.3    -- between two frames
local SMALLEST = {rows = 14, columns = 44}

--- Whether there is a terminal to draw in.
function Frame.possible()
  local rows, columns = Frame.size()
  return sys.isatty(1) and sys.getenv "TERM" ~= "dumb" and rows >= SMALLEST.rows and columns >= SMALLEST.columns
end

--- Rows and columns of the terminal.
function Frame.size()
  local rows, columns = sys.winsize()
  return rows or 24, columns or 80
end

function Frame.new() return setmetatable({height = 0, drawn = 0}, Frame) end

--- Whether it is time for another frame.
function Frame:due() return sys.clock() - self.drawn >= SECONDS end

--- Draws lines over those that were drawn last.
function Frame:draw(lines)
  local _, columns = Frame.size()
  local up = self.height > 0 and ("\r\27[%dA"):format(self.height) or ""
  -- After a change of the window's size what was drawn may be broken into other lines.
  if self.columns and self.columns ~= columns or #lines < self.height then up = up .. "\27[J" end
  self.height, self.columns, self.drawn = #lines, columns, sys.clock()
  io.stdout:write(up, table.concat(lines, "\27[K\n"), "\27[K\n")
  io.stdout:flush()
end

--- What was drawn stays; the next frame begins below.
function Frame:clear() self.height = 0 end

return Frame
