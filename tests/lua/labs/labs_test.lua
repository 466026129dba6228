-- The programs of the labs on a few embedded images: what they leave, and what they refuse.
local check   = require "support.check"
local rm      = require "resmoon"
local program = require "support.program"
local lab     = require "resmoon.labs.lab"
local grade   = require "resmoon.labs.grade"
local options = require "resmoon.train.options"

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
    for _, part in ipairs {"Confusion", "confusion matrix of plain18", "ROC", "F1"} do
      check.that(page:lower():find(part:lower(), 1, true), part)
    end
    check.that(rm.sys.exists(home .. "/compare.svg"))
    -- The parts of the sheet, with their weights; its figures, tables and grade.
    local place = 0
    for _, part in ipairs {"## Introduction (20 %)", "follows sheet 000", "standardized with their own: mean 0.",
                           "how does a ResNet avoid degradation?", "## Experiment set-up (20 %)",
                           "### A. Model details", "| max pool | 56x56 | 3x3/2", "| conv5\\_x, layer4 | 7x7 |",
                           "| average pool | 1x1 | 512 |",
                           "| fc | 1x1 | 512 -\\> 1000 |",
                           "| MACs, stride in the 1x1 |  | 1.81 | 3.66 | 3.86 | 7.57 | 11.28 |",
                           "| the paper's FLOPs (10^9) |  | 1.8 | 3.6 | 3.8 | 7.6 | 11.3 |", "resnet18, layer by layer",
                           "| layer1\\[1\\].conv1 | Conv2d | 2 x 16 x 16 | 36 |", "plain18, layer by layer",
                           "### B. Hyper-parameters", "none stands before it", "## Results (40 %)", "### A. Comparison",
                           "(layers_18.svg)", "### B. Final test error", "## Discussion (20 %)"} do
      local at = page:find(part, place + 1, true)
      check.that(at, part)
      place = at
    end
    local final = rm.train.folder.summary(rm.train.folder.read(home .. "/resnet18")).final
    local percent = grade.of(100 - final)
    local class = percent == 0 and "10 and below" or "10 to 87"
    local row = ("| resnet18 | %.2f%% | %.2f%% | %s | %d %% |"):format(final, 100 - final, class, percent)
    check.that(page:find(row, 1, true), row)
    check.that(rm.sys.exists(home .. "/layers_18.png"))
    out = run {"lab_a", "--run", home, "--models", "resnet18", "plain18"}
    check.that(not out:find("epoch 1/1", 1, true), out)
  end)
end)

check.case("the grades of sheet 000, and what its limits themselves are worth", function()
  local expected = {[100] = 100, [91.01] = 100, [91] = 90, [90] = 90, [89.99] = 80, [87] = 80, [86.99] = 70,
                    [10.01] = 70, [10] = 0, [9] = 0}
  for accuracy, percent in pairs(expected) do check.equal((grade.of(accuracy)), percent, accuracy) end
  check.equal({grade.of(0 / 0)}, {nil, "no accuracy"})
end)

check.case("the sheet's mean and std are for CIFAR-10, unless the user gives others; the report says which", function()
  local about = require("resmoon.labs.a").about
  local sheet = rm.train.config.with(about.sheet, {train_size = 20, test_size = 10})
  local open, small = rm.train.config.open, rm.data.shapes10 {size = 20}
  local function opened(name, args)
    rm.train.config.open = function() return rm.data.Dataset.new {
      name = name, images = (small:batch(20)), labels = rm.ones(20, "int64"), classes = {"a"}} end
    local settings = rm.train.config.with(sheet, options.config(args))
    local _, note = lab.open(settings, args, about)
    rm.train.config.open = open
    return settings.mean, settings.std, note
  end
  local mean, std, note = opened("cifar10", {})
  check.equal({mean, std}, {{0.4914, 0.4824, 0.4467}, {0.2471, 0.2435, 0.2616}})
  check.that(note:find("the sheet's mean 0.4914, 0.4824, 0.4467 and standard deviation 0.2471", 1, true), note)
  mean, std, note = opened("flowers", {})
  check.equal({mean, std}, {})
  check.that(note:find("are those of CIFAR-10; these images, flowers, are standardized with their own", 1, true), note)
  mean, std, note = opened("flowers", {mean = {0.5, 0.5, 0.5}})
  check.equal({mean, std}, {{0.5, 0.5, 0.5}})
  check.that(note:find("mean 0.5000, 0.5000, 0.5000", 1, true) and note:find("as given", 1, true), note)
end)

check.case("lab_b: figures 5 and 6 and table 1 of its sheet", function()
  program.with_folder(function(folder)
    local home = folder .. "/b"
    local out = run {"lab_b", "--run", home, "--depths", "20", "56"}
    check.that(out:find("\n56 +6.20%% +%d+%.%d%d%% +15.05%% +%d+%.%d%d%%\n?"), out)
    for _, name in ipairs {"training_loss", "test_error"} do
      check.that(rm.sys.exists(("%s/%s.png"):format(home, name)), name)
      local svg = read(("%s/%s.svg"):format(home, name))
      check.that(svg:find "residual networks.*plain networks", name)   -- residual ones left
    end
    local page = read(home .. "/report.md")
    for _, part in ipairs {"follows sheet 001", "F, which goes from 0.1 to 0.2", "those here with images of shapes10",
                           "resnet56\\_bottleneck and plain56\\_bottleneck have 9 bottlenecks a stage, as the "
                           .. "sheet counts blocks (6n + 2 layers), and so 83 layers",
                           "(training_loss.svg)", "(test_error.svg)", "### Table 1: final test error"} do
      check.that(page:find(part, 1, true), part)
    end
    local final = rm.train.folder.summary(rm.train.folder.read(home .. "/plain20")).final
    check.that(page:find("| 20 | 8.51% | ", 1, true) and page:find((" | 9.66%% | %.2f%% |"):format(final), 1, true))
    local about = require("resmoon.labs.b").about
    check.equal({about.sheet.mean, about.sheet.std}, {{0.4914, 0.4824, 0.4467}, {0.2471, 0.2435, 0.2616}})
  end)
end)

check.case("lab_b: one family alone; bottlenecks above a depth", function()
  program.with_folder(function(folder)
    local home = folder .. "/b"
    local out = run {"lab_b", "--run", home, "--depths", "56", "--keep-depth", "yes", "--families", "resnet"}
    check.that(out:find("resnet56_bottleneck", 1, true), out)
    check.that(not read(home .. "/test_error.svg"):find("plain networks", 1, true))
    local net = rm.train.load(home .. "/resnet56_bottleneck")
    check.equal({rm.nn.Module.type_of(net.layer1[1]), #net.layer1}, {"Bottleneck", 6})
    local _, err, status = program.run {"lab_b", "--depths", "32", "--bottleneck-above", "20", "--keep-depth", "yes",
                                        "--run", folder .. "/c"}
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

check.case("lab_c: blocks, CIFAR depths, 110 against 1202, published errors beside the runs, quiz", function()
  program.with_folder(function(folder)
    local home = folder .. "/c"
    local out = run {"lab_c", "--run", home, "--parts", "blocks", "cifar", "overfitting", "errors", "quiz", "--depths",
                     "20"}
    local page = read(home .. "/report.md")
    local function final(name) return rm.train.folder.summary(rm.train.folder.read(home .. "/" .. name)).final end
    -- Both blocks in 20 layers, with what each costs and reaches.
    for _, block in ipairs {"basic", "bottleneck"} do
      local row = page:match(("| %s | 20 | [^\n]*"):format(block))
      check.that(row and row:find((" | %.2f%% |"):format(100 - final("blocks/resnet20_" .. block)), 1, true), row)
    end
    -- The paper's numbers, and behind them one's own.
    for _, row in ipairs {"| VGG (ILSVRC'14) | - | - | - | 8.43 |", "| GoogLeNet (ILSVRC'14) | - | - | - | 7.89 |",
                          "| VGG (v5) | - | - | 24.4 | 7.1 |", "| PReLU-net | - | - | 21.59 | 5.71 |",
                          "| BN-inception | - | - | 21.99 | 5.81 |", "| ResNet-34 B | 34 | - | 21.84 | 5.71 |",
                          "| ResNet-34 C | 34 | - | 21.53 | 5.60 |", "| ResNet-50 | 50 | - | 20.74 | 5.25 |",
                          "| ResNet-101 | 101 | - | 19.87 | 4.60 |", "| ResNet-152 | 152 | - | 19.38 | 4.49 |",
                          "| Maxout | - | - | 9.38 |", "| NIN | - | - | 8.81 |", "| DSN | - | - | 8.22 |",
                          "| FitNet | 19 | 2.5 | 8.39 |", "| Highway | 19 | 2.3 | 7.54 (7.72 +- 0.16) |",
                          "| Highway | 32 | 1.25 | 8.80 |", "| ResNet | 20 | 0.27 | 8.75 |",
                          "| ResNet | 32 | 0.46 | 7.51 |", "| ResNet | 44 | 0.66 | 7.17 |",
                          "| ResNet | 56 | 0.85 | 6.97 |", "| ResNet | 110 | 1.7 | 6.43 (6.61 +- 0.16) |",
                          "| ResNet | 1202 | 19.4 | 7.93 |",
                          ("| cifar/resnet20 (here, shapes10) | 20 | 0.00 | %.2f |"):format(final "cifar/resnet20")} do
      check.that(page:find(row, 1, true), row)
    end
    check.that(page:find("stand in for CIFAR-10", 1, true) and page:find("110 and 1202", 1, true), page)
    check.that(out:find "resnet110 %([%d,]+ parameters%): training error [%d.]+%%, not below the paper's 0.1 %%", out)
    check.that(page:find("(a) degradation", 1, true) and not page:find("Answer: (a)", 1, true), page)
    out = run {"lab_c", "--run", folder .. "/d", "--parts", "errors", "quiz", "--answers", "yes", "--runs",
               home .. "/cifar/resnet20"}
    check.that(out:find("Answer: (a). ", 1, true) and out:find("Answer: (b). ", 1, true), out)
    check.that(out:find("cifar/resnet20 (here, shapes10)", 1, true), out)
  end)
end)

check.case("the network of 1202 layers is there, and takes a step", function()
  local net = rm.models.resnet1202 {width = 1, input = {3, 8, 8}}
  check.equal(rm.models.tables.depth(net), 1202)
  local optimizer = rm.optim.SGD(net:parameters(), {lr = 0.01})
  local before = net.layer3[200].conv2.weight:clone()
  net(rm.randn(2, 3, 8, 8)):cross_entropy(rm.tensor({1, 2}, "int64")):backward()
  optimizer:step()
  check.that((net.layer3[200].conv2.weight:detach() - before:detach()):abs():max():item() > 0)
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
                            "Shortcuts A, B and C", "Basic blocks against bottlenecks",
                            "Residual networks of several depths", "110 layers against 1202",
                            "Standard deviation of layer responses",
                            "Training and testing the ImageNet way",
                            "Errors: the paper's, and one's own", "Quiz"} do
      check.that(page:find("\n## " .. title, 1, true), title)
    end
    check.that(page:find("18 layers: after the first epoch the training loss is %d.%d+ with shortcuts"), page)
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
    for _, name in ipairs {"lrfind", "schedule", "topk", "best5_accuracy", "best5_top3", "best5_top5",
                           "best5_training_loss", "best5_validation_loss", "with_without", "predicted"} do
      check.that(rm.sys.exists(("%s/%s.svg"):format(home, name)), name)
    end
    check.that(out:find("\nwithout_search +%d+%.%d%d%% +%d+%.%d%d%% +%d+%.%d%d%% +%d"), out)
    check.that(out:find("images/%d%d_%a+.png +%a+ %d+%.%d%%"), out)
    local page = read(home .. "/report.md")
    for _, part in ipairs {"follows sheet 003", "Rate finder", "the five fittest trials",
                           "| the authors' | 80.62 | 95.51 |",
                           "| the sheet's | 74.68 | 97.51 |", "| here, with search | ", "figure 19 of the sheet",
                           "figure 23 of the sheet", "| trial | generation | top-1 (%) | top-3 (%) | top-5 (%) |",
                           "3x3,32/1 3x3,32/1 3x3,64/1", "epoch\\_002.safetensors", "confusion matrix of with",
                           "one cycle",
                           "best top-1 (epoch)"} do
      check.that(page:find(part, 1, true), part)
    end
    local c = rm.train.folder.config(home .. "/with_search")
    check.equal({c.model, c.shortcut, c.stem, c.cycle_momentum}, {"resnet50", "D", "deep", true})
    -- The rate of the finder is used; in the search the rate is the highest, momentum the lowest of its cycle.
    local found = rm.json.decode(read(home .. "/lrfind.json"))
    check.equal(rm.train.folder.config(home .. "/without_search").max_lr, tonumber(("%.2g"):format(found.suggestion)))
    local best, genes = -1, nil
    for _, name in ipairs(rm.sys.list(home .. "/search/trials")) do
      local trial = rm.json.decode(read(home .. "/search/trials/" .. name))
      if name ~= "000.json" and trial.fitness > best then best, genes = trial.fitness, trial.genes end
      if trial.stopped == "finished" then
        check.equal({#trial.accuracy, #trial.top3, #trial.top5, #trial.loss, #trial.val_loss}, {1, 1, 1, 1, 1}, name)
      end
    end
    check.equal({c.max_lr, c.base_momentum}, {genes.lr, genes.momentum})
    local legend = ("lr %.2g, wd %.3f, mom %.3f"):format(genes.lr, genes.weight_decay, genes.momentum)
    check.that(read(home .. "/best5_top3.svg"):find(legend, 1, true), legend)
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
    for content, reason in pairs {["[1]"] = "it holds no object", ["{}"] = "it has no suggestion",
                                  ['{"suggestion": 0.1, "lr": [0.1, "x"], "loss": [1], "smooth": [1]}']
                                    = "its lr is no list of numbers"} do
      program.file(home .. "/lrfind.json", content)
      _, err, status = program.run {"lab_d", "--run", home, "--parts", "lrfind", "--steps", "10"}
      check.that(status ~= 0 and err:find("/d/lrfind.json: " .. reason, 1, true), err)
    end
  end)
end)

check.case("lab_e: activations by initializations, variations, a residual network, and the report", function()
  program.with_folder(function(folder)
    local home = folder .. "/e"
    local words = {"lab_e", "--run", home, "--models", "mlp", "resnet20", "--activations", "maxout",
                   "--population", "2", "--generations", "1", "--trial-epochs", "1"}
    local out = run(words)
    local function setting(name, what) return rm.train.folder.config(home .. "/" .. name)[what] end
    local expected = {
      {"mlp_maxout_xavier_normal", "init", "xavier_normal"}, {"mlp_maxout_he", "activation", "maxout"},
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
    local evaluated = page:match "## Evaluation(.-)###"
    check.equal(select(2, evaluated:gsub("\n| ", "")), 2 + #expected)   -- the head, the runs, the best one
    check.that(rm.sys.exists(home .. "/activations_mlp.png") and rm.sys.exists(home .. "/networks.png"))
    check.that(not run(words):find("epoch 1/1", 1, true), "it was trained again")
    local _, err, status = program.run {"lab_e", "--inits", "glorot"}
    check.that(status ~= 0 and err:find("'glorot' is not known, expected one of xavier, xavier_normal,", 1,
               true), err)
  end)
end)

check.case("lab_e: the constants, XOR, blanks, best settings and evaluation of sheet 004", function()
  program.with_folder(function(folder)
    local home = folder .. "/e"
    local out = run {"lab_e", "--run", home, "--models", "mlp", "lenet5", "resnet32", "--activations", "leaky_relu",
                     "--weight-restriction", "4", "--population", "2", "--generations", "1", "--trial-epochs", "1"}
    local function config(name) return rm.train.folder.config(home .. "/" .. name) end
    check.equal({config("mlp_leaky_relu_he").leaky_slope, config("mlp_relu_he").leaky_slope}, {0.1, nil})
    check.equal(config("mlp_weight_restriction").max_norm, 2)   -- ||w||^2 < 4
    check.equal(config("mlp_relu_he").val_split, 40 // 6)
    local page = read(home .. "/evaluation.md")
    for _, part in ipairs {"follows sheet 004", "of 40 images the sheet's 10,000 would leave too few",
                           "standardized with their own", "## The blanks of ResNet-32",
                           "| X1 | block, first convolution | kernel | 3 |",
                           "| X2 | block, first convolution | stride |",
                           "| X3 | block, first convolution | padding | 1 |",
                           "| X4 | block, second convolution | kernel | 3 |",
                           "| X5 | block, second convolution | stride | 1 |",
                           "| X6 | block, second convolution | padding | 1 |",
                           "| X7 | network, first convolution | channels in | 3 |",
                           "| X8 | network, first convolution | channels out | 16 |",
                           "| X9 | network, first convolution | kernel | 3 |",
                           "| X10 | network, first convolution | padding | 1 |", "## XOR",
                           "the linear layer gets", "the MLP 4.", "(xor.svg)",
                           "weight restriction ||w||^2 < 4 (norm up to 2)",
                           "## Best settings of MLP and LeNet-5", "## Settings #1 to #3", "| GPU (O/X) | X | X | X |",
                           "(evaluation_three.svg)", "## Summary"} do
      local plain = page:gsub("\\(.)", "%1")
      check.that(plain:find(part, 1, true), part)
    end
    for _, row in ipairs {"model", "GPU (O/X)", "batch size", "activation", "initialization", "optimizer", "rate",
                          "momentum", "weight decay", "rate decay", "training time (min)", "early-stopping epoch",
                          "accuracy (%)"} do
      check.that(page:find(("\n| %s | "):format(row), 1, true), row)
    end
    for _, model in ipairs {"mlp", "lenet5"} do
      local best   -- also the settings as given, trial 0, may be it
      for number = 0, 2 do
        local trial = rm.json.decode(read(("%s/search_%s/trials/%03d.json"):format(home, model, number)))
        if not best or trial.fitness > best.fitness then best = trial end
      end
      check.equal(config(model .. "_best").lr, best.genes.lr)
      check.that(out:find(model .. " %(%a+_?%a*, [%a_]+%): of 2 trials"), out)
      -- What the search is worth is said by its held-out images, and by the test images, each with its error.
      check.that(out:find(model .. ".-On %d+ held%-out training images the fittest trial, %d, reaches"), out)
      check.that(out:find("on the test images: " .. model .. "_best: [%d.]+%%, "), out)
      local fitter = best.fitness > rm.json.decode(read(
        ("%s/search_%s/trials/000.json"):format(home, model))).fitness
      local words = fitter and "Trained with the fittest settings" or "No trial was fitter than the settings as given"
      check.that(out:find(model .. " %([^\n]*" .. words), out)
    end
    check.that(out:find "#3: [%d.]+%%, [+-][%d.]+ points against #[12] %(", out)
  end)
end)

check.case("lab_e: the sheet's validation images, where the data have as many, and its constants", function()
  local e = require "resmoon.labs.e"
  local sheet = e.about.sheet
  check.equal({sheet.mean, sheet.std, sheet.leaky_slope},
              {{0.4914, 0.4822, 0.4465}, {0.2023, 0.1994, 0.2010}, 0.1})
  for n, expected in pairs {[20000] = 10000, [600] = 100} do
    local settings = {data = "shapes10", train_size = n, test_size = 10}
    local says = e.hold_out(settings, {})
    check.equal(settings.val_split, expected)
    check.that(says:find(n >= 20000 and "as the sheet has it" or "so it is a sixth", 1, true), says)
  end
  local settings = {data = "shapes10", train_size = 100}
  e.hold_out(settings, {val_split = 0.3})
  check.equal(settings.val_split, 0.3)
end)

check.case("lab_d: momenta of 1 and more, and that nothing was reached where no epoch was", function()
  local five = require "resmoon.labs.best_five"
  local function trial(momentum, fitness, stopped, accuracy)
    return {genes = {momentum = momentum}, fitness = fitness, trial = {stopped = stopped, accuracy = accuracy}}
  end
  local all = {trial(0.9, 50, "finished", {50}), trial(1.2, 0, "refused", {})}
  check.equal(five.about_momentum {all = {all[1]}}, nil)
  local says = five.about_momentum {all = all}
  check.that(says:find("Of the 2 trials, 1 had such a momentum (1 refused), and no epoch.", 1, true), says)
  all[3] = trial(1.1, 12, "not finite", {12})
  says = five.about_momentum {all = all}
  check.that(says:find("(1 not finite, 1 refused); the fittest of them reached 12.00%.", 1, true), says)
end)

check.case("lab_e: parts that train nothing on images", function()
  program.with_folder(function(folder)
    local out = run {"lab_e", "--run", folder .. "/e", "--parts", "xor", "blanks"}
    check.that(out:find("\n1 +1 +0 +%d +0\n") and out:find("\nX8 +network, first convolution +channels out +16\n"), out)
    check.that(read(folder .. "/e/evaluation.md"):find("## XOR", 1, true))
    check.that(not rm.sys.exists(folder .. "/e/mlp_relu_he"))
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
