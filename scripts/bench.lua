--- resmoon bench: training or inference speed of a network, on random data in memory.
--
-- train  forward, cross-entropy, backward, SGD(0.1, momentum 0.9, weight decay 1e-4)
-- infer  forward only, eval mode, no gradients
-- One random batch, made before the clock starts; times are medians over --steps steps after
-- --warmup steps; img_per_s = batch / median. Loading and augmentation are not timed.
local argparse = require "argparse"
local rm       = require "resmoon"
local options  = require "resmoon.train.options"

local parser = argparse("resmoon bench", "Measures the speed of a network on random data in memory: the median step.")
  :help_max_width(90)
  :epilog [[
Example:
  resmoon bench resnet20 --mode train --batch 128 --threads 2 --json]]
parser:argument("model", "network"):argname "MODEL"
parser:option("--mode", "train (forward, backward, SGD step) or infer (forward)")
  :choices {"train", "infer"}:default "train"
parser:option("--batch", "images per step"):argname "N":convert(options.whole):default "128"
parser:option("--threads", "processors to use (default all)"):argname "N":convert(options.whole)
parser:option("--steps", "steps that are timed"):argname "N":convert(options.whole):default "10"
parser:option("--warmup", "steps before them"):argname "N":convert(options.whole):default "2"
parser:option("--size", "height and width of the images in pixels"):argname "N":convert(options.whole)
  :default "32"
parser:option("--classes", "number of classes"):argname "N":convert(options.whole):default "10"
parser:flag("--json", "one line of JSON instead of text")
local args = parser:parse()

-- A step on one batch, as a function.
local function step_of(net, mode, x, y)
  if mode == "infer" then
    net:eval()
    return function() rm.no_grad(function() return net(x) end) end
  end
  net:train()
  local optimizer = rm.optim.SGD(net:parameters(), {lr = 0.1, momentum = 0.9, weight_decay = 1e-4})
  return function()
    optimizer:zero_grad()
    net(x):cross_entropy(y):backward()
    optimizer:step()
  end
end

local function median(list)
  table.sort(list)
  local n = #list
  return n % 2 == 1 and list[n // 2 + 1] or (list[n // 2] + list[n // 2 + 1]) / 2
end

options.main(function()
  if args.batch < 1 or args.steps < 1 or args.warmup < 0 then
    error("--batch and --steps must be at least 1, --warmup at least 0", 0)
  end
  if args.threads then rm.set_num_threads(args.threads) end
  rm.manual_seed(1)
  local input = {3, args.size, args.size}
  local net = rm.models.get(args.model) {input = input, num_classes = args.classes}
  local x = rm.randn(args.batch, table.unpack(input))
  local labels = {}
  for i = 1, args.batch do labels[i] = (i - 1) % args.classes + 1 end
  local step = step_of(net, args.mode, x, rm.tensor(labels, "int64"))
  for _ = 1, args.warmup do step() end
  local times, clock = {}, rm.sys.clock
  for i = 1, args.steps do
    local began = clock()
    step()
    times[i] = clock() - began
  end
  local mid = median(times)
  local parameters = 0
  for _, p in ipairs(net:parameters()) do parameters = parameters + p:numel() end
  local function round(value, digits) return math.floor(value * 10 ^ digits + 0.5) / 10 ^ digits end
  local line = {
    framework = "resmoon", version = tostring(rm.version or ""), model = args.model, mode = args.mode,
    batch = args.batch,
    threads = rm.num_threads(), isa = rm.isa(), steps = args.steps, img_per_s = round(args.batch / mid, 2),
    step_ms = round(1e3 * mid, 3), step_ms_min = round(1e3 * times[1], 3), step_ms_max = round(1e3 * times[#times], 3),
    parameters = parameters, peak_rss_mb = round(rm.sys.peak_rss() / 1024 / 1024, 1),
  }
  if args.json then
    print(rm.json.encode(line))
  else
    print(("%s, %s, batch %d, %d threads (%s): %.1f img/s, median step %.1f ms (%.1f to %.1f), peak memory %.0f MiB")
      :format(args.model, args.mode, args.batch, line.threads, line.isa, line.img_per_s, line.step_ms,
              line.step_ms_min, line.step_ms_max, line.peak_rss_mb))
  end
end)
