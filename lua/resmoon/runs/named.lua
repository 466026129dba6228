--- What several runs are called side by side: by their names, and where two have the same, by their folders as well.
--
-- Whatever shows more than one run asks here: tables, legends, reports and the names of files.
--
-- Call: train.named
-- Errors: none.
-- Example:
--   > train.named.names {{name = "mlp"}, {name = "mlp"}}
--   {"mlp #1", "mlp #2"}
local check = require "resmoon.base.check"
local library = require "resmoon.base.library"
local text = require "resmoon.base.text"
local results = require "resmoon.base.shown"

local named = {}

local function optional(value, kind) return value == nil or type(value) == kind end

check.kind("run", "a run, as train.folder.read gives it", function(v)
  return type(v) == "table" and optional(v.name, "string") and optional(v.folder, "string")
     and optional(v.config, "table") and optional(v.rows, "table") and (v.name or v.folder or v.config or v.rows)
end)

local function parts_of(path)
  local parts = {}
  for part in path:gmatch "[^/]+" do
    if part ~= "." then parts[#parts + 1] = part end
  end
  return parts
end

local function tail(parts, n) return table.concat(parts, "/", math.max(1, #parts - n + 1)) end

-- For each of some paths its shortest end that no other path has; of equal paths the whole.
local function ends_of(paths)
  local split, result = {}, {}
  for i, path in ipairs(paths) do split[i] = parts_of(path) end
  for i, parts in ipairs(split) do
    local n, clash = 0
    repeat
      n, clash = n + 1, false
      for k, other in ipairs(split) do clash = clash or k ~= i and tail(other, n) == tail(parts, n) end
    until not clash or n >= #parts
    result[i] = tail(parts, n)
  end
  return results.mark(result)
end

-- Names, told apart by what path_of(i) gives where they repeat.
local function apart(names, path_of)
  local groups, ends = {}, {}
  for i, name in ipairs(names) do
    groups[name] = groups[name] or {}
    table.insert(groups[name], i)
  end
  for _, places in pairs(groups) do
    local paths, of = {}, {}
    for _, i in ipairs(places) do
      local path = path_of(i)
      if path then paths[#paths + 1], of[#of + 1] = path, i end
    end
    for k, ending in ipairs(ends_of(paths)) do ends[of[k]] = text.visible(ending) end
  end
  return results.mark(text.told_apart(names, function(i) return ends[i] end))
end

--- The name of each of some runs, all different.
-- Call: train.named.names(runs) -> list of strings
-- Shapes: runs as train.folder.read gives them, or {name =}, where the places tell apart what has no folder.
-- Errors: none.
-- Example:
--   > a = {name = "resnet20", folder = "runs/monday"}
--   > b = {name = "resnet20", folder = "runs/friday"}
--   > train.named.names {a, b, {name = "mlp"}}
--   {"resnet20 (monday)", "resnet20 (friday)", "mlp"}
function named.names(runs)
  check("train.named.names(runs: run[])", runs)
  local names = {}
  for i, run in ipairs(runs) do names[i] = text.visible(run.name or ("run " .. i)) end
  return apart(names, function(i) return runs[i].folder end)
end

--- The data set of each of some runs, by the same name only where it is the same.
-- Call: train.named.data(runs) -> list of strings
-- Errors: none.
-- Example:
--   > a = {config = {data_name = "photos", data = "old/photos"}}
--   > b = {config = {data_name = "photos", data = "new/photos"}}
--   > train.named.data {a, b}
--   {"photos (old/photos)", "photos (new/photos)"}
function named.data(runs)
  check("train.named.data(runs: run[])", runs)
  local keys, names, place, result = {}, {}, {}, {}
  for i, run in ipairs(runs) do
    local c = run.config or {}
    local name = text.visible(c.data_name or c.data or "unknown data")
    -- Images that were made or scaled to another size, or have other classes, are other images.
    local key = table.concat({name, tostring(c.data), tostring(c.data_seed), table.concat(c.input or {}, "x"),
                              table.concat(c.classes or {}, "\0")}, "\1")
    if not place[key] then
      keys[#keys + 1], names[#names + 1], place[key] = i, name, #keys + 1
    end
    result[i] = key
  end
  -- By their folders, or, where these are the same, by the shapes of the images.
  local folders = {}
  for k, name in ipairs(names) do
    local folder = tostring((runs[keys[k]].config or {}).data)
    folders[name] = folders[name] or {}
    folders[name][folder] = (folders[name][folder] or 0) + 1
  end
  local shown = apart(names, function(k)
    local c = runs[keys[k]].config or {}
    if folders[names[k]][tostring(c.data)] > 1 then return c.input and table.concat(c.input, "x") end
    return c.data
  end)
  for i, key in ipairs(result) do result[i] = shown[place[key]] end
  return results.mark(result)
end

--- The same runs under names of which no two are alike: copies, where a name has to change.
-- Call: train.named.apart(runs) -> list of runs
-- Errors: none.
-- Example:
--   > run = {name = "mlp", folder = "runs/mlp"}
--   > train.named.apart({run, run})[2].name
--   mlp (runs/mlp) #2
function named.apart(runs)
  check("train.named.apart(runs: run[])", runs)
  local names, result = named.names(runs), {}
  for i, run in ipairs(runs) do
    result[i] = run
    if run.name ~= names[i] then
      result[i] = setmetatable({}, getmetatable(run))
      for key, value in pairs(run) do result[i][key] = value end
      result[i].name = names[i]
    end
  end
  return results.mark(result)
end

return library("train.named", named)
