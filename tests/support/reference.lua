--- Reference cases: files computed by another program, and what ResMoon gives for the same.
--
-- A folder of cases has an index.json, {"files": [{file, op, tolerance, tolerance_for, config}]}.
-- Each file is a safetensors file of inputs and results, described by `op` and `config`.
-- A result a agrees with its reference b if max|a - b| <= tolerance * max(max|b|, 1e-6), integers
-- if they are equal. A case whose config says "extra" goes beyond what ResMoon promises.
--
-- The files count dimensions, positions and labels from 0, Lua from 1. What is translated is
-- translated by the four functions below, and nowhere else.
local rm = require "resmoon"

local reference = {}

-- --- from 0 to 1 ------------------------------------------------------------------------

--- A dimension, or a list of them. Negative ones count from the end on both sides.
function reference.dim(d)
  if type(d) ~= "table" then return d >= 0 and d + 1 or d end
  local dims = {}
  for i, each in ipairs(d) do dims[i] = reference.dim(each) end
  return dims
end

--- A position or label, as a number.
function reference.position(p) return p + 1 end

--- A tensor of labels or positions from a file; and one of ours, as a file has it.
function reference.to_one_based(t) return (t:float() + 1):long() end
function reference.to_zero_based(t) return (t:float() - 1):long() end

-- --- comparing --------------------------------------------------------------------------

local function same_shape(a, b)
  if a:numel() == 1 and b:numel() == 1 then return true end  -- a number: () here, [1] in files
  return table.concat(a.shape, ",") == table.concat(b.shape, ",")
end

local function maximum(t) return t:numel() == 0 and 0 or t:max():item() end

--- Raises unless actual agrees with expected; name says of what. Returns the relative error.
function reference.agree(name, actual, expected, tolerance)
  actual = actual:detach()
  if not same_shape(actual, expected) then
    error(("%s: shape (%s), expected (%s)"):format(name, table.concat(actual.shape, ", "),
      table.concat(expected.shape, ", ")), 0)
  end
  local a, b = actual:float():reshape(-1), expected:float():reshape(-1)
  local difference = maximum((a - b):abs())
  if expected.dtype == "int64" then
    if actual.dtype ~= "int64" then error(("%s: is %s, expected int64"):format(name, actual.dtype), 0) end
    if difference ~= 0 then
      error(("%s: %d of %d integers differ"):format(name, a:ne(b):float():sum():item(), b:numel()), 0)
    end
    return 0
  end
  local scale = math.max(maximum(b:abs()), 1e-6)
  local agrees = difference <= tolerance * scale
  if not agrees then  -- a NaN does not
    error(("%s: off by %.3g of its largest value, tolerance %.3g"):format(name, difference / scale, tolerance), 0)
  end
  return difference / scale
end

--- The same for plain numbers.
function reference.agree_numbers(name, actual, expected, tolerance)
  if #actual ~= #expected then error(("%s: %d numbers, expected %d"):format(name, #actual, #expected), 0) end
  return reference.agree(name, rm.tensor(actual), rm.tensor(expected), tolerance)
end

-- --- files ------------------------------------------------------------------------------

function reference.read(path)
  local file, message = io.open(path, "rb")
  if not file then error(message, 0) end
  local text = file:read("a")
  file:close()
  return text
end

-- What a file says of itself; nil if it is a checkpoint that says nothing.
local function entry_of(file, path)
  local _, metadata = rm.load(path)
  if not metadata.op then return nil end
  return {
    file = file, op = metadata.op, config = rm.json.decode(metadata.config), tolerance = tonumber(metadata.tolerance),
    tolerance_for = metadata.tolerance_for and rm.json.decode(metadata.tolerance_for),
  }
end

-- The entries of a folder without an index: the files in its folders that say what they are.
local function gather(folder)
  local entries = {}
  for _, group in ipairs(rm.sys.list(folder)) do
    for _, name in ipairs(rm.sys.is_dir(folder .. "/" .. group) and rm.sys.list(folder .. "/" .. group) or {}) do
      local file = group .. "/" .. name
      if name:match("%.safetensors$") then entries[#entries + 1] = entry_of(file, folder .. "/" .. file) end
    end
  end
  if #entries == 0 then error(folder .. ": no index.json and no reference cases", 0) end
  return entries
end

--- The entries of a folder's index.
function reference.index(folder)
  if not rm.sys.exists(folder .. "/index.json") then return gather(folder) end
  return rm.json.decode(reference.read(folder .. "/index.json")).files
end

local parts = {
  {"ops",      "support.reference_ops"},
  {"optim",    "support.reference_optim"},
  {"init",     "support.reference_optim"},
  {"models",   "support.reference_models"},
  {"metrics",  "support.reference_metrics"},
}
local runners

-- op -> function(case); made when it is first needed.
local function runner(op)
  if not runners then
    runners = {}
    for _, part in ipairs(parts) do
      for name, run in pairs(require(part[2])) do runners[name] = run end
    end
  end
  return runners[op]
end

-- Whole networks in training are chaotic: an activation within rounding of zero falls on this or
-- that side of a relu, and gradients behind it then differ by more than any tolerance of rounding.
-- Whether one does is a matter of the order of summation, that is of the convolution's method and
-- of the processor. So such a case has to hold at its tolerance with the plainest order, that of the
-- direct method; with the method in use it is run as well, and may then be off by SLACK times its
-- tolerance at most, which a note tells.
local chaotic = {model = true, trace = true}
local SLACK = 10

local function run_chaotic(run, case)
  local was = rm.conv_method("direct")
  local ok, message = pcall(run, case)
  rm.conv_method(was)
  if not ok then error("with method direct: " .. tostring(message), 0) end
  ok, message = pcall(run, case)
  if ok then return end
  case.slack = SLACK
  run(case)
  return ("%s; within it with method direct"):format(message)
end

--- Runs one entry of an index. Raises if it fails; returns false if it was skipped ("extra", and of an
-- op that is not known here), else true and perhaps a note.
function reference.run_entry(folder, entry)
  local run = runner(entry.op)
  local extra = entry.config and entry.config.extra
  if not run and extra then return false end
  if not run then error(("unknown op '%s'"):format(tostring(entry.op)), 0) end
  local case = {
    folder = folder, file = entry.file, path = folder .. "/" .. entry.file, slack = 1,
    config = entry.config or {}, tolerance = entry.tolerance or 0, tolerance_for = entry.tolerance_for or {},
  }
  function case.tolerance_of(name) return (case.tolerance_for[name] or case.tolerance) * case.slack end
  if chaotic[entry.op] then return true, run_chaotic(run, case) end
  run(case)
  return true
end

--- Runs one file, as in run "tests/reference/ops/relu_01.safetensors", by what it says itself or,
-- if it does not, by the index two folders up. Raises if it fails; returns false if it was skipped.
function reference.run(path)
  local folder, file = path:match("^(.*)/([^/]+/[^/]+)$")
  local entry = entry_of(file, path)
  if not entry then
    for _, each in ipairs(reference.index(folder)) do
      if each.file == file then entry = each end
    end
  end
  if not entry then error(path .. ": no metadata, and not in " .. folder .. "/index.json", 0) end
  return reference.run_entry(folder, entry)
end

return reference
