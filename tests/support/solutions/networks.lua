--- Solutions of exercises 07, 10 and 11.

-- resnet(n, shortcuts) with this sum at the end of a block, these channels, and so many blocks.
local function family(sum, channels, blocks)
  return ([[
    local Block = nn.class("Block", nn.Module)
    function Block:init(cin, cout, stride, shortcuts)
      self.conv1 = nn.Conv2d(cin, cout, 3, {stride = stride, padding = 1, bias = false})
      self.bn1 = nn.BatchNorm2d(cout)
      self.conv2 = nn.Conv2d(cout, cout, 3, {padding = 1, bias = false})
      self.bn2 = nn.BatchNorm2d(cout)
      self.shortcuts = shortcuts
      self.projection = shortcuts and nn.shortcut(cin, cout, stride, "A")
    end
    function Block:forward(x)
      local y = self.bn2(self.conv2(self.bn1(self.conv1(x)):relu()))
      local s = self.projection and self.projection(x) or x
      if self.shortcuts then y = %s end
      return y:relu()
    end
    function resnet(n, shortcuts)
      local widths, cin = %s, 16
      local net = nn.Sequential {nn.Conv2d(3, 16, 3, {padding = 1, bias = false}), nn.BatchNorm2d(16), nn.ReLU()}
      for stage, width in ipairs(widths) do
        for i = 1, %s do
          net:append(Block(cin, width, stage > 1 and i == 1 and 2 or 1, shortcuts))
          cin = width
        end
      end
      net:append(nn.AdaptiveAvgPool2d(1)):append(nn.Flatten()):append(nn.Linear(cin, 10))
      return net
    end
  ]]):format(sum, channels or "{16, 32, 64}", blocks or "n")
end

local function decisions(changed)
  return ([[
    decisions = {
      X1 = 1, X2 = {8, 16, 32}, X3 = {kernel = 3, padding = 1}, X4 = 2, X5 = function(a, b) return b - a end, X6 = 2,
      X7 = function(fx, s) return (fx + s):relu() end, X8 = 7, X9 = 7, X10 = 32,
    }
    %s
  ]]):format(changed)
end

local function bottleneck(stride, last, forward)
  return ([[
    local B = nn.class("B", nn.Module)
    function B:init(cin, width, stride)
      self.conv1, self.bn1 = nn.Conv2d(cin, width, 1, {bias = false}), nn.BatchNorm2d(width)
      self.conv2 = nn.Conv2d(width, width, 3, {padding = 1, stride = %s, bias = false})
      self.bn2 = nn.BatchNorm2d(width)
      self.conv3, self.bn3 = nn.Conv2d(width, %s, 1, {bias = false}), nn.BatchNorm2d(%s)
      self.downsample = nn.shortcut(cin, 4 * width, stride, "B")
    end
    function B:forward(x)
      local y = self.bn1(self.conv1(x)):relu()
      y = self.bn2(self.conv2(y)):relu()
      y = self.bn3(self.conv3(y))
      %s
    end
    function bottleneck(cin, width, stride) return B(cin, width, stride) end
  ]]):format(stride, last, last, forward)
end
local SUM = "return (y + (self.downsample and self.downsample(x) or x)):relu()"

return {
  {
    number = "07",
    right = {family "y + s", "function resnet(n, s) return rm.models[s and 'resnet20' or 'plain20'] {layers = {n, n, "
             .. "n}} end", "function resnet(n, s) return s and rm.models.resnet20 {layers = {n, n, n}, shortcut = 'B'} "
             .. "or rm.models.plain20 {layers = {n, n, n}} end"},
    wrong = {
      {code = family "y", lines = {"resnet(1, true): with F = 0 everywhere, the input arrives at the scores",
                                   "resnet(3, true): with F = 0 everywhere, the input arrives at the scores"}},
      {code = family("y + s", nil, "2 * n"),
       lines = {"resnet(1, true) has 8 layers with weights (it is too large)",
                "resnet(1, true): the layers have the channels of the paper",
                "resnet(1, false) has 8 layers with weights (it is too large)",
                "resnet(1, false): the layers have the channels of the paper",
                "resnet(3, true) has 20 layers with weights (it is too large)",
                "resnet(3, true): the layers have the channels of the paper"}},
      {code = family("y + s", "{16, 16, 16}"),
       lines = {"resnet(1, true): the layers have the channels of the paper",
                "resnet(1, false): the layers have the channels of the paper",
                "resnet(3, true): the layers have the channels of the paper"}},
      {code = "function resnet(n) return rm.models.resnet20 {layers = {n, n, n}} end",
       lines = {"resnet(1, false): without shortcuts, nothing passes a silent block"}},
    },
  },
  {
    number = "10",
    right = {decisions ""},
    wrong = {
      {code = decisions "decisions.X8 = 5", lines = {"X8, blocks in each stage"}},
      {code = decisions "decisions.X9, decisions.X10 = 8, 64",
       lines = {"X9, window of the average at the end", "X10, inputs of the linear layer (it does not fit X2 and X9)"}},
      {code = decisions "decisions.X6, decisions.X7 = 1, function(fx, s) return fx:relu() + s end",
       lines = {"X7, relu and addition at the end of a block (relu stands in the wrong place)",
                "X6, step of the shortcut through rows and columns (the sum would have two shapes)"}},
      {code = decisions "decisions.X5, decisions.X1, decisions.X2 = nil, 3, {16, 32, 64}",
       lines = {"X1, channels of the images", "X2, channels of the stages",
                "X5(8, 16) (it raises: attempt to call a nil value)"}},
    },
  },
  {
    number = "11",
    right = {bottleneck("stride", "4 * width", SUM),
             "function bottleneck(c, w, s) return nn.Bottleneck(c, w, {stride = s, stride_at = '1x1'}) end"},
    wrong = {
      {code = bottleneck("1", "4 * width", SUM),
       lines = {"bottleneck(6, 5, 2)(x) (it raises: add: shapes (4, 20, 8, 8) and (4, 20, 4, 4) do not broadcast: 8 "
                .. "against 4, 1 from the end)"}},
      {code = bottleneck("stride", "4 * width", "return y:relu()"),
       lines = {"bottleneck(20, 5, 1): with the same weights it gives what the paper's block gives",
                "bottleneck(6, 5, 2): with the same weights it gives what the paper's block gives"}},
      {code = "function bottleneck(c, w, s) return nn.BasicBlock(c, 4 * w, {stride = s}) end",
       lines = {"bottleneck(20, 5, 1): the convolutions are 1x1, 3x3, 1x1; the shortcut has none",
                "bottleneck(20, 5, 1): the number of parameters (it is too large)",
                "bottleneck(20, 5, 1): with the same weights it gives what the paper's block gives",
                "bottleneck(6, 5, 2): the convolutions are 1x1, 3x3, 1x1, and one of the shortcut",
                "bottleneck(6, 5, 2): the number of parameters (it is too large)",
                "bottleneck(6, 5, 2): with the same weights it gives what the paper's block gives"}},
    },
  },
}
