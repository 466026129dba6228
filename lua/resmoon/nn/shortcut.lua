--- The path around a residual block, where stride or number of channels change.
--
-- shortcut(cin, cout, stride, option) returns a module, or nil where x itself fits:
--   "A"     every stride-th row and column, then zero channels: no parameters
--   "B"     a 1x1 convolution and batch norm, where the shape changes
--   "C"     the same everywhere
--   "D"     as B, but the image is halved by an average over 2x2 in front of
--           the convolution, which then has stride 1: nothing is thrown away.
--           The block reads relu(convs(x) + idconv(pool(x))); where the number of
--           channels stays, the average is all
-- Source: He et al. 2016, arXiv:1512.03385, section 3.3 and table 3; D: He et al. 2019, arXiv:1812.01187,
-- fig. 2(c).
--
-- Call: nn.shortcut(cin, cout, stride, option, norm = "batch") -> module or nil
-- Shapes: x (N, cin, H, W); y (N, cout, ceil(H/stride), ceil(W/stride)).
-- Errors: raises for an option other than "A", "B", "C" and "D"; for "A" with fewer channels behind than before.
-- Example:
--   > nn.shortcut(16, 32, 2, "A")(rm.zeros(4, 16, 32, 32)).shape
--   {4, 32, 16, 16}
--   > nn.shortcut(16, 16, 1, "B")
--   nil
local check      = require "resmoon.base.check"
local class      = require "resmoon.base.class"
local fail       = require "resmoon.base.fail"
local layers     = require "resmoon.nn.layers"
local Module     = require "resmoon.nn.module"
local norm       = require "resmoon.nn.norm"
local Sequential = require "resmoon.nn.sequential"
local text = require "resmoon.base.text"

local PadShortcut = class("PadShortcut", Module)

function PadShortcut:init(cin, cout, stride)
  self.extra, self.stride = cout - cin, stride
end

function PadShortcut:forward(x)
  check("PadShortcut(x: tensor)", x)
  if self.stride > 1 then x = x:avg_pool2d(1, {stride = self.stride}) end  -- windows of one pixel
  if self.extra > 0 then x = x:pad({0, 0, 0, 0, 0, self.extra}) end        -- pairs, last dimension first
  return x
end

function PadShortcut:describe() return text.fields("(+%d channels, stride = %d)", self.extra, self.stride) end

local function shortcut(cin, cout, stride, option, kind)
  if not (option == "A" or option == "B" or option == "C" or option == "D") then
    fail("shortcut: option is %s, expected 'A', 'B', 'C', 'D' or 'none'", option)
  end
  if option ~= "C" and stride == 1 and cin == cout then return nil end
  if option == "A" then
    if cout < cin then fail("shortcut: option A cannot lower %d channels to %d", cin, cout) end
    return PadShortcut(cin, cout, stride)
  end
  if option == "D" and stride > 1 and cin == cout then
    return layers.AvgPool2d(stride, {stride = stride, ceil_mode = true})
  end
  if option == "D" and stride > 1 then
    return Sequential {
      layers.AvgPool2d(stride, {stride = stride, ceil_mode = true}),
      layers.Conv2d(cin, cout, 1, {bias = false}),
      norm(kind, cout),
    }
  end
  return Sequential {
    layers.Conv2d(cin, cout, 1, {stride = stride, bias = false}),
    norm(kind, cout),
  }
end

return shortcut
