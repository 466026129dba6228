--- ResMoon: tensors, autograd, layers, and what is built on them.
--
--     local rm = require "resmoon"
--     local x  = rm.randn(128, 3, 32, 32)
--     local y  = rm.models.resnet20()(x)
--
-- `rm` is the table of the C core (resmoon.core: tensors and every function of them) with the Lua
-- library beside it. The parts of the library are loaded when they are first named, so that a
-- script pays for what it uses. It is the same in the shell and in a stock lua5.4.
--
-- Numbers are written and read in the C form ("0.5"), and texts compared byte by byte, in the thread that loads the
-- library: os.setlocale changes all else.
--
-- Random numbers, files, memory and the process are functions of rm itself.
-- Topic: rm
local rm = require "resmoon.core"
local library = require "resmoon.base.library"
local shown = require "resmoon.base.shown"  -- says how tables that are results look

--- The parts of the library; resmoon.PART is the module of each. The shell gives them to the
-- user as globals.
local parts = {"nn", "optim", "models", "data", "plot", "train", "explain", "metrics", "search"}

local lazy = {}
for _, name in ipairs(parts) do lazy[name] = "resmoon." .. name end

--- Functions that are parts like the others: what a file returns, or its field of that name.
for name, file in pairs {
  activations = "nn.activations",
  confused = "explain.confused",
  draw = "explain.drawing",
  features = "explain.features",
  frames = "explain.frames",
  gradcam = "explain.gradcam",
  gradcheck = "nn.gradcheck",
  landscape = "explain.landscape",
  lesions = "explain.lesions",
  look = "explain.look",
  nan_guard = "nn.nan_guard",
  occlusion = "explain.occlusion",
  overfit_one_batch = "train.overfit_one_batch",
  pca = "explain.pca",
  resume = "train.watch",
  saliency = "explain.saliency",
  signals = "explain.signals",
  tsne = "explain.tsne",
  watch = "train.watch",
} do
  parts[#parts + 1] = name
  lazy[name] = "resmoon." .. file
end
table.sort(parts)
lazy.json = "resmoon.base.json"
lazy.dist = "resmoon.dist"

-- Files that stand further down and give a part more: they are loaded with it.
local also = {metrics = "resmoon.train.top_losses"}

library("rm", rm, function(name)
  local module = lazy[name]
  if not module then return nil end
  local part = require(module)  -- late: a script pays for the parts that it names
  if also[name] then require(also[name]) end  -- late: the same
  if type(part) == "table" and rawget(part, name) then part = rawget(part, name) end
  rawset(rm, name, part)
  return part
end, lazy)
for _, name in ipairs {"sys", "random", "machine", "imaging"} do library("rm." .. name, rm[name]) end

-- The methods of layers are those of modules; they are loaded when one is first asked for.
setmetatable(rm.layer_methods, {
  __index = function(methods, name)
    setmetatable(methods, nil)
    require "resmoon.nn.module"  -- late: it gives layers their methods, and is made of much
    return rawget(methods, name)
  end,
})

--- The version of ResMoon, and the names of the library's parts, which are globals at the prompt.
-- Call: rm.version
-- Call: rm.parts
-- Errors: none.
-- Example:
--   > type(rm.version), table.concat(rm.parts, " "):match "models"
--   string  models
rm.parts = shown.mark(parts)
rm.version = "0.1.0"

--- Ctrl-C, for loops that want to end in their own way.
-- Between interrupt.hold(true) and interrupt.hold(false) the first Ctrl-C only makes interrupt.pending() true,
-- the second one raises. interrupt.clear() forgets it. SIGTERM and SIGHUP count as Ctrl-C, but never raise in a hold;
-- interrupt.ending() is the name of such a signal, which is never forgotten, and "SIGPIPE" where nobody reads the
-- output any more.
--
-- Outside of a hold Ctrl-C raises an error that pcall, xpcall and coroutine.resume let through, so that it reaches the
-- prompt. interrupt.pcall and interrupt.xpcall catch that, too: what they are for is put right, and then the error is
-- raised again, or the interrupt ends with interrupt.clear(). The shell has the real one; a stock Lua has its own
-- handler for Ctrl-C, and nothing is ever pending.
-- Call: rm.interrupt.hold(flag) -> boolean
-- Call: rm.interrupt.pending() -> boolean
-- Call: rm.interrupt.clear() -> nothing
-- Call: rm.interrupt.ending() -> string or nil
-- Call: rm.interrupt.pcall(f, ...) -> as pcall
-- Call: rm.interrupt.xpcall(f, handler, ...) -> as xpcall
-- Errors: none; hold returns what it was before.
-- Example:
--   > was = rm.interrupt.hold(true)
--   > rm.interrupt.pending()
--   false
--   > rm.interrupt.hold(was);
rm.interrupt = rawget(rm, "interrupt") or {
  hold = function() return false end,
  pending = function() return false end,
  clear = function() end,
  ending = function() end,
  pcall = pcall,
  xpcall = xpcall,
}

return rm
