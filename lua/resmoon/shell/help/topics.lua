--- The parts of the library, in the order the overview shows them, and what belongs to each.
--
-- A part's text is the docstring with its `Topic:` line; what belongs to it are the entries whose
-- names begin with `prefix`, or those of some files of src/bind, in groups.
local sys = require("resmoon.core").sys

local topics = {}

--- What can be typed at the prompt: Lua, of which values are shown, and a few commands.
--
-- A line that is an expression shows its value, all results, nil included; with ; at its end it is hidden.
-- What is not
-- complete goes on in the next line. A local at the top level lives on. Ctrl-C stops what is running, or clears
-- the line; Ctrl-D ends. Topics and functions: help "nn", ?conv2d, ?? word.
--
--     ?name, help(value)     what it is, takes and gives      ?? word    where it is spoken of
--     _                      the last result
--     time EXPR              how long it takes                timeit EXPR    the mean of many
--     $ command              runs a command of the system
--     edit                   the last block, or a file, in $EDITOR
--
-- Topic: prompt

--- What the program does besides the prompt: training, comparing, measuring, each in one line.
--
--     resmoon                        the prompt
--     resmoon script.lua ARGUMENTS   runs a script
--     resmoon -e CODE                runs code
--     resmoon NAME --help            what a command takes, its defaults, an example
--
-- Topic: commands

--- The same version, seed, data and settings give the same weights, losses and predictions, to the last bit.
--
-- That holds for any number of threads, on any machine whose processor fuses multiply-adds (rm.machine.same_bits():
-- those of Intel and AMD since about 2013), and through Ctrl-C, a kill and --resume. Compare two runs by the hash of
-- their weights: resmoon train prints it, log.csv has that of each epoch.
--
--     resmoon hash runs/resnet20     the hash of a run's network      net:hash()    of any network
--     rm.manual_seed(1)              before what is drawn at random
--
-- Outside of it: matmul, which is OpenBLAS's and differs by processor; what a script takes from Lua's math.sin, cos,
-- exp, log and ^ (rm.math has the same functions with the same bits); and processors without fused multiply-adds,
-- where any number of threads gives the same bits, too, but not those of the others.
--
-- Topic: reproducibility

topics.list = {
  {"tensors", groups = {
    {"making", "create convert"}, {"asking", "tensor print"}, {"shape and order", "views rearrange"},
    {"joining", "join"}, {"choosing", "index gather"}, {"counting", "counting"},
    {"element by element", "pointwise unary math logic close"}, {"over dimensions", "reduce along softmax"},
    {"products", "linalg"}, {"images and networks", "conv pool norm normalize"}, {"losses", "loss"},
  }},
  {"autograd", groups = {{"", "tape hooks"}}},
  {"nn", prefix = {"nn", "activations", "gradcheck", "nan_guard"}},
  {"models", prefix = {"models"}},
  {"optim", prefix = {"optim", "schedule"}},
  {"data", prefix = {"data"}},
  {"train", prefix = {"train", "overfit_one_batch", "watch", "resume"}},
  {"explain", prefix = {"explain", "confused", "draw", "features", "frames", "gradcam", "landscape", "lesions", "look",
                        "occlusion", "pca", "saliency", "signals", "tsne"}},
  {"search", prefix = {"search"}},
  {"metrics", prefix = {"metrics"}},
  {"plot", prefix = {"plot"}},
  {"rm", groups = {{"random numbers", "rng"}, {"files", "files"}, {"process, threads, memory", "runtime"}},
         prefix = {"rm.json", "rm.sys", "rm.sha256", "rm.interrupt", "rm.version", "rm.parts", "rm.machine", "rm.math",
                   "rm.profile", "rm.statistics", "rm.storage", "rm.text_width", "rm.text_cut", "rm.text_visible"}},
  {"rm.dist", prefix = {"rm.dist"}},
  {"reproducibility"},
  {"lessons", prefix = {"lessons", "check"}},
  {"prompt", prefix = {"help", "who", "mem", "edit", "reload"}},
  {"commands"},
}

--- Other words for them.
topics.also = {
  tensor = "tensors", gradients = "autograd", gradient = "autograd", layers = "nn", modules = "nn", networks = "models",
  optimizers = "optim", optimisers = "optim", datasets = "data", training = "train", plotting = "plot",
  figures = "plot", shell = "prompt", command = "commands", scripts = "commands", system = "rm",
  course = "lessons", exercises = "lessons", exercise = "lessons",
  reproducible = "reproducibility", determinism = "reproducibility", deterministic = "reproducibility",
}

--- The commands of the shell (`resmoon NAME`): {name, what it does}, from the head of each script.
function topics.commands()
  local folder = debug.getinfo(1, "S").source:match "^@(.*)/lua/resmoon/shell/help/topics%.lua$"
  local list = {}
  folder = folder and folder .. "/scripts"
  if not folder or not sys.is_dir(folder) then return list end
  for _, file in ipairs(sys.list(folder)) do
    local name = file:match "^(.+)%.lua$"
    if name then
      local head = io.open(folder .. "/" .. file)
      local line = head:read "l"
      head:close()
      list[#list + 1] = {"resmoon " .. name, line and line:match "^%-%-%-? ?resmoon [%w_]+: (.*)$" or ""}
    end
  end
  return list
end

return topics
