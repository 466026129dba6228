--- The readers that are written in Lua: require "fuzz.readers"(folder) -> {name = function(bytes)}.
--
-- folder: where they may put files. What a reader refuses is an error about the file, which is as it should be; one of
-- the library's own lines, or a property that does not hold, is raised again and is a finding.
local rm = require "resmoon"

-- Whether a message is that of a fault of ours instead of one of the file.
local function is_internal(message)
  if type(message) ~= "string" then return true end
  local text = message:gsub("^[^\n:]-%.lua:%d+: ", "")
  for _, start in ipairs {"attempt to", "assertion failed", "bad argument", "wrong number", "'for'", "number has no",
                          "string expected", "invalid option", "invalid value", "stack overflow"} do
    if text:sub(1, #start) == start then return true end   -- a file may hold these words, too
  end
  return false
end

-- Calls f; returns its first result, or nil where it refuses.
local function try(f, ...)
  local ok, result = pcall(f, ...)
  if ok then return result end
  if is_internal(result) then error("an error of the library's own: " .. tostring(result), 0) end
  return nil
end

local function same(a, b, what)
  if a ~= b then error(("%s: what was read and written is read as something else:\n%s\n%s"):format(what, a, b), 0) end
end

return function(folder)
  local readers = {}
  local function path_of(name) return folder .. "/" .. name end
  local function put(name, bytes)
    local file <close> = assert(io.open(path_of(name), "wb"))
    assert(file:write(bytes))
    return path_of(name)
  end

  --- log.csv of a run.
  function readers.log(bytes)
    local log = try(rm.train.Log.read, put("log.csv", bytes))
    if not log then return end
    log:by_column()
    log:write(path_of "again.csv")
    same(tostring(log), tostring(rm.train.Log.read(path_of "again.csv")), "log")
  end

  --- config.json of a run, and the run around it.
  function readers.config(bytes)
    put("config.json", bytes)
    local run = try(rm.train.folder.read, folder)
    if run then try(rm.train.config.complete, run.config) end
  end

  --- data.json: which images a run was trained on.
  local record = require "resmoon.runs.record"
  local made
  function readers.record(bytes)
    put("data.json", bytes)
    local found = try(record.read, folder)
    if not found then return end
    made = made or record.make {train = rm.data.shapes10 {size = 20},
                                test = rm.data.shapes10 {size = 20, train = false}}
    try(record.differences, found, made)
    try(record.differences, made, found)
    try(record.seen, found, made, "test")
  end

  --- search.json and the files of trials.
  local journal = require "resmoon.search.journal"
  function readers.journal(bytes)
    local home = path_of "search"
    rm.sys.mkdir_p(home .. "/trials")
    put("search/search.json", bytes)
    put("search/trials/001.json", bytes)
    try(journal.check, home, {training = {lr = 0.1, data = "shapes10"}, population = 4, generations = 2,
                              mutation = 0.1, genes = {"lr"}})
    local result = try(journal.result, home, 1, {lr = 0.1})
    if result and result.fitness ~= result.fitness then error("a fitness that is no number was taken", 0) end
  end

  --- Checkpoints: nothing is changed by one that is refused.
  local trainer
  function readers.checkpoint(bytes)
    if not trainer then
      rm.manual_seed(1)
      local net = rm.nn.Linear(2, 2)
      local set = rm.data.from_tensors(rm.randn(4, 2), rm.tensor({1, 2, 1, 2}, "int64"))
      net = rm.nn.Sequential {net}
      trainer = rm.train.Trainer {net = net, optimizer = rm.optim.SGD(net:parameters(), {lr = 0.1, momentum = 0.9}),
                                  train = rm.data.Loader(set, {batch_size = 2}), epochs = 2, progress = false}
      trainer:save(path_of "before.safetensors")
    end
    local before = trainer.net:hash()
    local ok = try(function(path)
      trainer:resume(path)
      return true
    end, put("last.safetensors", bytes))
    if not ok then same(before, trainer.net:hash(), "weights")
    else
      trainer:save(path_of "again.safetensors")
      local after = trainer.net:hash()
      trainer:resume(path_of "again.safetensors")
      same(after, trainer.net:hash(), "weights")
    end
  end

  --- Weights into a network of another kind.
  local net
  function readers.weights(bytes)
    net = net or rm.nn.Sequential {rm.nn.Linear(2, 3), rm.nn.ReLU(), rm.nn.Linear(3, 2)}
    local saved = try(rm.load, put("w.safetensors", bytes))
    if not saved then return end
    try(net.load_state_dict, net, saved)
    try(net.load_state_dict, net, saved, {strict = false})
  end

  --- What a landscape says of itself, in a file whose points are good.
  local landscape = require "resmoon.explain.landscape_file"
  local points = {losses = rm.zeros(2, 2), done = rm.zeros({2, 2}, "uint8")}
  local known = {grid = 2, x = {0, 1}, y = {0, 1}, net = "a", data = "b", plane = "c", statistics = "running"}
  function readers.landscape(bytes)
    local path = path_of "landscape.safetensors"
    if not pcall(rm.save, path, points, {resmoon_landscape = bytes}) then return end   -- no text
    local there = try(landscape.read, path)
    if not there then return end
    same(there.grid, 2, "grid")
    try(landscape.check, path, there, known)
    landscape.write(path_of "again.safetensors", there, points)
    same(rm.json.encode(there), rm.json.encode((landscape.read(path_of "again.safetensors"))), "landscape")
  end

  --- Names of classes: words.txt and the tables of Tiny-ImageNet.
  local wordnet = require "resmoon.data.wordnet"
  function readers.wordnet(bytes)
    put("words.txt", bytes)
    put("val_annotations.txt", bytes)
    local node = {path = folder, others = {{"words.txt"}, {"val_annotations.txt"}}, images = {"val_0.JPEG"}}
    try(wordnet.names, {root = node}, {"n01443537", "n01629819"}, {})
    local table_of = try(wordnet.annotations, node, "val")
    if table_of then try(wordnet.labeled, node, table_of, {"n01443537", "n01629819"}, {}) end
  end

  --- JSON: what was read, written and read again is written as the same.
  function readers.lua_json(bytes)
    local value = try(rm.json.decode, bytes)
    if value == nil then return end
    local text = try(rm.json.encode, value)
    if text then same(text, rm.json.encode(rm.json.decode(text)), "JSON") end
  end

  --- What is typed, up to the cursor: TAB.
  require "resmoon.shell.globals"
  local complete = require "resmoon.shell.complete"
  local environment = {rm = rm, net = rm.nn.Linear(2, 2), x = rm.zeros(2), string = string, list = {a = {b = 1}}}
  function readers.complete(bytes)
    if bytes:find("[\0~/$]") then return end  -- of paths the file system decides
    local ok, start, list = pcall(complete, bytes, environment)
    if not ok then error(start, 0) end
    if not (math.type(start) == "integer" and start >= 1 and start <= #bytes + 1) then
      error(("%q is completed from %s on"):format(bytes, tostring(start)), 0)
    end
    for _, candidate in ipairs(list) do assert(type(candidate) == "string") end
  end

  return readers
end
