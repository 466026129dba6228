--- Branches of C that were not taken, by what they are: first what the line says, then the folder. The table of
--- docs/reliability.md is what this prints.
local kinds = {
  {"kernels", path = "^src/kernels/"},
  {"a loop that is interrupted", line = "rm_interrupted"},
  {"a failure that is passed on", line = "RM_TRY|RM_OK"},
  {"OpenBLAS", path = "^src/ops/linalg/blas"},
  {"prompt and system", path = "^src/shell/|^src/sys/"},
  {"files", path = "^src/io/"},
  {"many processes", path = "^src/dist/"},
  {"bindings", path = "^src/bind/"},
  {"readers of data", path = "^src/data/"},
  {"the rest"},
}

local function matches(text, patterns)
  if not patterns then return true end
  for pattern in patterns:gmatch "[^|]+" do
    if text:find(pattern) then return true end
  end
  return false
end

local function kind_of(path, line)
  for _, k in ipairs(kinds) do
    if matches(path, k.path) and matches(line, k.line) then return k end
  end
end

local function lines_of(path)
  local list = {}
  for line in io.lines(path) do list[#list + 1] = line end
  return list
end

--- files: {path = {branches =, unbranched = {line...}}}. Prints a row for each kind, and writes the lines to `out`.
return function(files, out)
  local paths = {}
  for path in pairs(files) do paths[#paths + 1] = path end
  table.sort(paths)
  for _, path in ipairs(paths) do
    local source = lines_of(path)
    for _, at in ipairs(files[path].unbranched) do
      local k = kind_of(path, source[at] or "")
      k.count = (k.count or 0) + 1
      k[#k + 1] = ("%s:%d: %s"):format(path, at, (source[at] or ""):match "^%s*(.-)%s*$")
    end
  end
  print(("%-45s %8s"):format("branches not taken, by what they are", "branches"))
  for _, k in ipairs(kinds) do
    print(("%-45s %8d"):format(k[1], k.count or 0))
    for i = 2, #k do out:write(k[1], "  ", k[i], "\n") end
  end
  print()
end
