--- What lies below a folder of images, before anything is decided about it.
--
--     node.path, node.name, node.id
--     node.folders   nodes of the subfolders
--     node.images    names of the JPEG and PNG files: by their suffix, or else by their first bytes
--     node.others    {name, what it is, a picture?} of other files
--     node.left      {path, reason} of what is not looked at: hidden files, what systems leave behind, links to nothing
--     node.count     images in it and below
--
-- Names are sorted by their bytes, so the order is the same on every file system and in every locale. Links are
-- followed; one to a folder above itself is left out.
local fail    = require "resmoon.base.fail"
local imaging = require("resmoon.core").imaging

local tree = {}

local MAX_FOLDERS, MAX_DEPTH = 200000, 32

-- What systems leave in people's folders: archives of macOS, thumbnails of a Synology, waste baskets, caches.
local system_folders = {["__macosx"] = true, ["@eadir"] = true, ["#recycle"] = true, ["lost+found"] = true,
                        ["$recycle.bin"] = true, ["system volume information"] = true, ["__pycache__"] = true,
                        ["@recycle"] = true, ["#snapshot"] = true}
local system_files = {["thumbs.db"] = true, ["ehthumbs.db"] = true, ["desktop.ini"] = true, ["icon\r"] = true}

local function has_image_suffix(name)
  local suffix = name:match "%.(%a+)$"
  suffix = suffix and suffix:lower()
  return suffix == "jpg" or suffix == "jpeg" or suffix == "png"
end

-- Why a name is not looked at, or nil.
local function unwanted(name, type)
  if type == "broken" then return "link to nothing" end
  if type == "other" then return "neither file nor folder" end
  local is_file = type == "file"
  if name:sub(1, 1) == "." then return is_file and "hidden file" or "hidden folder" end
  if (is_file and system_files or system_folders)[name:lower()] then
    return is_file and "file of the system" or "folder of the system"
  end
end

local function read(path, name, above, state)
  state.folders = state.folders + 1
  if state.folders > MAX_FOLDERS then
    fail("folder: %s has more than %d folders below it: is that the right folder?", state.root, MAX_FOLDERS)
  end
  if #above > MAX_DEPTH then fail("folder: %s lies more than %d folders deep", path, MAX_DEPTH) end
  local names, types, id = imaging.list_folder(path)
  if not names then fail("folder: %s", types) end
  local node = {path = path, name = name, id = id, folders = {}, images = {}, others = {}, left = {}}
  above[#above + 1], above[id] = id, true
  for i, each in ipairs(names) do
    local type, full = types[i], path .. "/" .. each
    local reason = unwanted(each, type)
    if not reason and above[type] then reason = "link to a folder above itself" end
    if reason then node.left[#node.left + 1] = {full, reason}
    elseif type ~= "file" then node.folders[#node.folders + 1] = read(full, each, above, state)
    elseif has_image_suffix(each) then node.images[#node.images + 1] = each
    else
      node.others[#node.others + 1] = {each}
      state.others[#state.others + 1] = {node, node.others[#node.others]}
    end
  end
  above[#above], above[id] = nil, nil
  return node
end

-- Files without a suffix of images, told by their first bytes: JPEG and PNG files join the images.
local function look_into(others)
  local paths = {}
  for i, each in ipairs(others) do paths[i] = each[1].path .. "/" .. each[2][1] end
  local changed = {}
  for i, info in ipairs(imaging.probe(paths)) do
    local node, file = others[i][1], others[i][2]
    file[2], file[3] = info.text or info.reason, info.picture or false
    if info.width then
      file.image, changed[node] = true, true
      node.images[#node.images + 1] = file[1]
    end
  end
  for node in pairs(changed) do
    tree.sort(node.images)
    local rest = {}
    for _, file in ipairs(node.others) do
      if not file.image then rest[#rest + 1] = file end
    end
    node.others = rest
  end
end

local function count(node)
  node.count = #node.images
  for _, child in ipairs(node.folders) do node.count = node.count + count(child) end
  return node.count
end

-- a < b by bytes, whatever the locale's order of letters.
local function before(a, b)
  local n = math.min(#a, #b)
  for i = 1, n do
    local x, y = a:byte(i), b:byte(i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

--- Sorts a list of strings by their bytes.
function tree.sort(list)
  table.sort(list, before)
  return list
end

--- Reads all that lies below a folder.
-- Errors: raises for a folder that cannot be read, or far too many of them.
function tree.read(path)
  local state = {root = path, folders = 0, others = {}}
  local node = read(path, path:match "[^/]+$" or path, {}, state)
  look_into(state.others)
  count(node)
  return node
end

--- The subfolders that have images in or below them.
function tree.filled(node)
  local list = {}
  for _, child in ipairs(node.folders) do
    if child.count > 0 then list[#list + 1] = child end
  end
  return list
end

--- Whether files of pictures in another format lie in or below a folder, and whether any file does.
function tree.holds(node)
  local pictures, files = false, #node.others > 0
  for _, file in ipairs(node.others) do pictures = pictures or file[3] end
  for _, child in ipairs(node.folders) do
    local p, f = tree.holds(child)
    pictures, files = pictures or p, files or f
  end
  return pictures, files
end

--- Paths of all images in and below a folder, and what is left out there as {path, reason}. A folder that links lead to
-- a second time is read once; `seen` keeps where it was, for several classes.
-- Errors: raises where a folder is in two classes.
function tree.collect(node, paths, left, seen, class)
  paths, left, seen = paths or {}, left or {}, seen or {}
  local before_it = seen[node.id]
  if before_it and before_it.class ~= class then
    fail("folder: %s and %s are one folder (by a link), in two classes", before_it.path, node.path)
  elseif before_it then
    left[#left + 1] = {node.path, "the same folder as " .. before_it.path}
    return paths, left
  end
  seen[node.id] = {path = node.path, class = class}
  for _, name in ipairs(node.images) do paths[#paths + 1] = node.path .. "/" .. name end
  for _, file in ipairs(node.others) do left[#left + 1] = {node.path .. "/" .. file[1], file[2]} end
  table.move(node.left, 1, #node.left, #left + 1, left)
  for _, child in ipairs(node.folders) do tree.collect(child, paths, left, seen, class) end
  return paths, left
end

--- What is left out of a folder itself, not of those in it: hidden things, and pictures in other formats.
function tree.beside(node, left)
  table.move(node.left, 1, #node.left, #left + 1, left)
  for _, file in ipairs(node.others) do
    if file[3] then left[#left + 1] = {node.path .. "/" .. file[1], file[2]} end
  end
end

--- Two lists behind one another.
function tree.joined(a, b)
  local list = table.move(a, 1, #a, 1, {})
  return table.move(b, 1, #b, #list + 1, list)
end

return tree
