local check = require "support.check"
local rm    = require "resmoon"
local init  = rm.nn.init

check.reference "init/init"

check.case("drawn from the stream for initialisation, or from a generator of one's own", function()
  rm.manual_seed(5)
  local a = init.kaiming_normal_(rm.zeros(8, 4))
  rm.manual_seed(5)
  check.equal(init.kaiming_normal_(rm.zeros(8, 4)), a)
  local b = init.xavier_uniform_(rm.zeros(8, 4), {generator = rm.generator(9, 0)})
  check.equal(init.xavier_uniform_(rm.zeros(8, 4), {generator = rm.generator(9, 0)}), b)
end)

check.case("a parameter is filled in place and stays one", function()
  local w = rm.zeros(3, 3):requires_grad_(true)
  check.that(init.normal_(w, 5, 0.1) == w)
  check.that(w.requires_grad and w.is_leaf and w:min():item() > 4)
  check.equal(init.ones_(w):sum():item(), 9)
  check.equal(init.zeros_(w):sum():item(), 0)
  check.equal(init.constant_(w, 0.5):sum():item(), 4.5)
end)

check.case("errors name what was wrong", function()
  check.error(function() init.calculate_fan(rm.zeros(3)) end, "weight has 1 dimensions, expected at least 2")
  check.error(function() init.calculate_gain("softmax") end, "nonlinearity is softmax")
  check.error(function() init.kaiming_normal_(rm.zeros(2, 2), {mode = "fan"}) end, "mode is fan")
end)
