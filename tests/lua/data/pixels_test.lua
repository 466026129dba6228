--- Decoding gives Pillow's pixels: every kind of PNG, made here, against the rule; JPEG files in pictures/ against
-- what Pillow 9.4 (libjpeg-turbo 2.1.5) makes of them; and, where python3-pil is installed, some 300 pictures against
-- Pillow itself.
local check = require "support.check"
local files = require "support.files"
local rm    = require "resmoon"
local data  = rm.data
local imaging = rm.imaging

-- --- a PNG file, by hand ------------------------------------------------------------------------

local crc_of = {}
for byte = 0, 255 do
  local c = byte
  for _ = 1, 8 do c = c & 1 == 1 and 0xedb88320 ~ (c >> 1) or c >> 1 end
  crc_of[byte] = c
end

local function chunk(kind, bytes)
  local crc = 0xffffffff
  for i = 1, #kind + #bytes do
    local byte = i <= #kind and kind:byte(i) or bytes:byte(i - #kind)
    crc = crc_of[(crc ~ byte) & 255] ~ (crc >> 8)
  end
  return string.pack(">I4", #bytes) .. kind .. bytes .. string.pack(">I4", crc ~ 0xffffffff)
end

-- zlib's form without compression: one block as it is.
local function stored(bytes)
  local a, b = 1, 0
  for i = 1, #bytes do
    a = (a + bytes:byte(i)) % 65521
    b = (b + a) % 65521
  end
  return "\x78\x01\x01" .. string.pack("<I2I2", #bytes, #bytes ~ 0xffff) .. bytes .. string.pack(">I2I2", b, a)
end

local adam7 = {{0, 0, 8, 8}, {0, 4, 8, 8}, {4, 0, 8, 4}, {0, 2, 4, 4}, {2, 0, 4, 2}, {0, 1, 2, 2}, {1, 0, 2, 1}}

-- sample(y, x, c), all from 0, is a whole number below 2^depth.
local function png(w, h, depth, color, channels, sample, options)
  local lines = {}
  for _, pass in ipairs(options.interlaced and adam7 or {{0, 0, 1, 1}}) do
    for y = pass[1], h - 1, pass[3] do
      local line, bits, held = {}, 0, 0
      for x = pass[2], w - 1, pass[4] do
        for c = 0, channels - 1 do
          held, bits = held << depth | sample(y, x, c), bits + depth
          if bits >= 8 then
            line[#line + 1] = string.pack(bits == 16 and ">I2" or ">I1", held)
            held, bits = 0, 0
          end
        end
      end
      if bits > 0 then line[#line + 1] = string.char(held << 8 - bits) end
      if #line > 0 then lines[#lines + 1] = "\0" .. table.concat(line) end
    end
  end
  return "\x89PNG\r\n\x1a\n" .. chunk("IHDR", string.pack(">I4I4BBBBB", w, h, depth, color, 0, 0,
                                                          options.interlaced and 1 or 0)) ..
         (options.chunks or "") .. chunk("IDAT", stored(table.concat(lines))) .. (options.behind or "") ..
         chunk("IEND", "")
end

local kinds = {
  {name = "gray", color = 0, channels = 1, depths = {1, 2, 4, 8, 16}},
  {name = "color", color = 2, channels = 3, depths = {8, 16}},
  {name = "palette", color = 3, channels = 1, depths = {1, 2, 4, 8}},
  {name = "gray and alpha", color = 4, channels = 2, depths = {8, 16}},
  {name = "color and alpha", color = 6, channels = 4, depths = {8, 16}},
}
local gammas = {none = "", linear = chunk("gAMA", string.pack(">I4", 100000)), srgb = chunk("sRGB", "\0")}

-- A scrambled whole number below 2^depth.
local function scrambled(depth)
  return function(y, x, c)
    local v = (y * 7919 + x * 104729 + c * 1299709 + 12345) * 2654435761 & 0xffffffff
    return v >> 32 - depth
  end
end

local function luma(r, g, b) return (19595 * r + 38470 * g + 7471 * b + 32768) >> 16 end

local w, h = 13, 11

-- The right red, green and blue at (y, x): samples scaled to 8 bits, without alpha.
local function right_color(kind, depth, sample, palette)
  return function(y, x)
    if kind.name == "palette" then return table.unpack(palette[sample(y, x, 0)]) end
    local function byte(c)
      local v = sample(y, x, c)
      return depth == 16 and v >> 8 or v * 255 // ((1 << depth) - 1)
    end
    if kind.channels < 3 then return byte(0), byte(0), byte(0) end
    return byte(0), byte(1), byte(2)
  end
end

local function expect(name, bytes, color)
  local rgb, gray = {{}, {}, {}}, {}
  for y = 0, h - 1 do
    for c = 1, 3 do rgb[c][y + 1] = {} end
    gray[y + 1] = {}
    for x = 0, w - 1 do
      local r, g, b = color(y, x)
      rgb[1][y + 1][x + 1], rgb[2][y + 1][x + 1], rgb[3][y + 1][x + 1] = r, g, b
      gray[y + 1][x + 1] = luma(r, g, b)
    end
  end
  check.equal({name, imaging.decode(name, bytes):totable()}, {name, rgb})
  check.equal({name, imaging.decode(name, bytes, 1):totable()}, {name, {gray}})
end

check.case("PNG: every color type, depth, interlace, transparency and gamma, as numbers in the file", function()
  local made = 0
  for _, kind in ipairs(kinds) do
    for _, depth in ipairs(kind.depths) do
      local sample, palette, plte, transparent = scrambled(depth), {}, {}, {""}
      if kind.color == 3 then
        for i = 0, (1 << depth) - 1 do
          palette[i] = {(i * 37 + 11) % 256, (i * 91 + 5) % 256, (i * 151 + 77) % 256}
          plte[#plte + 1] = string.char(table.unpack(palette[i]))
        end
        transparent[2] = chunk("tRNS", "\0\128")
      elseif kind.color == 0 then transparent[2] = chunk("tRNS", string.pack(">I2", sample(2, 2, 0)))
      elseif kind.color == 2 then
        transparent[2] = chunk("tRNS", string.pack(">I2I2I2", sample(2, 2, 0), sample(2, 2, 1), sample(2, 2, 2)))
      end
      plte = #plte > 0 and chunk("PLTE", table.concat(plte)) or ""
      for gamma, gamma_chunk in pairs(gammas) do
        for t, trns in ipairs(transparent) do
          for _, interlaced in ipairs {false, true} do
            local name = ("%s, %d bits, gamma %s%s%s"):format(kind.name, depth, gamma, t == 2 and ", transparent" or "",
                                                             interlaced and ", interlaced" or "")
            expect(name, png(w, h, depth, kind.color, kind.channels, sample,
                             {interlaced = interlaced, chunks = gamma_chunk .. plte .. trns}),
                   right_color(kind, depth, sample, palette))
            made = made + 1
          end
        end
      end
    end
  end
  check.equal(made, 156)
end)

check.case("PNG: a place beyond the palette is a shade of gray, as in Pillow", function()
  local sample = scrambled(8)
  expect("short palette", png(w, h, 8, 3, 1, sample, {chunks = chunk("PLTE", ("\1\2\3"):rep(4))}), function(y, x)
    local i = sample(y, x, 0)
    if i < 4 then return 1, 2, 3 end
    return i, i, i
  end)
end)

check.case("PNG: interlaced pictures so small that passes are empty", function()
  local sample = scrambled(8)
  for _, size in ipairs {{1, 1}, {1, 9}, {9, 1}, {3, 2}, {5, 5}} do
    local options = {interlaced = true}
    local x = imaging.decode("x.png", png(size[1], size[2], 8, 2, 3, sample, options))
    options.interlaced = false
    check.equal(x, imaging.decode("x.png", png(size[1], size[2], 8, 2, 3, sample, options)))
  end
end)

-- --- JPEG ---------------------------------------------------------------------------------------

local pictures = "tests/lua/data/pictures/"

check.case("JPEG: subsampling, progressive, restarts, arithmetic coding, RGB, CMYK and YCCK, as Pillow 9.4", function()
  for _, name in ipairs {"444", "422", "420", "440", "progressive", "restart", "arithmetic", "rgb", "gray", "cmyk",
                         "ycck"} do
    local right = imaging.read_image(pictures .. name .. ".png")
    check.equal({name, imaging.read_image(pictures .. name .. ".jpg"):totable()}, {name, right:totable()})
    local r, g, b = right[1]:totable(), right[2]:totable(), right[3]:totable()
    for y = 1, #r do
      for x = 1, #r[1] do r[y][x] = luma(r[y][x], g[y][x], b[y][x]) end
    end
    check.equal({name, imaging.read_image(pictures .. name .. ".jpg", 1):totable()}, {name, {r}})
  end
end)

check.case("red, green and blue are 76, 150 and 29 in gray, from PNG as from JPEG", function()
  files.with_folder(function(folder)
    local primaries = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}}
    local x = rm.tensor(primaries, "uint8"):transpose(1, 2):reshape(3, 1, 3):contiguous()
    data.write_png(folder .. "/p.png", x)
    check.equal(data.read_image(folder .. "/p.png", 1):totable(), {{{76, 150, 29}}})
  end)
end)

-- --- orientation --------------------------------------------------------------------------------

local function exif(orientation, little, kind)
  local e = little and "<" or ">"
  return (little and "II*\0" or "MM\0*") .. string.pack(e .. "I4I2", 8, 1) ..
         string.pack(e .. (kind == 4 and "I2I2I4I4" or "I2I2I4I2I2"), 0x0112, kind or 3, 1, orientation, 0) ..
         "\0\0\0\0"
end

-- (C, H, W) with rows a b / c d / e f, turned: Exif 2.3, section 4.6.4, and Pillow's ImageOps.exif_transpose.
local turned = {"ab/cd/ef", "ba/dc/fe", "fe/dc/ba", "ef/cd/ab", "ace/bdf", "eca/fdb", "fdb/eca", "bdf/ace"}

local function letters(image)
  local lines = {}
  for i, row in ipairs(image[1]:totable()) do lines[i] = string.char(table.unpack(row)) end
  return table.concat(lines, "/")
end

local function abcdef(y, x) return 97 + 2 * y + x end

check.case("the EXIF orientation turns a picture where that is asked for, and only there", function()
  for o, right in ipairs(turned) do
    for _, little in ipairs {true, false} do
      for _, place in ipairs {"chunks", "behind"} do
        local bytes = png(2, 3, 8, 0, 1, abcdef, {[place] = chunk("eXIf", exif(o, little))})
        check.equal(letters(imaging.decode("x.png", bytes, 1, true)), right)
        check.equal(letters(imaging.decode("x.png", bytes, 1)), turned[1])
      end
    end
  end
  check.equal(letters(imaging.decode("x.png", png(2, 3, 8, 0, 1, abcdef, {chunks = chunk("eXIf", exif(6, true, 4))}),
                                     1, true)), turned[6])
end)

check.case("an EXIF block that makes no sense leaves the picture as it is", function()
  local whole = exif(6, true)
  for _, block in ipairs {exif(0, true), exif(9, true), exif(6, true, 2), "II*\0\255\255\255\255", "II*\0\8\0\0\0\1\0",
                          ("x"):rep(40), "II*\0\8\0\0\0\255\255" .. whole:sub(11, 18)} do
    local bytes = png(2, 3, 8, 0, 1, abcdef, {chunks = chunk("eXIf", block)})
    check.equal(letters(imaging.decode("x.png", bytes, 1, true)), turned[1])
  end
end)

check.case("JPEG: the orientation of the first Exif marker", function()
  local plain = files.read(pictures .. "444.jpg")
  local function marked(...)
    local markers = ""
    for _, body in ipairs {...} do markers = markers .. "\xff\xe1" .. string.pack(">I2", #body + 2) .. body end
    return plain:sub(1, 2) .. markers .. plain:sub(3)
  end
  local x = imaging.decode("x.jpg", plain)
  local six = imaging.decode("x.jpg", marked("Exif\0\0" .. exif(6, true)), 3, true)
  check.shape(six, {3, 17, 11})
  check.equal(six:transpose(2, 3):contiguous(),      -- rows of the file from below are columns from the left
              x:index_select(2, rm.arange(11, 1, -1):long()))
  check.equal(imaging.decode("x.jpg", marked("Exif\0\0" .. exif(6, true))), x)
  local first = marked("http://ns.adobe.com/xap/1.0/\0<x/>", "Exif\0\0" .. exif(6, false), "Exif\0\0" .. exif(3, true))
  check.equal(imaging.decode("x.jpg", first, 3, true), six)
  files.with_folder(function(folder)
    local path = files.write(folder .. "/six.jpg", first)
    check.equal(data.read_image(path), x)
    check.equal(data.read_image(path, 3, {orient = true}), six)
    check.error(function() data.read_image(path, 3, {oriented = true}) end, "oriented")
    local t = data.transforms
    local sides = t.resize({17, 11})
    check.equal(t.read({path}, 3, sides)[1], sides(x))
    check.equal(t.read({path}, 3, sides, nil, {orient = true})[1], six)
    local as_function = t.read({path}, 3, function(image) return image end, nil, {orient = true})
    check.equal(as_function[1], six)
    local net = rm.nn.Sequential {rm.nn.Flatten(), rm.nn.Linear(3 * 17 * 11, 2)}
    check.equal(rm.train.predict(net, path, {input = {3, 17, 11}}).images[1], six)   -- people see it upright
  end)
end)

-- --- headers that lie ---------------------------------------------------------------------------

check.case("a header that promises more pixels than the bytes can hold is refused at once", function()
  local big = "\x89PNG\r\n\x1a\n" .. chunk("IHDR", string.pack(">I4I4BBBBB", 16384, 16384, 8, 2, 0, 0, 0)) ..
              chunk("IDAT", stored(("\0"):rep(1000))) .. chunk("IEND", "")
  check.error(function() imaging.decode("big.png", big) end,
              "big.png: its header says 16384x16384 pixels, more than the file can hold")
  local plain = files.read(pictures .. "444.jpg")
  local frame = plain:find("\xff\xc0\0\17\8", 1, true)
  local wide = plain:sub(1, frame + 4) .. string.pack(">I2I2", 16000, 16000) .. plain:sub(frame + 9)
  check.error(function() imaging.decode("big.jpg", wide) end,
              "big.jpg: its header says 16000x16000 pixels, more than the file can hold")
end)

-- --- Pillow itself ------------------------------------------------------------------------------

-- uint8 (channels, H, W) from a line "width height" and rows of interleaved pixels.
local function raw(path, channels)
  local width, height, pixels = files.read(path):match "^(%d+) (%d+)\n(.*)$"
  local planes = {}
  for c = 1, channels do
    local rows = {}
    for y = 1, height do
      local row = {}
      for x = 1, width do row[x] = pixels:byte(((y - 1) * width + x - 1) * channels + c) end
      rows[y] = row
    end
    planes[c] = rows
  end
  return planes
end

check.slow("some 300 pictures, against Pillow on this machine", function()
  local python = "/usr/bin/python3"
  if rm.sys.run({python, "-c", "import numpy, PIL.ImageCms"}, {capture = true}) ~= 0 then
    check.skip "python3-pil and python3-numpy are not installed"
  end
  files.with_folder(function(folder)
    check.equal(rm.sys.run({python, "-W", "ignore", "tests/support/pictures.py", folder}, {capture = true}), 0)
    local compared = 0
    for _, file in ipairs(rm.sys.list(folder)) do
      local name = file:match "^(.*)%.png$" or file:match "^(.*)%.jpg$"
      for suffix, channels in pairs(name and {rgb = 3, gray = 1, turned = 3} or {}) do
        local path = folder .. "/" .. name .. "." .. suffix
        if rm.sys.exists(path) then
          local x = imaging.read_image(folder .. "/" .. file, channels, suffix == "turned")
          check.equal({file, suffix, x:totable()}, {file, suffix, raw(path, channels)})
          compared = compared + 1
        end
      end
    end
    check.equal(compared > 500, true)
  end)
end)
