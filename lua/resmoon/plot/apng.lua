--- An animated PNG from PNG files of the same size.
--
-- Its parts are chunks that the files have already: the first file as it is, which is what shows where animation is
-- not known, and the data of the others in chunks of their own. Nothing is decoded, and no color is lost. (The GIF of
-- gnuplot 5.4.4 has the colors of its names alone: a surface becomes five bands. Browsers show animated PNGs.)
-- Source: W3C, Portable Network Graphics (PNG) Specification (Third Edition), sections 5.2 and 11.3.6.
local core = require "resmoon.core"
local text = require "resmoon.base.text"

local SIGNATURE = "\137PNG\r\n\26\n"

local crcs   -- the remainder of each byte

local function crc_table()
  local list = {}
  for n = 0, 255 do
    local c = n
    for _ = 1, 8 do c = c & 1 == 1 and 0xedb88320 ~ (c >> 1) or c >> 1 end
    list[n] = c
  end
  return list
end

-- CRC-32 of ISO 3309, as in PNG.
local function crc(data)
  crcs = crcs or crc_table()
  local c, list = 0xffffffff, crcs
  for from = 1, #data, 4096 do
    local bytes = {data:byte(from, from + 4095)}
    for i = 1, #bytes do c = list[(c ~ bytes[i]) & 0xff] ~ (c >> 8) end
  end
  return c ~ 0xffffffff
end

local function chunk(kind, data)
  return (">I4"):pack(#data) .. kind .. data .. (">I4"):pack(crc(kind .. data))
end

-- The head of a PNG file and its image data.
local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  local bytes = file:read "a"
  local function complain() error(("%s is no PNG file, or damaged"):format(text.visible(path)), 0) end
  if bytes:sub(1, 8) ~= SIGNATURE then complain() end
  local at, head, palette, parts = 9, nil, "", {}
  while at + 11 <= #bytes do
    local length, kind = (">I4c4"):unpack(bytes, at)
    if at + 11 + length > #bytes then complain() end
    local data = bytes:sub(at + 8, at + 7 + length)
    if kind == "IHDR" and length == 13 then head = data
    elseif kind == "PLTE" or kind == "tRNS" then palette = palette .. chunk(kind, data)
    elseif kind == "IDAT" then parts[#parts + 1] = data end
    at = at + 12 + length
    if kind == "IEND" then
      if not head or #parts == 0 then complain() end
      return head, table.concat(parts), palette
    end
  end
  complain()
end

--- Writes the animation of `frames` (file names) to `path`, which is replaced as a whole. seconds: how long each is
-- shown; it begins again without end.
-- Errors: raises for a file that is no PNG or has another size or form than the first, naming it.
return function(path, frames, seconds)
  local thousandths = math.max(1, math.min(65535, math.floor(seconds * 1000 + 0.5)))
  local parts, first, colors, sequence = {SIGNATURE}, nil, nil, 0
  local function control(head)
    local data = (">I4"):pack(sequence) .. head:sub(1, 8) .. (">I4I4I2I2BB"):pack(0, 0, thousandths, 1000, 0, 0)
    sequence = sequence + 1
    return chunk("fcTL", data)
  end
  for k, frame in ipairs(frames) do
    local head, data, palette = read(frame)
    if k == 1 then
      first, colors = head, palette
      parts[#parts + 1] = chunk("IHDR", head) .. chunk("acTL", (">I4I4"):pack(#frames, 0)) .. palette
      parts[#parts + 1] = control(head) .. chunk("IDAT", data)
    else
      if head ~= first or palette ~= colors then
        error(("%s has another size or form than %s"):format(text.visible(frame), text.visible(frames[1])), 0)
      end
      parts[#parts + 1] = control(head)
      parts[#parts + 1] = chunk("fdAT", (">I4"):pack(sequence) .. data)
      sequence = sequence + 1
    end
  end
  parts[#parts + 1] = chunk("IEND", "")
  core.write_atomic(path, table.concat(parts))
end
