--- Solutions of exercise 06.

-- A block with these lines of forward, after y = F(x).
local function block(forward, init)
  return ([[
    local Block = nn.class("Block", nn.Module)
    function Block:init(c)
      self.conv1 = nn.Conv2d(c, c, 3, {padding = 1, bias = false})
      self.bn1 = nn.BatchNorm2d(c)
      self.conv2 = nn.Conv2d(c, c, 3, {padding = 1, bias = false})
      self.bn2 = nn.BatchNorm2d(c)
      %s
    end
    function Block:forward(x)
      local y = self.bn2(self.conv2(self.bn1(self.conv1(x)):relu()))
      %s
    end
    function block(c) return Block(c) end
  ]]):format(init or "", forward)
end

return {{
  number = "06",
  right = {block "return (y + x):relu()", "function block(c) return nn.BasicBlock(c, c) end"},
  wrong = {
    {code = block "return y:relu()",
     lines = {"F is convolution, batch norm, relu, convolution, batch norm (with the same weights the block gives "
              .. "something else than the paper's)",
              "where F(x) = 0, what is positive in x passes (x does not arrive at the output)",
              "the gradient passes through the shortcut (the gradient of the shortcut is lost)"}},
    {code = block "return y:relu() + x",
     lines = {"F is convolution, batch norm, relu, convolution, batch norm (with the same weights the block gives "
              .. "something else than the paper's)",
              "relu stands behind the addition (with F(x) = 0 a negative x still passes)"}},
    {code = block "return (y + x:detach()):relu()",
     lines = {"the gradient passes through the shortcut (the gradient of the shortcut is lost)"}},
    {code = "function block(c) return nn.Conv2d(c, c, 3) end",
     lines = {"block(x) keeps the shape (it has the shape (4, 6, 7, 5))"}},
  },
}}
