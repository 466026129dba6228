-- The float64 twin of the convolution, and the report of errors made with it.
local check = require "support.check"
local rm    = require "resmoon"
local exact = require "resmoon.bench.exact"

-- The results of one convolution by the method, from whole numbers: no rounding anywhere.
local function convolve(xs, ws, options, method)
  local function whole(shape) return (rm.randn(table.unpack(shape)) * 3):round() end
  local x, w = whole(xs):requires_grad_(true), whole(ws):requires_grad_(true)
  local was = rm.conv_method(method)
  local y = x:conv2d(w, nil, options)
  local dy = whole(y.shape)
  y:backward(dy)
  rm.conv_method(was)
  return {x = x, w = w, dy = dy, y = y, dx = x.grad, dw = w.grad}
end

local cases = {
  {{2, 3, 7, 6}, {4, 3, 3, 3}, {padding = 1}},
  {{3, 4, 8, 8}, {6, 2, 3, 3}, {padding = 1, stride = 2, groups = 2}},
  {{2, 3, 9, 9}, {5, 3, 3, 3}, {padding = 2, dilation = 2}},
  {{2, 8, 5, 5}, {4, 8, 1, 1}, {stride = 2}},
}

check.case("whole numbers are exact, with every stride, dilation and group", function()
  for _, case in ipairs(cases) do
    local errors = exact.errors(convolve(case[1], case[2], case[3], "direct"), case[3], 60)
    check.equal(errors, {y = 0, dx = 0, dw = 0})
  end
end)

check.case("an error of one part in a thousand is found", function()
  local t = convolve({2, 3, 7, 6}, {4, 3, 3, 3}, {padding = 1}, "direct")
  for _, name in ipairs {"y", "dx", "dw"} do t[name] = t[name]:detach() * 1.001 end
  local errors = exact.errors(t, {padding = 1}, 60)
  for _, name in ipairs {"y", "dx", "dw"} do check.that(math.abs(errors[name] - 1e-3) < 1e-5, errors[name]) end
end)

check.case("Winograd's error is that of float32, and larger than the direct sum's", function()
  local function errors(method)
    rm.manual_seed(1)
    local x, w = rm.randn(4, 32, 12, 12):requires_grad_(true), rm.randn(32, 32, 3, 3):requires_grad_(true)
    local was = rm.conv_method(method)
    local y = x:conv2d(w, nil, {padding = 1})
    check.equal(rm.conv_used(), method)
    local dy = rm.randn(table.unpack(y.shape))
    y:backward(dy)
    check.equal(rm.conv_used(), method)
    rm.conv_method(was)
    return exact.errors({x = x, w = w, dy = dy, y = y, dx = x.grad, dw = w.grad}, {padding = 1})
  end
  local winograd, direct = errors("winograd"), errors("direct")
  for _, name in ipairs {"y", "dx", "dw"} do
    check.that(winograd[name] < 1e-5 and direct[name] < 1e-6, ("%s %g %g"):format(name, winograd[name], direct[name]))
    check.that(winograd[name] > direct[name], name)
  end
end)
