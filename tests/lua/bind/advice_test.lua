--- Errors of the core end with what a user of Lua would write instead.
local check = require "support.check"
local rm    = require "resmoon"

local function leaf() return rm.ones(2):requires_grad_() end

-- What is called wrongly -> the whole end of its message.
local cases = {
  {"exp: x is uint8, expected float32 (use x:float())",
   function() return rm.ones(2):byte():exp() end},
  {"gather: index is float32, expected int64 (use index:long())",
   function() return rm.ones(2):gather(1, rm.ones(2)) end},
  {"add: cannot mix float32 and int64 (convert one, as with x:float())",
   function() return rm.ones(2) + rm.ones(2):long() end},
  {"logical_and: the first operand is float32, expected uint8 as comparisons give it (use x:ne(0))",
   function() return rm.ones(2):logical_and(rm.ones(2):byte()) end},
  {"add_: positions along dimension 1 share their memory (an expanded tensor); use x:clone()",
   function() return rm.ones(1):expand(3):add_(1) end},
  {"add_: writes into a tensor that requires a gradient; use the operation that returns a new tensor, or wrap it in "
   .. "no_grad(function)", function() return leaf():add_(1) end},
  {"add_: the second operand requires a gradient, which a write in place would lose (use add, or x:detach())",
   function() return rm.ones(2):add_(leaf()) end},
  {"requires_grad: the tensor was computed by sum; only leaves can be set (use :detach())",
   function() return leaf():sum():requires_grad_(false) end},
  {"backward: the tensor is (2), no scalar; reduce it (:sum(), :mean()) or pass the gradient of its shape",
   function() return leaf():backward() end},
  {"backward: sum was already differentiated and its saved tensors are freed; compute the loss again, or pass "
   .. "{retain_graph = true} the first time to go back twice", function()
    local y = leaf():sum()
    y:backward()
    y:backward()
  end},
}

check.case("an error says what to write instead", function()
  for _, case in ipairs(cases) do
    local ok, message = pcall(case[2])
    check.equal(ok, false, case[1])
    check.equal((message:gsub("^[^ ]*:%d+: ", "")), case[1])
  end
end)
