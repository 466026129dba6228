--- Finding a data set's files below a folder that the user names.
local fail = require "resmoon.base.fail"
local imaging = require("resmoon.core").imaging
local sys  = require("resmoon.core").sys

local find = {}

--- "~" and "~/x" as the shell reads them; no slash at the end.
function find.expand(path)
  if type(path) ~= "string" or path == "" then
    fail("data: expected a folder, got %s", path == "" and '""' or path)
  end
  path = path:gsub("^~%f[/\0]", os.getenv("HOME") or "~")
  return #path > 1 and path:gsub("/+$", "") or path
end

--- The same path from the root of the file system on.
function find.absolute(path)
  if path:sub(1, 1) == "/" then return path end
  path = path:gsub("^%./+", "")
  local here = sys.getcwd()
  if path == "." then return here end
  return (here == "/" and "" or here) .. "/" .. path
end

--- `path`, or `path.gz` where only that exists; nil if neither does.
function find.file(path)
  for _, each in ipairs {path, path .. ".gz"} do
    local stat = sys.stat(each)
    if stat and stat.type == "file" then return each end
  end
end

--- The first of root, root/places[1], ... that holds one of the files `names` (plain or .gz); else the one folder up
-- to three levels deeper that does. accept(path): whether such a file is what is meant (nil: it is).
-- Returns the folder, or nil; and the list of folders looked at.
-- Errors: raises where several folders of one level hold them.
function find.folder(root, places, names, accept)
  local function holds(folder)
    for _, name in ipairs(names) do
      local path = find.file(folder .. "/" .. name)
      if path and (not accept or accept(path)) then return true end
    end
  end
  local looked = {}
  for i = 0, #places do
    local folder = i == 0 and root or root .. "/" .. places[i]
    looked[#looked + 1] = folder
    if holds(folder) then return folder, looked end
  end
  local deeper = find.below(root, holds)
  if #deeper > 1 then
    fail("data: %s is in more than one folder; name one of\n  %s", names[1], table.concat(deeper, "\n  "))
  end
  return deeper[1], looked
end

local DEEP, MANY = 3, 64

--- The folders below `root` for which is_it(folder) is true: those of the first level that has one, three levels at
-- most. (A folder with very many subfolders is one of classes, and nothing to search.)
function find.below(root, is_it)
  local level = {root}
  for _ = 1, DEEP do
    local found, following = {}, {}
    for _, folder in ipairs(level) do
      local names, types = imaging.list_folder(folder)
      local inside = {}
      for i, name in ipairs(names or {}) do
        if types[i]:find ":" and name:sub(1, 1) ~= "." and name ~= "__MACOSX" then
          inside[#inside + 1] = folder .. "/" .. name
        end
      end
      if #inside <= MANY then
        for _, each in ipairs(inside) do
          following[#following + 1] = each
          if is_it(each) then found[#found + 1] = each end
        end
      end
    end
    if #found > 0 then return found end
    level = following
  end
  return {}
end

--- Error text: what was looked for, and where.
function find.missing(what, names, looked, hint)
  return ("%s: found no %s (or .gz) in\n  %s%s"):format(what, table.concat(names, " or "),
    table.concat(looked, "\n  "), hint and "\n" .. hint or "")
end

--- Raises unless `root` is a folder.
function find.check(what, root)
  if not sys.is_dir(root) then
    fail("%s: %s is not a folder%s", what, root, sys.exists(root) and " (it is a file)" or "")
  end
end

return find
