--- resmoon bench: training or inference speed of networks, on random data in memory.
--
-- One random batch, made before the clock starts; img/s = batch / median step. Loading and augmentation are
-- not timed. What is compared with other networks, with PyTorch or with one thread runs in processes of
-- its own, in turns: so memory is each one's own, and all meet the same minutes of the machine.
local commandline = require "resmoon.base.commandline"
local rm       = require "resmoon"
local options  = require "resmoon.train.options"
local own      = require "resmoon.models.file"

local parser = commandline("resmoon bench", "Measures the speed of networks on random data in memory: the median step.")
  :epilog [[
GFLOP/s are those of direct convolution, a multiply-add counting as two; "x peak" is their ratio
to the multiply-adds that this machine was measured to do at best. Winograd's method does with
fewer, so a network may pass it.

Example:
  resmoon bench resnet20 resnet18 --mode train --batch 128 --threads 2 --peer
  resmoon bench resnet20 --ops --figure roofline.png
  mpirun -n 2 resmoon bench resnet20 --scaling]]
parser:argument("models", "networks (default resnet20), or FILE.lua:NAME of your own"):args "*":argname "MODEL"
local function add(names, text, default) -- an option with a whole number
  return parser:option(names, text):argname "N":convert(options.count):default(default)
end
parser:group("What is measured",
  parser:option("--mode", "train (forward, backward, SGD step) or infer (forward)"):choices {"train", "infer"}
    :default "train",
  add("--batch", "images per step", "128"),
  add("--size", "height and width of the images in pixels", "32"),
  add("--classes", "number of classes", "10"),
  parser:flag("--checkpoint", "keeps only the input of each block, and computes its inside again in backward"),
  add("--threads", "processors to use (default all)"),
  parser:option("--isa", "instruction set, of those this processor has (default the last); also PyTorch's limit")
    :choices(rm.machine.isas()),
  add("--steps", "steps that are timed", "10"),
  add("--warmup", "steps before them", "2"))
parser:group("What it is compared with",
  parser:flag("--peer", "runs PyTorch beside it, where it is installed, and prints the ratio of medians"),
  parser:flag("--scaling", "also with one thread, and the ratio of the rates; under mpirun: one process against all, "
              .. "what they spend on each other, and what more of them would do"),
  add("--rounds", "with --peer and --scaling: turns of --steps steps", "3"))
parser:group("Where the time goes",
  parser:flag("--ops", "time by phase, by operator and by layer, with each convolution's error against float64"),
  parser:option("--figure", "with --ops: the roofline picture (.png, .svg, .pdf)"):argname "FILE")
parser:group("Output",
  parser:flag("--json", "a line of JSON for each network instead of text"),
  parser:flag("--bare", "leaves out the machine's own peak and bandwidth"))
local args = parser:parse()

-- Deferred, so that --help and errors are quick.
local text, measure, machine_of = require "resmoon.base.text", nil, nil

local function print_lines(lines) print(table.concat(lines, "\n")) end

-- --- runs ----------------------------------------------------------------------------------

local function settings(model, threads)
  return {model = model, mode = args.mode, batch = args.batch, size = args.size, classes = args.classes,
          steps = args.steps, warmup = args.warmup, checkpoint = args.checkpoint,
          threads = threads or args.threads or rm.num_threads()}
end

-- This program again, for one network.
local function myself(wanted)
  local command = {arg[-1] or "resmoon", arg[0], wanted.model, "--mode", wanted.mode, "--json", "--bare"}
  for _, name in ipairs {"batch", "size", "classes", "threads", "steps", "warmup"} do
    command[#command + 1] = "--" .. name
    command[#command + 1] = tostring(wanted[name])
  end
  if wanted.checkpoint then command[#command + 1] = "--checkpoint" end
  return measure.child(command, {RESMOON_ISA = args.isa})
end

-- Records of one network: ours, PyTorch's (or nil), ours with one thread (or nil).
local function in_turns(model, python)
  local peer = require "resmoon.bench.peer"
  local script = debug.getinfo(1, "S").source:gsub("^@", ""):gsub("[^/]*$", "peer.py")
  local ours, theirs, one = {}, {}, {}
  for i = 1, (args.peer or args.scaling) and args.rounds or 1 do
    ours[i] = myself(settings(model))
    if python then theirs[i] = peer.run(python, script, settings(model), args.isa) end
    if python and theirs[i].parameters ~= ours[i].parameters then
      error(("bench: PyTorch's %s has %d parameters, ours %d"):format(model, theirs[i].parameters,
            ours[i].parameters), 0)
    end
    if args.scaling then one[i] = myself(settings(model, 1)) end
  end
  local function join(list) return list[1] and measure.join(list) end
  return join(ours), join(theirs), join(one)
end

-- --- tables --------------------------------------------------------------------------------

local function ratio(a, b) return ("%.2f"):format(a / b) end
local function rate(x) return x < 100 and ("%.1f"):format(x) or ("%.0f"):format(x) end

local function machine_line(machine)
  return ("machine: multiply-add peak %.1f GFLOP/s (%s; with one thread %.1f), memory %.1f GB/s copy, %.1f triad")
    :format(machine.peak, machine.isa, machine.one, machine.copy, machine.triad)
end

local function results_lines(results, machine)
  local head = {"network", "img/s", "median ms", "min", "max", "GFLOP/s"}
  if machine then head[#head + 1] = "x peak" end
  head[#head + 1] = "peak MiB"
  if args.scaling then table.move({"1 thread", "x"}, 1, 2, #head + 1, head) end
  if args.peer then table.move({"PyTorch", "x", "MiB", "x"}, 1, 4, #head + 1, head) end
  local rows = {head}
  for _, r in ipairs(results) do
    local ours = r.ours
    local row = {ours.model, rate(ours.img_per_s), ("%.2f"):format(ours.step_ms), ("%.2f"):format(ours.step_ms_min),
                 ("%.2f"):format(ours.step_ms_max), ("%.0f"):format(ours.gflops)}
    if machine then row[#row + 1] = ratio(ours.gflops, machine.peak) end
    row[#row + 1] = ("%.0f"):format(ours.peak_rss_mb)
    if r.one then
      row[#row + 1], row[#row + 2] = rate(r.one.img_per_s), ratio(ours.img_per_s, r.one.img_per_s)
    end
    if r.theirs then
      table.move({rate(r.theirs.img_per_s), ratio(ours.img_per_s, r.theirs.img_per_s),
                  ("%.0f"):format(r.theirs.peak_rss_mb), ratio(ours.peak_rss_mb, r.theirs.peak_rss_mb)}, 1, 4,
                 #row + 1, row)
    end
    rows[#rows + 1] = row
  end
  return text.columns(rows)
end

local function json_line(r, machine)
  local line = r.ours
  if machine then
    line.peak_gflops, line.copy_gb_s, line.triad_gb_s = machine.peak, machine.copy, machine.triad
  end
  if r.one then line.one_thread, line.scaling = r.one, line.img_per_s / r.one.img_per_s end
  if r.theirs then line.peer, line.ratio = r.theirs, line.img_per_s / r.theirs.img_per_s end
  return rm.json.encode(line)
end

-- --- by layer ------------------------------------------------------------------------------

local function by_layer(work, record, machine)
  local profile, layers = require "resmoon.base.profile", require "resmoon.bench.layers"
  local stop = profile.start()
  for _ = 1, args.steps do work.step() end
  local steps = stop(args.steps)
  local products, others = layers.measure(work.net, {3, args.size, args.size}, args.batch)
  if args.json then
    record.profile, record.layers, record.other_layers = steps, products, others
  else
    print()
    print_lines(profile.lines(steps, args.batch))
    print()
    print_lines(layers.lines(products, others, machine))
  end
  if args.figure then
    local title = ("%s, batch %d, %d threads, %s"):format(record.model, args.batch, machine.threads, machine.isa)
    local drawn = require "resmoon.bench.roofline"(products, machine, {file = args.figure, title = title})
    if drawn and not args.json then print("figure: " .. args.figure) end
    return drawn and 0 or 1
  end
end

-- --- all of it -----------------------------------------------------------------------------

local function check()
  if args.batch < 1 or args.steps < 1 or args.warmup < 0 or args.rounds < 1 or args.size < 1 or args.classes < 1 then
    error("--batch, --size, --classes, --steps and --rounds must be at least 1, --warmup at least 0", 0)
  end
  if rm.dist.size() > 1 then
    if not args.scaling or args.peer or args.ops or args.mode ~= "train" or #args.models > 1 or args.checkpoint then
      error(("mpirun has started %d processes, which measure --scaling of the training of one network, and nothing "
             .. "else"):format(rm.dist.size()), 0)
    elseif args.batch % rm.dist.size() ~= 0 then
      error(("--batch: %d images do not divide among %d processes"):format(args.batch, rm.dist.size()), 0)
    end
  end
  if args.figure and not args.ops then error("--figure needs --ops: it draws the layers", 0) end
  if args.ops and (args.peer or args.scaling or #args.models > 1) then
    error("--ops looks into one network, without --peer and --scaling", 0)
  end
  for _, model in ipairs(args.models) do
    rm.models.get(model)
    if args.peer and own.parse(model) then error(("--peer: PyTorch does not know %s"):format(model), 0) end
  end
  if args.isa and args.ops then error("--ops takes the instruction set from RESMOON_ISA=" .. args.isa, 0) end
end

options.main(function()
  if #args.models == 0 then args.models = {"resnet20"} end
  check()
  measure, machine_of = require "resmoon.bench.measure", require "resmoon.bench.machine"
  if args.threads then rm.set_num_threads(args.threads) end
  local python
  if args.peer then
    local reason
    python, reason = require("resmoon.bench.peer").find()
    if not python then error(reason, 0) end
  end
  if rm.dist.size() > 1 then
    local report = require "resmoon.bench.scaling"(settings(args.models[1]))
    if rm.dist.rank() == 0 then print(args.json and rm.json.encode(report) or table.concat(report.lines, "\n")) end
    return 0
  end
  local results, work = {}, nil
  if #args.models > 1 or args.peer or args.scaling or args.isa then
    for i, model in ipairs(args.models) do
      local ours, theirs, one = in_turns(model, python)
      results[i] = {ours = ours, theirs = theirs, one = one}
    end
  else
    results[1] = {}
    results[1].ours, work = measure.run(settings(args.models[1]))
  end
  local first = results[1].ours
  local machine = not (args.bare and not args.ops) and machine_of(args.isa) or nil
  if not args.json then
    print(("%s, batch %d, %d thread%s (%s), median of %d steps"):format(
      args.mode == "train" and "training" or "inference", args.batch, first.threads, first.threads == 1 and "" or "s",
      first.isa, first.steps))
    if machine then print(machine_line(machine)) end
    print()
    print_lines(results_lines(results, machine))
  end
  local status = args.ops and by_layer(work, first, machine) or 0
  if args.json then
    for _, r in ipairs(results) do print(json_line(r, machine)) end
  end
  return status
end)
