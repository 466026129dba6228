--- A run knows what it was trained on: data that are not what they were are refused, and every difference is named.
local check   = require "support.check"
local rm      = require "resmoon"
local program = require "support.program"
local record  = require "resmoon.runs.record"
local train, sys, quote = rm.train, rm.sys, program.quote

local NAMES = {"apple", "banana", "cherry"}

-- n small images of each class, brighter in the channel of its number; `first` numbers the files and draws them.
local function pictures(folder, classes, n, first)
  for k, class in ipairs(classes) do
    sys.mkdir_p(folder .. "/" .. class)
    for i = first or 0, (first or 0) + n - 1 do
      local image = rm.rand(3, 8, 8, {generator = rm.generator(1000 * k + i)}) * 100
      image[(k - 1) % 3 + 1] = image[(k - 1) % 3 + 1] + 100
      rm.data.write_png(("%s/%s/%03d.png"):format(folder, class, i), image:byte():contiguous())
    end
  end
end

local function shell(...) check.equal(os.execute(string.format(...)), true) end

local SETTINGS = {model = "mlp", epochs = 1, batch_size = 8, lr = 0.01, schedule = "constant", drawing = {}}

local function begun(folder, more)
  local data = folder .. "/d"
  pictures(data, NAMES, 10)
  train.run(train.config.with(SETTINGS, train.config.with({data = data}, more)), {folder = folder .. "/run",
                                                                                progress = false})
  return data, folder .. "/run"
end

-- Everything in a folder: names, contents and times.
local function state_of(folder)
  local text = {}
  for _, name in ipairs(sys.list(folder)) do
    local stat = sys.stat(folder .. "/" .. name)
    local hash = rm.sha256()
    if stat.type == "file" then hash:file(folder .. "/" .. name) end
    text[#text + 1] = ("%s %d %.9f %s"):format(name, stat.size, stat.mtime, hash:digest())
  end
  return table.concat(text, "\n")
end

local function resume(path, changes)
  return train.resume(path, train.config.with({epochs = 2}, changes), {progress = false})
end

-- The run is refused with all of these words, and its folder is as it was.
local function refused(path, words, f)
  local before = state_of(path)
  local ok, message = pcall(f or function() resume(path) end)
  check.that(not ok, "it was not refused")
  for _, word in ipairs(words) do check.that(message:find(word, 1, true), ("no %q in\n%s"):format(word, message)) end
  check.equal(state_of(path), before)
  check.that(not sys.exists(path .. "/.lock"), "a lock was left")
end

check.case("the record holds classes, counts, and the split image by image", function()
  program.with_folder(function(folder)
    local data, path = begun(folder, {val_split = 6})
    local made = record.read(path)
    check.equal({made.classes, made.name, made.source, made.shape}, {NAMES, "d", data, {3, 8, 8}})
    check.equal({made.train.images, made.validation.images, made.test.images}, {21, 6, 3})
    check.equal(made.covers, "names and contents of the image files")
    local seen, by_class = {}, {0, 0, 0}
    for _, split in ipairs {"train", "validation", "test"} do
      check.equal({#made[split].names, #made[split].contents}, {made[split].images, made[split].images})
      for i, name in ipairs(made[split].names) do
        check.that(not seen[name], name .. " is in two splits")
        seen[name] = true
        local hash = rm.sha256()
        hash:file(data .. "/" .. name)
        check.equal(made[split].contents[i], hash:digest():sub(1, 16))
      end
      for k, n in ipairs(made[split].by_class) do by_class[k] = by_class[k] + n end
    end
    check.equal(by_class, {10, 10, 10})
    check.equal(resume(path).epochs, 2)    -- nothing has changed
  end)
end)

check.case("--resume: classes renamed, with equal counts", function()
  program.with_folder(function(folder)
    local data, path = begun(folder)
    sys.rename(data .. "/apple", data .. "/zebra")
    refused(path, {"was trained on other data", "they were apple, banana, cherry; they are banana, cherry, zebra",
                   "missing: apple", "new: zebra", "Nothing was changed"})
    check.equal(train.folder.config(path).classes, NAMES)
    sys.rename(data .. "/zebra", data .. "/apple")
    check.equal(resume(path).epochs, 2)
  end)
end)

check.case("--resume: an image added, removed, replaced by one of the same name and size, two that changed places",
           function()
  program.with_folder(function(folder)
    local data, path = begun(folder)
    local made = record.read(path)
    local victim = made.train.names[1]
    shell("cp %s %s", quote(data .. "/apple/003.png"), quote(data .. "/apple/new.png"))
    refused(path, {"added (apple/new.png", "training images: 28 were 27"})
    os.remove(data .. "/apple/new.png")
    sys.rename(data .. "/" .. victim, folder .. "/away.png")
    refused(path, {"gone (" .. victim})
    sys.rename(folder .. "/away.png", data .. "/" .. victim)
    -- One byte of the same file, and its time put back.
    local file <close> = assert(io.open(data .. "/" .. victim, "r+b"))
    local bytes = file:read "a"
    shell("touch -r %s %s", quote(data .. "/" .. victim), quote(folder .. "/time"))
    file:seek("set", #bytes - 20)
    file:write(string.char(bytes:byte(#bytes - 19) ~ 255))
    file:flush()
    shell("touch -r %s %s", quote(folder .. "/time"), quote(data .. "/" .. victim))
    local ok, message = pcall(resume, path)   -- as a picture it is damaged, or it is another
    check.that(not ok and message:find(victim, 1, true), message)
    file:seek "set"
    file:write(bytes)
    file:flush()
    local a, b = data .. "/apple/001.png", data .. "/banana/001.png"
    sys.rename(a, folder .. "/c.png"); sys.rename(b, a); sys.rename(folder .. "/c.png", b)
    refused(path, {"2 with other contents (apple/001.png, banana/001.png)"})
  end)
end)

check.case("--resume --data: the same data elsewhere are taken, others refused", function()
  program.with_folder(function(folder)
    local data, path = begun(folder)
    local other = folder .. "/other"
    pictures(other, NAMES, 10, 50)
    refused(path, {"added", "gone"}, function() resume(path, {data = other}) end)
    sys.rename(data, folder .. "/moved")
    check.error(function() resume(path) end, data)
    check.equal(resume(path, {data = folder .. "/moved"}).epochs, 2)
    check.equal(record.read(path).source, folder .. "/moved")
    check.equal(train.folder.config(path).data_path, folder .. "/moved")
  end)
end)

check.case("a run of an earlier version has no record: it says so, goes on, and has one then", function()
  program.with_folder(function(folder)
    local data, path = begun(folder)
    os.remove(path .. "/data.json")
    sys.rename(data .. "/apple", data .. "/zebra")
    refused(path, {"classes: they were apple, banana, cherry"})   -- config.json knows the classes
    sys.rename(data .. "/zebra", data .. "/apple")
    local out, err, status = program.run {"train", "--run", path, "--resume", "--epochs", "2"}
    check.equal(status, 0, out .. err)
    check.that(out:find("had no record of the data", 1, true), out)
    check.equal(record.read(path).train.images, 27)
    sys.rename(data .. "/apple", data .. "/zebra")
    refused(path, {"new: zebra"})
    program.file(path .. "/data.json", '{"covers": 3')
    refused(path, {"data.json: json.decode"})
    program.file(path .. "/data.json", '["all"]')
    refused(path, {"data.json: it holds no object"})
  end)
end)

check.case("images in memory: pixels, labels and positions count", function()
  local function set(change)
    local images = (rm.rand(20, 1, 4, 4, {generator = rm.generator(3)}) * 255):byte():contiguous()
    local labels = {}
    for i = 1, 20 do labels[i] = (i - 1) % 2 + 1 end
    if change == "pixel" then images[7][1][2][3] = (images[7][1][2][3]:item() + 1) % 256 end
    if change == "label" then labels[7] = 3 - labels[7] end
    return rm.data.Dataset.new {images = images, labels = rm.tensor(labels, "int64"), name = "mine", split = "train",
                                classes = {"no", "yes"}}
  end
  local function made(change, n, seed)
    local train_set, validation = rm.data.split(set(change), n or 5, seed or 1)
    return record.make {train = train_set, validation = validation}
  end
  local before = made()
  check.equal({before.train.images, before.validation.images, before.covers},
              {15, 5, "pixels and labels of all images"})
  check.equal(record.differences(before, made()), {})
  local written = rm.json.decode(rm.json.encode(before))
  check.equal(record.differences(written, made()), {})
  local list = record.differences(before, made "pixel")
  check.that(#list == 1 and list[1]:find("images: other pixels or labels (their SHA-256 was", 1, true), list[1])
  check.that(#record.differences(before, made "label") > 0)   -- which are drawn depends on the classes, too
  list = record.differences(record.make {train = set()}, record.make {train = set "label"})
  check.that(#list == 1 and list[1]:find("images: other pixels or labels (their SHA-256 was", 1, true), list[1])
  list = record.differences(before, made(nil, 5, 2))
  check.equal(#list, 2)
  check.that(list[1]:find "^training images: %d that belonged to the validation images %(numbers %d", list[1])
  list = record.differences(before, made(nil, 6))
  check.that(list[1]:find("training images: 14 were 15", 1, true), list[1])
  local shuffled = record.make {train = set():subset {2, 1, 3}}
  check.equal(shuffled.train.positions, "2,1,3")
  check.that(shuffled.train.digest ~= record.make({train = set():subset {1, 2, 3}}).train.digest)
  -- A transform makes other images of them, not others to train on.
  local cut = record.make {train = set():transformed(rm.data.transforms.cover {2, 2})}
  check.equal(cut.train.digest, record.make({train = set()}).train.digest)
end)

check.case("a user's own data set is known by its classes and numbers, and the record says so", function()
  local own = {classes = {"a", "b"}, shape = {1, 2, 2}, name = "own"}
  function own.size() return 4 end
  local made = record.make {train = own}
  check.equal({made.covers, made.train.images}, {"numbers of images and names of classes", 4})
  own.classes = {"b", "a"}
  check.that(record.differences(made, record.make {train = own})[1]:find("in another order", 1, true))
end)

check.case("names that are not UTF-8 have a form in the record", function()
  program.with_folder(function(folder)
    pictures(folder .. "/d", {"a", "b"}, 2)
    sys.rename(folder .. "/d/a/000.png", folder .. "/d/a/\xe9t\xe9.png")
    local set = rm.data.folder(folder .. "/d")
    local made = record.make({train = set}, {source = folder .. "/d"})
    check.equal(made.train.names[2], "a/\\xE9t\\xE9.png")
    check.that(rm.json.encode(made))
  end)
end)

check.case("what is too large to be read is known by names and sizes, and stays so", function()
  program.with_folder(function(folder)
    pictures(folder .. "/d", {"a", "b"}, 2)
    local set = rm.data.folder(folder .. "/d")
    local read = record.make({train = set}, {source = folder .. "/d"})
    local sizes = train.config.with(read, {covers = "names and sizes of the image files"})
    local made = record.make({train = set}, {source = folder .. "/d", like = sizes})
    check.equal(made.train.contents[1], sys.stat(folder .. "/d/a/000.png").size .. " bytes")
    check.that(made.covers:find "sizes")
    check.equal(record.seen(made, made, "train"), {})   -- sizes do not tell images apart
    check.equal(#record.seen(read, read, "train"), 4)
  end)
end)

-- --- evaluate, predict, report, responses ---------------------------------------------------------------------

local function command(list)
  local out, err, status = program.run(list)
  return out .. err, status
end

check.case("evaluate: own images that are not what they were are refused; changed training images do not matter",
           function()
  program.with_folder(function(folder)
    local data = folder .. "/d"
    pictures(data .. "/train", NAMES, 6)
    pictures(data .. "/test", NAMES, 3, 20)
    local path = folder .. "/run"
    train.run(train.config.with(SETTINGS, {data = data}), {folder = path, progress = false})
    local out, status = command {"evaluate", path}
    check.that(status == 0 and out:find("on 9 test images", 1, true) and not out:find("note:", 1, true), out)
    pictures(data .. "/train", NAMES, 1, 70)
    check.equal(select(2, command {"evaluate", path}), 0)
    sys.rename(data .. "/test/cherry/020.png", data .. "/test/apple/new.png")
    for _, words in ipairs {{"evaluate", path}, {"report", path, "--out", folder .. "/r.html"},
                            {"evaluate", path, "--crops", "10"}} do
      out, status = command(words)
      check.that(status ~= 0 and out:find("was trained on other data", 1, true), out)
      check.that(out:find("apple/new.png", 1, true) and out:find("gone (", 1, true), out)
    end
    out, status = command {"evaluate", path, "--data", data}
    check.that(status == 0 and out:find("note: another data set than the run's", 1, true), out)
    out, status = command {"predict", path, data .. "/test/apple/020.png"}
    check.that(status == 0 and out:find("apple", 1, true), out)
  end)
end)

check.case("evaluate --data: classes in another order are mapped by name, missing and unknown ones refused", function()
  program.with_folder(function(folder)
    -- Trained on classes in an order that a folder never has.
    local function set(seed)
      local n = 60
      local images, labels = rm.rand(n, 3, 8, 8, {generator = rm.generator(seed)}) * 100, {}
      for i = 1, n do
        labels[i] = (i - 1) % 3 + 1
        -- cherry is bright in channel 3, apple in 1, banana in 2, as `pictures` has them
        local channel = ({3, 1, 2})[labels[i]]
        images[i][channel] = images[i][channel] + 100
      end
      return rm.data.Dataset.new {images = images:byte():contiguous(), labels = rm.tensor(labels, "int64"),
                                  name = "mine", classes = {"cherry", "apple", "banana"}}
    end
    local path = folder .. "/run"
    local result = train.run(train.config.with(SETTINGS, {epochs = 6, augment = false, data = folder .. "/gone"}),
                             {folder = path, progress = false, sets = {set(1), set(2)}})
    check.equal(result.last.test_error, 0)
    pictures(folder .. "/o", NAMES, 20)
    local out, status = command {"evaluate", path, "--data", folder .. "/o"}
    check.equal(status, 0, out)
    check.that(out:find("classes in another order (apple, banana, cherry): mapped by name", 1, true), out)
    check.that(out:find("top-1 100.00%", 1, true), out)   -- unmapped it would be 0
    check.that(out:find("\ncherry .-\napple .-\nbanana "), out)
    out, status = command {"evaluate", path, "--data", folder .. "/o", "--crops", "10"}
    check.that(status == 0 and out:find("10 crops  top-1 100.00%", 1, true), out)
    sys.rename(folder .. "/o/apple", folder .. "/o/zucchini")
    for _, words in ipairs {{"evaluate", path}, {"report", path, "--out", folder .. "/r.html"}} do
      out, status = command(table.move({"--data", folder .. "/o"}, 1, 2, #words + 1, words))
      check.that(status ~= 0, out)
      check.that(out:find("knows the classes cherry, apple, banana; the data have banana, cherry, zucchini", 1, true),
                 out)
    end
    shell("rm -r %s", quote(folder .. "/o/zucchini"))
    out, status = command {"evaluate", path, "--data", folder .. "/o"}
    check.that(status ~= 0 and out:find("the data have banana, cherry:", 1, true), out)
  end)
end)

check.case("evaluate --data: images the network was trained on are counted; those of other sizes are scaled", function()
  program.with_folder(function(folder)
    local data, path = begun(folder)
    shell("cp -r %s %s", quote(data), quote(folder .. "/copy"))
    os.remove(folder .. "/copy/apple/009.png")   -- so its tenth for testing is another
    local out, status = command {"evaluate", path, "--data", folder .. "/copy"}
    check.that(status == 0 and out:find("note: %d of the 3 images are ones that the network was trained on"), out)
    shell("cp -r %s %s", quote(data), quote(folder .. "/same"))
    out, status = command {"evaluate", path, "--data", folder .. "/same"}
    check.that(status == 0 and not out:find("note:", 1, true), out)   -- its own data, elsewhere
    local large = folder .. "/large"
    for _, class in ipairs(NAMES) do
      sys.mkdir_p(large .. "/" .. class)
      for i = 1, 4 do rm.data.write_png(("%s/%s/%d.png"):format(large, class, i), rm.zeros({3, 12, 12}, "uint8")) end
    end
    out, status = command {"evaluate", path, "--data", large}
    check.that(status == 0 and out:find("images of 3 x 12 x 12 are scaled to 3 x 8 x 8", 1, true), out)
  end)
end)

check.case("responses and compare take up no run on other data", function()
  program.with_folder(function(folder)
    local data = folder .. "/d"
    pictures(data, NAMES, 10)
    local path = folder .. "/c/resnet20"
    local words = {"compare", "resnet20", "--data", data, "--width", "4", "--batch-size", "9", "--epochs", "1",
                   "--schedule", "constant", "--lr", "0.01", "--run", folder .. "/c"}
    local out, status = command(words)
    check.equal(status, 0, out)
    check.equal(select(2, command {"responses", path, "--images", "4"}), 0)
    os.remove(data .. "/apple/003.png")
    out, status = command {"responses", path}
    check.that(status ~= 0 and out:find("gone (apple/003.png", 1, true), out)
    -- A finished run beside one that is still to be trained: both would stand in one table.
    table.insert(words, 3, "plain20")
    words[#words + 1] = "--resume"
    out, status = command(words)
    check.that(status ~= 0 and out:find("gone (apple/003.png", 1, true), out)
    check.that(not sys.exists(folder .. "/c/plain20"))
    -- Finished runs on different data: the table says so.
    words[#words] = "--run"
    words[#words + 1] = folder .. "/e"
    table.remove(words, 2)
    check.equal(select(2, command(words)), 0)
    out, status = command {"compare", path, folder .. "/e/plain20"}
    check.that(status == 0 and out:find("not all of these were trained and tested on the same images", 1, true), out)
  end)
end)

check.case("relative paths hold from any folder, and where the whole project moves", function()
  program.with_folder(function(folder)
    local home = folder .. "/project"
    pictures(home .. "/pics", NAMES, 10)
    local function run(list, where)
      local out, err, status = program.run(list, {folder = where})
      check.equal(status, 0, out .. err)
      return out
    end
    run({"train", "--model", "mlp", "--data", "pics", "--run", "runs/a", "--epochs", "1", "--schedule", "constant",
         "--lr", "0.01", "--batch-size", "8"}, home)
    local c = train.folder.config(home .. "/runs/a")
    check.equal({c.data, c.data_path}, {"pics", home .. "/pics"})
    run({"train", "--run", home .. "/runs/a", "--resume", "--epochs", "2"}, "/")
    run({"evaluate", "a"}, home .. "/runs")
    run({"evaluate", home .. "/runs/a/best.safetensors"}, "/")
    sys.rename(home, folder .. "/elsewhere")
    run({"train", "--run", "runs/a", "--resume", "--epochs", "3"}, folder .. "/elsewhere")
  end)
end)

check.case("a search goes on only on its own images, by whatever path", function()
  program.with_folder(function(folder)
    pictures(folder .. "/d", NAMES, 10)
    local words = {"search", "--model", "mlp", "--data", "d", "--run", "s", "--epochs", "1", "--batch-size", "8",
                   "--val-split", "0.3", "--population", "2", "--generations", "1", "--schedule", "constant"}
    local function search()
      local out, err, status = program.run(words, {folder = folder})
      return out .. err, status
    end
    local out, status = search()
    check.equal(status, 0, out)
    check.equal(record.read(folder .. "/s").validation.images, 8)
    words[5] = folder .. "/d"
    out, status = search()
    check.that(status == 0 and not out:find "  trial  0", out)
    sys.rename(folder .. "/d/apple", folder .. "/d/zebra")
    os.remove(folder .. "/s/trials/001.json")
    out, status = search()
    check.that(status ~= 0 and out:find("was begun on other images", 1, true) and out:find("new: zebra", 1, true), out)
    check.equal(sys.list(folder .. "/s/trials"), {"000.json", "002.json"})
    sys.rename(folder .. "/d/zebra", folder .. "/d/apple")
    os.remove(folder .. "/s/search.json")
    out, status = search()
    check.that(status ~= 0 and out:find("search.json, which says of which search, is missing", 1, true), out)
  end)
end)

check.case("a damaged record is named, and one of too many images to list is not listed", function()
  program.with_folder(function(folder)
    local path = folder .. "/data.json"
    local function read(text)
      rm.write_atomic(path, text)
      return record.read(folder)
    end
    local good = '{"covers": "files", "classes": ["a", "b"], "shape": [3, 8, 8], "version": 1, %s}'
    for _, text in ipairs {
      '{"covers": "files", "classes": [{"a": 1}, "b"]}', '{"covers": "files", "classes": "a"}',
      '{"covers": "files", "classes": {"a": "b"}}', '{"covers": "files", "shape": 1}',
      '{"covers": "files", "shape": [[3]]}', '{"covers": "files", "version": "1"}', '{"covers": 1}', "[]", "1", "{",
    } do
      check.error(function() read(text) end, path .. ": ")
    end
    for _, split in ipairs {
      "1", "{}", '{"images": 1.5}', '{"images": -1}', '{"images": 1, "names": ["a"]}',
      '{"images": 1, "contents": ["a"]}',
      '{"images": 1, "names": [1], "contents": ["a"]}', '{"images": 1, "names": ["a"], "contents": [{}]}',
      '{"images": 1, "names": ["a", "b"], "contents": ["00"]}', '{"images": 1, "positions": 1}',
      '{"images": 1, "positions": "1-x"}', '{"images": 1, "positions": "2-1"}', '{"images": 1, "digest": 1}',
      '{"images": 1, "positions": "1-99999999999999999999"}', '{"images": 1, "positions": "1", "space": {}}',
    } do
      check.error(function() read(good:format('"test": ' .. split)) end, path .. ": its test images are damaged")
    end
    local many = '"test": {"images": 9, "digest": "%s", "positions": "%s", "space": "test"}'
    local old = read(good:format(many:format("0", "1-9000000000000000000")))
    local new = read(good:format(many:format("1", "1-9")))
    check.equal(record.differences(old, new), {"test images: others, or in another order"})
    check.equal(record.differences(new, old), {"test images: others, or in another order"})
    old = read(good:format(many:format("2", "1-4,7")))
    check.equal(record.differences(old, new), {"test images: 4 added (numbers 5, 6, 8, 9)"})
    rm.write_atomic(folder .. "/config.json", '{"model": "mlp", "classes": [["a"]]}')
    check.error(function() rm.train.folder.config(folder) end, folder .. "/config.json: classes is no list of names")
  end)
end)
