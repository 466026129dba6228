--- The names the shell gives to the user as globals: rm and the parts of the library.
-- A part is loaded when its name is first used.
local rm = require "resmoon"

rawset(_G, "rm", rm)

local is_part = {}
for _, name in ipairs(rm.parts) do is_part[name] = true end

setmetatable(_G, {
  __index = function(globals, name)
    if not is_part[name] then return nil end
    local part = rm[name]
    rawset(globals, name, part)
    return part
  end,
})
