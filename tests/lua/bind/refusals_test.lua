--- What functions of rm and methods of tensors refuse, and in which words: the call, what it got, what it expects.
--- What was refused has changed nothing.
local check = require "support.check"
local files = require "support.files"
local rm    = require "resmoon"

-- Each {call, what its error says}.
local function refused(calls)
  for _, call in ipairs(calls) do
    local message = check.error(call[1])
    check.that(message:find(call[2], 1, true), ("expected %q in %q"):format(call[2], message))
  end
end

local x, image, kernel = rm.zeros(4), rm.zeros(1, 1, 4, 4), rm.zeros(1, 1, 3, 3)

check.case("tensors that are made", function()
  refused {
    {function() rm.zeros(2, {"float32"}) end, "zeros: options have names, got the key 1"},
    {function() rm.zeros(2, "float64") end, 'unknown element type "float64", expected float32, uint8 or int64'},
    {function() rm.zeros(1, 1, 1, 1, 1, 1, 1, 1, 1) end, "zeros: at most 8 dimensions"},
    {function() rm.tensor {{{{{{{{{1}}}}}}}}} end, "tensor: at most 8 dimensions"},
    {function() rm.tensor "a" end, "tensor: expected a number or nested tables, got string"},
    {function() rm.full(2, 3, 0.5) end, "full: the sizes must be a table, as in full({2, 3}, 0.5)"},
    {function() rm.eye(2, 3, 4) end, "eye: expected rows, or rows and columns, got 3 sizes"},
    {function() rm.arange() end, "arange: expected a number, got no value"},
    {function() rm.randperm(-1) end, "randperm: n must not be negative, got -1"},
    {function() rm.random.init:permutation(-1) end, "permutation: n must not be negative, got -1"},
    {function() rm.rand(2, "int64") end, "rand: gives float32, not int64"},
  }
end)

check.case("numbers drawn in place are called as the method is, and nothing is drawn", function()
  local ints, drawn = rm.zeros(2, "int64"), rm.random.init.state
  for _, name in ipairs {"uniform_", "normal_", "bernoulli_"} do
    refused {{function() ints[name](ints) end, name .. ": x is int64, expected float32"}}
  end
  refused {
    {function() x:uniform_(2, 1) end, "uniform_: low 2 is above high 1"},
    {function() x:normal_(0, -1) end, "normal_: standard deviation must not be negative, got -1"},
    {function() x:normal_(0, 0 / 0) end, "normal_: standard deviation must not be negative, got "},
    {function() x:bernoulli_(1.5) end, "bernoulli_: probability must be in 0..1, got 1.5"},
  }
  check.equal(x, rm.zeros(4))
  check.equal(rm.random.init.state, drawn)
end)

check.case("positions, ranges and masks", function()
  refused {
    {function() return x[0] end, "index: dimension 1: position 0: positions count from 1 (-1 is the last)"},
    {function() return x[{{1}}] end,
     "index: dimension 1: a range is {first, last} or {first, last, step}, got 1 entries"},
    {function() return x[{{1, 2, 0}}] end, "index: dimension 1: a step must be a whole number of at least 1"},
    {function() return x[{{3, 1}}] end, "index: dimension 1: the range ends at 1, before its start 3"},
    {function() return x[x] end,
     "index: the mask is float32 (4), expected uint8 (4) (use mask:ne(0)), or positions, int64"},
    {function() return x[true] end, "index: expected a number, a table, a tensor or a name, got boolean"},
    {function() x[{1}] = rm.ones(1, {requires_grad = true}) end, "x[...] = value: the value carries a gradient"},
    {function() x:narrow(1, 3, 3) end, "narrow: dimension 1 has extent 4, no 3 positions from 3 on"},
    {function() x:split {1, 2} end, "split: the parts add up to 3, dimension 1 has 4"},
    {function() x:split(0) end, "split: the size of a part must be at least 1, got 0"},
    {function() x:chunk(0) end, "chunk: the number of parts must be at least 1, got 0"},
    {function() return #rm.tensor(3) end, "#: a tensor of shape () has no dimension 1"},
  }
  check.equal(x, rm.zeros(4))
end)

check.case("shapes and dimensions", function()
  refused {
    {function() x:view(4, 1, 1, 1, 1, 1, 1, 1, 1) end, "view: at most 8 dimensions, got 9"},
    {function() rm.zeros(2, 3, 4):t() end, "t: x is (2, 3, 4), expected a matrix (use x:transpose(a, b))"},
    {function() x:flip() end, "flip: expected dimensions, as in x:flip(1) or x:flip({1, 2})"},
    {function() x:roll {1, 2} end, "roll: 2 shifts without dimensions"},
    {function() x:roll({1, 2}, 1) end, "roll: 2 shifts for 1 dimensions"},
    {function() rm.pad(x, {1, 1, 1, 1}) end,
     "pad: expected pairs {before, after} for at most 1 dimensions, got 4 numbers"},
    {function() rm.pad(x, {-1, 1}) end, "pad: amount 1 must be a whole number, not negative"},
    {function() x:topk(-1) end, "topk: k must not be negative, got -1"},
    {function() x:max(x) end, "max: of two tensors, element by element, it is x:maximum(y)"},
    {function() return x < x end, "tensors are compared element by element with x:lt(y), x:le(y), x:gt(y), x:ge(y)"},
    {function() rm.add(1, 2) end, "add: expected a tensor among the operands, got two numbers"},
    {function() x.shape = {2, 2} end,
     "a tensor's field \"shape\" cannot be assigned (only grad and requires_grad can)"},
  }
  check.shape(x, {4})
end)

check.case("convolution, pooling and normalization", function()
  refused {
    {function() rm.conv2d(image, kernel, nil, {padding = "sane"}) end,
     'conv2d: padding is "sane", expected a number, a pair {h, w}, "same" or "valid"'},
    {function() rm.conv2d(image, kernel, nil, {padding = "same", stride = {1, 2}}) end,
     'conv2d: padding="same" goes with stride 1 only'},
    {function() rm.max_pool2d(image, {1, 2, 3}) end, "max_pool2d: expected a number or {height, width}"},
    {function() rm.max_pool2d(image, -2) end, "max_pool2d: a size must not be negative, got -2"},
    {function() rm.max_pool2d(image, 2, {dilation = {1, 0}}) end, "max_pool2d: dilation must be at least 1, got 0"},
    {function() rm.group_norm(rm.zeros(2, 4), 0) end, "group_norm: groups must be at least 1, got 0"},
    {function() rm.layer_norm(rm.zeros(2, 4), 0) end, "layer_norm: a size must be at least 1, got 0"},
    {function() rm.maxout(rm.zeros(2, 4), 0) end, "maxout: k must be at least 1, got 0"},
  }
end)

check.case("a backward pass: gradients and hooks of another kind", function()
  local w = rm.ones(2, {requires_grad = true})
  refused {{function() w:sum():backward(rm.ones(2)) end, "backward: the gradient is float32 (2), expected float32 ()"}}
  for _, case in ipairs {{3, "a number, expected a tensor or nothing"},
                         {rm.ones(3), "float32 (3), expected float32 (2)"},
                         {rm.ones(2, "int64"), "int64 (2), expected float32 (2)"}} do
    local handle = w:register_hook(function() return case[1] end)
    refused {{function() (w * 2):sum():backward() end, "register_hook: the hook returned " .. case[2]}}
    handle:remove()
  end
  local y = w * w
  w:detach():add_(1)
  refused {{function() y:sum():backward() end, "that mul needs for its gradient was changed in place after it was"}}
  check.equal(w.grad, nil)
end)

check.case("files, programs and generators", function()
  files.with_folder(function(folder)
    local path = folder .. "/weights.safetensors"
    refused {
      {function() rm.save(path, {a = 3}) end, "save: 'a' is number, expected a tensor"},
      {function() rm.save(path, {["a\0b"] = x}) end, "save: a tensor's name contains a zero byte"},
      {function() rm.save(path, {["\xff"] = x}) end, "is not valid UTF-8"},
      {function() rm.save(path, {__metadata__ = x}) end, "save: the name '__metadata__' is used twice or reserved"},
    }
    check.that(not rm.sys.exists(path))
  end)
  local generator = rm.generator(1)
  refused {
    {function() rm.sha256(3) end, "sha256: expected a string or a tensor, got number"},
    {function() rm.sys.run {} end, "sys.run: expected a list of a program and its arguments"},
    {function() rm.sys.run {"true", "a\0b"} end, "sys.run: argument 2 contains a zero byte"},
    {function() rm.sys.sleep(0 / 0) end, "sys.sleep: expected 0 to 1e6 seconds, got "},
    {function() rm.set_num_threads(0) end, "set_num_threads: expected at least 1, got 0"},
    {function() rm.num_threads(1) end, "num_threads: takes no argument; set_num_threads sets their number"},
    {function() rm.isa "avx2" end, "isa: takes no argument; RESMOON_ISA in the environment chooses it"},
    {function() rm.is_grad_enabled(false) end, "is_grad_enabled: takes no argument; no_grad and enable_grad call"},
    {function() return generator.nothing end, 'a generator has no field or method "nothing"'},
    {function() generator.seed = 3 end, 'a generator\'s field "seed" cannot be assigned (only state can)'},
  }
end)
