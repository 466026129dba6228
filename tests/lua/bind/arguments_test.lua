--- Arguments that are nil by mistake, or one too many, are errors: nothing is left out in silence.
local check = require "support.check"
local rm    = require "resmoon"
local t, nn, optim = rm.data.transforms, rm.nn, rm.optim

local x = rm.zeros(2, 3, 4)

check.case("a nil among sizes", function()
  for _, name in ipairs {"zeros", "ones", "empty", "rand", "randn"} do
    check.error(function() rm[name](2, nil, 3) end, name .. ": argument 2 is nil, and a number follows")
    check.error(function() rm[name](nil, 3) end, name .. ": argument 1 is nil, expected a size")
    check.error(function() rm[name](nil) end, name .. ": argument 1 is nil, expected a size")
    check.error(function() rm[name](2, {}, 3) end, name .. ": argument 3, a number, is one too many")
    check.error(function() rm[name]({2, nil, 3}) end, name .. ": a size must be a whole number, got nil")
    check.equal(rm[name]().shape, {})
    check.equal(rm[name](2, nil).shape, {2})  -- no type given: as usual
  end
  check.error(function() rm.zeros(2, "int64", nil, 3) end, "zeros: argument 4, a number, is one too many")
  check.error(function() rm.eye(2, nil, 3) end, "eye: argument 2 is nil, and a number follows")
  check.error(function() rm.full({2}, 1, nil, 3) end, "full: argument 4 must be a table of options, got number")
  check.error(function() rm.arange(1, nil, 3) end, "arange: argument 2 is nil, and a number follows")
  check.error(function() rm.randint(1, 2, 3, nil, 4) end, "randint: argument 4 is nil, and a number follows")
  check.error(function() rm.randint(1, 2, {3}, {}, 4) end, "randint: argument 5, a number, is one too many")
  check.error(function() rm.randperm(3, nil, 4) end, "randperm: argument 3, a number, is one too many")
  check.error(function() rm.randn_like(x, nil, 4) end, "randn_like: argument 3 must be a table of options, got number")
end)

check.case("what stands behind a type that is nil counts", function()
  check.equal(rm.zeros(2, nil, {requires_grad = true}).requires_grad, true)
  check.equal(rm.randn(2, nil, {requires_grad = true}).requires_grad, true)
  check.equal(rm.ones_like(x, nil, {requires_grad = true}).requires_grad, true)
  check.equal(rm.arange(1, 5, nil, "int64").dtype, "int64")
  check.equal(rm.arange(1, 5, nil).dtype, "float32")
  check.equal(rm.randn(3, nil, rm.generator(5)):totable(), rm.randn(3, rm.generator(5)):totable())
end)

check.case("a nil among dimensions, or behind a table of them", function()
  for _, name in ipairs {"sum", "mean", "max", "var"} do
    check.error(function() x[name](x, 1, nil, 2) end, name .. ": argument 3 is nil, and a number follows")
    check.error(function() x[name](x, nil, 1) end, name .. ": argument 2 is nil, and a number follows")
  end
  check.error(function() x:sum({1, nil, 2}) end, "sum: dimension 2 of the list is a nil, expected a number")
  check.error(function() x:sum(1, {keepdim = true}, 2) end, "sum: argument 4, a number, is one too many")
  check.equal(x:sum(nil, {keepdim = true}).shape, {1, 1, 1})
  check.error(function() x:squeeze(1, nil, 2) end, "squeeze: argument 3 is nil, and a number follows")
  for _, name in ipairs {"reshape", "view", "expand"} do
    check.error(function() x[name](x, 2, nil, 4) end, name .. ": size 2 must be a count or -1, got nil")
    check.error(function() x[name](x, {2, 3, 4}, 3) end, name .. ": argument 3, a number, is one too many")
  end
  check.error(function() x:permute(1, nil, 2) end, "permute: dimension 2 of the order is a nil, expected a number")
  check.error(function() x:permute({1, 2, 3}, 3) end, "permute: argument 3, a number, is one too many")
  check.error(function() x:split({1, nil, 1}) end, "split: size 2 is a nil, expected a number")
  check.error(function() x:uniform_(nil, 2) end, "uniform_: argument 3, a number, is one too many")
  check.error(function() x:normal_(0, nil, 2) end, "normal_: argument 4, a number, is one too many")
  check.error(function() x:bernoulli_(nil, 3) end, "bernoulli_: argument 3, a number, is one too many")
  check.equal(x:sum():item(), 0)  -- an error changes nothing
end)

check.case("options that do not stand where they belong", function()
  check.error(function() nn.Conv2d(1, 2, 3, nil, {padding = 1}) end, "Conv2d: argument 5, a table, is one too many")
  check.error(function() nn.MaxPool2d(2, nil, {stride = 1}) end, "argument 3, a table, is one too many")
  check.error(function() rm.sys.run({"true"}, nil, {capture = true}) end, "one too many")
end)

check.case("a nil in a list ends nothing", function()
  local p, flip = rm.zeros(2, {requires_grad = true}), t.flip()
  check.error(function() optim.SGD({p, nil, rm.zeros(2)}, {lr = 1}) end, "parameter 2 is nil, expected a tensor")
  check.error(function() optim.SGD({{params = {p}}, nil, {params = {p}}}) end, "group 2 is nil, expected a table")
  check.error(function() t.compose {flip, nil, flip} end, "number 2 in the list of transforms is nil")
end)
