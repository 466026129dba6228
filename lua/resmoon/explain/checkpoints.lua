--- The checkpoints of a training: those of its epochs that a run has kept, and the last one.
local checkpoint = require "resmoon.runs.checkpoint"
local core   = require "resmoon.core"
local Dataset = require "resmoon.data.dataset"
local fail   = require "resmoon.base.fail"
local sys    = core.sys

local checkpoints = {}

local MOST = 60   -- each is in memory as a whole

--- Of the run in a folder, in order: tensors by name, and the epochs. Of more than 60, so many evenly spread.
-- Errors: raises where the run has kept none.
function checkpoints.run(path, op)
  local folder = sys.is_dir(path) and path:gsub("(.)/+$", "%1") or path:match "^(.*)/[^/]*$" or "."
  local found = {}
  for _, name in ipairs(sys.list(folder)) do
    local epoch = name:match "^epoch_(%d+)%.safetensors$"
    if epoch then found[#found + 1] = {epoch = math.tointeger(tonumber(epoch)), file = folder .. "/" .. name} end
  end
  table.sort(found, function(a, b) return a.epoch < b.epoch end)
  local states, epochs = {}, {}
  local function add(epoch, file)
    local saved = checkpoint.load(file)
    states[#states + 1], epochs[#epochs + 1] = saved.net, epoch
    return saved
  end
  local which = Dataset.spread(#found, math.min(#found, MOST))
  for _, k in ipairs(which) do add(found[k].epoch, found[k].file) end
  local last = folder .. "/last.safetensors"
  if sys.exists(last) then
    local saved = add(0, last)
    epochs[#epochs] = (saved.state.epoch or 1) - 1
    if epochs[#epochs - 1] == epochs[#epochs] and saved.state.sums == nil then   -- the same network twice
      states[#states], epochs[#epochs] = nil, nil
    end
  end
  if #states < 3 then
    fail("%s: %s has kept %d checkpoint%s, and this takes at least 3: training with --keep-every 1 keeps one of each "
         .. "epoch", op, folder, #states, #states == 1 and "" or "s")
  end
  return states, epochs
end

--- Those that are given: files, or tensors by name.
function checkpoints.given(list)
  if list == nil or #list == 0 then
    fail "landscape: of a network a path takes checkpoints, a list of files or of tables as net:state_dict() gives"
  end
  local states, numbers = {}, {}
  for i, each in ipairs(list) do
    if type(each) == "string" then states[i] = checkpoint.load(each).net
    elseif type(each) == "table" then states[i] = each
    else fail("landscape: checkpoint %d is %k, expected a file or a table of tensors by name", i, each) end
    numbers[i] = i
  end
  return states, numbers
end

return checkpoints
