--- A landscape on disk: the points that are done, and what they are of.
--
-- It is a safetensors file: losses and errors (grid, grid), done (1 where a point is), and everything else as JSON
-- under the metadata key "resmoon_landscape". Nothing in it is ever run.
local core = require "resmoon.core"
local json = require "resmoon.base.json"
local object = require "resmoon.base.object"
local text = require "resmoon.base.text"

local file = {}

local KEY, VERSION = "resmoon_landscape", 1

--- Writes; the file is replaced as a whole. about: a plain table; tensors: {losses =, errors = or nil, done =}.
function file.write(path, about, tensors)
  local record = {version = VERSION}
  for key, value in pairs(about) do record[key] = value end
  local list = {}
  for _, name in ipairs {"losses", "errors", "done"} do
    if tensors[name] then list[#list + 1] = {name, tensors[name]} end
  end
  core.save(path, list, {[KEY] = json.encode(record)})
end

local function is_number(v) return type(v) == "number" and v == v and math.abs(v) ~= math.huge end

local function is_numbers(v, n)
  if type(v) ~= "table" or n and #v ~= n then return false end
  for i = 1, #v do
    if not is_number(v[i]) then return false end
  end
  return true
end

local function is_axis(v, n)
  if not is_numbers(v, n) then return false end
  for i = 2, n do
    if v[i] <= v[i - 1] then return false end
  end
  return true
end

-- What a record must have: name -> test.
local fields = {
  grid = function(v) return math.type(v) == "integer" and v >= 2 end,
  x = function(v, about) return is_axis(v, about.grid) end,
  y = function(v, about) return is_axis(v, about.grid) end,
  name = function(v) return type(v) == "string" end,
  directions = function(v) return v == "random" or v == "path" end,
  seed = function(v, about) return math.type(v) == "integer" or v == nil and about.directions == "path" end,
  biases = function(v) return type(v) == "boolean" end,
  statistics = function(v) return v == "running" or v == "recompute" end,
  images = function(v) return math.type(v) == "integer" and v >= 1 end,
  net = function(v) return type(v) == "string" end,
  data = function(v) return type(v) == "string" end,
  plane = function(v) return type(v) == "string" end,
  center = function(v)
    return type(v) == "table" and is_number(v.loss) and (v.error == nil or is_number(v.error))
  end,
  classes = function(v) return v == nil or math.type(v) == "integer" and v >= 1 end,
  path = function(v)
    return v == nil or type(v) == "table" and is_numbers(v.x) and is_numbers(v.y, #v.x) and is_numbers(v.variance, 2)
  end,
}

--- What is in a file: about, tensors. Errors: raises, with the file's name, for one that is none or is damaged.
function file.read(path)
  local tensors, meta = core.load(path)
  local shown = text.visible(path)
  if not meta[KEY] then error(("%s holds no landscape"):format(shown), 0) end
  local about, reason = object.of(meta[KEY])
  if not about then error(("%s: what it says of itself is damaged: %s"):format(shown, reason), 0) end
  if about.version ~= VERSION then
    error(("%s: version %s of a landscape, but this program knows %d"):format(shown, tostring(about.version), VERSION),
          0)
  end
  if not fields.grid(about.grid) then error(("%s: grid is damaged"):format(shown), 0) end
  for name, test in pairs(fields) do
    if not test(about[name], about) then error(("%s: %s is damaged"):format(shown, name), 0) end
  end
  for name, dtype in pairs {losses = "float32", done = "uint8", errors = "float32"} do
    local t = tensors[name]
    local fits = t and t.dtype == dtype and t:dim() == 2 and t.shape[1] == about.grid and t.shape[2] == about.grid
    if not fits and not (name == "errors" and t == nil) then
      error(("%s: %s is damaged: expected %s (%d, %d)"):format(shown, name, dtype, about.grid, about.grid), 0)
    end
  end
  return about, tensors
end

local what = {net = "the network", data = "the images", plane = "the directions", statistics = "statistics", x = "x",
              y = "y"}

--- Raises where a file is of another landscape than `about`, naming all that differs.
function file.check(path, there, about)
  local list = {}
  for _, name in ipairs {"net", "data", "plane", "statistics", "x", "y"} do
    local same = there[name] == about[name]
    if name == "x" or name == "y" then
      same = there.grid == about.grid
      for i = 1, same and about.grid or 0 do same = same and there[name][i] == about[name][i] end
    end
    if not same then list[#list + 1] = what[name] end
  end
  if #list > 0 then
    error(("landscape: %s is of another landscape (%s differ%s); another file takes this one, or remove it"):format(
          text.visible(path), table.concat(list, ", "), #list == 1 and "s" or ""), 0)
  end
end

return file
