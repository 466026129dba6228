--- resmoon evaluate: how good a trained network is, class by class.
local commandline = require "resmoon.base.commandline"
local rm       = require "resmoon"
local options  = require "resmoon.train.options"
local text     = require "resmoon.base.text"
local testset  = require "resmoon.train.testset"
local difference = require "resmoon.metrics.difference"
local verdict  = require "resmoon.train.verdict"
local rank     = require "resmoon.metrics.top_losses"

local parser = commandline("resmoon evaluate", "Tests a trained network: top-1, top-3 and top-5, a table by class, "
                           .. "and the confusion matrix.")
  :epilog [[
Example:
  resmoon evaluate runs/resnet20 --data ~/data --figure confusion.png
  resmoon evaluate runs/resnet18 --crops 10
  resmoon evaluate runs/resnet20 --top-losses 16 --top-losses-figure worst.png]]
parser:argument("run", "folder of a run (its best checkpoint), or a .safetensors file that training wrote")
parser:option("--data", "folder of other data with the same classes, or shapes10 (default the run's test images, which "
              .. "have to be what they were)"):argname "DIR"
parser:option("--batch-size", "images at a time (default 250 of 64 x 64 pixels, fewer of larger ones)"):argname "N"
  :convert(options.count)
parser:option("--crops", "10: besides the image itself also its four corners, its center and their mirror images, the "
              .. "softmax averaged; the tables are of these then"):choices {"1", "10"}:default "1"
parser:option("--model", "FILE.lua:NAME that builds the network, where the run of a network of your own cannot (which "
              .. "is said)"):argname "FILE"
parser:option("--threads", "processors to use (default all)"):argname "N":convert(options.count)
parser:option("--figure", "draw the confusion matrix into this file (.png, .svg, .pdf)"):argname "FILE"
parser:option("--calibration", "draw accuracy by confidence into this file (.png, .svg, .pdf), and print the expected "
              .. "calibration error"):argname "FILE"
parser:option("--top-losses", "list so many of the images with the largest losses (default none, 16 with a figure)")
  :argname "N":convert(options.count)
parser:option("--top-losses-figure", "draw them into this file (.png, .svg, .pdf)"):argname "FILE"
local args = parser:parse()

-- The images that the network gets most wrong: a table, and a grid in a file.
local function top_losses(measured, test)
  local worst = rank(measured.scores, measured.labels, args.top_losses or 16)
  local lines = {{"image", "is", "taken for", "probability of what it is", "loss"}}
  for i, each in ipairs(worst) do
    lines[i + 1] = {tostring(each.index), test.classes[each.label], test.classes[each.predicted],
                    ("%.2g%%"):format(100 * each.probability), ("%.3f"):format(each.loss)}
  end
  print(("\nThe largest losses (images are counted from 1):\n%s"):format(table.concat(text.columns(lines), "\n")))
  local file = args.top_losses_figure
  if file and rm.plot.top_losses(worst, test, {file = file}) then print("\nfigure: " .. file) end
end

options.main(function()
  if args.threads then rm.set_num_threads(args.threads) end
  local net, c, mean, std, averaged = rm.train.load(args.run, {model = args.model})
  local test, notes = testset(args.run, c, {data = args.data})
  args.batch_size = args.batch_size or rm.train.config.test_batch(test.shape)
  local loader = rm.data.Loader(test, {batch_size = args.batch_size, mean = mean, std = std})
  local began = rm.sys.clock()
  local measured = rm.train.evaluate(net, loader, {scores = true, together = true})
  if rm.dist.rank() > 0 then return 0 end   -- process 0 shows, and draws
  local by_crops = {{"1 crop", measured}, right = {}}
  if args.crops == "10" then
    measured = rm.train.ten_crop(net, c, {mean = mean, std = std, batch_size = args.batch_size,
                                          set = testset(args.run, c, {data = args.data, crops = 10})})
    by_crops[2] = {"10 crops", measured}
  end
  local seconds = rm.sys.clock() - began

  local metrics = rm.metrics
  local confusion = metrics.confusion(test.classes):add(measured.scores, measured.labels)
  for _, note in ipairs(notes) do print("note: " .. note) end
  print(("%s%s on %d test images of %s (%.0f img/s)"):format(c.name, averaged and " (averaged weights)" or "",
        measured.count, test.name or args.data or c.data, measured.count / seconds))
  local top
  for _, each in ipairs(by_crops) do
    local crops, m = table.unpack(each)
    top = metrics.topk(m.scores, m.labels, {1, 3, 5})
    local _, auc = metrics.auc(m.scores, m.labels)
    by_crops.right[#by_crops.right + 1] = difference.right("evaluate", m.scores, m.labels)
    print(("%stop-1 %.2f%%  top-3 %.2f%%  top-5 %.2f%%  loss %s  mean AUC %s  standard error of top-1 %.2f"):format(
          #by_crops > 1 and ("%-10s"):format(crops) or "", 100 * top[1], 100 * top[2], 100 * top[3],
          text.value("%.4f", m.loss), text.value("%.4f", auc), metrics.standard_error(100 * top[1], m.count)))
  end
  if by_crops[2] then print((verdict.paired("10 crops", by_crops.right[2], "1 crop", by_crops.right[1]))) end
  local chosen = not args.data and verdict.checkpoint(args.run)
  if chosen then print(chosen) end
  print()
  print(confusion:report())
  print()
  print(confusion)
  if args.figure then
    local title = ("%s: %.2f%% right"):format(c.name, 100 * top[1])
    if rm.plot.confusion(confusion, {file = args.figure, title = title}) then print("\nfigure: " .. args.figure) end
  end
  if args.calibration then
    local c_of = metrics.calibration(measured.scores, measured.labels)
    print(("\nexpected calibration error %.2f %%: mean confidence %.2f %%, right %.2f %%"):format(100 * c_of.ece,
          100 * c_of.confidence, 100 * c_of.accuracy))
    if rm.plot.calibration(c_of, {file = args.calibration, names = {c.name}}) then
      print("\nfigure: " .. args.calibration)
    end
  end
  if args.top_losses or args.top_losses_figure then top_losses(measured, test) end
end)
