--- Exercise 14: shares of the images, and the mean of their gradients.
local core  = require "resmoon.core"
local facts = require "resmoon.lessons.facts"
local nn    = require "resmoon.nn"

local function judge_share(judge, share)
  local covered, even, order = true, true, true
  for _, case in ipairs {{12, 4}, {10, 4}, {7, 3}, {1, 1}, {5, 5}, {101, 8}} do
    local n, size = case[1], case[2]
    local expected, least, most = 1, math.huge, 0
    for rank = 0, size - 1 do
      local ok, first, last = judge:call(("share(%d, %d, %d)"):format(n, rank, size), share, n, rank, size)
      if not ok then return end
      if math.type(first) ~= "integer" or math.type(last) ~= "integer" then
        judge:that("share gives two whole numbers", false, ("it gives %s and %s"):format(first, last))
        return
      end
      order = order and first <= last
      covered = covered and first == expected
      expected = last + 1
      least, most = math.min(least, last - first + 1), math.max(most, last - first + 1)
    end
    covered = covered and expected == n + 1
    even = even and most - least <= 1
  end
  judge:that("the first number is not above the last", order)
  judge:that("each image is in exactly one share", covered)
  judge:that("no share has more than one image more than another", even)
end

local function judge_mean(judge, mean)
  local net = nn.Linear(5, 3)
  local x, y = core.randn(9, 5), core.tensor({1, 2, 3, 1, 2, 3, 1, 2, 3}, "int64")
  local function gradient(first, last)
    net:zero_grad()
    net(x:narrow(1, first, last - first + 1)):cross_entropy(y:narrow(1, first, last - first + 1)):backward()
    return net.weight.grad:clone()
  end
  local whole = gradient(1, 9)
  for _, shares in ipairs {{{1, 3}, {4, 6}, {7, 9}}, {{1, 4}, {5, 9}}, {{1, 1}, {2, 9}}} do
    local gradients, counts = {}, {}
    for i, s in ipairs(shares) do gradients[i], counts[i] = gradient(s[1], s[2]), s[2] - s[1] + 1 end
    local kept = gradients[1]:clone()
    local what = ("shares of %s images"):format(table.concat(counts, ", "))
    local ok, value = judge:call("mean_gradient, " .. what, mean, gradients, counts)
    if not ok or not judge:shape(what .. ": it has the shape of a gradient", value, {3, 5}) then return end
    judge:that(what .. ": it is the gradient of all images together", facts.close(value, whole, 1e-4))
    judge:that(what .. ": the gradients that were given are unchanged", facts.close(gradients[1], kept, 0))
  end
end

return {
  {name = "share", kind = "function", judge = judge_share,
   task = "share(n, rank, size) returns the first and the last of the images 1 to n that process rank (0 to size - 1) "
          .. "takes: each image belongs to one process, and the shares are as equal as can be"},
  {name = "mean_gradient", kind = "function", judge = judge_mean,
   task = "mean_gradient(gradients, counts) returns the gradient of the mean loss of all images, from a list of the "
          .. "gradients of the shares' mean losses and a list of how many images each share has"},
}
