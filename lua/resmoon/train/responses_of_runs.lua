--- Layer responses of finished runs: what figure 7 of the paper shows.
local config = require "resmoon.train.config"
local data   = require "resmoon.data"
local fail   = require "resmoon.base.fail"
local metrics = require "resmoon.metrics"
local named  = require "resmoon.runs.named"
local core   = require "resmoon.core"
local load   = require "resmoon.train.load"
local run    = require "resmoon.train.run"
local text   = require "resmoon.base.text"

local responses = {}

--- The responses of a run's best network to training images.
-- path: folder of the run, or a .safetensors file. options: images (256: how many), data (folder, instead of the
-- run's, which has to be what it was).
-- Returns {name =, layers = {{path =, std =}, ...}, std = numbers}: std is what plot.responses draws.
-- Source: He et al. 2016, arXiv:1512.03385, section 4.2, "Analysis of layer responses".
function responses.of(path, options)
  options = options or {}
  local net, c, mean, std = load(path)
  if options.data then c.data, c.data_path = options.data, nil end
  local sets = {config.open(c)}
  local train = sets[1]
  if not options.data and core.sys.is_dir(path) then run.check_data(path, sets, c) end
  local n = math.min(options.images or 256, train:size())
  if n < 1 then fail("responses: images is %d, expected at least 1", n) end
  local part = train:subset(data.Dataset.spread(train:size(), n))
  local x = data.Loader(part, {batch_size = n, mean = mean, std = std, seed = c.seed}):epoch(1)()
  local result = {name = c.name, folder = path, layers = metrics.responses(net, x), std = {}}
  for i, layer in ipairs(result.layers) do result.std[i] = layer.std end
  return result
end

--- A table of several, the first row its head: lists of texts.
function responses.rows(series)
  local rows = {{"network", "layers", "mean std", "lowest", "highest"}}
  local names = named.names(series)
  for i, each in ipairs(series) do
    local sum, low, high = 0, math.huge, 0
    for _, value in ipairs(each.std) do sum, low, high = sum + value, math.min(low, value), math.max(high, value) end
    rows[#rows + 1] = {names[i], tostring(#each.std), text.format("%.4f", sum / #each.std),
                       text.format("%.4f", low), text.format("%.4f", high)}
  end
  return rows
end

return responses
