--- Going through a file for what it defines, without training.
--
-- A network of one's own is often a function of the very script that trains it. To have it again, the script is run
-- once more, as a coroutine: whatever would train asks here first, and the coroutine waits there, with its locals to be
-- looked at (models/definitions.lua). Where the script is to go on, what would have been trained is a stand-in that
-- answers everything with itself.
local rehearsal = {}

local under_way   -- the coroutine of a rehearsal, or nil

--- Whether a rehearsal is under way: then nothing is trained, written or shown.
function rehearsal.on() return under_way ~= nil end

local Stop = setmetatable({}, {__tostring = function() return "a rehearsal ends where something would be trained" end})

--- Called by what is about to train; `what` says so: {kind = "offer", model =, name =} of a network of one's own that
-- is given to be trained, {kind = "step", text =} of training that cannot be left out. Returns at once in earnest.
function rehearsal.meets(what)
  if not under_way then return end
  if coroutine.running() ~= under_way or not coroutine.isyieldable() then error(Stop, 0) end
  coroutine.yield(what)
end

local function itself() return rehearsal.stand_in end

--- Stands for the result of a training that was left out: whatever is done with it gives it again.
-- It has no elements, so that loops over it end.
rehearsal.stand_in = setmetatable({}, {
  __index = function(self, key) return math.type(key) == nil and self or nil end,
  __call = itself, __add = itself, __sub = itself, __mul = itself, __div = itself, __unm = itself, __pow = itself,
  __mod = itself, __idiv = itself, __newindex = function() end, __len = function() return 0 end,
  __lt = function() return false end, __le = function() return false end, __pairs = function() return next, {} end,
  __concat = function() return "" end, __tostring = function() return "not trained" end,
})

--- Runs `chunk`; meets(what, coroutine) is called wherever it would train, and returns true to end it there.
-- Returns "met" if it was ended, "returned" and what the chunk returned, or "failed" and the error.
function rehearsal.run(chunk, meets)
  local co, before = coroutine.create(chunk), under_way
  under_way = co
  local _ <close> = setmetatable({}, {__close = function()
    under_way = before
    if coroutine.status(co) == "suspended" then coroutine.close(co) end
  end})
  while true do
    local ok, what = coroutine.resume(co)
    if not ok then return "failed", what end
    if coroutine.status(co) == "dead" then return "returned", what end
    if meets(what, co) then return "met" end
  end
end

return rehearsal
