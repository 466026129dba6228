--- What the layer responses of two networks say beside one another.
local text = require "resmoon.base.text"

local responses = {}

-- Mean, and the standard error of the mean over the layers.
local function mean_of(list)
  local sum, squares = 0, 0
  for _, value in ipairs(list) do sum = sum + value end
  local mean = sum / #list
  for _, value in ipairs(list) do squares = squares + (value - mean) ^ 2 end
  return mean, #list > 1 and math.sqrt(squares / (#list - 1) / #list) or math.huge
end

--- A sentence on two networks, a and b by name, with the standard deviations of their layers' responses. Their means
-- differ where they are more than two standard errors apart, as the layers of each scatter about their mean; a network
-- of one layer decides nothing.
function responses.responses(a, std_a, b, std_b)
  local mean_a, error_a = mean_of(std_a)
  local mean_b, error_b = mean_of(std_b)
  local se = math.sqrt(error_a ^ 2 + error_b ^ 2)
  local decided = math.abs(mean_a - mean_b) > 2 * se
  local how = not decided and "on average neither more weakly nor more strongly"
    or mean_a < mean_b and "more weakly" or "more strongly"
  return text.format("The layers of %s answer %s than those of %s: %.3f against %.3f, %s two standard errors of %.3f "
    .. "over %d and %d layers%s.", a, how, b, mean_a, mean_b, decided and "more than" or "within", se, #std_a, #std_b,
    decided and "" or ": undecided")
end

return responses
