--- Ctrl-C at random moments, for minutes: how long the prompt takes to come back, and that everything is as it was.
--
--     resmoon tests/fuzz/interrupt.lua [--minutes N] [--seed N] [--rounds N]
--
-- Sessions of ROUNDS pieces of work (support/interrupted.lua: training, loops that catch errors, sorting, patterns,
-- string.rep, table.concat, drawing data sets, plots, matrix products) in random order, each stopped 0 to 45 ms after
-- it began.
package.path = "tests/?.lua;" .. package.path
local options = {minutes = 1, seed = 1}
for i = 1, #arg, 2 do options[arg[i]:match "^%-%-(%l+)$"] = tonumber(arg[i + 1]) end

local interrupts = require "support.interrupts"
local program    = require "support.program"

local ROUNDS = 80
local all, worst, findings, started, seed = {}, {}, 0, os.time(), options.seed
local function more()
  if options.rounds then return #all < options.rounds end
  return os.time() - started < options.minutes * 60
end
while more() do
  math.randomseed(seed)
  local ok, message = pcall(program.with_folder, function(folder)
    local ms, works = interrupts.session(folder, ROUNDS, nil, true)
    for i, time in ipairs(ms) do
      all[#all + 1] = time
      if time > (worst[works[i]] or 0) then worst[works[i]] = time end
    end
  end)
  if not ok then
    findings = findings + 1
    print(("FINDING  seed %d: %s"):format(seed, tostring(message):sub(-2000)))
    if findings == 3 then break end
  end
  seed = seed + 1
end

table.sort(all)
local function percentile(p) return all[math.max(1, math.ceil(#all * p / 100))] or 0 / 0 end
local quick = 0
for _, time in ipairs(all) do quick = quick + (time < 200 and 1 or 0) end
print(("%d Ctrl-C, milliseconds to the prompt: 50 %%: %.0f, 90 %%: %.0f, 99 %%: %.0f, 99.9 %%: %.0f, longest: %.0f")
      :format(#all, percentile(50), percentile(90), percentile(99), percentile(99.9), percentile(100)))
print(("%.2f %% under 200 ms"):format(#all > 0 and 100 * quick / #all or 0))
local names = {}
for name in pairs(worst) do names[#names + 1] = name end
table.sort(names, function(a, b) return worst[a] > worst[b] end)
for i = 1, math.min(6, #names) do names[i] = ("%s %.0f"):format(names[i], worst[names[i]]) end
print("the longest by work: " .. table.concat(names, ", ", 1, math.min(6, #names)))
print(("%d executions, %d findings"):format(#all, findings))
os.exit(findings == 0)
