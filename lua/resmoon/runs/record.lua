--- What a run was trained on, image by image: the record of its data, data.json in its folder.
--
-- A record holds the class names in order, the shape of the images, and for each split (train, validation, test) the
-- number of images, how many there are of each class, which they are and a SHA-256 of them. Images of a folder are
-- known by their paths relative to the data folder, and each has a digest of its file; those of a set in memory by
-- their positions in the set's files, and one digest covers pixels and labels of all. What lies in files of more than
-- HASHED bytes in all is known by names and sizes alone, and the record says so (`covers`).
--
-- record.differences names all in which two records differ.
local core = require "resmoon.core"
local json = require "resmoon.base.json"
local source = require "resmoon.runs.source"
local object = require "resmoon.base.object"
local sys  = core.sys

local record = {}

local VERSION = 1
local HASHED = 8 << 30   -- bytes of image files that are read for a record
local DIGITS = 16        -- of the digest of a single file
local CHUNK = 4096       -- images of a subset that are gathered at a time
local SHOWN = 4          -- names in a message
local COMPARED = 1 << 24 -- positions of a split that are compared one by one

local splits = {"train", "validation", "test"}
local called = {train = "training", validation = "validation", test = "test"}

record.file = "data.json"

-- --- making -------------------------------------------------------------------------------

-- The set that holds the images: transforms make others of them, but the images stay the same.
local function base(set)
  while type(set) == "table" and type(rawget(set, "source")) == "table" and not rawget(set, "labels") do
    set = rawget(set, "source")
  end
  return set
end

-- "1-45000, 45003": positions as text. list: of whole numbers, in any order, which is kept.
local function ranges(list)
  local parts, i = {}, 1
  while i <= #list do
    local j = i
    while list[j + 1] == list[j] + 1 do j = j + 1 end
    parts[#parts + 1] = i == j and ("%d"):format(list[i]) or ("%d-%d"):format(list[i], list[j])
    i = j + 1
  end
  return table.concat(parts, ",")
end

-- Calls f(from, to) for each range of such a text; returns how many positions there are in all, nil for another text.
local function each_range(text, f)
  local n = 0
  for item in text:gmatch "[^,]+" do
    local first, last = item:match "^ ?(%d+)%-?(%d*)$"
    local from = math.tointeger(tonumber(first))
    local to = last == "" and from or math.tointeger(tonumber(last))
    if not from or not to or to < from then return nil end
    if f then f(from, to) end
    n = n + (to - from + 1.0)
  end
  return n
end

local function expanded(text)
  local list = {}
  each_range(text, function(from, to)
    for n = from, to do list[#list + 1] = n end
  end)
  return list
end

local function comparable(text) return each_range(text) <= COMPARED end

local function counts(labels, classes)
  local by_class = {}
  for k = 1, #classes do by_class[k] = 0 end
  for _, label in ipairs(labels) do by_class[label] = (by_class[label] or 0) + 1 end
  return json.array(by_class)
end

-- Paths of the images of a set that came from files, in order (a subset has those of its own images); nil of others.
local function files_of(set)
  return type(set.paths) == "table" and set.paths or nil
end

-- File names are bytes; JSON is UTF-8. In a name that is not, the bytes beyond ASCII are written as \\xHH.
local function plain(name)
  if utf8.len(name) then return name end
  return (name:gsub("[\128-\255]", function(c) return ("\\x%02X"):format(c:byte()) end))
end

local function relative(path, roots)
  path = source.absolute(path)
  for _, root in ipairs(roots) do
    if path:sub(1, #root + 1) == root .. "/" then return plain(path:sub(#root + 2)) end
  end
  return plain(path)
end

local function size_of(path)
  local stat, reason = sys.stat(path)
  if not stat then error(("data: %s"):format(reason), 0) end
  return stat.size
end

-- Names and digests (or sizes) of the files of a split.
local function of_files(paths, labels, classes, about)
  local names, contents, all = {}, {}, core.sha256()
  for i, path in ipairs(paths) do
    names[i] = relative(path, about.roots)
    if about.hashed then
      local hash = core.sha256()
      hash:file(path)
      contents[i] = hash:digest():sub(1, DIGITS)
    else
      contents[i] = ("%d bytes"):format(size_of(path))
    end
    all:update(("%s\0%s\0%s\0"):format(classes[labels[i]], names[i], contents[i]))
  end
  return {names = json.array(names), contents = json.array(contents), digest = all:digest()}
end

-- Positions and digest of a split whose images lie in memory.
local function of_tensors(set)
  local hash = core.sha256()
  if not set.indices and not set.in_memory then
    hash:update(set.images or set.inputs):update(set.labels or set.targets)
    return {positions = ranges {1} .. (set:size() > 1 and "-" .. set:size() or ""), digest = hash:digest()}
  end
  local n = set:size()
  for first = 1, n, CHUNK do
    local x, y = set:batch(core.arange(first, math.min(first + CHUNK - 1, n), 1, "int64"))
    hash:update(x):update(y)
  end
  local all = set.indices and set.indices:totable() or core.arange(1, n, 1, "int64"):totable()
  return {positions = ranges(all), digest = hash:digest()}
end

local function split_of(set, about)
  local classes = set.classes or {}
  local whole = base(set)
  local labels = whole.all_labels and whole:all_labels():totable()
  local counted = labels and not whole.outputs
  local paths = files_of(whole)
  local made
  if paths then made = of_files(paths, labels, classes, about)
  elseif labels and (type(whole.images or whole.inputs) == "userdata" or whole.in_memory) then made = of_tensors(whole)
  else made = {} end
  made.images = set:size()
  made.by_class = counted and counts(labels, classes) or nil
  made.space = made.positions and whole.split or nil   -- which file's positions
  return made
end

local function total_bytes(sets)
  local sum = 0
  for _, split in ipairs(splits) do
    for _, path in ipairs(sets[split] and files_of(base(sets[split])) or {}) do
      sum = sum + size_of(path)
      if sum > HASHED then return sum end
    end
  end
  return sum
end

local function covers(made, hashed)
  for _, split in ipairs(splits) do
    local part = made[split]
    if part and part.names then
      return hashed and "names and contents of the image files" or
        "names and sizes of the image files, which are more than is read for a record"
    elseif part and not part.digest then
      return "numbers of images and names of classes"
    end
  end
  return "pixels and labels of all images"
end

--- The record of some data sets: {train =, validation =, test =}, absent ones left out.
-- options: source (absolute path of the data; nil: they have no files), like (a record: files are read, or not, as
-- they were for that one).
function record.make(sets, options)
  options = options or {}
  local first = sets.train or sets.test or sets.validation
  local about = {roots = {}}
  for _, root in ipairs {options.source or false, base(first).root or false} do
    if root then about.roots[#about.roots + 1] = root end
  end
  if options.like then about.hashed = not options.like.covers:find "sizes"
  else about.hashed = total_bytes(sets) <= HASHED end
  local made = {version = VERSION, name = first.name, source = options.source, shape = first.shape,
                classes = first.classes and json.array {table.unpack(first.classes)} or nil}
  for _, split in ipairs(splits) do
    if sets[split] then made[split] = split_of(sets[split], about) end
  end
  made.covers = covers(made, about.hashed)
  return made
end

-- --- comparing ----------------------------------------------------------------------------

local function listed(names)
  local more = #names > SHOWN and (", and %d more"):format(#names - SHOWN) or ""
  return table.concat(names, ", ", 1, math.min(SHOWN, #names)) .. more
end

local function set_of(list)
  local set = {}
  for i, name in ipairs(list or {}) do set[name] = i end
  return set
end

-- What is in a and not in b.
local function missing(a, b)
  local there, list = set_of(b), {}
  for _, name in ipairs(a or {}) do
    if not there[name] then list[#list + 1] = name end
  end
  return list
end

--- In what two lists of class names differ: a sentence, or nil.
function record.classes_differ(old, new)
  if table.concat(old, "\0") == table.concat(new, "\0") then return nil end
  local gone, come = missing(old, new), missing(new, old)
  if #gone == 0 and #come == 0 then
    return ("classes: the same in another order: they were %s; they are %s"):format(table.concat(old, ", "),
                                                                                    table.concat(new, ", "))
  end
  local parts = {}
  if #gone > 0 then parts[#parts + 1] = "missing: " .. listed(gone) end
  if #come > 0 then parts[#parts + 1] = "new: " .. listed(come) end
  return ("classes: they were %s; they are %s (%s)"):format(listed(old), listed(new), table.concat(parts, "; "))
end

-- In which split of a record an image is, by its name or its position.
local function places(made)
  local of = {}
  for _, split in ipairs(splits) do
    local part = made[split]
    for _, name in ipairs(part and part.names or {}) do of[name] = split end
    if part and part.positions and part.space and comparable(part.positions) then
      for _, n in ipairs(expanded(part.positions)) do of[part.space .. n] = split end
    end
  end
  return of
end

-- Sentences on images that came, went, or came from another split. name(x): what to call x; where(x): its split then.
local function membership(old, new, where, split)
  local added, moved, from = {}, {}, nil
  for _, x in ipairs(missing(new, old)) do
    local was = where(x)
    if was and was ~= split then moved[#moved + 1], from = x, was else added[#added + 1] = x end
  end
  local gone, parts = missing(old, new), {}
  if #added > 0 then parts[#parts + 1] = ("%d added (%s)"):format(#added, listed(added)) end
  if #moved > 0 then
    parts[#parts + 1] = ("%d that belonged to the %s images (%s)"):format(#moved, called[from], listed(moved))
  end
  if #gone > 0 then parts[#parts + 1] = ("%d gone (%s)"):format(#gone, listed(gone)) end
  return parts
end

local function files_differ(old, new, before, split)
  local parts = membership(old.names, new.names, function(name) return before[name] end, split)
  local was, changed = {}, {}
  for i, name in ipairs(old.names) do was[name] = old.contents[i] end
  for i, name in ipairs(new.names) do
    if was[name] and was[name] ~= new.contents[i] then changed[#changed + 1] = name end
  end
  if #changed > 0 then parts[#parts + 1] = ("%d with other contents (%s)"):format(#changed, listed(changed)) end
  if #parts == 0 then parts[1] = "in another order or of other classes" end
  return parts
end

local function tensors_differ(old, new, before, split)
  if old.positions ~= new.positions then
    if not comparable(old.positions) or not comparable(new.positions) then return {"others, or in another order"} end
    local parts = membership(expanded(old.positions), expanded(new.positions), function(n)
      return new.space and before[new.space .. n]
    end, split)
    for i, text in ipairs(parts) do parts[i] = text:gsub("%(", "(numbers ", 1) end
    if #parts == 0 then parts[1] = "in another order" end
    return parts
  end
  return {("other pixels or labels (their SHA-256 was %s..., is %s...)"):format(tostring(old.digest):sub(1, DIGITS),
                                                                                 tostring(new.digest):sub(1, DIGITS))}
end

local function split_differs(old, new, before, split)
  if not old or not new then
    return ("%s images: they were %s, they are %s"):format(called[split], old and old.images or "none",
                                                           new and new.images or "none")
  end
  if old.digest == new.digest and old.images == new.images then return nil end
  local parts
  if old.names and new.names then parts = files_differ(old, new, before, split)
  elseif old.positions and new.positions then parts = tensors_differ(old, new, before, split)
  elseif old.digest and new.digest then parts = {"they came from files of another kind"}
  else parts = {} end
  local head = ("%s images: "):format(called[split])
  if old.images ~= new.images then head = head .. ("%d were %d"):format(new.images, old.images) ..
    (#parts > 0 and ": " or "") end
  return head .. table.concat(parts, ", ")
end

--- All in which the data now (`new`) are not what they were (`old`): a list of sentences, empty where they are the
-- same. which: the splits that count (all).
function record.differences(old, new, which)
  local list = {}
  local function add(text) list[#list + 1] = text end
  if old.classes and new.classes then add(record.classes_differ(old.classes, new.classes)) end
  local a, b = table.concat(old.shape or {}, " x "), table.concat(new.shape or {}, " x ")
  if a ~= b then add(("images: they were %s, they are %s"):format(a, b)) end
  local before
  for _, split in ipairs(which or splits) do
    if old[split] or new[split] then
      before = before or places(old)
      add(split_differs(old[split], new[split], before, split))
    end
  end
  return list
end

--- Names of those images of a split that have the contents of images with which the network was trained or chosen
-- (training and validation images of `old`). Empty where it cannot be known.
function record.seen(old, new, split)
  local trained, list = {}, {}
  for _, name in ipairs {"train", "validation"} do
    for _, digest in ipairs(old[name] and old[name].contents or {}) do trained[digest] = not digest:find " " end
  end
  local part = new[split]
  for i, digest in ipairs(part and part.contents or {}) do
    if trained[digest] then list[#list + 1] = part.names[i] end
  end
  return list
end

--- Some of the names, for a message.
record.listed = listed

-- --- on disk ------------------------------------------------------------------------------

local function path_of(folder) return folder .. "/" .. record.file end

local function list_of(list, fits)
  if type(list) ~= "table" then return false end
  for _, value in pairs(list) do
    if not fits(value) then return false end
  end
  return #list > 0 or next(list) == nil
end

local function is_text(value) return type(value) == "string" end
local function is_name(value) return is_text(value) or type(value) == "number" end
local function whole(value) return math.type(value) == "integer" and value >= 0 end

--- Whether that is a list of class names, or nil.
function record.are_classes(list) return list == nil or list_of(list, is_name) end

local function is_split(part)
  local function none_or_text(value) return value == nil or is_text(value) end
  return type(part) == "table" and whole(part.images) and none_or_text(part.digest) and none_or_text(part.space)
    and (part.positions == nil or is_text(part.positions) and each_range(part.positions) ~= nil)
    and (part.names == nil and part.contents == nil
         or list_of(part.names, is_text) and list_of(part.contents, is_text) and #part.names == #part.contents)
end

--- The record in the folder of a run, or nil where it has none (runs of earlier versions).
-- Errors: raises for a damaged one.
function record.read(folder)
  local path = path_of(folder)
  if not sys.exists(path) then return nil end
  local made, reason = object.read(path)
  if made and not (is_text(made.covers) and record.are_classes(made.classes)
                   and (made.shape == nil or list_of(made.shape, whole))
                   and (made.version == nil or whole(made.version) and made.version > 0)) then
    reason = "it is not the record of a run's data"
  elseif made and (made.version or 0) > VERSION then
    reason = ("version %s, but this program knows %d"):format(made.version, VERSION)
  end
  if not reason then
    for _, split in ipairs(splits) do
      local part = made[split]
      if part ~= nil and not is_split(part) then
        reason = ("its %s images are damaged"):format(called[split])
      end
    end
  end
  if reason then error(("%s: %s"):format(path, reason), 0) end
  return made
end

--- Writes the record into the folder of a run.
function record.write(folder, made) core.write_atomic(path_of(folder), json.encode(made, {indent = true}) .. "\n") end

return record
