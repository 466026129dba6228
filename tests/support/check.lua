--- What a test file says: cases and the checks in them, over LuaUnit.
--
--     local check = require "support.check"
--     local rm    = require "resmoon"
--
--     check.case("relu keeps what is positive", function()
--       check.equal(rm.tensor({-1, 2}):relu():totable(), {0, 2})
--     end)
--
-- A case is collected when its file is loaded and run by support/suite.lua, each from the same
-- seed. check.slow is a case that `make quick` leaves out. A check that does not hold raises; its
-- message names both values and the place.
local luaunit = require "luaunit"
local rm      = require "resmoon"

luaunit.TABLE_EQUALS_KEYBYCONTENT = true

local check = {}

--- The cases of the file being loaded, in order: {name=, run=, slow=}.
check.cases = {}
--- Set while cases run, when a new case would never be seen.
check.running = false
--- The seed every case starts from; suite.lua sets it.
check.seed = 1

local unpack, huge, abs, max = table.unpack, math.huge, math.abs, math.max

-- LuaUnit's mark makes a failed check a failure rather than an error of the test.
local function fail(level, format, ...)
  error(luaunit.FAILURE_PREFIX .. string.format(format, ...), level + 1)
end

local function add(name, run, slow)
  assert(type(name) == "string" and type(run) == "function", "check.case: expected a name and a function")
  assert(not check.running, "check.case: a case cannot define another one")
  check.cases[#check.cases + 1] = {name = name, run = run, slow = slow}
end

function check.case(name, run) add(name, run, false) end
function check.slow(name, run) add(name, run, true) end

--- Ends the case as skipped: for what this machine or build does not have.
function check.skip(reason) luaunit.skip(reason) end

local function istensor(value)
  return type(value) == "userdata" and (getmetatable(value) or {}).__name == "resmoon.Tensor"
end

local function shapetext(shape) return "(" .. table.concat(shape, ", ") .. ")" end

local function sameshape(a, b)
  if #a ~= #b then return false end
  for d = 1, #a do if a[d] ~= b[d] then return false end end
  return true
end

-- The numbers of a tensor, a number or a nested table, in row-major order, and the shape.
local function flatten(value)
  local numbers, shape = {}, {}
  local function walk(v, depth)
    if type(v) ~= "table" then
      numbers[#numbers + 1] = v
      return
    end
    shape[depth] = shape[depth] or #v
    for i = 1, #v do walk(v[i], depth + 1) end
  end
  if istensor(value) then
    walk(value:totable(), 1)
    return numbers, value.shape
  end
  walk(value, 1)
  return numbers, shape
end

-- {2, 3} for element 6 of shape (4, 3), counted in row-major order from 1.
local function coordinates(shape, position)
  local at, rest = {}, position - 1
  for d = #shape, 1, -1 do
    at[d] = rest % shape[d] + 1
    rest = rest // shape[d]
  end
  return at
end

--- Raises unless `condition` holds.
function check.that(condition, message)
  if not condition then fail(2, "%s", message or "expected a true value") end
end

--- Exact equality: numbers, strings, nested tables by content, tensors by shape, type and elements.
function check.equal(actual, expected, message)
  if istensor(actual) and istensor(expected) then
    if not sameshape(actual.shape, expected.shape) or actual.dtype ~= expected.dtype then
      fail(2, "%sexpected %s %s, got %s %s", message and message .. ": " or "", expected.dtype,
           shapetext(expected.shape), actual.dtype, shapetext(actual.shape))
    end
    local a, b = flatten(actual), flatten(expected)
    for i = 1, #b do
      if a[i] ~= b[i] and not (a[i] ~= a[i] and b[i] ~= b[i]) then
        fail(2, "%selement (%s): expected %s, got %s", message and message .. ": " or "",
             table.concat(coordinates(expected.shape, i), ", "), b[i], a[i])
      end
    end
    return
  end
  luaunit.STRIP_EXTRA_ENTRIES_IN_STACK_TRACE = 1  -- the failure is at the caller's line
  luaunit.assertEquals(actual, expected, message)
end

--- Raises unless |actual - expected| is small everywhere: at most atol + rtol * |expected| for each
-- element, or, with `tolerance`, at most tolerance * max|expected| (the rule of the references).
-- Takes tensors, numbers and nested tables; a NaN agrees with a NaN only.
-- Defaults: rtol 1e-5, atol 1e-6.
function check.close(actual, expected, options)
  options = options or {}
  local a, ashape = flatten(actual)
  local b, bshape = flatten(expected)
  if not sameshape(ashape, bshape) then
    fail(2, "expected shape %s, got %s", shapetext(bshape), shapetext(ashape))
  end
  local rtol, atol = options.rtol or 1e-5, options.atol or 1e-6
  if options.tolerance then
    local largest = 1e-6
    for i = 1, #b do largest = max(largest, abs(b[i])) end
    rtol, atol = 0, options.tolerance * largest
  end
  local bad, worst, excess = 0, 1, -huge
  for i = 1, #b do
    local x, y = a[i], b[i]
    local agree = x == y or (x ~= x and y ~= y) or abs(x - y) <= atol + rtol * abs(y)
    if not agree then
      bad = bad + 1
      local over = abs(x - y) - (atol + rtol * abs(y))
      if over ~= over then over = huge end
      if over > excess then worst, excess = i, over end
    end
  end
  if bad > 0 then
    fail(2, "%s%d of %d elements differ; worst at (%s): expected %.9g, got %.9g (rtol %g, atol %g)",
         options.message and options.message .. ": " or "", bad, #b,
         table.concat(coordinates(bshape, worst), ", "), b[worst], a[worst], rtol, atol)
  end
end

function check.shape(tensor, shape)
  if not sameshape(tensor.shape, shape) then
    fail(2, "expected shape %s, got %s", shapetext(shape), shapetext(tensor.shape))
  end
end

--- Raises unless f() raises a message that contains `pattern`, plainly or as a Lua pattern.
-- Returns the message.
function check.error(f, pattern)
  local ok, message = pcall(f)
  if ok then fail(2, "expected an error with %q, there was none", pattern or "") end
  message = tostring(message)
  if pattern and not message:find(pattern, 1, true) and not message:find(pattern) then
    fail(2, "expected an error with %q, got %q", pattern, message)
  end
  return message
end

-- --- gradients ----------------------------------------------------------------------

-- At most `limit` positions of 1..n: all of them, or a random choice.
local function choose(n, limit)
  local positions = {}
  if n <= limit then
    for i = 1, n do positions[i] = i end
    return positions
  end
  local seen = {}
  while #positions < limit do
    local i = math.random(n)
    if not seen[i] then
      seen[i] = true
      positions[#positions + 1] = i
    end
  end
  return positions
end

--- Compares the tape's gradients with central differences.
--
-- f takes the inputs and returns a tensor y; it may be a layer or module, whose parameters are
-- then checked too. With a fixed random v, the gradient of sum(v * y) in element i of an input is
-- about sum(v * (y(x + h e_i) - y(x - h e_i))) / 2h. The difference of the two outputs is taken
-- before the sum, which is what keeps float32 usable.
--
-- options: step h (default 1e-2; for what is linear in each input 0.1 or more is best), rtol and
-- atol (1e-2, 1e-3; they apply to the largest gradient of the tensor), limit (elements tried in
-- each tensor, 40). Inputs that are not float32 are constants. Keep inputs away from corners
-- (relu at 0, equal maxima) by more than h.
function check.gradients(f, inputs, options)
  options = options or {}
  local step, rtol, atol = options.step or 1e-2, options.rtol or 1e-2, options.atol or 1e-3
  if istensor(inputs) then inputs = {inputs} end

  local arguments, checked = {}, {}   -- checked: {name=, tensor=}
  for i, x in ipairs(inputs) do
    if istensor(x) and x.dtype == "float32" then
      x = x:detach():clone():requires_grad_(true)
      checked[#checked + 1] = {name = "input " .. i, tensor = x}
    end
    arguments[i] = x
  end
  if type(f) ~= "function" and f.named_parameters then
    for name, parameter in f:named_parameters() do
      checked[#checked + 1] = {name = name, tensor = parameter}
    end
  end
  check.that(#checked > 0, "check.gradients: no float32 input")

  local function forward()
    rm.manual_seed(check.seed)  -- the same dropout mask every time
    return f(unpack(arguments))
  end

  for _, item in ipairs(checked) do item.tensor.grad = nil end
  local y = forward()
  local v = rm.randn(y.shape)
  y:backward(v)

  local function output()
    return rm.no_grad(function() return forward():clone() end)
  end
  for _, item in ipairs(checked) do
    local x, grad = item.tensor, item.tensor.grad
    if not grad then fail(2, "%s got no gradient", item.name) end
    check.shape(grad, x.shape)
    local scale = grad:abs():max():item()
    for _, position in ipairs(choose(x:numel(), options.limit or 40)) do
      local at = coordinates(x.shape, position)
      local numeric = rm.no_grad(function()
        local old = x[at]:item()
        x[at] = old + step
        local high, above = x[at]:item(), output()
        x[at] = old - step
        local low, below = x[at]:item(), output()
        x[at] = old
        return ((above - below) * v):sum():item() / (high - low)
      end)
      local analytic = grad[at]:item()
      local agree = abs(analytic - numeric) <= atol + rtol * max(scale, abs(numeric))
      if not agree then  -- a NaN does not
        fail(2, "gradient of %s at (%s): the tape says %.6g, central differences %.6g (step %g)",
             item.name, table.concat(at, ", "), analytic, numeric, step)
      end
    end
  end
end

-- --- references ---------------------------------------------------------------------

--- Where reference cases are: RESMOON_REFERENCE, else the ones that come with the project.
function check.reference_folder()
  return os.getenv("RESMOON_REFERENCE") or "tests/reference"
end

--- Runs one reference case, as in check.reference "ops/relu_01": support/reference.lua reads the
-- file, does what its metadata says and raises where a result is out of tolerance. Outside of a
-- case it makes one of that name.
function check.reference(name)
  if not check.running then
    return check.case("reference " .. name, function() check.reference(name) end)
  end
  local path = ("%s/%s.safetensors"):format(check.reference_folder(), name)
  require("support.reference").run(path)
end

return check
