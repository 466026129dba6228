--- Finding a data set's files below a folder that the user names.
local fail = require "resmoon.base.fail"
local sys  = require("resmoon.core").sys

local find = {}

--- "~" and "~/x" as the shell reads them; no slash at the end.
function find.expand(path)
  if type(path) ~= "string" or path == "" then
    fail("data: expected a folder, got %s", path == "" and '""' or tostring(path))
  end
  path = path:gsub("^~%f[/\0]", os.getenv("HOME") or "~")
  return #path > 1 and path:gsub("/+$", "") or path
end

--- `path`, or `path.gz` where only that exists; nil if neither does.
function find.file(path)
  if sys.exists(path) then return path end
  if sys.exists(path .. ".gz") then return path .. ".gz" end
end

--- The first of root, root/places[1], ... that holds one of the files `names` (plain or .gz).
-- Returns the folder, or nil; and the list of folders looked at.
function find.folder(root, places, names)
  local looked = {}
  for i = 0, #places do
    local folder = i == 0 and root or root .. "/" .. places[i]
    looked[#looked + 1] = folder
    for _, name in ipairs(names) do
      if find.file(folder .. "/" .. name) then return folder, looked end
    end
  end
  return nil, looked
end

--- Error text: what was looked for, and where.
function find.missing(what, names, looked, hint)
  return ("%s: found no %s (or .gz) in\n  %s%s"):format(what, table.concat(names, " or "),
    table.concat(looked, "\n  "), hint and "\n" .. hint or "")
end

--- Raises unless `root` is a folder.
function find.check(what, root)
  if not sys.is_dir(root) then
    fail("%s: %s is no folder%s", what, root, sys.exists(root) and " (it is a file)" or "")
  end
end

return find
