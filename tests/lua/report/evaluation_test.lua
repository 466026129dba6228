--- The evaluation report: its columns, what they say of runs, and its two forms.
local check      = require "support.check"
local rm         = require "resmoon"
local program    = require "support.program"
local evaluation = require "resmoon.report.evaluation"
local train      = rm.train

local HEAD = {"model", "device", "GPU (O/X)", "batch size", "activation", "initialization", "optimizer", "rate",
              "momentum", "weight decay", "rate decay", "training time (min)", "early-stopping epoch", "accuracy (%)"}

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read("a")
end

-- A run as train.folder.read gives it. val, test: errors by epoch.
local function run(settings, val, test)
  local c = train.config.complete(settings)
  c.device = "a processor, 2 threads"
  local rows, log = {}, train.Log()
  for i, err in ipairs(test) do
    rows[i] = {epoch = i, train_loss = 1, train_error = 50, test_error = err, val_error = val and val[i], seconds = 90,
               img_per_s = 1}
    log:add(rows[i])
  end
  return {name = c.name, config = c, rows = rows, log = log:by_column(), folder = "runs/" .. c.name,
          images = {test = 600, val = 200, train = 4000}}
end

check.case("the columns are the lab's, in their order, and say what was set", function()
  local head, rows = evaluation.table {
    run({model = "mlp", epochs = 3, activation = "elu", init = "xavier", lr = 0.01, schedule = "constant",
         augment = false, max_norm = 3.0}, {30, 20, 25}, {31, 22, 19}),
    run({model = "resnet32", epochs = 164, nesterov = true}, nil, {50}),
    run({model = "lenet5", epochs = 9, optimizer = "adam", lr = 0.001, schedule = "step", gamma = 0.5, augment = false,
         standardize = false, early_stop = 2, warmup = 1}, {30, 31, 32}, {29, 28, 27}),
    run({model = "mlp", epochs = 3, schedule = "onecycle", max_lr = 0.4, augment = false, cycle_momentum = true},
        {3}, {4}),
    run({model = "mlp", epochs = 3, optimizer = "rmsprop", schedule = "cosine", augment = false}, {3}, {4}),
  }
  check.equal(head, HEAD)
  local p = "a processor, 2 threads"
  check.equal(rows[1], {"mlp (max-norm 3)", p, "X", "128", "elu", "xavier", "sgd", "0.01", "0.9", "0.0001", "none",
                        "4.50", "-", "78.00"})    -- of epoch 2, which the validation images chose
  check.equal(rows[2], {"resnet32 (augmented)", p, "X", "128", "relu", "own", "sgd", "0.1", "0.9 (Nesterov)", "0.0001",
                        "x0.1 at 81, 122", "1.50", "-", "50.00"})
  check.equal(rows[3], {"lenet5 (not standardized, patience 2)", p, "X", "128", "relu", "own", "adam", "0.001",
                        "beta1 0.9",
                        "0.0001", "x0.5 every 3, warm-up 1", "4.50", "3", "71.00"})
  check.equal({rows[4][8], rows[4][9], rows[4][11]}, {"0.4", "0.95 to 0.85", "one-cycle"})
  check.equal({rows[5][9], rows[5][11]}, {"-", "cosine"})
  check.error(function() evaluation.table {run({model = "mlp"}, nil, {})} end, "runs/mlp has no finished epoch")
end)

check.case("four digits of a rate, and of times below a tenth of a minute the two that tell", function()
  local found = run({model = "mlp", epochs = 1, lr = 0.0018302634, weight_decay = 1.41032e-06, augment = false}, {1},
                    {2})
  found.rows[1].seconds = 0.21
  local _, rows = evaluation.table {found}
  check.equal({rows[1][8], rows[1][10], rows[1][12]}, {"0.00183", "1.41e-06", "0.0035"})
  check.equal({evaluation.minutes(270), evaluation.minutes(5.9), evaluation.minutes(6)}, {"4.50", "0.098", "0.10"})
end)

check.case("as text, what is the same in all stands above", function()
  local settings = {model = "mlp", epochs = 1, augment = false}
  local lines = evaluation.lines {run(settings, {1}, {2}), run(train.config.with(settings, {lr = 0.2}), {1}, {3})}
  check.equal(#lines, 6)
  local same = "in all of them: model: mlp; device: a processor, 2 threads; GPU (O/X): X; batch size: 128; "
  check.equal(lines[1]:sub(1, #same), same)
  check.equal({lines[3], lines[5], lines[6]}, {"rate  accuracy (%)", "0.03         98.00", "0.2          97.00"})
  check.equal(#evaluation.lines {run(settings, {1}, {2})}, 3)
end)

check.case("the report: table, which images decided, a panel for each run, and figures of groups", function()
  program.with_folder(function(folder)
    local a = run({model = "mlp", name = "one", epochs = 2}, {9, 8}, {9, 7})
    local b = run({model = "mlp", name = "two", epochs = 2, lr = 0.2}, {7, 6}, {6, 5})
    local groups = {{key = "both", caption = "both of them", panels = {{runs = {a, b}}}, says = {"two is better."}}}
    local page, text = evaluation.write({a, b}, {out = folder .. "/e.html", groups = groups, about = {"Once."}})
    check.equal({page, text}, {folder .. "/e.html", folder .. "/e.md"})
    text = read(text)
    -- The device is the same, and so has no column, which the page would not have room for.
    local head = {table.unpack(HEAD)}
    table.remove(head, 2)
    check.that(text:find("| " .. table.concat(head, " | ") .. " |", 1, true), text)
    check.that(text:find("Device of all of them: a processor, 2 threads.", 1, true), text)
    for _, part in ipairs {"Once.", "### both of them", "- two is better.", "so the test images chose nothing",
                           "two has the highest test accuracy, 95.00% of 600 test images (standard error 0.89)",
                           "Undecided against it, within two standard errors of the difference: one (93.00%, -2.00, "
                           .. "standard error 1.37)", "Your own words"} do
      check.that(text:find(part, 1, true), part)
    end
    check.equal(select(2, read(page):gsub("<svg", "")), 2)
    check.that(rm.sys.exists(folder .. "/e_both.svg") and rm.sys.exists(folder .. "/e_settings.svg"))
  end)
end)

check.case("resmoon report --evaluation adds it; the kept network's epoch is that of the validation images", function()
  program.with_folder(function(folder)
    local path = folder .. "/run"
    train.run({model = "mlp", epochs = 2, train_size = 60, test_size = 20, batch_size = 20, threads = 1, val_split = 20,
               drawing = {}}, {folder = path, progress = false})
    -- Errors as if the second epoch were better on the test images alone.
    local log = train.Log.read(path .. "/log.csv")
    log.rows[1].val_error, log.rows[1].test_error = 50.0, 60.0
    log.rows[2].val_error, log.rows[2].test_error = 55.0, 40.0
    log:write(path .. "/log.csv")
    local summary = train.folder.summary(train.folder.read(path))
    check.equal({summary.best, summary.best_epoch, summary.kept, summary.kept_epoch}, {40.0, 2, 60.0, 1})
    local out, err, status = program.run {"report", path, "--evaluation", "--no-evaluate", "--out", folder .. "/r.html"}
    check.equal(status, 0, out .. err)
    local text = read(folder .. "/r.md")
    check.that(text:find("## Evaluation\n\n| model | device |", 1, true), text)
    check.that(text:find("| - | 40.00 |", 1, true), text)
    check.that(rm.sys.exists(folder .. "/r_settings.svg"))
  end)
end)
