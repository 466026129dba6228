--- Lab B: depth, with and without shortcuts.
--
-- The question of lab B: is a deeper network a better one? Residual and plain networks of 20, 56 and 110 layers are
-- trained in the same way; a table has their final test errors beside those of the sheet's report, and two figures
-- training loss and test error, residual networks left and plain ones right, with marks where the rate drops.
--
-- Networks of more than 50 layers are made of bottlenecks, with as many blocks a stage as the sheet counts (6n + 2
-- layers: n = 3, 9, 18). A bottleneck has three layers, not two, so such a network has more layers with weights than
-- its name says, which the report states; --keep-depth yes gives it (depth - 2) / 9 blocks a stage instead.
-- Source: He et al. 2016, arXiv:1512.03385, section 4.2, table 6 and figure 6.
local architecture = require "resmoon.labs.architecture"
local config = require "resmoon.train.config"
local fail   = require "resmoon.base.fail"
local folder = require "resmoon.runs.folder"
local lab    = require "resmoon.labs.lab"
local plot   = require "resmoon.plot"
local tables = require "resmoon.models.tables"
local text   = require "resmoon.base.text"

local DEPTHS, FAMILIES, BOTTLENECK_ABOVE = {20, 56, 110}, {"resnet", "plain"}, 50

local about = {
  name = "lab_b",
  follows = "sheet 001, \"report: depth 20, 56, 110\"",
  text = "Trains residual and plain networks of several depths alike; prints the table of their final test errors and "
         .. "parameters, draws training loss and test error of each family, and writes a report.",
  sheet = {
    epochs = 164, batch_size = 128, optimizer = "sgd", lr = 0.1, momentum = 0.9, weight_decay = 1e-4,
    schedule = "multistep", gamma = 0.1,
    mean = {0.4914, 0.4824, 0.4467}, std = {0.2471, 0.2435, 0.2616},
  },
  embedded = {
    train_size = 6000, test_size = 2000, size = 16, epochs = 5, batch_size = 32, optimizer = "adam", lr = 0.003,
    weight_decay = 0.0, schedule = "onecycle", augment = false,
  },
  example = "  resmoon lab_b --depths 20 56\n  resmoon lab_b --data ~/data --depths 20 56 110 --keep-depth yes\n"
            .. "  resmoon lab_b --data ~/data --depths 20 56 110 --block basic",
  options = {
    {"--depths", "layers of the networks: 20, 32, 44, 56, 110, 1202 (1202 as ResNet alone; default "
     .. table.concat(DEPTHS, " ") .. ")", args = "+", argname = "N", whole = true},
    {"--families", "residual networks, plain ones, or both (default both)", args = "+", choices = FAMILIES},
    {"--bottleneck-above", "networks of more layers are made of bottlenecks instead of basic blocks; --block chooses "
     .. "for all of them", argname = "N", whole = true, default = BOTTLENECK_ABOVE},
    {"--keep-depth", "yes: bottlenecks in so many blocks that the depth is kept (9n + 2 layers), instead of as many "
     .. "blocks a stage as basic ones (6n + 2)", argname = "yes", choices = {"yes", "no"}, default = "no"},
  },
}

-- Final test errors (per cent) of the sheet's report, table 1.
local REPORTED = {
  resnet = {[20] = 8.51, [56] = 6.20, [110] = 5.68},
  plain  = {[20] = 9.66, [56] = 15.05, [110] = 90.00},
}

-- Settings of a network of that depth: of basic blocks as it is, or of bottlenecks.
local function blocks_of(depth, args)
  if args.block or depth <= args.bottleneck_above then return {} end
  if args.keep_depth == "yes" then
    if (depth - 2) % 9 ~= 0 then
      fail("lab_b: %d layers are not 9n + 2, so there is no such network of bottlenecks", depth)
    end
    return {block = "bottleneck"}
  end
  return {block = "bottleneck", blocks = (depth - 2) // 6}
end

-- A network of the family, or nil where the lab has none of that depth.
local function job_of(family, depth, settings, args)
  if family == "plain" and depth == 1202 then return nil end
  local model, changes = family .. depth, blocks_of(depth, args)
  return {name = model .. (changes.block and "_bottleneck" or ""), family = family, depth = depth,
          settings = config.with(settings, config.with({model = model}, changes))}
end

local function percent(x) return x and text.value("%.2f%%", x) or "-" end

-- Rows of table 1: the sheet's report beside the runs here.
local function errors(jobs, runs)
  local depths, by_depth = {}, {}
  for i, job in ipairs(jobs) do
    if not by_depth[job.depth] then depths[#depths + 1], by_depth[job.depth] = job.depth, {} end
    by_depth[job.depth][job.family] = folder.summary(folder.read(runs[i])).final
  end
  table.sort(depths)
  local rows = {{"layers", "ResNet, the report's", "ResNet, here", "plain, the report's", "plain, here"}}
  for i, depth in ipairs(depths) do
    local own = by_depth[depth]
    rows[i + 1] = {tostring(depth), percent(REPORTED.resnet[depth]), percent(own.resnet),
                   percent(REPORTED.plain[depth]), percent(own.plain)}
  end
  return rows
end

-- Whether the runs are what the report's numbers are of.
local function beside(settings, name)
  local differ = {}
  if name ~= "cifar10" then differ[#differ + 1] = ("images of %s"):format(text.visible(name)) end
  if settings.epochs ~= about.sheet.epochs then
    differ[#differ + 1] = ("%d epoch%s"):format(settings.epochs, settings.epochs > 1 and "s" or "")
  end
  if settings.train_size then
    differ[#differ + 1] = ("%s training images"):format(text.grouped(settings.train_size))
  end
  if #differ == 0 then return "The report's networks were trained for 164 epochs on CIFAR-10, as those here." end
  return ("The report's networks were trained for 164 epochs on CIFAR-10; those here with %s: the columns show how the "
          .. "order of the networks compares, not the numbers."):format(table.concat(differ, ", "))
end

-- What the networks of bottlenecks are called, and how deep they are.
local function depth_notes(jobs)
  local list, by_blocks, order = {}, {}, {}
  for _, job in ipairs(jobs) do
    local c = job.settings
    if c.blocks and not by_blocks[c.blocks] then
      local net = config.model(config.complete(config.with(c, {width = 1})))
      by_blocks[c.blocks], order[#order + 1] = {layers = tables.depth(net)}, c.blocks
    end
    if c.blocks then table.insert(by_blocks[c.blocks], job.name) end
  end
  for i, blocks in ipairs(order) do
    local names = by_blocks[blocks]
    list[i] = ("%s %s %d bottlenecks a stage, as the sheet counts blocks (6n + 2 layers), and so %d layers with "
               .. "weights."):format(table.concat(names, " and "), #names > 1 and "have" or "has", blocks, names.layers)
  end
  return list
end

-- Residual networks left, plain ones right.
local function figures(jobs, runs, families)
  local panels = {}
  for i, family in ipairs(families) do
    panels[i] = {title = family == "plain" and "plain networks" or "residual networks", runs = {}}
    for k, job in ipairs(jobs) do
      if job.family == family then table.insert(panels[i].runs, runs[k]) end
    end
  end
  for i = #panels, 1, -1 do
    if #panels[i].runs == 0 then table.remove(panels, i) end
  end
  local function figure(name, caption, column)
    return {name, caption, function(files)
      return plot.column(panels, {file = files, column = column})
    end}
  end
  return {
    figure("training_loss", "figure 5 of the sheet: training loss of residual (left) and plain networks (right), on "
           .. "the same axes", "train_loss"),
    figure("test_error", "figure 6 of the sheet: test error of residual (left) and plain networks (right), on the same "
           .. "axes", "test_error"),
  }
end

local function run(args)
  local settings, jobs = lab.settings(args, about), {}
  local families = {}
  for _, family in ipairs(FAMILIES) do   -- residual networks always left
    for _, asked in ipairs(args.families or FAMILIES) do
      if asked == family then families[#families + 1] = family end
    end
  end
  for _, family in ipairs(families) do
    for _, depth in ipairs(args.depths or DEPTHS) do jobs[#jobs + 1] = job_of(family, depth, settings, args) end
  end
  local sets, note = lab.open(settings, args, about)
  for _, job in ipairs(jobs) do job.settings.mean, job.settings.std = settings.mean, settings.std end
  local runs = lab.train(jobs, args, sets)
  if not runs then return nil end
  local rows = errors(jobs, runs)
  local head, compared = {note, table.unpack(depth_notes(jobs))}, beside(settings, sets[1].name or "")
  lab.finish(runs, args.run, about, {
    title = "Lab B: depth, with and without shortcuts", notes = head, figures = figures(jobs, runs, families),
    hooks = {
      introduction = function(doc)
        doc:paragraph("The sheet's argument: to learn the residual F(x) = H(x) - x is easier than H(x). Where H has to "
                      .. "go from 3.0 to 3.1, it changes by 3.3 %; F, which goes from 0.1 to 0.2 there (x = 2.9), "
                      .. "changes by 100 %.")
      end,
      networks = function(doc) architecture.of_runs(doc, runs) end,
      comparison = function(doc)
        doc:heading("Table 1: final test error", 3)
        architecture.table(doc, rows)
        doc:paragraph(compared)
      end,
    },
  })
  print("\nTable 1: final test error\n" .. table.concat(text.columns(rows), "\n"))
  return {runs = runs}
end

return {about = about, run = run}
