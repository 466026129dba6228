--- The network of a run as its config says, with the weights of the beginning. model: what builds it, instead.
-- Errors: raises where it cannot be built again.
local blueprint = require "resmoon.runs.blueprint"
local config    = require "resmoon.train.config"
local folder    = require "resmoon.runs.folder"
local Module    = require "resmoon.nn.module"
local sys       = require("resmoon.core").sys

-- The folder of the run that a path is of, which may be a checkpoint in it; nil where that is none.
local function home_of(path)
  local home = sys.is_dir(path) and path or path:match "^(.*)/[^/]*$" or "."
  return folder.is_run(home) and home or nil
end

return function(path, c, model)
  if model ~= nil then
    local what = blueprint.builder(blueprint.written {model = model})
    c = config.with(c, {own = config.with(c.own or {})})
    blueprint.give(c, Module.is_module(what) and what:clone() or what)
  end
  return config.model(c, path and home_of(path))
end
