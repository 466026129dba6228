--- `resmoon data`: what would be read, and all that is wrong at once.
local check   = require "support.check"
local files   = require "support.files"
local program = require "support.program"
local rm      = require "resmoon"
local data    = rm.data

local function pictures(dir, n, channels)
  rm.sys.mkdir_p(dir)
  for i = 1, n do data.write_png(("%s/%d.png"):format(dir, i), rm.full({channels or 3, 4, 2 + i}, 9, "uint8")) end
end

local function contains(text, expected)
  for _, each in ipairs(expected) do check.that(text:find(each, 1, true), each .. " is not in: " .. text) end
end

local function run(arguments)
  local out, err, status = program.run(arguments)
  return {out = out, err = err, status = status}
end

check.case("splits, classes, counts, sizes, and what is left out", function()
  files.with_folder(function(dir)
    pictures(dir .. "/Train/cat", 3)
    pictures(dir .. "/Train/dog", 2, 1)
    pictures(dir .. "/Valid/dog", 1)
    files.write(dir .. "/Train/cat/a.webp", "RIFF\36\0\0\0WEBPVP8 ")
    local report = data.inspect(dir)
    check.equal({report.usable, report.problems, report.classes}, {true, {}, {"cat", "dog"}})
    check.equal({report.train.counts, report.val.counts, report.test}, {{3, 2}, {0, 1}})
    contains(tostring(report), {
      dir .. ": image folder", "  train  5 images, 3x4 to 5x4 pixels, 2 of 5 gray, in " .. dir .. "/Train",
      "  val    1 images, 3x4 pixels, color, in " .. dir .. "/Valid",
      "2 classes:\nclass  train  val\n-----------------\ncat        3    0\ndog        2    1",
      "  a WebP image (1): " .. dir .. "/Train/cat/a.webp", "Valid has no image of cat",
      "no test split: Valid tests, and chooses the best weights"})
  end)
end)

check.case("all bad files at once; damaged ones with check", function()
  files.with_folder(function(dir)
    pictures(dir .. "/a", 8)
    pictures(dir .. "/b", 8)
    for i = 1, 7 do files.write(("%s/a/bad%d.jpg"):format(dir, i), "no image") end
    local damaged = dir .. "/b/8.png"
    files.write(damaged, files.read(damaged):sub(1, 50))
    pictures(dir .. "/.x", 1)
    rm.sys.mkdir_p(dir .. "/empty")
    local report = data.inspect(dir)
    check.equal({report.usable, #report.problems}, {false, 8})
    contains(report.problems[1], {"no image (.jpg, .jpeg, .png) in empty of " .. dir})
    rm.sys.remove(dir .. "/empty")
    check.equal(#data.inspect(dir).problems, 7)
    report = data.inspect(dir, {check = true})
    check.equal(#report.problems, 8)
    contains(table.concat(report.problems, "\n"), {dir .. "/a/bad7.jpg: is a text file, neither JPEG nor PNG", damaged})
    check.error(function() data.inspect(dir, {chek = true}) end,
                "inspect: unknown option 'chek', did you mean 'check'?")
  end)
end)

check.case("the command's status says whether training could use it", function()
  files.with_folder(function(dir)
    pictures(dir .. "/a", 2)
    pictures(dir .. "/b", 2)
    local good = run {"data", dir, "--check"}
    check.equal({good.status, good.err}, {0, ""})
    contains(good.out, {"train  4 images", "a tenth of the images of each class is held out for testing"})
    files.write(dir .. "/a/x.png", "")
    local bad = run {"data", dir}
    check.equal(bad.status, 1)
    contains(bad.out, {"to be mended before training:", dir .. "/a/x.png: is empty (0 bytes), neither JPEG nor PNG"})
    local missing = run {"data", dir .. "/none"}
    check.equal(missing.status, 1)
    contains(missing.out, {"neither a folder nor the name shapes10"})
    contains(run({"data", "shapes10"}).out, {"10,000"})
  end)
end)

check.case("summary: two lines, with what is left out and how it is split; train prints them", function()
  files.with_folder(function(dir)
    pictures(dir .. "/a", 10)
    pictures(dir .. "/b", 10)
    for i = 1, 2 do files.write(("%s/a/%d.txt"):format(dir, i), "hello") end
    local train, test, validation = data.open(dir)
    local name = dir:match "[^/]+$"
    local expected = ("%s: 18 images to train, 2 to test; 2 classes, a 9, b 9 for training\n"
      .. "image folder in %s; 3x4 to 12x4 pixels, cut and scaled to 3x4, color; left out: a text file (2); "
      .. "no test split: 2 of 20 images, drawn by class, always the same, are held out for testing"):format(name, dir)
    check.equal(data.summary(train, test, validation), expected)
    local said = run {"train", "--model", "mlp", "--data", dir, "--epochs", "1", "--schedule", "constant", "--lr",
                              "0.01", "--batch-size", "8", "--run", dir .. "/.run"}
    check.equal(said.status, 0, said.err)
    contains(said.out, {expected})
  end)
end)
