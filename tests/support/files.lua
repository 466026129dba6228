--- Temporary folders and files for tests.
local rm = require "resmoon"

local files = {}

--- Runs f(folder) with a new folder, which is removed afterwards.
function files.with_folder(f)
  local folder = rm.sys.mkdtemp("/tmp/resmoon-test-")
  local ok, message = xpcall(f, function(m) return m end, folder)
  rm.sys.run({"rm", "-rf", folder})
  if not ok then error(message, 0) end
end

--- Writes a file, and the folders it is in. Returns its path.
function files.write(path, content)
  rm.sys.mkdir_p(path:match "^(.*)/")
  local file = assert(io.open(path, "wb"))
  file:write(content)
  file:close()
  return path
end

function files.read(path)
  local file = assert(io.open(path, "rb"))
  local content = file:read "a"
  file:close()
  return content
end

--- Replaces a file by its gzip form, path.gz.
function files.gzip(path)
  assert(rm.sys.run({"gzip", "-n", path}) == 0, "gzip failed")
  return path .. ".gz"
end

--- Bytes from hexadecimal digits; blanks do not count.
function files.unhex(text)
  return (text:gsub("%s+", ""):gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

return files
