--- Reference cases of single operators: op -> function(case).
--
-- Inputs that have a gradient in the file require one; the output's gradient is in the file too.
local rm        = require "resmoon"
local reference = require "support.reference"

local dim = reference.dim

-- operator(t, c) -> results by name; t: tensors by name, c: the case's config.
local operators = {}

function operators.conv2d(t, c)
  return {output = t.input:conv2d(t.weight, t.bias, {
    stride = c.stride, padding = c.padding, dilation = c.dilation, groups = c.groups})}
end

function operators.batch_norm(t, c)
  local y = t.input:batch_norm(t.weight, t.bias, t.running_mean, t.running_var, {
    training = c.training, momentum = c.momentum, eps = c.eps})
  return {output = y, running_mean_after = t.running_mean, running_var_after = t.running_var}
end

-- A layer whose weights are those of the case.
local function with(layer, t)
  layer.weight, layer.bias = t.weight, t.bias
  return {output = layer(t.input)}
end

function operators.conv2d_layer(t, c)
  local groups = c.groups
  return with(rm.Conv2d(t.weight:size(2) * groups, t.weight:size(1), c.kernel, {
    stride = c.stride, padding = c.padding, dilation = c.dilation, groups = groups, padding_mode = c.padding_mode}), t)
end

function operators.prelu(t, c) return with(rm.nn.PReLU(c.num_parameters), {input = t.input, weight = t.weight}) end

function operators.group_norm(t, c) return {output = t.input:group_norm(c.groups, t.weight, t.bias, {eps = c.eps})} end

function operators.layer_norm(t, c)
  return {output = t.input:layer_norm(c.normalized_shape, t.weight, t.bias, {eps = c.eps})}
end

function operators.instance_norm(t, c)
  local y = t.input:instance_norm(t.weight, t.bias, t.running_mean, t.running_var, {
    use_input_stats = c.use_input_stats, momentum = c.momentum, eps = c.eps})
  return {output = y, running_mean_after = t.running_mean, running_var_after = t.running_var}
end

function operators.max_pool2d(t, c)
  local output, indices = t.input:max_pool2d(c.kernel_size, {
    stride = c.stride, padding = c.padding, dilation = c.dilation, ceil_mode = c.ceil_mode, return_indices = true})
  return {output = output, indices = indices}
end

function operators.avg_pool2d(t, c)
  return {output = t.input:avg_pool2d(c.kernel_size, {
    stride = c.stride, padding = c.padding, ceil_mode = c.ceil_mode, count_include_pad = c.count_include_pad})}
end

function operators.linear(t) return {output = t.input:linear(t.weight, t.bias)} end

function operators.cross_entropy(t, c)
  return {output = t.input:cross_entropy(t.target, {
    reduction = c.reduction, label_smoothing = c.label_smoothing,
    ignore_index = reference.position(c.ignore_index)})}
end

function operators.nll_loss(t, c)
  return {output = t.input:nll_loss(t.target, {
    reduction = c.reduction, ignore_index = reference.position(c.ignore_index)})}
end

function operators.mse_loss(t, c) return {output = t.input:mse_loss(t.target, {reduction = c.reduction})} end

-- Soft targets, and losses between elements and their targets.
function operators.cross_entropy_soft(t, c)
  return {output = t.input:cross_entropy(t.target, {
    weight = t.weight, reduction = c.reduction, label_smoothing = c.label_smoothing})}
end

function operators.l1_loss(t, c) return {output = t.input:l1_loss(t.target, {reduction = c.reduction})} end

function operators.smooth_l1_loss(t, c)
  return {output = t.input:smooth_l1_loss(t.target, {reduction = c.reduction, beta = c.beta})}
end

function operators.bce_with_logits(t, c)
  return {output = t.input:binary_cross_entropy_with_logits(t.target, {
    weight = t.weight, pos_weight = t.pos_weight, reduction = c.reduction})}
end

function operators.kl_div(t, c)
  return {output = t.input:kl_div(t.target, {reduction = c.reduction, log_target = c.log_target})}
end

local reductions = {
  sum    = function(x, d, c) return x:sum(d, {keepdim = c.keepdim}) end,
  mean   = function(x, d, c) return x:mean(d, {keepdim = c.keepdim}) end,
  var    = function(x, d, c) return x:var(d, {keepdim = c.keepdim, unbiased = c.unbiased}) end,
  max    = function(x, d, c) if d then return x:max(d[1], {keepdim = c.keepdim}) end return x:max() end,
  argmax = function(x, d, c) if d then return x:argmax(d[1], {keepdim = c.keepdim}) end return x:argmax() end,
}

function operators.reduce(t, c)
  local output, indices = reductions[c.how](t.input, c.dims and dim(c.dims), c)
  return {output = output, indices = indices}
end

function operators.topk(t, c)
  local output, indices = t.input:topk(c.k, dim(c.dim), {largest = c.largest})
  return {output = output, indices = indices}
end

function operators.cat(t, c)
  local list = {}
  while t["input." .. #list] do list[#list + 1] = t["input." .. #list] end
  return {output = rm.cat(list, dim(c.dim))}
end

function operators.index_select(t, c) return {output = t.input:index_select(dim(c.dim), t.index)} end

function operators.median(t, c)
  if not c.dim then return {output = t.input:median()} end
  local output, indices = t.input:median(dim(c.dim), {keepdim = c.keepdim})
  return {output = output, indices = indices}
end

function operators.gather(t, c) return {output = t.input:gather(dim(c.dim), t.index)} end

function operators.masked_fill(t, c) return {output = t.input:masked_fill(t.mask, c.value)} end

function operators.index_mask(t) return {output = t.input[t.mask]} end

local all = {}
local keys = {
  rows    = function(i) return i end,
  columns = function(i) return {all, i} end,
  pairs   = function(i, j) return {i, j} end,
  inner   = function(i, j) return {all, i, j} end,
  apart   = function(i, j) return {i, all, j} end,
  select  = function(i) return {2, all, i} end,
  between = function(i, j) return {i, 2, j} end,
  range   = function(i) return {{1, 2}, i} end,
  grid    = function(i, j) return {i:reshape(3, 1), j} end,
}

function operators.index_list(t, c) return {output = t.input[keys[c.key](t.index, t.other)]} end

for _, name in ipairs {"add", "sub", "mul", "div", "matmul"} do
  operators[name] = function(t) return {output = t.input[name](t.input, t.other)} end
end

-- What takes the input and a few arguments.
local unary = {
  relu        = function(x) return x:relu() end,
  leaky_relu  = function(x, c) return x:leaky_relu(c.slope) end,
  elu         = function(x, c) return x:elu(c.alpha) end,
  sigmoid     = function(x) return x:sigmoid() end,
  tanh        = function(x) return x:tanh() end,
  silu        = function(x) return x:silu() end,
  gelu        = function(x, c) return x:gelu(c.approximate) end,
  maxout      = function(x, c) return x:maxout(c.k) end,
  softmax     = function(x, c) return x:softmax(dim(c.dim)) end,
  log_softmax = function(x, c) return x:log_softmax(dim(c.dim)) end,
  log         = function(x) return x:log() end,
  exp         = function(x) return x:exp() end,
  sqrt        = function(x) return x:sqrt() end,
  abs         = function(x) return x:abs() end,
  sin         = function(x) return x:sin() end,
  cos         = function(x) return x:cos() end,
  tan         = function(x) return x:tan() end,
  asin        = function(x) return x:asin() end,
  acos        = function(x) return x:acos() end,
  atan        = function(x) return x:atan() end,
  log2        = function(x) return x:log2() end,
  log10       = function(x) return x:log10() end,
  log1p       = function(x) return x:log1p() end,
  expm1       = function(x) return x:expm1() end,
  rsqrt       = function(x) return x:rsqrt() end,
  erf         = function(x) return x:erf() end,
  logsigmoid  = function(x) return x:logsigmoid() end,
  pow         = function(x, c) return x:pow(c.exponent) end,
  clamp       = function(x, c) return x:clamp(c.min, c.max) end,
  cumsum      = function(x, c) return x:cumsum(dim(c.dim)) end,
  logsumexp   = function(x, c) return x:logsumexp(dim(c.dims), {keepdim = c.keepdim}) end,
  argsort     = function(x, c) return x:argsort(dim(c.dim), c.descending) end,
  flip        = function(x, c) return x:flip(dim(c.dims)) end,
  roll        = function(x, c) return x:roll(c.shifts, c.dims and dim(c.dims)) end,
  tile        = function(x, c) return x:tile(c.sizes) end,
  reshape     = function(x, c) return x:reshape(c.to) end,
  transpose   = function(x, c) return x:transpose(table.unpack(dim(c.dims))) end,
  permute     = function(x, c) return x:permute(dim(c.dims)) end,
  relu6       = function(x) return x:relu6() end,
  hardtanh    = function(x, c) return x:hardtanh(c.min, c.max) end,
  hardsigmoid = function(x) return x:hardsigmoid() end,
  hardswish   = function(x) return x:hardswish() end,
  softplus    = function(x, c) return x:softplus(c.beta, c.threshold) end,
  pad         = function(x, c) return x:pad(c.pad, c.mode or "constant", c.value) end,
  narrow      = function(x, c) return x:narrow(dim(c.dim), reference.position(c.start), c.length) end,
  adaptive_avg_pool2d = function(x, c) return x:adaptive_avg_pool2d(c.output_size) end,
}
for name, f in pairs(unary) do
  operators[name] = function(t, c) return {output = f(t.input, c)} end
end

local inputs = {"input", "weight", "bias", "other", "target", "index", "running_mean", "running_var",
                "mask", "pos_weight"}
for i = 0, 9 do inputs[#inputs + 1] = "input." .. i end

local function runner(operator)
  return function(case)
    local file, given, results = rm.load(case.path), {}, {}
    for _, name in ipairs(inputs) do
      local t = file[name]
      if t and t.dtype == "int64" then t = reference.to_one_based(t) end
      if t and file["grad_" .. name] then t:requires_grad_(true) end
      given[name] = t
    end
    for name, t in pairs(operator(given, case.config)) do results[name] = t end
    if file.grad_output then
      local y = results.output
      y:backward(y:dim() > 0 and file.grad_output or file.grad_output:sum())
      for name, t in pairs(given) do
        if file["grad_" .. name] then results["grad_" .. name] = t.grad end
      end
    end
    for name, expected in pairs(file) do
      if not given[name] and name ~= "grad_output" then
        local actual = results[name]
        if not actual then error(name .. ": missing", 0) end
        if expected.dtype == "int64" then actual = reference.to_zero_based(actual) end
        reference.agree(name, actual, expected, case.tolerance_of(name))
      end
    end
  end
end

local runners = {}
for name, operator in pairs(operators) do runners[name] = runner(operator) end
return runners
