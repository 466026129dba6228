local check = require "support.check"
local files = require "support.files"
local rm    = require "resmoon"
local data  = rm.data
local imaging = rm.imaging

-- 8x8 RGB JPEG, quality 90: red 32 x, green 32 y, blue 16 (x + y), counted from 0.
local jpeg = files.unhex [[
  ffd8ffe000104a46494600010100000100010000ffdb0043000302020302020303030304030304050805050404050a07
  0706080c0a0c0c0b0a0b0b0d0e12100d0e110e0b0b1016101113141515150c0f171816141812141514ffdb0043010304
  0405040509050509140d0b0d141414141414141414141414141414141414141414141414141414141414141414141414
  1414141414141414141414141414ffc00011080008000803011100021101031101ffc4001f0000010501010101010100
  000000000000000102030405060708090a0bffc400b5100002010303020403050504040000017d010203000411051221
  31410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a
  434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a9293949596979899
  9aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1
  f2f3f4f5f6f7f8f9faffc4001f0100030101010101010101010000000000000102030405060708090a0bffc400b51100
  020102040403040705040400010277000102031104052131061241510761711322328108144291a1b1c109233352f015
  6272d10a162434e125f11718191a262728292a35363738393a434445464748494a535455565758595a63646566676869
  6a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4
  c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9faffda000c03010002110311003f00e5
  3e0bfec87fea3fd0bd3f868c1e336d43c3cf10fe0f7cffd9
]]

-- 2x1 RGBA PNG: opaque red, and green that is fully transparent.
local rgba = files.unhex [[
  89504e470d0a1a0a0000000d4948445200000002000000010806000000f4227f8a0000001149444154789c63f8cfc0f0
  9fe13f0303000ff902fe782766dc0000000049454e44ae426082
]]

check.case("JPEG: pixels, planes, gray", function()
  local x = imaging.decode("x.jpg", jpeg)
  check.shape(x, {3, 8, 8})
  check.equal(x.dtype, "uint8")
  local function pixel(i, j) return {x[1][i][j]:item(), x[2][i][j]:item(), x[3][i][j]:item()} end
  check.close(pixel(1, 1), {0, 0, 0}, {atol = 3})       -- as another decoder has them
  check.close(pixel(4, 6), {157, 97, 125}, {atol = 3})
  check.close(pixel(8, 8), {224, 224, 224}, {atol = 3})
  local gray = imaging.decode("x.jpg", jpeg, 1)
  check.shape(gray, {1, 8, 8})
  check.close(gray[1][8][8]:item(), 224, {atol = 3})
end)

check.case("JPEG: every cut and every kind of damage is an error or an image, never a crash", function()
  for n = 0, #jpeg - 3, 7 do
    check.error(function() imaging.decode("cut.jpg", jpeg:sub(1, n)) end, "cut.jpg: ")
  end
  local g = rm.generator(1, 0)
  for _ = 1, 300 do
    local at = g:integer(3, #jpeg)
    pcall(imaging.decode, "x.jpg", jpeg:sub(1, at - 1) .. string.char(g:integer(0, 255)) .. jpeg:sub(at + 1))
  end
  check.error(function() imaging.decode("cut.jpg", jpeg:sub(1, 620)) end, "cut.jpg: corrupt JPEG: ")
end)

check.case("PNG: what is written reads back; alpha is dropped", function()
  files.with_folder(function(folder)
    local x = data.shapes10({size = 1}):get(1)
    data.write_png(folder .. "/x.png", x)
    check.equal(data.read_image(folder .. "/x.png"), x)
    data.write_png(folder .. "/t.png", x:transpose(2, 3))
    check.equal(data.read_image(folder .. "/t.png"), x:transpose(2, 3):contiguous())
    local gray = x[{{1, 1}}]
    data.write_png(folder .. "/g.png", gray)
    check.equal(data.read_image(folder .. "/g.png", 1), gray:contiguous())
    check.equal(rm.sys.list(folder), {"g.png", "t.png", "x.png"})
    check.equal(imaging.decode("a.png", rgba):totable(), {{{255, 0}}, {{0, 255}}, {{0, 0}}})
    check.error(function() data.write_png(folder .. "/none/x.png", x) end, "/none/x.png")
    check.error(function() data.write_png(folder .. "/x.png", x:float()) end, "image is float32, expected uint8")
    check.error(function() data.write_png(folder .. "/x.png", x[{{1, 2}}]) end,
                "image is (2, 32, 32), expected (1 or 3, H, W)")
  end)
end)

check.case("PNG: damage is an error or an image, never a crash", function()
  for n = 0, #rgba - 17 do   -- behind it: a checksum, and the chunk that says it was the end
    check.error(function() imaging.decode("cut.png", rgba:sub(1, n)) end, "cut.png: ")
  end
  for at = 9, #rgba do
    for _, byte in ipairs {0, 1, 127, 255} do
      pcall(imaging.decode, "x.png", rgba:sub(1, at - 1) .. string.char(byte) .. rgba:sub(at + 1))
    end
  end
  -- a header of 4 million by 4 million pixels, its checksum right or not
  local big = rgba:sub(1, 16) .. ("\0\64\0\0"):rep(2) .. rgba:sub(25)
  check.error(function() imaging.decode("big.png", big) end, "big.png: ")
end)

check.case("generators and orientation may be left out", function()
  local path, steps = os.tmpname(), data.transforms.cover(4)
  data.write_png(path, rm.full({3, 6, 4}, 7):to("uint8"))
  local all = imaging.read_images({path}, 3, steps)
  check.equal(imaging.read_images({path}, 3, steps, nil, false), all)
  check.equal(imaging.transform_images(all, steps), all)
  os.remove(path)
end)

check.case("other files are refused by their first bytes, whatever their name", function()
  check.error(function() imaging.decode("x.png", "GIF89a....") end,
              "x.png: is a GIF image, expected a JPEG or PNG image")
  check.error(function() imaging.decode("x.png", "some text.") end,
              "x.png: is neither a JPEG nor a PNG image (10 bytes)")
  check.error(function() imaging.decode("x.png", "") end, "(0 bytes)")
  check.error(function() imaging.decode("x.jpg", jpeg, 2) end, "channels must be 1 or 3, got 2")
  check.error(function() data.read_image("/no/such.png") end, "/no/such.png: cannot be opened")
end)
