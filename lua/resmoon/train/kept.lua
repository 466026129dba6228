--- The network that a run has kept, in the words of a table: "12.50% (3)", and where it is the one of averaged weights
-- "12.50% (3, averaged)". s: the run's summary (train.folder.summary); accuracy: true for 100 minus the error.
-- Returns nil where no epoch has an error.
return function(run, s, accuracy)
  if s.kept == math.huge then return nil end
  return ("%.2f%% (%d%s)"):format(accuracy and 100 - s.kept or s.kept, s.kept_epoch,
                                  ((run.config or {}).ema or 0) > 0 and ", averaged" or "")
end
