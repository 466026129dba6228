--- What TAB offers: names, fields, methods, options, models, paths.
--
--     complete(text, environment) -> start, candidates, whole
--
-- text is all of the statement up to the cursor; candidates is a sorted list of what may stand from
-- position `start` on. `whole` is what to insert if there is one candidate only, with what
-- follows it ("stride = ", "data/", 'resnet20"'). No candidates: an empty list.
--
-- Nothing here calls code of the user's: tables are read raw, and of metatables only those that
-- are tables of methods, or ours (values.lua).
local context = require "resmoon.shell.complete.context"
local names   = require "resmoon.shell.complete.names"
local paths   = require "resmoon.shell.complete.paths"
local values  = require "resmoon.shell.complete.values"

local function begins(name, prefix) return name:sub(1, #prefix) == prefix end

-- Those that begin with prefix, sorted, each once; names with _ in front only if asked for.
local function choose(list, prefix)
  local chosen, seen = {}, {}
  for _, name in ipairs(list) do
    if begins(name, prefix) and not seen[name] and (begins(prefix, "_") or not begins(name, "_")) then
      seen[name] = true
      chosen[#chosen + 1] = name
    end
  end
  table.sort(chosen)
  return chosen
end

local function complete_string(at, environment)
  local list, closing = names.in_string(at, environment)
  if not list then return paths(at.content, at.start) end
  local chosen = choose(list, at.content)
  return at.start, chosen, chosen[1] and chosen[1] .. (closing and at.quote or "")
end

local function complete_name(at, environment)
  local chosen = {}
  if at.chain then
    local value = values.resolve(at.chain, environment)
    if value == nil then return at.start, chosen end
    chosen = choose(values.names(value, at.method), at.word)
    if #chosen == 0 then chosen = choose(values.names(value, not at.method), at.word) end
    return at.start, chosen, chosen[1]
  end
  if at.callee then
    chosen = choose(names.options(values.resolve(at.callee, environment)), at.word)
    if #chosen > 0 then return at.start, chosen, chosen[1] .. " = " end
  end
  chosen = choose(names.globals(environment, at.first), at.word)
  return at.start, chosen, chosen[1]
end

local function complete(text, environment)
  -- `$ command`, `edit file`: words of a shell; `?name` is a name.
  local shell = text:match("^%s*%$.-()[^%s]*$") or text:match("^%s*edit%s+()[^%s\"'%(%[]*$")
  if shell then return paths(text:sub(shell), shell) end
  local asked = text:match("^%s*%?%??%s*()") or text:match("^%s*%%%a+%s+()") or text:match("^%s*time%s+()[%a_(]")
  local at = context(asked and (" "):rep(asked - 1) .. text:sub(asked) or text)
  if not at then return #text + 1, {} end
  if asked and at.first and text:find("^%s*%?") then at.help = true end
  if at.content then return complete_string(at, environment) end
  local start, chosen, whole = complete_name(at, environment)
  if #chosen == 0 and at.help then
    chosen = choose(names.documented(), at.word)
    whole = chosen[1]
  end
  return start, chosen, whole
end

return complete
