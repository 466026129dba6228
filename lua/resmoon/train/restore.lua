--- Taking a checkpoint up: first everything in it is looked at, then everything is put in place.
--
-- What does not fit, lacks something or is damaged is an error that names the file, and then network, optimizer,
-- schedule, loader, generators and log are what they were.
local checkpoint = require "resmoon.runs.checkpoint"
local is_kind    = require("resmoon.base.check").is
local Log        = require "resmoon.runs.log"
local sys        = require("resmoon.core").sys

local function is_count(x) return math.type(x) == "integer" and x >= 0 end

local function is_number(x) return type(x) == "number" and x == x end

local function is_rate(x) return is_kind(x, "nonnegative") end

local function is_percent(x) return is_rate(x) and x <= 100 end

-- Raises unless table t, called `what`, has these fields: {name = test}. A name that begins with "?" may be absent.
local function check(t, what, fields)
  if type(t) ~= "table" then error(("%s is %s"):format(what, t == nil and "missing" or "no object"), 0) end
  for name, test in pairs(fields) do
    local plain = name:gsub("^%?", "")
    local value = t[plain]
    if value == nil and plain == name then error(("%s lacks %s"):format(what, plain), 0) end
    if value ~= nil and not test(value) then
      error(("%s: %s is %s"):format(what, plain, type(value) == "table" and "an object" or tostring(value)), 0)
    end
  end
end

local function check_state(state)
  check(state, "its state", {epoch = function(n) return is_count(n) and n > 0 end, steps = is_count,
                             ["?lr"] = is_rate, ["?momentum"] = is_rate})
  if state.best ~= nil then
    local what = type(state.best) == "table" and state.best.loss and "loss" or "error"
    check(state.best, "the best epoch", {[what] = what == "loss" and is_number or is_percent, epoch = is_count,
                                         ["?averaged"] = function(b) return type(b) == "boolean" end})
  end
  if state.sums ~= nil then
    check(state.sums, "the sum of its epoch", {loss = is_number, ["?wrong"] = is_number, count = is_count,
                                               seconds = is_number})
  end
end

local function check_loader(loader, state)
  local fields = {}
  for name in pairs(loader:state_dict()) do fields[name] = function(n) return math.type(n) == "integer" end end
  check(state, "the state of its loader", fields)
  if not (is_count(state.epoch) and is_count(state.step) and state.step <= #loader) then
    error(("its loader was at batch %s of epoch %s, but an epoch has %d batches"):format(tostring(state.step),
          tostring(state.epoch), #loader), 0)
  end
end

-- That every tensor of the network is there, with its shape and type, and no other.
local function check_net(net, given)
  local own = net:state_dict()
  local problems, known = {}, {}
  for _, name in ipairs(own) do
    known[name] = true
    local a, b = own[name], given[name]
    if not b then problems[#problems + 1] = name .. " is missing"
    elseif table.concat(a.shape, ", ") ~= table.concat(b.shape, ", ") or a.dtype ~= b.dtype then
      problems[#problems + 1] = ("%s is %s (%s), expected %s (%s)"):format(name, b.dtype, table.concat(b.shape, ", "),
                                                                          a.dtype, table.concat(a.shape, ", "))
    end
  end
  for name in pairs(given) do
    if not known[name] then problems[#problems + 1] = name .. " is not the network's" end
  end
  if #problems == 0 then return end
  table.sort(problems)
  error(("it is of another network: %s%s"):format(table.concat(problems, "; ", 1, math.min(3, #problems)),
        #problems > 3 and ("; and %d more"):format(#problems - 3) or ""), 0)
end

-- That what was frozen is there.
local function check_frozen(net, frozen)
  if frozen == nil then return end   -- of an earlier version
  local names = {parameters = {}, held = {}}
  for name in net:named_parameters() do names.parameters[name] = true end
  for name in net:named_modules() do names.held[name] = true end
  for _, part in ipairs {"parameters", "held"} do
    local list = type(frozen) == "table" and frozen[part]
    if list == nil or list == false then error(("what is frozen lacks its %s"):format(part), 0) end
    if not is_kind(list, "string[]") then error(("the %s that are frozen are no list of names"):format(part), 0) end
    for _, name in ipairs(list) do
      if not names[part][name] then
        error(("it has %s frozen, which is not the network's"):format(tostring(name)), 0)
      end
    end
  end
end

-- The log up to the epoch before `epoch`: each of them has its row.
local function log_until(path, epoch)
  if not path then return nil end
  local log = sys.exists(path) and Log.read(path) or Log()
  log:cut(epoch - 1)
  local at = {}
  for _, row in ipairs(log.rows) do at[row.epoch] = true end
  for n = 1, epoch - 1 do
    if not at[n] then
      local what = sys.exists(path) and ("%s has no row of epoch %d"):format(path, n) or path .. " is missing"
      error(("%s, but the checkpoint has made %d epochs: put the log back; to train without it, --run DIR begins a new "
             .. "run elsewhere"):format(what, epoch - 1), 0)
    end
  end
  return log
end

--- Puts a trainer where `saved` (checkpoint.load gave it) was left; path is its file, for messages. log_path: the log
-- of the epochs it has made, where there is one.
return function(trainer, saved, path, log_path)
  local state, apply = saved.state, {}
  if not saved.optimizer or state.epoch == nil then
    error(path .. " holds weights only: there is nothing to resume", 0)
  end
  local ok, message = pcall(function()
    check_state(state)
    check_loader(trainer.train, state.loader)
    checkpoint.check_generators(state.generators)
    check_net(trainer.net, saved.net)
    check_frozen(trainer.net, state.frozen)
    apply[1] = trainer.optimizer:prepare_state_dict(saved.optimizer)
    if trainer.ema then
      if not saved.ema then error("it has no average of the weights, which this training keeps (ema)", 0) end
      apply[3] = trainer.ema:prepare_state_dict(saved.ema)
    elseif saved.ema then error("it has an average of the weights, but this training keeps none (ema)", 0) end
    if trainer.schedule then apply[2] = trainer.schedule:prepare_state_dict(state.schedule)
    elseif state.schedule ~= nil then error("it has the state of a schedule, but this training has none", 0) end
  end)
  if not ok then
    error(("%s cannot be taken up: %s"):format(path, (tostring(message):gsub("^[^\n]-:%d+: ", ""))), 0)
  end
  local log = log_until(log_path, state.epoch)
  trainer.net:load_state_dict(saved.net)
  if state.frozen then trainer.net:set_frozen(state.frozen) end
  for i = 1, 3 do
    if apply[i] then apply[i]() end
  end
  trainer.train:load_state_dict(state.loader)
  checkpoint.set_generators(state.generators)
  for _, name in ipairs {"epoch", "steps", "sums", "best", "lr", "momentum"} do trainer[name] = state[name] end
  trainer.log = log or Log()
end
