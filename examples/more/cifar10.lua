-- Color images: a small residual network, images that are never the same twice, and a rate that rises and falls.
--
-- Augmentation shifts and mirrors each image anew in every epoch, so the network cannot learn it by heart. The
-- one-cycle schedule begins with a low rate, climbs to a high one in the first quarter of the steps, and ends near 0:
-- a few epochs are then worth many of a constant rate.
-- Sources: He et al. 2016, arXiv:1512.03385, section 4.2; Smith and Topin 2018, arXiv:1708.07120.
--
-- Run it: resmoon examples/more/cifar10.lua [DIR], with CIFAR-10 in DIR, where ResNet-20 takes 10 epochs; without it a
-- network of 8 layers takes 6, on small generated images. It writes errors and rates to stderr. It prints:
--   images of 3 x 16 x 16, 10 classes
--   the first image looks the same in epochs 1 and 2: false
--   the rate of the last step is the lowest: true
--   the training loss fell: true
--   it is right more often than by chance: true
local rm          = require "resmoon"
local data, train = rm.data, rm.train

local dir = ...
local training, test
if dir then training, test = data.open(dir)
else
  training = data.shapes10({size = 3000}):shrunk(16)
  test = data.shapes10({train = false, size = 500}):shrunk(16)
end
print(("images of %s, %d classes"):format(table.concat(training.shape, " x "), #training.classes))

-- Shifts of up to an eighth of the height (4 of 32 pixels, as in the paper) over black, and mirroring.
local augment = {pad = training.shape[2] // 8, flip = true}
local one = data.Loader(training:subset {1}, {augment = augment, seed = 1})
local seen = {}
for epoch = 1, 2 do
  for x in one:epoch(epoch) do seen[epoch] = x end
end
print("the first image looks the same in epochs 1 and 2:", (seen[1] - seen[2]):abs():max():item() == 0)

rm.manual_seed(1)
local epochs = dir and 10 or 6
local net = rm.models.resnet20 {layers = not dir and {1, 1, 1} or nil, num_classes = #training.classes}
local loader = data.Loader(training, {batch_size = dir and 128 or 32, shuffle = true, augment = augment,
                                      seed = 1})
local optimizer = rm.optim.Adam(net:parameters(), {lr = 0.005})
local schedule = rm.optim.schedule.OneCycle(optimizer, {max_lr = 0.005, pct_start = 0.25,
                                                        total_steps = epochs * #loader})

local lowest = math.huge
local trainer = train.Trainer {
  net = net, optimizer = optimizer, schedule = schedule, schedule_unit = "step", train = loader,
  test = data.Loader(test, {mean = training.mean, std = training.std}), epochs = epochs, progress = false,
  hooks = {
    on_step = function(self) lowest = math.min(lowest, self.lr) end,
    on_epoch = function(_, row)
      io.stderr:write(("epoch %d: training loss %.3f, test error %.2f%%, rate %.2g\n"):format(row.epoch, row.train_loss,
        row.test_error, row.lr))
    end,
  },
}
local result = trainer:fit()
local first, last = result.log.rows[1], result.last
print("the rate of the last step is the lowest:", last.lr == lowest)
print("the training loss fell:", last.train_loss < first.train_loss)
print("it is right more often than by chance:", last.test_error < 80)
