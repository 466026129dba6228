--- Lab E, the blanks X1 to X10 of the sheet's ResNet-32, read off the network itself.
local models = require "resmoon.models"

local blanks = {}

--- Rows of the table, the first one its head. input: {channels, height, width} of the images.
function blanks.rows(input)
  local net = models.resnet32 {input = input or {3, 32, 32}}
  local first, second, stem = net.layer2[1].conv1, net.layer2[1].conv2, net.conv1
  local same = net.layer1[1].conv1
  assert(first.stride == 2 and same.stride == 1 and first.kernel_size == same.kernel_size)
  return {
    {"blank", "where", "what", "value"},
    {"X1", "block, first convolution", "kernel", tostring(first.kernel_size)},
    {"X2", "block, first convolution", "stride", ("stride (that of the block: %d, or %d where the image is halved)")
      :format(same.stride, first.stride)},
    {"X3", "block, first convolution", "padding", tostring(first.padding)},
    {"X4", "block, second convolution", "kernel", tostring(second.kernel_size)},
    {"X5", "block, second convolution", "stride", tostring(second.stride)},
    {"X6", "block, second convolution", "padding", tostring(second.padding)},
    {"X7", "network, first convolution", "channels in", tostring(stem.in_channels)},
    {"X8", "network, first convolution", "channels out", tostring(stem.out_channels)},
    {"X9", "network, first convolution", "kernel", tostring(stem.kernel_size)},
    {"X10", "network, first convolution", "padding", tostring(stem.padding)},
  }
end

blanks.says = "Where a block's output has another shape, its shortcut takes every second pixel (1x1 pooling with the "
  .. "stride) and adds channels of zeros; behind the blocks there are an average over the image (8 x 8 of CIFAR-10) "
  .. "and a linear layer from 64 to 10. Weights: Kaiming normal."

return blanks
