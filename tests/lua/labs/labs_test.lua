-- The programs of the labs on a few embedded images: what they leave, and what they refuse.
local check   = require "support.check"
local rm      = require "resmoon"
local program = require "support.program"
local lab     = require "resmoon.labs.lab"

local SMALL = {"--train-size", "40", "--test-size", "20", "--batch-size", "20", "--epochs", "1", "--threads", "1",
               "--width", "2"}

local function run(list)
  local words = table.move(SMALL, 1, #SMALL, #list + 1, {table.unpack(list)})
  local out, err, status = program.run(words, {env = "RESMOON_PLOT=text"})
  check.equal(status, 0, out .. err)
  return out
end

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read("a")
end

check.case("lab_a: four networks, a figure and a report; a second call trains nothing", function()
  program.with_folder(function(folder)
    local home = folder .. "/a"
    local out = run {"lab_a", "--run", home, "--models", "resnet18", "plain18"}
    check.that(out:find("resnet18 +epoch 1/1") and out:find("plain18 +epoch 1/1"), out)
    check.equal(rm.train.folder.config(home .. "/plain18").size, 16)
    local page = read(home .. "/report.md")
    for _, part in ipairs {"Confusion", "confusion matrix of plain18", "ROC", "By the lab's criterion", "F1"} do
      check.that(page:lower():find(part:lower(), 1, true), part)
    end
    check.that(rm.sys.exists(home .. "/compare.svg"))
    out = run {"lab_a", "--run", home, "--models", "resnet18", "plain18"}
    check.that(not out:find("epoch 1/1", 1, true), out)
  end)
end)

check.case("lab_b: a figure for each family; bottlenecks above a depth", function()
  program.with_folder(function(folder)
    local home = folder .. "/b"
    local out = run {"lab_b", "--run", home, "--depths", "20", "56", "--bottleneck-above", "50", "--families", "resnet"}
    check.that(out:find("resnet56_bottleneck", 1, true), out)
    check.that(rm.sys.exists(home .. "/resnet.png") and not rm.sys.exists(home .. "/plain.png"))
    local net = rm.train.load(home .. "/resnet56_bottleneck")
    check.equal(rm.nn.Module.type_of(net.layer1[1]), "Bottleneck")
    local _, err, status = program.run {"lab_b", "--depths", "32", "--bottleneck-above", "20", "--run", folder .. "/c"}
    check.that(status ~= 0 and err:find("32 layers are not 9n + 2", 1, true), err)
    _, err, status = program.run {"lab_b", "--depht", "20"}
    check.that(status ~= 0 and err:find("did you mean '--depths'", 1, true), err)
  end)
end)

check.case("lab_c: shortcuts compared; responses of runs that are there", function()
  program.with_folder(function(folder)
    local home = folder .. "/c"
    local out = run {"lab_c", "--run", home, "--parts", "shortcuts", "--shortcut-model", "resnet20"}
    local a, b, c = out:match("resnet20_A +([%d,]+).*resnet20_B +([%d,]+).*resnet20_C +([%d,]+)")
    local function number(text) return math.tointeger((text:gsub(",", ""))) end
    check.that(number(a) < number(b) and number(b) < number(c), out)     -- parameters
    local page = read(home .. "/report.md")
    check.that(page:find("## Shortcuts A, B and C", 1, true) and page:find("### Discussion", 1, true), page)
    check.that(page:find("](shortcuts_curves.svg)", 1, true) and rm.sys.exists(home .. "/shortcuts_curves.svg"), page)

    out = run {"lab_c", "--run", folder .. "/d", "--parts", "responses", "--responses-images", "8", "--responses-of",
               home .. "/shortcuts/resnet20_A"}
    check.that(out:find("resnet20_A +19 +%d%.%d+ +%d%.%d+ +%d%.%d+"), out)
    check.that(rm.sys.exists(folder .. "/d/layer_responses.svg"))
  end)
end)

check.case("lab_c: a folder of images, made here or given, with one crop and ten", function()
  program.with_folder(function(folder)
    local home = folder .. "/c"
    local out = run {"lab_c", "--run", home, "--parts", "imagenet", "--images-model", "resnet20"}
    check.that(out:find("center crop +[%d.]+%% +[%d.]+%%.*10 crops, softmax averaged +[%d.]+%% +[%d.]+%%"), out)
    local c = rm.train.folder.config(home .. "/imagenet/resnet20_crops")
    check.equal({c.augment, c.input, #c.classes}, {"imagenet", {3, 16, 16}, 10})
    check.equal(rm.data.folder(home .. "/images"):size(), 40)
    local page = read(home .. "/report.md")
    check.that(page:find("| 10 crops, softmax averaged |", 1, true), page)
    out = run {"lab_c", "--run", folder .. "/d", "--parts", "imagenet", "--images-model", "resnet20", "--images",
               home .. "/images", "--size", "20"}
    c = rm.train.folder.config(folder .. "/d/imagenet/resnet20_crops")
    check.equal({c.schedule, c.input}, {"step", {3, 20, 20}})
    check.that(not rm.sys.exists(folder .. "/d/images"), out)
  end)
end)

check.slow("lab_c: all parts", function()
  program.with_folder(function(folder)
    local home = folder .. "/c"
    local out = run {"lab_c", "--run", home}
    check.that(out:find("MACs, stride in the 1x1 +1.81 +3.66 +3.86 +7.57 +11.28"), out)
    local page = read(home .. "/report.md")
    for _, title in ipairs {"The networks of the paper", "Plain and residual networks of 18 and 34 layers",
                            "Shortcuts A, B and C", "Standard deviation of layer responses",
                            "Training and testing the ImageNet way"} do
      check.that(page:find("\n## " .. title, 1, true), title)
    end
    check.that(page:find("The layers of resnet110 answer more %a+ than those of resnet56"), page)
    out = run {"lab_c", "--run", home, "--parts", "degradation"}
    check.that(not out:find("epoch 1/1", 1, true), out)
  end)
end)

check.case("lab_d: its parts, in one folder; a second call trains nothing", function()
  program.with_folder(function(folder)
    local home = folder .. "/d"
    local list = {"lab_d", "--run", home, "--population", "2", "--generations", "2", "--trial-epochs", "1", "--steps",
                  "10"}
    local out = run(list)
    for _, name in ipairs {"lrfind", "schedule", "topk", "best5", "with_without", "predicted"} do
      check.that(rm.sys.exists(("%s/%s.svg"):format(home, name)), name)
    end
    check.that(out:find("\nwithout_search +%d+%.%d%d%% +%d+%.%d%d%% +%d+%.%d%d%% +%d"), out)
    check.that(out:find("images/%d%d_%a+.png +%a+ %d+%.%d%%"), out)
    local page = read(home .. "/report.md")
    for _, part in ipairs {"Rate finder", "the five fittest trials", "confusion matrix of with", "one cycle",
                           "best top-1 (epoch)"} do
      check.that(page:find(part, 1, true), part)
    end
    local c = rm.train.folder.config(home .. "/with_search")
    check.equal({c.model, c.shortcut, c.cycle_momentum}, {"resnet50", "D", true})
    local again = run(list)
    check.that(not again:find("epoch 1/1", 1, true) and not again:find("  trial  1  rate", 1, true), again)
    check.equal(again:match("\n  trial  generation.-\n\nfigure"), out:match("\n  trial  generation.-\n\nfigure"))
  end)
end)

check.case("lab_d: a part alone; files that are no images are refused before anything is trained", function()
  program.with_folder(function(folder)
    local home = folder .. "/d"
    local out = run {"lab_d", "--run", home, "--parts", "lrfind", "--steps", "10"}
    check.that(out:find("it suggests", 1, true) and not rm.sys.exists(home .. "/without_search"), out)
    local _, err, status = program.run {"lab_d", "--run", folder .. "/e", "--images", home .. "/lrfind.svg"}
    check.that(status ~= 0 and err:find("lrfind.svg", 1, true), err)
    check.that(not rm.sys.exists(folder .. "/e"))
  end)
end)

check.case("lab_e: activations by initializations, variations, a residual network, and the report", function()
  program.with_folder(function(folder)
    local home = folder .. "/e"
    local words = {"lab_e", "--run", home, "--models", "mlp", "resnet20", "--activations", "maxout"}
    local out = run(words)
    local function setting(name, what) return rm.train.folder.config(home .. "/" .. name)[what] end
    local expected = {
      {"mlp_maxout_xavier", "init", "xavier"}, {"mlp_maxout_he", "activation", "maxout"},
      {"mlp_relu_he", "weight_decay", 0.0}, {"mlp_weight_decay", "weight_decay", 0.001},
      {"mlp_weight_restriction", "max_norm", 1.5}, {"mlp_step_decay", "schedule", "step"},
      {"mlp_early_stopping", "early_stop", 3}, {"mlp_not_standardized", "standardize", false},
      {"resnet20", "optimizer", "adam"},
    }
    for _, each in ipairs(expected) do check.equal(setting(each[1], each[2]), each[3], each[1]) end
    check.equal({setting("resnet20", "init"), setting("resnet20", "width")}, {"he", 2})
    check.that(out:find("accuracy (%)", 1, true) and out:find("in all of them: device", 1, true), out)
    check.that(out:find("mlp, he: maxout [%d.]+%%%.\n") and out:find("step decay: ", 1, true), out)
    local page = read(home .. "/evaluation.md")
    check.that(page:find("### variations of one setting", 1, true) and page:find("### the networks", 1, true), page)
    check.that(page:find("(evaluation_settings.svg)", 1, true), page)
    check.equal(select(2, page:gsub("\n| ", "")), 1 + #expected)   -- the head and a line for each run
    check.that(rm.sys.exists(home .. "/activations_mlp.png") and rm.sys.exists(home .. "/networks.png"))
    check.that(not run(words):find("epoch 1/1", 1, true), "it was trained again")
    local _, err, status = program.run {"lab_e", "--inits", "glorot"}
    check.that(status ~= 0 and err:find("'glorot' is not known, expected one of xavier, he", 1, true), err)
  end)
end)

check.case("a lab is a function of settings, and its program ten lines", function()
  program.with_folder(function(home)
    local result = lab.run(require "resmoon.labs.a", {run = home .. "/a", models = {"resnet18"}, train_size = 40,
                                                      test_size = 20, batch_size = 20, epochs = 1, threads = 1,
                                                      width = 2})
    check.equal(result.runs, {home .. "/a/resnet18"})
    check.equal(rm.train.folder.config(result.runs[1]).size, 16)   -- the lab's own, for embedded images
    result = lab.run(require "resmoon.labs.c", {run = home .. "/c", parts = {"tables"}})
    check.that(read(result.report):find("The networks of the paper", 1, true), result.report)
  end)
  for _, letter in ipairs {"a", "b", "c", "d", "e"} do
    local text = read(("scripts/lab_%s.lua"):format(letter))
    check.that(select(2, text:gsub("\n", "")) <= 10 and text:find("resmoon.labs." .. letter, 1, true), text)
  end
end)
