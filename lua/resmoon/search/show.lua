--- What a search found, for people: the five fittest, what was gained, and the figure of both.
local check = require "resmoon.base.check"
local epochs = require "resmoon.plot.epochs"
local genes  = require "resmoon.search.genes"
local text   = require "resmoon.base.text"
local verdict = require "resmoon.train.verdict"

local SHOWN = 5

local show = {}

check.kind("searched", "the result of search.run", function(v)
  return type(v) == "table" and type(v.all or v.ranked) == "table" and type(v.best) == "table"
     and type(v.plain) == "table"
end)

local function figure(result, files)
  local trials = {}
  for i = 1, math.min(SHOWN, #result.ranked) do
    local each = result.ranked[i]
    trials[i] = {name = ("trial %d"):format(each.number), accuracy = each.trial.accuracy, loss = each.trial.loss}
  end
  return epochs.trials(trials, {file = files})
end

local WIDTH = 72  -- of sentences on the screen

--- What may be said of a search: how far the fittest trial is from the settings as given, beside the standard error of
-- the images that fitness was measured on, and what picking the fittest does to it.
-- Call: search.says(result) -> text
-- Units: accuracies in per cent.
-- Errors: raises for what search.run did not return.
-- Example:
--   > best, plain = {fitness = 83.5, number = 3}, {fitness = 83.33}
--   > result = {ranked = {}, plain = plain, best = best, images = 600}
--   > search.says(result):match "undecided[^)]+"
--   undecided: within two standard errors of 2.15
-- See: metrics.difference
function show.says(result)
  check("search.says(result: searched)", result)
  local images = result.images
  local function entry(each, name) return {name = name, rate = each.fitness, images = images} end
  local trials = result.all and #result.all or #result.ranked
  return ("On %s held-out training images the fittest trial, %d, reaches %s. It was picked%s by these very images, so "
    .. "its accuracy is somewhat too good; the test images decide what a training with its settings is worth."):format(
    images and text.grouped(images) or "the", result.best.number,
    verdict.against(entry(result.best, "best"), entry(result.plain, "the settings as given")),
    trials > 1 and (" from %d trials"):format(trials) or "")
end

--- Prints the five fittest individuals of a search and what was gained over the settings as given, and draws accuracy
-- and loss of the five by epoch: best5.png and best5.svg in `folder`, or that of the search.
-- Call: search.show(result, folder = nil) -> files of the figure, or nil
-- Errors: raises for what search.run did not return. Without gnuplot there is no figure, which is said.
-- Example:
--   > rate = {{name = "lr", low = 0.001, high = 1, scale = "log"}}
--   > plain = {fitness = 41, genes = {lr = 0.1}}
--   > best = {number = 1, generation = 1, fitness = 52, genes = {lr = 0.02}}
--   > best.trial = {accuracy = {40, 52}, loss = {1.9, 1.5}}
--   > result = {ranked = {best}, plain = plain, best = best, genes = rate}
--   > result.images = 500
--   > files = search.show(result, ".")
--     trial  generation  accuracy  hyper-parameters
--         1           1    52.00%  rate 2.00e-02
--     without search   41.00%  rate 1.00e-01
--     with search      52.00%  rate 2.00e-02
--     On 500 held-out training images the fittest trial, 1, reaches 52.00%,
--     +11.00 points against the settings as given (more than two standard
--     errors of 3.14). It was picked by these very images, so its accuracy is
--     somewhat too good; the test images decide what a training with its
--     settings is worth.
--   figure: ./best5.png, ./best5.svg
function show.show(result, folder)
  check("search.show(result: searched, folder: string?)", result, folder)
  print("\n  trial  generation  accuracy  hyper-parameters")
  for i = 1, math.min(SHOWN, #result.ranked) do
    local each = result.ranked[i]
    print(("  %5d  %10d  %7.2f%%  %s"):format(each.number, each.generation, each.fitness,
          genes.text(result.genes, each.genes)))
  end
  local function line(what, each)
    print(("  %s  %6.2f%%  %s"):format(what, each.fitness, genes.text(result.genes, each.genes)))
  end
  print()
  line("without search", result.plain)
  line("with search   ", result.best)
  print()
  for _, each in ipairs(text.wrapped(show.says(result), WIDTH)) do print("  " .. each) end
  folder = folder or result.folder
  local files = {folder .. "/best5.png", folder .. "/best5.svg"}
  if not figure(result, files) then return nil end
  print(("\nfigure: %s, %s"):format(files[1], files[2]))
  return files
end

return show
