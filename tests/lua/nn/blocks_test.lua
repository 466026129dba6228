local check = require "support.check"
local rm    = require "resmoon"
local nn    = rm.nn

for _, Block in ipairs {nn.BasicBlock, nn.Bottleneck} do
  local name, e = Block.__name, Block.expansion

  check.case(name .. ": stride 2 halves height and width, rounding up", function()
    check.shape(Block(8, 16, {stride = 2})(rm.randn(2, 8, 9, 7)), {2, 16 * e, 5, 4})
    check.shape(Block(8, 8)(rm.randn(2, 8, 5, 5)), {2, 8 * e, 5, 5})
  end)

  check.case(name .. ": gradients match central differences for every shortcut", function()
    for _, option in ipairs {"A", "B", "C", "none"} do
      local block = Block(2, 2, {stride = 2, shortcut = option}):eval()
      -- Away from the corners of relu: in evaluation a batch norm adds what its bias says.
      for _, p in block:named_parameters() do
        if p:dim() == 1 then rm.no_grad(p.add_, p, 3) end
      end
      check.gradients(block, rm.randn(1, 2, 5, 5), {step = 2e-3, rtol = 2e-2, limit = 10})
    end
  end)
end

check.case("a plain block adds nothing", function()
  local block = nn.BasicBlock(4, 4, {shortcut = "none"})
  local x = rm.randn(2, 4, 6, 6)
  local y = block.bn2(block.conv2(block.bn1(block.conv1(x)):relu())):relu()
  check.close(block(x):detach(), y:detach())
  check.equal(block.downsample, nil)
end)

check.case("shortcut A takes every second pixel from the first and adds zero channels behind", function()
  local short = nn.shortcut(2, 5, 2, "A")
  local x = rm.randn(3, 2, 5, 4)
  local y = short(x)
  check.shape(y, {3, 5, 3, 2})
  check.equal(y[{{}, {1, 2}}]:contiguous(), x[{{}, {}, {1, -1, 2}, {1, -1, 2}}]:contiguous())
  check.equal(y[{{}, {3, 5}}]:abs():sum():item(), 0)
  check.equal(#short:parameters(), 0)
end)

check.case("shortcuts are there where shapes change; C everywhere", function()
  check.equal(nn.shortcut(4, 4, 1, "A"), nil)
  check.equal(nn.shortcut(4, 4, 1, "B"), nil)
  check.equal(#nn.shortcut(4, 4, 1, "C"), 2)
  check.equal(#nn.shortcut(4, 8, 1, "B"), 2)
  check.error(function() nn.shortcut(4, 8, 1, "E") end, "option is E, expected 'A', 'B', 'C', 'D' or 'none'")
  check.error(function() nn.shortcut(8, 4, 1, "A") end, "cannot lower 8 channels to 4")
end)

check.case("shortcut D averages before it projects", function()
  local d = nn.shortcut(4, 8, 2, "D"):eval()
  local x = rm.randn(2, 4, 7, 7)
  local pooled = x:avg_pool2d(2, {stride = 2, ceil_mode = true})
  check.close(d(x), d[3](d[2](pooled)), {rtol = 1e-5, atol = 1e-6})
  check.shape(d(x), {2, 8, 4, 4})
  check.equal(nn.shortcut(8, 8, 1, "D"), nil)
  check.equal(#nn.shortcut(4, 8, 1, "D"), 2)
  -- idconv is nothing where the channels agree: pool is all that is left.
  local same = rm.randn(2, 4, 7, 7)
  check.equal(nn.shortcut(4, 4, 2, "D")(same), same:avg_pool2d(2, {stride = 2, ceil_mode = true}))
  local block = nn.Bottleneck(16, 8, {stride = 2, shortcut = "D"}):eval()
  local z = rm.randn(2, 16, 8, 8)
  local convs = block.bn3(block.conv3(block.bn2(block.conv2(block.bn1(block.conv1(z)):relu())):relu()))
  check.close(block(z), (convs + block.downsample(z)):relu(), {rtol = 1e-5, atol = 1e-6})
end)
