--- A misspelled option is an error, wherever the documentation shows options.
local check = require "support.check"
local unknown_options = require "support.unknown_options"

-- How many tables of an entry's examples are no options, and may have more names.
local data = {
  ["data.Dataset.new"] = 1,                     -- the fields of a new object, which may have its own
  ["data.mixed_loss"] = 1,                      -- what a loader gave
  ["models.get"] = 1,                           -- options of a function that the user wrote
  ["plot.accuracy"] = 2, ["plot.column"] = 2, ["plot.curves"] = 2, ["plot.topk"] = 2,   -- runs and their logs
  ["plot.live"] = 1, ["plot.live.add"] = 2,     -- values by their names
  ["plot.lrfind"] = 1, ["plot.responses"] = 1, ["plot.schedule"] = 1,                   -- results
  ["rm.json.encode"] = 1,                       -- any value
  ["schedule.prepare_state_dict"] = 1,          -- a state, to which a later version may add
  ["search.apply"] = 2,                         -- settings and genes, which are checked where they are trained
  ["search.genes"] = 1, ["search.genes.mutate"] = 1, ["search.genes.of"] = 2,           -- values by the names of genes
  ["search.genes.cross"] = 4, ["search.genes.draw"] = 1, ["search.genes.text"] = 2,     -- search.genes.check is theirs
  ["search.says"] = 3, ["search.show"] = 7,     -- the result of a search
  ["train.Log"] = 1, ["train.Log.add"] = 1, ["train.Log.by_column"] = 1, ["train.Log.cut"] = 2,
  ["train.Log.deciding"] = 1, ["train.Log.write"] = 1,                                  -- rows, which take any column
  ["train.checkpoint.save"] = 1,                -- what is kept beside the weights
  ["train.compare.says"] = 3, ["train.compare.topk"] = 2,                               -- runs
  ["train.config.augmentation"] = 1, ["train.config.with"] = 2,                         -- settings of a run
  ["train.folder.create"] = 1, ["train.folder.config"] = 1, ["train.folder.is_run"] = 1,
  ["train.folder.read"] = 1,
  ["train.compare.show"] = 1, ["train.folder.summary"] = 2, ["train.named"] = 2,
  ["train.named.apart"] = 1, ["train.named.data"] = 4,
  ["train.named.names"] = 3,                                                            -- runs
}

check.slow("an option that there is not is refused by its name", function()
  local accepted, tried = unknown_options.run()
  check.that(tried > 300, ("%d tables were tried"):format(tried))
  local of_name, wrong = {}, {}
  for _, each in ipairs(accepted) do
    of_name[each.name] = of_name[each.name] or {}
    table.insert(of_name[each.name], ("%s:%d takes %s"):format(each.file, each.line, each.code))
  end
  for name, list in pairs(of_name) do
    if #list ~= data[name] then wrong[#wrong + 1] = name .. "\n  " .. table.concat(list, "\n  ") end
  end
  table.sort(wrong)
  check.equal(table.concat(wrong, "\n"), "")
end)
