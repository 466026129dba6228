--- Gradients compared with central differences.
local core   = require "resmoon.core"
local fail   = require "resmoon.base.fail"
local is     = require "resmoon.base.is"
local Module = require "resmoon.nn.module"
local options_of = require "resmoon.base.options"
local untouched  = require "resmoon.nn.untouched"
local pcall = require("resmoon.base.catch").pcall
local shown = require "resmoon.base.shown"

local Report = {__name = "Gradcheck"}

function Report:__tostring()
  if self.ok then
    return ("gradcheck: %d elements of %d tensors agree; largest difference %.2g"):format(self.elements,
      #self.tensors, self.largest)
  end
  local lines = {}
  for _, t in ipairs(self.tensors) do
    if t.problem then
      lines[#lines + 1] = ("  %s %s"):format(t.name, t.problem)
    elseif t.wrong > 0 then
      lines[#lines + 1] = ("  %s: %d of %d elements are off; worst at (%s): autograd says %.6g, "
        .. "central differences %.6g"):format(t.name, t.wrong, t.tried, table.concat(t.at, ", "), t.autograd,
        t.differences)
    end
  end
  return ("gradcheck: gradients differ (step %g)\n%s"):format(self.step, table.concat(lines, "\n"))
end

-- {2, 3} for the element `position` (from 1, row-major) of `shape`.
local function place(shape, position)
  local at, rest = {}, position - 1
  for d = #shape, 1, -1 do
    at[d], rest = rest % shape[d] + 1, rest // shape[d]
  end
  return at
end

-- What is differentiated: float32 inputs (copies that require a gradient) and the parameters of a module.
local function gather(f, inputs)
  local arguments, tensors = {}, {}
  for i = 1, #inputs do
    local x = inputs[i]
    if is.tensor(x) and x.dtype == "float32" then
      x = x:detach():clone():requires_grad_(true)
      tensors[#tensors + 1] = {name = "input " .. i, tensor = x}
    end
    arguments[i] = x
  end
  if Module.is_module(f) then
    for name, p in f:named_parameters() do
      if p.requires_grad then tensors[#tensors + 1] = {name = name, tensor = p} end
    end
  end
  if #tensors == 0 then fail("gradcheck: there is no float32 input to differentiate by") end
  return arguments, tensors
end

-- Compares at most `limit` elements of one tensor, spread evenly. output() gives f's result, v weighs it.
local function compare(item, output, v, o)
  local x, grad = item.tensor, item.gradient
  item.wrong, item.tried, item.largest = 0, 0, 0
  if not grad then
    item.problem = "got no gradient: the result does not depend on it, or the way to it was cut (detach, no_grad)"
    return
  end
  local n, scale, worst = x:numel(), grad:abs():max():item(), -1
  local tried = math.min(n, o.limit)
  for k = 1, tried do
    local at = place(x.shape, (k - 1) * n // tried + 1)
    local key = #at > 0 and at or nil
    local function write(value) if key then x[key] = value else x:fill_(value) end end
    local function read() return (key and x[key] or x):item() end
    local differences = core.no_grad(function()
      local old = read()
      local _ <close> = setmetatable({}, {__close = function() write(old) end})
      write(old + o.step)
      local high, above = read(), output()
      write(old - o.step)
      local low, below = read(), output()
      -- The outputs are subtracted before they are summed, which is what keeps float32 usable.
      return ((above - below) * v):sum():item() / (high - low)
    end)
    local autograd = (key and grad[key] or grad):item()
    local difference = math.abs(autograd - differences)
    item.tried = k
    if difference ~= difference then difference = math.huge end
    item.largest = math.max(item.largest, difference)
    if difference > o.atol + o.rtol * math.max(scale, math.abs(differences)) or difference == math.huge then
      item.wrong = item.wrong + 1
      if difference > worst then
        worst, item.at, item.autograd, item.differences = difference, at, autograd, differences
      end
    end
  end
end

--- Compares the gradients of f with central differences, and says which input and element is off.
--
-- With a fixed random v, the gradient of sum(v * f(x)) in element i is about
-- sum(v * (f(x + h e_i) - f(x - h e_i))) / 2h. f is a function, or a module, whose parameters are checked
-- as well; inputs that are not float32 are constants. Keep inputs away from corners (relu at 0, equal
-- maxima) by more than the step. The module is as it was afterwards, gradients included.
--
-- Call: gradcheck(f, inputs, {step = 1e-2, rtol = 1e-2, atol = 1e-3, limit = 40,
--       raise_exception = true}) -> report
-- Shapes: inputs: a tensor or a list of what f takes; f returns a tensor of any shape.
-- Options: step             h; for what is linear in each input 0.1 or more is best
--          rtol, atol       allowed: atol + rtol times the largest gradient of the tensor
--          limit            elements that are tried in each tensor
--          raise_exception  false: a report with ok = false in place of the error
-- Errors: raises where gradients differ, naming tensor and element.
-- Example:
--   > gradcheck(function(x) return x * x end, rm.tensor {1, 2, 3}).ok
--   true
local function gradcheck(f, inputs, options)
  if type(f) ~= "function" and not Module.is_module(f) then
    fail("gradcheck: argument 1 is %k, expected a function or module", f)
  end
  if is.tensor(inputs) then inputs = {inputs} end
  if type(inputs) ~= "table" then
    fail("gradcheck: argument 2 is %k, expected a tensor or a list of inputs", inputs)
  end
  local given = options_of("gradcheck", options, {"step", "rtol", "atol", "limit", "raise_exception"})
  local o = {step = given.step or 1e-2, rtol = given.rtol or 1e-2, atol = given.atol or 1e-3,
             limit = given.limit or 40}
  for name, value in pairs(o) do
    if type(value) ~= "number" or value < 0 or ((name == "step" or name == "limit") and value == 0) then
      fail("gradcheck: %s is %s, expected a number above 0", name, value)
    end
  end
  local arguments, tensors = gather(f, inputs)
  local function run()
    local dropout = core.random.dropout:get_state()  -- the same mask every time
    local y = f(table.unpack(arguments))
    core.random.dropout:set_state(dropout)
    if not is.tensor(y) or y.dtype ~= "float32" then
      fail("gradcheck: f returned a %s, expected a float32 tensor", is.tensor(y) and y.dtype .. " tensor" or type(y))
    end
    return y
  end
  local function compare_all()
    local y = core.enable_grad(run)
    if not y.requires_grad then fail("gradcheck: the result of f does not depend on any input through the tape") end
    local v = core.randn(y.shape, {generator = core.generator(1)})
    local before = {}
    for i, item in ipairs(tensors) do before[i], item.tensor.grad = item.tensor.grad or false, nil end
    local ok, message = pcall(y.backward, y, v)
    for i, item in ipairs(tensors) do
      item.gradient, item.tensor.grad = item.tensor.grad, before[i] or nil
    end
    if not ok then error(message, 0) end
    for _, item in ipairs(tensors) do compare(item, function() return run():clone() end, v, o) end
  end
  if Module.is_module(f) then untouched(f, compare_all) else compare_all() end
  local report = setmetatable({ok = true, tensors = tensors, elements = 0, largest = 0, step = o.step}, Report)
  for _, item in ipairs(tensors) do
    item.tensor, item.gradient = nil, nil
    report.ok = report.ok and item.wrong == 0 and not item.problem
    report.elements, report.largest = report.elements + item.tried, math.max(report.largest, item.largest)
  end
  if not report.ok and given.raise_exception ~= false then fail("%s", tostring(report)) end
  return shown.fields(report)
end

return gradcheck
