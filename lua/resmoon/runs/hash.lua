--- The hash of a run's weights, from its files.
local check = require "resmoon.base.check"
local checkpoint = require "resmoon.runs.checkpoint"
local core   = require "resmoon.core"
local folder = require "resmoon.runs.folder"
local of     = require("resmoon.nn.hash").of

--- The hash of the weights in a file of a run: what net:hash() gives of that network. Of a folder it is the network of
-- the last checkpoint (last.safetensors), which is the one that training ends with; best.safetensors can be named.
-- What a checkpoint holds besides (states of the optimizer, averages) does not count.
-- Call: train.hash(path) -> string, file
-- Units: 64 hexadecimal digits.
-- Errors: raises for a folder that holds no run or no checkpoint, and a file that is damaged.
-- Example:
--   > net = models.mlp()
--   > train.checkpoint.save("mlp.safetensors", net)
--   > train.hash "mlp.safetensors" == net:hash()
--   true
local function hash(path)
  check("train.hash(path: string)", path)
  if core.sys.is_dir(path) then
    folder.config(path)  -- says if it is not a run
    path = path:gsub("(.)/+$", "%1") .. "/last.safetensors"
  end
  return of(checkpoint.load(path).net), path
end

return hash
