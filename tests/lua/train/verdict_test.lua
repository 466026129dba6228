--- What is said of several runs: no difference within two standard errors is called one.
local check   = require "support.check"
local rm      = require "resmoon"
local verdict = require "resmoon.train.verdict"
local search  = require "resmoon.search"

-- A run as train.folder.read gives it.
local function run(name, errors, options)
  options = options or {}
  local rows = {}
  for i, err in ipairs(errors) do
    rows[i] = {epoch = i, train_loss = 1, train_error = 5, test_error = not options.untested and err or nil,
               val_error = options.val and options.val[i]}
  end
  local config = {model = options.model or name, seed = options.seed or 1, data = "x", name = name}
  return {name = name, config = config, rows = rows, images = options.images or {test = 600, val = 100, train = 5000}}
end

local function said(list) return table.concat(list, "\n") end

check.case("83.33 against 83.50 per cent on 600 images is undecided; 70 per cent is not", function()
  local says = said(verdict.runs {run("a", {16.67}), run("b", {16.5}), run("c", {30})})
  check.that(says:find("b has the lowest final test error, 16.50% of 600 test images (standard error 1.52).", 1, true),
             says)
  check.that(says:find("Undecided against it, within two standard errors of the difference: "
                       .. "a (16.67%, +0.17, standard error 2.15).", 1, true), says)
  check.that(says:find("Higher by more than two standard errors: c (30.00%, +13.50, standard error 2.41).", 1, true),
             says)
  check.that(says:find("binomial", 1, true) and says:find("each was trained once", 1, true), says)
end)

check.case("those that are as good to the last image are ahead together", function()
  local says = said(verdict.runs {run("a", {16.5}), run("b", {16.5}), run("c", {16.67}), run("d", {16.5})})
  check.that(says:find("a, b and d have the lowest final test error, 16.50% of 600 test images", 1, true), says)
  check.that(says:find("Undecided against them, within two standard errors of the difference: c (16.67%", 1, true),
             says)
end)

check.case("accuracy: the highest is ahead", function()
  local says = said(verdict.runs({run("a", {16.67}), run("b", {30})}, nil, {accuracy = true}))
  check.that(says:find("a has the highest test accuracy, 83.33%", 1, true), says)
  check.that(says:find("Lower by more than two standard errors: b (70.00%, -13.33", 1, true), says)
end)

check.case("what is not known is not said", function()
  check.equal(verdict.runs {run("a", {10})}, {})
  check.equal(verdict.runs {run("a", {0 / 0}), run("b", {10})}, {})
  local says = said(verdict.runs {run("a", {10}, {images = {}}), run("b", {60}, {images = {}})})
  check.that(says:find("On how many images it was measured is not known", 1, true) and not says:find "Higher", says)
  -- 0 and 100 per cent have a standard error, too
  says = said(verdict.runs {run("a", {0}, {images = {test = 10}}), run("b", {10}, {images = {test = 10}})})
  check.that(says:find("Undecided", 1, true) and not says:find("error 0.00", 1, true), says)
end)

check.case("runs that differ in their seeds are one entry, with their spread", function()
  local runs = {run("a", {10}, {seed = 1}), run("a", {12}, {seed = 2}), run("b", {11.2}, {seed = 1}),
                run("a", {14}, {seed = 3})}
  local says = said(verdict.runs(runs))
  check.that(says:find("b has the lowest final test error, 11.20%", 1, true), says)
  local d = rm.metrics.difference({{10, 12, 14}, 600}, {11.2, 600})
  check.that(says:find(("a (mean of 3 seeds) (12.00%%, +0.80, standard error %.2f)"):format(d.standard_error), 1, true),
             says)
  check.that(says:find("of several seeds their spread is added", 1, true), says)
  -- the same seed twice is the same training, not another sample
  check.that(not said(verdict.runs {run("a", {10}), run("a", {12})}):find "mean of")
end)

check.case("which images chose the best epoch is said, and the table's best is what they chose", function()
  local says = verdict.chosen {run("a", {10})}
  check.that(says:find('"best" was chosen on the test images', 1, true) and says:find("val-split", 1, true), says)
  check.equal(verdict.chosen {run("a", {10}, {val = {9}})}, nil)
  check.equal(verdict.chosen {run("a", {10}, {untested = true})}, nil)
  says = verdict.chosen {run("a", {10}, {val = {9}}), run("b", {10})}
  check.that(says:find("no validation split for b, so", 1, true), says)
  local held = run("a", {10, 8}, {val = {5, 6}})
  check.that(rm.train.compare.table({held})[3]:find "8.00%% +10.00%% %(1%)")   -- the test images alone would take 2
  check.that(rm.train.compare.topk({held})[3]:find("90.00%% %(1%)"))
  -- With averaged weights that network is the averaged one, and is called so.
  held.config.ema = 0.9
  for _, row in ipairs(held.rows) do row.test_ema_error, row.val_ema_error = 7, 4 end
  local line = rm.train.compare.table({held})[3]
  check.that(line:find("7.00% (1, averaged)", 1, true), line)
  check.that(rm.train.compare.topk({held})[3]:find("93.00% (1, averaged)", 1, true))
  local lines = rm.train.compare.table {run("a", {10}, {untested = true, val = {9}})}
  check.that(lines[1]:find("validation error", 1, true) and not lines[1]:find("test error", 1, true), lines[1])
  says = said(verdict.runs {run("a", {10}, {untested = true, val = {9}}), run("b", {1}, {untested = true, val = {50}})})
  check.that(says:find("a has the lowest final validation error, 9.00% of 100 validation images", 1, true), says)
end)

check.case("two networks on the same images, image by image", function()
  local a, b = {true, true, true, false}, {true, false, true, false}
  check.equal((verdict.paired("a", a, "b", b)), "Of 4 images a alone gets 1 right and b alone 0, +25.00 points (paired "
              .. "standard error 25.00): undecided.")
  check.equal((verdict.paired("a", a, "b", a)), "A and b are right on the same of the 4 images.")
  local many, none = {}, {}
  for i = 1, 2100 do many[i], none[i] = i > 1000, false end
  local words = verdict.paired("a", many, "b", none)
  check.that(words:find("Of 2,100 images a alone gets 1,100 right and b alone 0", 1, true), words)
  -- 5 to 0: 2.24 standard errors, but a coin falls so once in sixteen times; a reader who divides is told.
  a, b = {}, {}
  for i = 1, 5 do a[i], b[i] = true, false end
  check.equal((verdict.paired("a", a, "b", b)), "Of 5 images a alone gets 5 right and b alone 0, +100.00 points "
              .. "(paired standard error 44.72): undecided, for less one image it is within two standard errors.")
end)

check.case("a search's winner is undecided where it is within two standard errors, and was picked", function()
  local result = {plain = {fitness = 50}, best = {fitness = 52, number = 3}, all = {1, 2, 3}, images = 500}
  local says = search.says(result)
  check.that(says:find("+2.00 points against the settings as given (undecided: within two standard errors of 3.16)", 1,
                       true) and says:find("picked from 3 trials by these very images", 1, true), says)
  result.images = 50000
  check.that(search.says(result):find("(more than two standard errors of 0.32)", 1, true))
end)

check.case("layer responses: means within the scatter of the layers are undecided", function()
  local sentence = require("resmoon.report.responses").responses
  check.that(sentence("a", {1, 2, 3}, "b", {1, 2, 4}):find("neither more weakly nor more strongly than those of b: "
             .. "2.000 against 2.333, within two standard errors of 1.054 over 3 and 3 layers: undecided", 1, true))
  check.that(sentence("a", {1, 1.1, 0.9}, "b", {3, 3.1, 2.9}):find("answer more weakly", 1, true))
  check.that(sentence("a", {1}, "b", {3}):find("undecided", 1, true))
end)
