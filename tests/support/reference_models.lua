--- Reference cases of whole networks: their tables, one batch, two short trainings, checkpoints.
--
-- Weights and images come from formulas on 64-bit integers, so that no file holds them.
local rm        = require "resmoon"
local reference = require "support.reference"

local runners = {}

-- --- formulas ---------------------------------------------------------------------------

local function fnv1a(text)
  local h = 0xCBF29CE484222325
  for i = 1, #text do h = (h ~ text:byte(i)) * 0x100000001B3 end
  return h
end

-- A stream of 64-bit numbers: splitmix64.
local function stream(state)
  return function()
    state = state + 0x9E3779B97F4A7C15
    local z = state
    z = (z ~ (z >> 30)) * 0xBF58476D1CE4E5B9
    z = (z ~ (z >> 27)) * 0x94D049BB133111EB
    return z ~ (z >> 31)
  end
end

-- The factor and offset of the values of a tensor: offset + s * factor, s in [-1, 1).
local function range_of(name, shape)
  if #shape >= 2 then
    local fan_in = 1
    for d = 2, #shape do fan_in = fan_in * shape[d] end
    return 0, math.sqrt(6 / fan_in)
  elseif name:match("weight$") or name:match("running_var$") then return 1, 1 / 4
  end
  return 0, 1 / 8
end

-- Fills a network with the weights of a seed and checks them against the file's sums.
local function fill(net, seed, check)
  local state = net:state_dict()
  rm.no_grad(function()
    for _, name in ipairs(state) do
      local tensor = state[name]
      if name:match("num_batches_tracked$") then
        tensor:zero_()
      else
        local next, values, sum = stream(fnv1a(name) ~ seed), {}, 0
        local offset, factor = range_of(name, tensor.shape)
        for i = 1, tensor:numel() do
          local v = offset + ((next() >> 40) - 8388608) / 8388608 * factor
          values[i] = v
          sum = sum + v
        end
        local expected = check[name]
        if expected then
          for i, v in ipairs {values[1], values[#values], sum} do
            if math.abs(v - expected[i]) > 1e-5 * math.max(1, math.abs(expected[i])) then
              error(("weights of %s: formula gives %.9g, expected %.9g"):format(name, v, expected[i]), 0)
            end
          end
        end
        tensor:copy_(rm.tensor(values):reshape(tensor.shape))
      end
    end
  end)
end

-- --- networks ---------------------------------------------------------------------------

local families = {
  mlp = function(s)
    local hidden = {table.unpack(s.sizes, 2, #s.sizes - 1)}
    return rm.models.mlp {input = {1, 1, s.sizes[1]}, hidden = hidden, num_classes = s.sizes[#s.sizes]}
  end,
  lenet5 = function(s)
    return rm.models.lenet5 {pool = s.pool, num_classes = s.classes,
                             input = {s.in_channels, s.image[1], s.image[2]}}
  end,
  resnet = function(s)
    return rm.models.ResNet {
      block = s.block, layers = s.layers, widths = s.widths, stem = s.stem, stem_width = s.stem_width,
      shortcut = s.shortcut, num_classes = s.classes, in_channels = s.in_channels,
    }
  end,
}

local function build(spec) return families[spec.family](spec) end

-- The networks that have a name of their own in the library, and the name in the file.
local named = {
  mlp_3072_512_256_10 = {"mlp"}, lenet5 = {"lenet5"},
  resnet18_cifar = {"resnet18", {stem = "cifar"}}, resnet50_cifar = {"resnet50", {stem = "cifar"}},
  plain18_cifar = {"plain18", {stem = "cifar"}}, plain34_cifar = {"plain34", {stem = "cifar"}},
  plain50_cifar = {"plain50", {input = {3, 32, 32}}}, plain18_imagenet = {"plain18"},
  plain34_imagenet = {"plain34"}, plain50_imagenet = {"plain50"},
  resnet18_cifar_w8 = {"resnet18", {stem = "cifar", width = 8}},
  resnet110_bottleneck_A = {"resnet110", {block = "bottleneck"}},
  resnet110_bottleneck_B = {"resnet110", {block = "bottleneck", shortcut = "B"}},
}
for _, depth in ipairs {18, 34, 50, 101, 152} do named["resnet" .. depth] = {"resnet" .. depth} end
for _, depth in ipairs {20, 32, 56, 110} do
  named["resnet" .. depth .. "_A"] = {"resnet" .. depth}
  named["resnet" .. depth .. "_B"] = {"resnet" .. depth, {shortcut = "B"}}
  named["plain" .. depth] = {"plain" .. depth}
end

local function check_equal(what, actual, expected)
  if actual ~= expected then
    error(("%s: %s, expected %s"):format(what, tostring(actual), tostring(expected)), 0)
  end
end

-- Names, shapes and kinds in order, counts, multiply-accumulates.
local function check_network(name, net, expected)
  local parameters, trainable = 0, 0
  for _, p in net:named_parameters() do parameters, trainable = parameters + p:numel(), trainable + 1 end
  check_equal(name .. ": parameters", parameters, expected.parameters)
  check_equal(name .. ": trainable tensors", trainable, expected.trainable_tensors)
  local state, kind = net:state_dict(), {}
  for each in net:named_parameters() do kind[each] = "p" end
  for each in net:named_buffers() do kind[each] = "b" end
  check_equal(name .. ": entries", #state, expected.state_dict_entries)
  for i, entry in ipairs(expected.state_dict) do
    local own = state[i]
    check_equal(("%s: entry %d"):format(name, i), own, entry[1])
    check_equal(name .. ": shape of " .. own, table.concat(state[own].shape, ","), table.concat(entry[2], ","))
    check_equal(name .. ": kind of " .. own, kind[own], entry[3])
  end
  check_equal(name .. ": macs", net:macs(expected.input), expected.macs)
end

-- Which networks of models.json have been met by name; the rest are built from their spec.
function runners.models(case)
  local all = rm.json.decode(reference.read(case.path)).models
  for _, name in ipairs(case.config.models) do
    check_network(name, build(all[name].spec), all[name])
    local own = named[name]
    if own then check_network("models." .. own[1], rm.models.get(own[1])(own[2]), all[name]) end
  end
end

-- The Euclidean norm, in float32 as far as the tensor's own reduction goes.
local function norm(t) return t:detach():norm():item() end

function runners.model(case)
  local file, c = rm.load(case.path), case.config
  local net = build(c.spec)
  fill(net, c.weight_seed, c.weight_check_first_last_sum)
  local target = reference.to_one_based(file.target)
  net:eval()
  reference.agree("logits_eval", rm.no_grad(net, file.input), file.logits_eval, case.tolerance_of("logits_eval"))
  net:train()
  local x = file.input:clone():requires_grad_(true)
  local logits = net(x)
  local loss = logits:cross_entropy(target)
  reference.agree("logits_train", logits, file.logits_train, case.tolerance_of("logits_train"))
  reference.agree("loss_train", loss, file.loss_train, case.tolerance_of("loss_train"))
  loss:backward()
  local gradients, norms, state = {}, {}, net:state_dict()
  for name, p in net:named_parameters() do gradients[name] = p.grad end
  for i, name in ipairs(c.parameters) do
    norms[i] = norm(gradients[name])
    local expected = file["grad." .. name]
    if expected then reference.agree("grad." .. name, gradients[name], expected, case.tolerance_of("grad_full")) end
  end
  reference.agree("grad_norm", rm.tensor(norms), file.grad_norm, case.tolerance_of("grad_norm"))
  for i, name in ipairs(c.parameters) do
    if case.tolerance_for.grad_norm_each then
      reference.agree("grad_norm of " .. name, rm.tensor({norms[i]}), file.grad_norm[{{i, i}}],
                      case.tolerance_of("grad_norm_each"))
    end
  end
  reference.agree("grad_input_norm", rm.tensor({norm(x.grad)}), file.grad_input_norm,
                  case.tolerance_of("grad_input_norm"))
  if file.running_norm then
    local running = {}
    for i, name in ipairs(c.running) do running[i] = norm(state[name]) end
    reference.agree("running_norm", rm.tensor(running), file.running_norm, case.tolerance_of("running_norm"))
  end
end

-- --- training ---------------------------------------------------------------------------

-- Images and labels (1-based) by formula: float32 (N, C, H, W), int64 (N).
local function images(c)
  local count, size = c.train_images + c.test_images, 3 * 32 * 32
  local next_label, next_prototype, next_pixel = stream(c.seed_labels), stream(c.seed_prototypes), stream(c.seed_pixels)
  local labels, prototypes, pixels = {}, {}, {}
  for i = 1, count do labels[i] = (next_label() >> 33) % 10 + 1 end
  for class = 1, 10 do
    prototypes[class] = {}
    for j = 1, size do prototypes[class][j] = next_prototype() >> 56 end
  end
  for i = 1, count do
    local prototype = prototypes[labels[i]]
    for j = 1, size do
      pixels[#pixels + 1] = (((next_pixel() >> 56) + prototype[j]) >> 1)
    end
  end
  local x = (rm.tensor(pixels) - 128) / 64
  return x:reshape(count, 3, 32, 32), rm.tensor(labels, "int64")
end

function runners.trace(case)
  local file, c = rm.load(case.path), case.config
  local x, y = images(c)
  reference.agree("labels", reference.to_zero_based(y), file.labels, 0)
  local net = build(c.spec)
  net:load_state_dict((rm.load(case.path:match("^(.*)/") .. "/" .. c.initial_weights)))
  local opt = rm.optim.SGD(net:parameters(), c.sgd)
  local allowance, step = file.loss_allowance:totable(), 0
  for _ = 1, c.epochs do
    for first = 1, c.train_images, c.batch do
      local range = {first, math.min(first + c.batch - 1, c.train_images)}   -- the last batch may be short
      local loss = net(x[{range}]):cross_entropy(y[{range}])
      opt:zero_grad()
      loss:backward()
      opt:step()
      step = step + 1
      local difference = math.abs(loss:item() - c.loss_f64_exact[step])
      local agrees = difference <= allowance[step] * case.slack
      if not agrees then
        error(("loss at step %d: off by %.3g, allowed %.3g"):format(step, difference, allowance[step]), 0)
      end
    end
  end
  net:eval()
  local logits = rm.no_grad(net, x[{{c.train_images + 1, c.train_images + c.test_images}}])
  reference.agree("test_logits", logits, file.test_logits_f64, case.tolerance_of("test_logits"))
  local state, norms = net:state_dict(), {}
  for i, name in ipairs(c.state_names) do norms[i] = norm(state[name]) end
  reference.agree("final_state_norm", rm.tensor(norms), file.final_state_norm, case.tolerance_of("final_state_norm"))
end

-- --- checkpoints ------------------------------------------------------------------------

-- Loads strictly, and what is then in the network is what was in the file.
function runners.state_dict(case)
  local file, net = rm.load(case.path), build(case.config.spec)
  net:load_state_dict(file)
  local state = net:state_dict()
  for name, expected in pairs(file) do reference.agree(name, state[name], expected, 0) end
end

function runners.state_dict_check(case)
  local file, net = rm.load(case.path), build(case.config.spec)
  net:load_state_dict((rm.load(case.path:match("^(.*)/") .. "/" .. case.config.weights)))
  net:eval()
  reference.agree("logits_eval", rm.no_grad(net, file.input), file.logits_eval, case.tolerance)
end

return runners
