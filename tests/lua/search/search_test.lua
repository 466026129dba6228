--- The genetic search: its algorithm, its trials, its journal, and the command over them.
local check   = require "support.check"
local rm      = require "resmoon"
local program = require "support.program"
local journal = require "resmoon.search.journal"
local trial   = require "resmoon.search.trial"
local search  = rm.search

local genes = search.genes

local function generator(seed) return rm.generator(seed, 0) end

check.case("genes are drawn within their bounds, evenly on their scale", function()
  local g, low, high = generator(1), 0, 0
  local rate = genes.defaults[1]
  for _ = 1, 2000 do
    local v = genes.draw(rate, g)
    check.that(v >= 1e-6 and v <= 1e-2)
    if v < 1e-4 then low = low + 1 else high = high + 1 end
  end
  check.that(math.abs(low - high) < 200, low)   -- half of the exponents lie below 1e-4
  check.error(function() genes.check {{name = "x", low = 2, high = 1, scale = "linear"}} end, "gene x goes from 2 to 1")
  check.error(function() genes.check {{name = "x", low = 0, high = 1, scale = "log"}} end, "cannot begin at 0")
end)

check.case("crossover takes a first part of one parent and the rest of the other", function()
  local a, b, g = {lr = 1, weight_decay = 1, momentum = 1}, {lr = 2, weight_decay = 2, momentum = 2}, generator(2)
  local seen = {}
  for _ = 1, 50 do
    local c = genes.cross(genes.defaults, a, b, g)
    seen[c.lr .. c.weight_decay .. c.momentum] = true
  end
  check.equal(seen, {["122"] = true, ["112"] = true})
end)

check.case("mutation draws anew what exceeds the threshold, and nothing else", function()
  local g, kept, n = generator(3), 0, 600
  for _ = 1, n do
    local c = genes.mutate(genes.defaults, {lr = 7, weight_decay = 7, momentum = 7}, 0.8, g)
    for _, gene in ipairs(genes.defaults) do
      if c[gene.name] == 7 then kept = kept + 1 end
    end
  end
  check.close(kept / (3 * n), 0.8, {atol = 0.04})
  local same = genes.mutate(genes.defaults, {lr = 7, weight_decay = 7, momentum = 7}, 1, g)
  check.equal(same, {lr = 7, weight_decay = 7, momentum = 7})
end)

-- Best at rate 1e-3, weight decay 0.02, momentum 0.9.
local function hill(g)
  return -math.abs(math.log(g.lr / 1e-3, 10)) - 20 * math.abs(g.weight_decay - 0.02) - 2 * math.abs(g.momentum - 0.9)
end

local function evaluate(list)
  local fitness = {}
  for i, individual in ipairs(list) do fitness[i] = hill(individual.genes) end
  return fitness
end

check.case("it climbs, keeps the fittest half, and takes the same course again", function()
  local best, kept = {}, {}
  local function run()
    return search.genetic {evaluate = evaluate, generations = 8, seed = 5, on_generation = function(n, population)
      best[n] = population[1].fitness
      for i = 1, 5 do
        if n > 1 and kept[i] then check.that(population[i].fitness >= kept[i]) end
        kept[i] = population[i].fitness
      end
    end}
  end
  local a = run()
  for n = 2, 8 do check.that(best[n] >= best[n - 1]) end
  check.that(best[8] > best[1])
  check.equal(#a.all, 10 + 7 * 5)
  kept = {}
  local b = run()
  for i, individual in ipairs(a.all) do check.equal(b.all[i].genes, individual.genes) end
  check.error(function() search.genetic {evaluate = function() return {0 / 0} end, population = 2} end,
              "expected a number")
  check.error(function() search.genetic {evaluate = evaluate, population = 1} end, "expected at least 2")
end)

local function sets()
  local train = rm.data.shapes10 {train = true, size = 48}
  local part, validation = rm.data.split(train, 0.25, 1)
  return {part, nil, validation}
end

local base = {model = "lenet5", epochs = 3, batch_size = 12, threads = 1, augment = false, schedule = "constant"}

local function settings(more)
  local s = {}
  for name, value in pairs(base) do s[name] = value end
  for name, value in pairs(more) do s[name] = value end
  return s
end

check.case("a trial is scored, whatever happens in it", function()
  local result = trial.run(settings {lr = 0.01}, {sets = sets()})
  check.equal({result.stopped, result.epochs, #result.accuracy}, {"finished", 3, 3})
  check.equal(result.fitness, result.accuracy[3])
  result = trial.run(settings {lr = 1e6, momentum = 1.5}, {sets = sets()})
  check.equal({result.stopped, result.fitness}, {"diverged", 0})
  result = trial.run(settings {lr = -1}, {sets = sets()})
  check.equal({result.stopped, result.fitness}, {"refused", 0})
  check.that(result.reason:find("lr is -1", 1, true), result.reason)
  result = trial.run(settings {lr = 0.01}, {sets = sets(), bar = {1000, 1000}})
  check.equal({result.stopped, result.epochs}, {"hopeless", 1})
end)

check.case("a trial keeps top-1, top-3, top-5, training and validation loss of each epoch", function()
  local three = sets()
  local result = trial.run(settings {lr = 0.01, val_split = 0.25}, {sets = three})
  for _, name in ipairs {"accuracy", "top3", "top5", "loss", "val_loss"} do check.equal(#result[name], 3, name) end
  for epoch = 1, 3 do
    check.that(result.accuracy[epoch] <= result.top3[epoch] and result.top3[epoch] <= result.top5[epoch], epoch)
    check.that(result.val_loss[epoch] > 0 and result.val_loss[epoch] ~= result.loss[epoch], epoch)
  end
end)

check.case("a momentum of 1 or more is refused for Adam, and diverges with SGD", function()
  local cycle = {schedule = "onecycle", cycle_momentum = true, lr = 0.01, max_lr = 0.01}
  local adam = trial.run(trial.apply(settings(rm.train.config.with(cycle, {optimizer = "adamw"})), {momentum = 1.2}),
                         {sets = sets()})
  check.equal({adam.stopped, adam.fitness, #adam.accuracy}, {"refused", 0, 0})
  check.that(adam.reason:find("momentum goes up to 1.2, but beta1 of adamw has to be below 1", 1, true), adam.reason)
  local sgd = trial.run(trial.apply(settings(rm.train.config.with(cycle, {optimizer = "sgd", epochs = 60})),
                                    {momentum = 1.4}), {sets = sets()})
  check.equal({sgd.stopped, sgd.fitness}, {"diverged", 0})
  check.error(function()
    local c = rm.train.config.complete(rm.train.config.with(cycle, {base_momentum = 0.97}))
    rm.train.config.schedule(c, rm.train.config.optimizer(c, {rm.zeros(1, {requires_grad = true})}), 10)
  end, "base_momentum is 0.97, above max_momentum, 0.95")
end)

check.case("the bar is the median of those that got so far", function()
  local results = {{accuracy = {10, 50}}, {accuracy = {30, 60}}, {accuracy = {20}}, {accuracy = {}}}
  check.equal(trial.bar(results), {20})
  check.equal(trial.bar {}, {})
end)

local function command(folder, more)
  local list = {"search", "--model", "lenet5", "--run", folder, "--train-size", "60", "--test-size", "10",
                "--epochs", "1", "--batch-size", "20", "--val-split", "0.3", "--population", "4", "--generations", "2"}
  return table.move(more or {}, 1, #(more or {}), #list + 1, list)
end

check.case("a crossover in the middle takes the first gene of three from one parent", function()
  local a, b, g = {lr = 1, weight_decay = 1, momentum = 1}, {lr = 2, weight_decay = 2, momentum = 2}, generator(2)
  for _ = 1, 20 do
    check.equal(genes.cross(genes.defaults, a, b, g, "middle"), {lr = 1, weight_decay = 2, momentum = 2})
  end
  check.error(function() search.genetic {evaluate = evaluate, crossover = "end"} end, "crossover is end, expected")
end)

check.case("the genes of one-cycle are its highest rate and lowest momentum", function()
  local s = trial.apply({schedule = "onecycle", cycle_momentum = true}, {lr = 0.01, momentum = 0.8})
  check.equal({s.max_lr, s.base_momentum, s.max_momentum}, {0.01, 0.8, 0.95})
  s = trial.apply({schedule = "onecycle", cycle_momentum = true}, {momentum = 1.2})
  check.equal({s.base_momentum, s.max_momentum}, {1.2, 1.2})   -- no cycle can be above its end
  local c = rm.train.config.complete {schedule = "onecycle", max_lr = 0.4, cycle_momentum = true, max_momentum = 0.9}
  local own = trial.genes(c, genes.defaults)
  check.close(own.momentum, 0.8, {rtol = 1e-9})
  check.equal({own.lr, own.weight_decay}, {0.4, 1e-4})
  c.base_momentum = 0.5
  check.equal(trial.genes(c, genes.defaults).momentum, 0.5)
  local course = rm.train.config.course(trial.apply({schedule = "onecycle", cycle_momentum = true, epochs = 4,
                                                     optimizer = "adamw"}, {lr = 0.02, momentum = 0.3}), 10)
  check.equal({math.max(table.unpack(course.rate)), course.momentum[1]}, {0.02, 0.95})
  check.close(math.min(table.unpack(course.momentum)), 0.3, {rtol = 1e-9})
  check.equal(trial.genes(rm.train.config.complete {}, genes.defaults), {lr = 0.1, momentum = 0.9, weight_decay = 1e-4})
end)

check.case("the parents of a child differ", function()
  local result = search.genetic {evaluate = evaluate, population = 4, generations = 2, threshold = 1, seed = 3}
  for child = 5, 6 do
    for parent = 1, 4 do
      local a, b, same = result.all[child].genes, result.all[parent].genes, 0
      for name, value in pairs(a) do same = same + (b[name] == value and 1 or 0) end
      check.that(same < 3, "a child is its parent again")
    end
  end
end)

local function budget(folder, more)
  return rm.train.config.with({settings = settings {epochs = 1, train_size = 60, test_size = 10}, folder = folder,
                               population = 2, generations = 2, progress = false}, more)
end

check.case("a call searches, keeps a journal, and goes on from it; workers find the same", function()
  program.with_folder(function(folder)
    local one = search.run(budget(folder .. "/one"))
    check.equal({#one.all, #one.ranked, one.plain.number, one.plain.genes.lr}, {3, 3, 0, 0.01})   -- an mlp's rate
    check.equal(one.best.fitness, one.best.trial.accuracy[1])
    local began = rm.sys.clock()
    local again = search.run(budget(folder .. "/one"))
    check.equal(again.best.trial.seconds, one.best.trial.seconds)   -- it was not run again
    check.that(rm.sys.clock() - began < 1)
    local two = search.run(budget(folder .. "/two", {workers = 2, threads = 1}))
    for i, each in ipairs(two.all) do
      check.equal({each.genes, each.fitness}, {one.all[i].genes, one.all[i].fitness})
    end
  end)
end)

check.case("what cannot be searched is refused before anything is written", function()
  program.with_folder(function(folder)
    local home = folder .. "/s"
    local function refused(more, message)
      check.error(function() search.run(budget(home, more)) end, message)
      check.that(not rm.sys.exists(home), message)
    end
    refused({poulation = 3}, "did you mean 'population'?")
    refused({population = 1}, "population is 1")
    refused({workers = 0}, "workers is 0")
    refused({settings = {val_split = 0}}, "no images are held out")
    refused({settings = {data = folder}}, folder)
    refused({settings = settings {optimizer = "sgd", nesterov = true, momentum = 0, train_size = 60}},
            "with nesterov, momentum is 0")
  end)
end)

check.case("a damaged journal is an error that names the file", function()
  program.with_folder(function(folder)
    search.run(budget(folder))
    local path = folder .. "/trials/001.json"
    local good = journal.result(folder, 1, {})
    local function damaged(text, message)
      program.file(path, text)
      check.error(function() search.run(budget(folder)) end, "001.json: " .. message)
    end
    damaged('{"fitness": 3', "json.decode: line 1")
    damaged("[]", "it holds no object")
    damaged('{"accuracy": [3], "loss": [2]}', "fitness is absent")
    damaged('{"fitness": 3, "accuracy": [3], "loss": [2], "genes": [0.5]}', "it has no genes")
    damaged('{"fitness": 3, "accuracy": [3], "loss": ["x"]}', 'loss holds "x", expected numbers')
    for _, each in ipairs {{"generation", "x", "generation is 'x', expected a whole number from 0"},
                           {"epochs", -1, "epochs is -1"}, {"seconds", {}, "seconds is a table"},
                           {"stopped", 3, "stopped is 3, expected a string"},
                           {"accuracy", {a = 1}, "accuracy is an object, expected a list"}} do
      local before = good[each[1]]
      good[each[1]] = each[2]
      damaged(rm.json.encode(good), each[3])
      good[each[1]] = before
    end
    good.genes.lr = 0.5
    damaged(rm.json.encode(good), "its lr is 0.5, but this search gives that trial")
    os.remove(path)
    check.equal(#search.run(budget(folder)).all, 3)
    program.file(folder .. "/search.json", "{")
    check.error(function() search.run(budget(folder)) end, "search.json: json.decode")
    -- An array has numbers for names: they stand beside no text in any order.
    program.file(folder .. "/search.json", "[[]]")
    check.error(function() search.run(budget(folder)) end, "search.json: it holds no object")
    program.file(folder .. "/search.json", '{"training": [1]}')
    check.error(function() search.run(budget(folder)) end, "was begun with another training")
  end)
end)

check.case("killed, it goes on with what is missing; with more workers it finds the same", function()
  program.with_folder(function(folder)
    local a, b = folder .. "/a", folder .. "/b"
    local whole, err, status = program.run(command(a))
    check.equal(status, 0, whole .. err)
    check.equal(#rm.sys.list(a .. "/trials"), 7)   -- the settings as given, 4, and 2 children
    check.that(rm.sys.exists(a .. "/best5.svg"))
    check.that(whole:find("without search +%d") and whole:find("with search +%d"), whole)

    -- As a kill leaves it: some trials are there, others are not.
    local function read(path)
      local file <close> = assert(io.open(path))
      return file:read("a")
    end
    local before = read(a .. "/trials/002.json")
    os.remove(a .. "/trials/003.json")
    os.remove(a .. "/trials/006.json")
    local again
    again, err, status = program.run(command(a))
    check.equal(status, 0, again .. err)
    check.that(again:find("trial  3", 1, true) and again:find("trial  6", 1, true), again)
    check.that(not again:find("  trial  2  rate", 1, true), again)
    check.equal(read(a .. "/trials/002.json"), before)
    check.equal(again:match("\n  trial  generation.*"), whole:match("\n  trial  generation.*"))

    local parallel
    parallel, err, status = program.run(command(b, {"--workers", "2"}))
    check.equal(status, 0, parallel .. err)
    local table_only = "(\n  trial  generation.*)\n\nfigure"
    check.equal(parallel:match(table_only), whole:match(table_only))

    local _, message, refused = program.run(command(a, {"--lr", "0.5"}))
    check.that(refused ~= 0 and message:find("begun with another training", 1, true), message)
  end)
end)

-- Waits until f() is true.
local function await(f)
  local till = rm.sys.clock() + 20
  while not f() do
    check.that(rm.sys.clock() < till, "waited for 20 s")
    rm.sys.sleep(0.02)
  end
end

check.case("kill -9 of a search with workers: they end by themselves, and no finished trial is lost", function()
  program.with_folder(function(folder)
    local home = folder .. "/killed"
    local words = command(home, {"--workers", "2", "--epochs", "4", "--train-size", "300"})
    for i, word in ipairs(words) do words[i] = program.quote(word) end
    local line = program.quote(program.path) .. " " .. table.concat(words, " ")
    local shell = ("echo $$ > %s/pid; exec %s"):format(folder, line)
    local process = rm.sys.spawn({"sh", "-c", shell}, {quiet = true})
    local function children()
      local file <close> = assert(io.open(folder .. "/pid"))
      local pid = file:read "n"
      local _, out = rm.sys.run({"ps", "-o", "pid=", "--ppid", tostring(pid)}, {capture = true})
      return pid, out
    end
    await(function() return rm.sys.exists(home .. "/trials/001.json") or rm.sys.exists(home .. "/trials/002.json") end)
    local pid, workers = children()
    rm.sys.run {"kill", "-9", tostring(pid)}
    process:wait()
    for worker in workers:gmatch "%d+" do
      await(function() return not rm.sys.exists("/proc/" .. worker) end)
    end
    -- A worker may have been ended between its temporary file and the name: that trial is not finished, and the next
    -- start clears its file away.
    local before = {}
    for _, name in ipairs(rm.sys.list(home .. "/trials")) do
      if name:find "^%d+%.json$" then before[name] = rm.sys.stat(home .. "/trials/" .. name) end
    end
    check.that(before["000.json"] and not before["006.json"])
    check.equal(rm.sys.run({"sh", "-c", line}, {capture = true}), 0)
    for name, stat in pairs(before) do check.equal(rm.sys.stat(home .. "/trials/" .. name), stat, name) end
    for number = 0, 6 do check.that(journal.result(home, number, {}), number) end
    check.equal(table.concat(rm.sys.list(home .. "/trials"), " "):match "%S+%.tmp", nil)
  end)
end)
