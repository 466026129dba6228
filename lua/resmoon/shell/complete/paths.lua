--- Files and folders whose path begins with what was typed.
local core = require "resmoon.core"
local sys  = core.sys

local function expand(folder)
  local home = sys.getenv "HOME"
  if home and folder:find("^~/") then return home .. folder:sub(2) end
  return folder
end

--- text: what was typed of the path, from position `start` of the line on. As complete does, returns
-- the position of its last part, the names that fit there, and what to insert for a single one.
return function(text, start)
  local folder, base = text:match("^(.*/)([^/]*)$")
  if not folder then folder, base = "", text end
  local place = expand(folder == "" and "." or folder)
  local ok, list = pcall(sys.list, place)
  local chosen = {}
  for _, name in ipairs(ok and list or {}) do
    local hidden = name:sub(1, 1) == "." and base:sub(1, 1) ~= "."
    if name:sub(1, #base) == base and not hidden then
      chosen[#chosen + 1] = name .. (sys.is_dir(place .. "/" .. name) and "/" or "")
    end
  end
  return start + #folder, chosen, chosen[1]
end
