--- conv2d: PyTorch's results by every method, gradients, layout, errors.
local check = require "support.check"
local rm    = require "resmoon"

local methods = {"winograd", "strided", "strassen", "direct", "im2col", "naive"}

-- Runs f with each method forced in turn.
local function each_method(f)
  for _, method in ipairs(methods) do
    local was = rm.conv_method(method)
    local ok, message = pcall(f, method)
    rm.conv_method(was)
    if not ok then error(method .. ": " .. tostring(message), 0) end
  end
end

for _, number in ipairs {"05", "06", "09", "10", "13", "14", "16", "17", "18", "19", "20", "21", "22", "23", "25"} do
  check.reference("ops/conv2d_" .. number)
end

for _, number in ipairs {"10", "19", "21"} do
  check.case("every method gives reference conv2d_" .. number, function()
    each_method(function() check.reference("ops/conv2d_" .. number) end)
  end)
end

check.case("gradients match central differences", function()
  local cases = {
    {{2, 3, 5, 6}, {4, 3, 3, 3}, {padding = 1}},
    {{2, 4, 7, 5}, {6, 2, 3, 2}, {stride = {2, 1}, padding = {1, 0}, groups = 2}},
    {{1, 2, 8, 8}, {3, 2, 3, 3}, {dilation = 2, padding = 2}},
  }
  each_method(function()
    for _, case in ipairs(cases) do
      check.gradients(function(x, w, b) return x:conv2d(w, b, case[3]) end,
        {rm.randn(case[1]), rm.randn(case[2]), rm.randn(case[2][1])}, {step = 0.1, rtol = 1e-3})
    end
  end)
end)

check.case("a view of any layout is taken", function()
  local x, w = rm.randn(2, 6, 8, 5), rm.randn(3, 4, 3, 3)
  local part = x:narrow(2, 2, 4):transpose(3, 4)
  check.close(part:conv2d(w), part:contiguous():conv2d(w))
end)

check.case("without gradients nothing is recorded", function()
  local w = rm.randn(3, 4, 3, 3):requires_grad_(true)
  local y = rm.no_grad(function() return rm.randn(1, 4, 5, 5):conv2d(w) end)
  check.equal(y.requires_grad, false)
end)

check.case("errors name the operation and both shapes", function()
  local x = rm.zeros(2, 3, 8, 8)
  local message = check.error(function() x:conv2d(rm.zeros(64, 64, 3, 3)) end,
    "conv2d: x has 3 channels, weight expects 64")
  check.that(message:find("(2, 3, 8, 8)", 1, true) and message:find("(64, 64, 3, 3)", 1, true), message)
  check.error(function() rm.zeros(8, 8):conv2d(rm.zeros(4, 3, 3, 3)) end,
    "conv2d: x has shape (8, 8), expected 4 dimensions (N, C, H, W) or 3 (C, H, W)")
  check.error(function() rm.zeros(2, 8, 8):conv2d(rm.zeros(4, 3, 3, 3)) end, "x has 2 channels, weight expects 3")
  check.error(function() x:byte():conv2d(rm.zeros(4, 3, 3, 3)) end,
    "conv2d: x is uint8, expected float32 (use x:float())")
  check.error(function() x:conv2d(rm.zeros(4, 3, 3, 3), rm.zeros(5)) end, "conv2d: bias has shape (5), expected (4)")
  check.error(function() x:conv2d(rm.zeros(4, 3, 9, 9)) end, "the kernel covers 9 x 9 pixels")
  check.error(function() x:conv2d(rm.zeros(4, 3, 3, 3), nil, {stride = 0}) end, "stride must be at least 1")
  check.error(function() x:conv2d(rm.zeros(4, 3, 3, 3), nil, {pading = 1}) end, "padding")
  check.error(function() rm.conv_method("fft") end, "unknown method 'fft'")
end)
