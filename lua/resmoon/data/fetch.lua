--- Getting the public data sets: download, check, unpack.
--
-- What is downloaded is believed only by its checksum; what is unpacked are the files expected, by
-- name, into a temporary folder, and they are moved to their place when all of them are there. Work
-- that is already done is not done again: a file that is right is kept, a download that was broken
-- off goes on. Programs (curl or wget, md5sum, tar) are started by argument list; there is no shell.
local core = require "resmoon.core"
local sys  = core.sys
local fail = require "resmoon.base.fail"
local find = require "resmoon.data.find"
local pcall = require("resmoon.base.catch").pcall

local fetch = {}

-- {name of the file, md5 of the archive as its authors publish it}
local mnist_files = {
  {"train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"},
  {"train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"},
  {"t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"},
  {"t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"},
}

--- What can be fetched. folder: where the files come to lie, below DIR; members: of the archive, and
-- their sizes in bytes.
fetch.sets = {
  cifar10 = {
    mirrors = {"https://www.cs.toronto.edu/~kriz"}, folder = "cifar-10-batches-bin",
    archive = {"cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530"},
    members = {
      {"data_batch_1.bin", 30730000}, {"data_batch_2.bin", 30730000}, {"data_batch_3.bin", 30730000},
      {"data_batch_4.bin", 30730000}, {"data_batch_5.bin", 30730000}, {"test_batch.bin", 30730000},
    },
  },
  cifar100 = {
    mirrors = {"https://www.cs.toronto.edu/~kriz"}, folder = "cifar-100-binary",
    archive = {"cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8"},
    members = {{"train.bin", 153700000}, {"test.bin", 30740000}},
  },
  mnist = {
    mirrors = {"https://ossci-datasets.s3.amazonaws.com/mnist", "https://storage.googleapis.com/cvdf-datasets/mnist"},
    folder = "MNIST/raw", files = mnist_files,
  },
}

-- --- programs ---------------------------------------------------------------------------

--- md5 of a file, 32 hexadecimal digits; nil and a reason if no program here can tell.
function fetch.md5(path)
  for _, argv in ipairs {{"md5sum", "--", path}, {"md5", "-q", path}, {"openssl", "md5", "-r", path}} do
    if sys.which(argv[1]) then
      local status, out = sys.run(argv, {capture = true})
      local digest = status == 0 and out:match "^\\?(%x+)"   -- md5sum marks odd names by a backslash
      if digest and #digest == 32 then return digest:lower() end
    end
  end
  return nil, "found no working md5sum, md5 or openssl"
end

-- Downloads url to `path`, going on with what is there already. On a terminal the program shows its
-- progress; elsewhere it is quiet. True, or nil and a reason.
local function download(url, path, say)
  local shown = sys.isatty(2)
  local argv
  if sys.which "curl" then
    argv = {"curl", shown and "--progress-bar" or "--silent", "--show-error", "--fail", "--location", "--retry", "2",
            "--connect-timeout", "20", "--continue-at", "-", "--output", path, "--", url}
  elseif sys.which "wget" then
    argv = {"wget", shown and "--show-progress" or "--no-verbose", "--continue", "--tries=2", "--timeout=20",
            "--output-document=" .. path, "--", url}
  else
    return nil, "neither curl nor wget is installed"
  end
  say("from " .. url)
  local status, reason, complaint = sys.run(argv, {capture = not shown})
  if status == 0 then return true end
  if not status then return nil, reason end
  complaint = complaint and complaint:match "([^\n]+)%s*$"
  return nil, complaint or ("%s ended with status %d"):format(argv[1], status)
end

-- --- one file ----------------------------------------------------------------------------

local function problem(...) error({message = string.format(...)}, 0) end

-- How to help oneself where the network does not: each file that is still missing, and its place.
local function by_hand(set, file, dir, reason)
  local lines = {("%s could not be downloaded: %s"):format(file[1], reason), "By hand: get"}
  for _, each in ipairs(set.files or {set.archive}) do
    local path = ("%s/%s"):format(dir, each[1])
    if not sys.exists(path) then
      lines[#lines + 1] = ("  %s/%s\n    md5 %s\n    as  %s"):format(set.mirrors[1], each[1], each[2], path)
    end
  end
  lines[#lines + 1] = "and run the same command again."
  problem("%s", table.concat(lines, "\n"))
end

-- Makes sure that dir has the file {name, md5}; true if it had to be downloaded.
local function obtain(set, file, dir, say)
  local path = dir .. "/" .. file[1]
  if sys.exists(path) then
    local digest = fetch.md5(path) or problem("%s: cannot be checked: no md5sum, md5 or openssl", path)
    if digest == file[2] then
      say(("%s is there and right"):format(path))
      return false
    end
    problem("%s: md5 is %s, expected %s; remove it, or put the right file there", path, digest, file[2])
  end
  local part, reason = path .. ".part", nil
  for _, mirror in ipairs(set.mirrors) do
    local done
    done, reason = download(mirror .. "/" .. file[1], part, say)
    if done then
      local digest
      digest, reason = fetch.md5(part)
      if digest == file[2] then
        sys.rename(part, path)
        return true
      end
      if digest then   -- all of it arrived and it is wrong: nothing to go on with
        sys.remove(part)
        reason = ("md5 of what came is %s, expected %s"):format(digest, file[2])
      end
    end
  end
  by_hand(set, file, dir, reason)
end

-- --- archives -----------------------------------------------------------------------------

local function size_of(path)
  local stat = sys.stat(path)
  return stat and stat.type == "file" and stat.size or nil
end

local function complete(set, folder)
  for _, member in ipairs(set.members) do
    if size_of(folder .. "/" .. member[1]) ~= member[2] then return false end
  end
  return true
end

-- The expected members into `temporary`, then each into `folder`.
local function unpack_into(set, archive, temporary, folder)
  local argv = {"tar", "-xzf", archive, "-C", temporary, "--no-same-owner", "--"}
  for _, member in ipairs(set.members) do argv[#argv + 1] = set.folder .. "/" .. member[1] end
  local status, _, complaint = sys.run(argv, {capture = true})
  if status ~= 0 then problem("%s: tar could not unpack it: %s", archive, tostring(complaint):gsub("%s+$", "")) end
  for _, member in ipairs(set.members) do
    local path = ("%s/%s/%s"):format(temporary, set.folder, member[1])
    local size = size_of(path)
    if size ~= member[2] then
      problem("%s: %s in it has %s bytes, expected %d", archive, member[1], size or "no", member[2])
    end
  end
  sys.mkdir_p(folder)
  for _, member in ipairs(set.members) do
    sys.rename(("%s/%s/%s"):format(temporary, set.folder, member[1]), folder .. "/" .. member[1])
  end
end

-- Removes what unpacking may have left in `temporary`: only files that it can have made.
local function clear(set, temporary)
  for _, member in ipairs(set.members) do pcall(sys.remove, ("%s/%s/%s"):format(temporary, set.folder, member[1])) end
  pcall(sys.remove, temporary .. "/" .. set.folder)
  pcall(sys.remove, temporary)
end

local function get_archive(set, dir, say)
  local folder, archive = dir .. "/" .. set.folder, dir .. "/" .. set.archive[1]
  if complete(set, folder) then return say(("%s is complete"):format(folder)) end
  local ours = obtain(set, set.archive, dir, say)
  local lock <close>, who = sys.lock(dir .. "/.unpack.lock")
  if lock == nil then problem("%s: another program unpacks there (%s)", dir, who) end
  for _, name in ipairs(sys.list(dir)) do   -- what was killed left them: nobody else unpacks here now
    if name:find "^%.unpack%-%w+$" then clear(set, dir .. "/" .. name) end
  end
  local temporary = sys.mkdtemp(dir .. "/.unpack-")
  local ok, failure = pcall(unpack_into, set, archive, temporary, folder)
  clear(set, temporary)
  if not ok then error(failure, 0) end
  if ours then sys.remove(archive) end   -- one the user put there stays
  say(("%s: %d files"):format(folder, #set.members))
end

local function get_files(set, dir, say)
  local folder = dir .. "/" .. set.folder
  sys.mkdir_p(folder)
  for _, file in ipairs(set.files) do obtain(set, file, folder, say) end
  say(("%s: %d files"):format(folder, #set.files))
end

--- Fetches one set (a name of fetch.sets, or a table like one of them) into `dir`.
-- say: is called with lines of progress.
-- Returns the folder; or nil and what to tell the user, who may have to help.
function fetch.get(set, dir, say)
  if type(set) == "string" then set = fetch.sets[set] or fail("fetch: there is no set '%s'", set) end
  dir = find.expand(dir)
  local ok, failure = pcall(function()
    sys.mkdir_p(dir);
    (set.archive and get_archive or get_files)(set, dir, say or function() end)
  end)
  if ok then return dir .. "/" .. set.folder end
  if type(failure) == "table" then return nil, failure.message end
  if tostring(failure):find "interrupted" then
    if core.interrupt then core.interrupt.clear() end  -- a stock Lua has none without the library around this file
    return nil, "interrupted; the same command goes on from here"
  end
  return nil, tostring(failure)
end

return fetch
