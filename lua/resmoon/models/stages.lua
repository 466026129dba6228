--- What can be chosen of a residual network's layers: how many blocks, how wide, shortcuts or none.
--
-- Options: layers      blocks in each layer, as in {3, 3, 3}; as many layers as there are numbers
--          width       channels of the first layer; each further one has twice as many
--          widths      channels of each layer instead, as in {16, 32, 64}
--          shortcut    "A", "B", "C", or false: no shortcuts (a plain network)
local fail = require "resmoon.base.fail"

local function check_counts(model, name, list)
  if type(list) ~= "table" or #list == 0 then
    fail("models.%s: %s is %s, expected a list of numbers as in {3, 3, 3}", model, name,
      type(list) == "table" and "empty" or "a " .. type(list))
  end
  for i, n in ipairs(list) do
    if math.type(n) ~= "integer" or n < 1 then
      fail("models.%s: %s[%d] is %s, expected a whole number from 1", model, name, i, n)
    end
  end
  return list
end

--- stages(model, options, default) -> {name =, layers =, widths =, shortcut =}, for models.ResNet.
-- default: {layers =, width =, shortcut =} of the network called `model`, where options say nothing; its shortcut
-- false is a plain network whatever options say.
local function stages(model, options, default)
  local layers = check_counts(model, "layers", options.layers or default.layers)
  local widths = options.widths
  if widths then
    check_counts(model, "widths", widths)
    if options.width then fail("models.%s: give width or widths, not both", model) end
    if #widths ~= #layers then
      fail("models.%s: widths has %d numbers for %d layers", model, #widths, #layers)
    end
  else
    local width = check_counts(model, "width", {options.width or default.width})[1]
    widths = {}
    for i = 1, #layers do widths[i] = width << (i - 1) end
  end
  local shortcut = options.shortcut
  if shortcut == nil or shortcut == true then shortcut = default.shortcut end
  if not default.shortcut or not shortcut then shortcut = "none" end
  -- A changed net is not called what it no longer is.
  local name = options.layers and model:match "^%a+" or model
  if shortcut == "none" then name = name:gsub("^resnet", "plain") end
  return {name = name, layers = layers, widths = widths, shortcut = shortcut}
end

return stages
