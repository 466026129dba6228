--- Lab B: depth, with and without shortcuts.
--
-- The question of lab B: is a deeper network a better one? Residual and plain networks of 20, 56 and 110 layers are
-- trained in the same way; a table has their final test errors and parameters, and each family has a figure of
-- training loss and test error, with marks where the rate drops.
-- Source: He et al. 2016, arXiv:1512.03385, section 4.2, table 6 and figure 6.
local config = require "resmoon.train.config"
local fail   = require "resmoon.base.fail"
local lab    = require "resmoon.labs.lab"
local plot   = require "resmoon.plot"
local train  = require "resmoon.train"

local DEPTHS, FAMILIES = {20, 56, 110}, {"resnet", "plain"}

local about = {
  name = "lab_b",
  text = "Trains residual and plain networks of several depths alike; prints the table of their final test errors and "
         .. "parameters, draws training loss and test error of each family, and writes a report.",
  sheet = {
    epochs = 164, batch_size = 128, optimizer = "sgd", lr = 0.1, momentum = 0.9, weight_decay = 1e-4,
    schedule = "multistep", gamma = 0.1,
  },
  embedded = {
    train_size = 6000, test_size = 2000, size = 16, epochs = 5, batch_size = 32, optimizer = "adam", lr = 0.003,
    weight_decay = 0.0, schedule = "onecycle", augment = false,
  },
  example = "  resmoon lab_b --depths 20 56\n  resmoon lab_b --data ~/data --depths 20 56 110 --bottleneck-above 50",
  options = {
    {"--depths", "layers of the networks: 20, 32, 44, 56, 110, 1202 (1202 as ResNet alone; default "
     .. table.concat(DEPTHS, " ") .. ")", args = "+", argname = "N", whole = true},
    {"--families", "residual networks, plain ones, or both (default both)", args = "+", choices = FAMILIES},
    {"--bottleneck-above", "networks of more layers are made of bottlenecks instead of basic blocks", argname = "N",
     whole = true},
  },
}

-- A network of the family, or nil where the lab has none of that depth.
local function job_of(family, depth, settings, bottleneck_above)
  if family == "plain" and depth == 1202 then return nil end
  local bottleneck = bottleneck_above and depth > bottleneck_above
  if bottleneck and (depth - 2) % 9 ~= 0 then
    fail("lab_b: %d layers are not 9n + 2, so there is no such network of bottlenecks", depth)
  end
  local model = family .. depth
  return {name = model .. (bottleneck and "_bottleneck" or ""), family = family,
          settings = config.with(settings, {model = model, block = bottleneck and "bottleneck" or nil})}
end

local function run(args)
  local settings, jobs, by_family = lab.settings(args, about), {}, {}
  local families = args.families or FAMILIES
  for _, family in ipairs(families) do
    by_family[family] = {}
    for _, depth in ipairs(args.depths or DEPTHS) do
      jobs[#jobs + 1] = job_of(family, depth, settings, args.bottleneck_above)
    end
  end
  local runs = train.several(jobs, {folder = args.run})
  if not runs then return nil end
  local figures = {}
  for i, job in ipairs(jobs) do table.insert(by_family[job.family], runs[i]) end
  for _, family in ipairs(families) do
    if #by_family[family] > 0 then
      local title = ("%s networks"):format(family == "plain" and "plain" or "residual")
      figures[#figures + 1] = {family, title, function(files)
        return plot.curves(by_family[family], {file = files, title = title})
      end}
    end
  end
  lab.finish(runs, args.run, about, {title = "Lab B: depth, with and without shortcuts", figures = figures})
  return {runs = runs}
end

return {about = about, run = run}
