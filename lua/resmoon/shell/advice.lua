--- What to write instead, behind errors whose own words do not tell: habits of other languages, dots for colons.
--
--     advice.syntax(message, source)                      of a chunk that does not compile
--     advice.runtime(trouble, line, environment)          of an error in that line, with the frame's variables by name
--
-- Both return a line that begins with two blanks, or nil.
local context = require "resmoon.shell.complete.context"
local core    = require "resmoon.core"
local kind    = require "resmoon.nn.kind"
local values  = require "resmoon.shell.complete.values"

local advice = {}

-- Pattern of Lua's complaint, pattern of the line (without its strings), what to write.
local syntax = {
  {"'then' expected near '='", "", "= assigns; == compares: if x == 3 then"},
  {"'do' expected near '='", "", "= assigns; == compares: while x == 3 do"},
  {"", "[%w_%]%)]%s*[-+*/%%^]=[^=]", "Lua has no +=: x = x + 1"},
  {"", "!=", "unequal is ~=: x ~= 3"},
  {"near '!'", "!", "the opposite is 'not': not x"},
  {"near '&'", "&&", "it is 'and': a and b"},
  {"near '|'", "||", "it is 'or': a or b"},
  {"", "%+%+%s*$", "Lua has no ++: x = x + 1"},
  {"", "^%s*import%s", "rm, nn, optim, models, data, train are there; other modules: m = require \"m\""},
  {"", "^%s*from%s+[%w_.]+%s+import", "rm, nn, optim, models, data, train are there; other modules: m = require \"m\""},
  {"", "^%s*def%s", "a function is: function f(x) return x end"},
  {"", "^%s*class%s", "a network is a class: Net = nn.class(\"Net\", nn.Module)  (help \"nn.Module\")"},
  {"", "^%s*elif%s", "it is elseif ... then"},
  {"", "else%s+if%s.*:%s*$", "it is elseif ... then"},
  {"", "^%s*with%s", "without gradients: rm.no_grad(function() return net(x) end)"},
  {"", "^%s*for%s.*%f[%w]in%f[%W].*:%s*$", "a loop is: for i = 1, 10 do ... end"},
  {"", "^%s*if%s.*:%s*$", "a condition is: if x == 3 then ... end"},
  {"'then' expected near ':'", "", "a condition is: if x == 3 then ... end"},
  {"", "^%s*while%s.*:", "a loop is: while x < 3 do ... end"},
  {"", "%f[%w]retrun%f[%W]", "did you mean 'return'?"},
  {"", "%f[%w]fucntion%f[%W]", "did you mean 'function'?"},
  {"", "%f[%w]lambda%f[%W]", "a function without a name: function(x) return x + 1 end"},
  {"", "^%s*print%s+[%w_]", "the value stands in parentheses: print(x)"},
  {"near '@'", "@", "the product of matrices is a:matmul(b)"},
  {"near ':'", "%[[^%]]*:[^%]]*%]", "a range is a table: x[{{1, 3}}] has positions 1 to 3, x[{{}, 2}] column 2"},
  {"near '#'", "#", "a comment begins with --"},
  {"near '%d", "%d,%d", "numbers have a point: 0.1"},
}

local function without_strings(line) return (line:gsub("\"[^\"]*\"", '""'):gsub("'[^']*'", "''")) end

--- Advice on a chunk that does not compile, or nil.
function advice.syntax(message, source)
  local number, n = tonumber(message:match ":(%d+): "), 0
  for line in (source .. "\n"):gmatch "(.-)\n" do
    n = n + 1
    if not number or n == number or n == number - 1 then
      local plain = without_strings(line)
      for _, rule in ipairs(syntax) do
        if message:find(rule[1]) and plain:find(rule[2]) then return "  " .. rule[3] end
      end
    end
  end
end

-- "x:sum" where the line calls x.sum(...) of a tensor, a module or an object with methods.
local function dotted(line, environment)
  for stop, name in line:gmatch "()%.([%a_][%w_]*)%s*[({\"']" do
    local at = context(line:sub(1, stop) .. name)
    local value = at and at.chain and values.resolve(at.chain, environment)
    if value ~= nil and not values.is_guess(value) and not values.is_module(value) then
      local meta = type(value) == "table" and getmetatable(value)
      local object = core.is_tensor(value) or kind.is_module(value) or type(meta) == "table" and rawget(meta, "__name")
      local front = object and line:sub(1, stop - 1):match "[%a_][%w_%.%[%]]*$"
      local part = type(value) == "table" and kind.is_module(rawget(value, name))   -- net.conv1(x) is right
      for _, method in ipairs(front and not part and values.names(value, true) or {}) do
        if method == name then return ("%s:%s"):format(front, name) end
      end
    end
  end
end

-- Lua's complaint, and what to write; %1 is the name in it.
local runtime = {
  {"^attempt to call a number value %(for iterator", "a count is: for i = 1, 3 do"},
  {"^attempt to call a resmoon%.Tensor value %(for iterator", "the rows of a tensor: for i, row in ipairs(x) do"},
  {"^attempt to call a table value %(for iterator", "elements: for i, v in ipairs(t) do; fields: pairs(t)"},
  {"^attempt to concatenate a resmoon%.Tensor", "x:item() is the number of a tensor, tostring(x) its text"},
  {"^attempt to call a table value %(field 'shape'%)", "a shape is a table: x.shape[1], or x:size(1)"},
  {"^attempt to index a function value %(%a+ '([^']*)'%)",
   "%1 is a function: was it called, as in %1 = models.resnet20()?"},
  {"^attempt to compare number with nil", "one of the two has no value: is its name right?"},
  {"^attempt to perform arithmetic on a nil value %(%a+ '([^']*)'%)", "%1 has no value: is its name right?"},
  {"^attempt to perform arithmetic on a string value", "tonumber(text) is the number in a text"},
  {"^attempt to compare number with string", "tonumber(text) is the number in a text"},
  {"^attempt to compare string with number", "tonumber(text) is the number in a text"},
}

--- Advice on an error in that line, or nil.
function advice.runtime(trouble, line, environment)
  for _, rule in ipairs(runtime) do
    local from, _, name = trouble:find(rule[1])
    if from then return "  " .. rule[2]:gsub("%%1", name or "") end
  end
  local own = trouble:find "^bad argument #1 to" or trouble:find "^calling '[%w_]+' on bad self"
              or trouble:find "^a tensor has no field" or trouble:find "^[%w_]+: expected a tensor"
              or trouble:find "^[%w_.]+: self is .* called with a colon"
  local meant = own and line and dotted(line, environment)
  return meant and ("  a method is called with a colon: %s(...)"):format(meant) or nil
end

return advice
