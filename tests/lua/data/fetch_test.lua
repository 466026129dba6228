local check = require "support.check"
local files = require "support.files"
local fetch = require "resmoon.data.fetch"
local sys   = require("resmoon").sys

-- A mirror in `folder` (curl reads file:// too) with an archive of two members and one that nobody
-- asked for; a set like those of fetch.sets.
local function mirror(folder)
  files.write(folder .. "/set/a.bin", "aaaa")
  files.write(folder .. "/set/b.bin", "bb")
  files.write(folder .. "/set/evil", "not wanted")
  assert(sys.run({"tar", "-czf", folder .. "/set.tar.gz", "-C", folder, "set"}) == 0)
  return {
    mirrors = {"file://" .. folder}, folder = "set",
    archive = {"set.tar.gz", fetch.md5(folder .. "/set.tar.gz")}, members = {{"a.bin", 4}, {"b.bin", 2}},
  }
end

local function with_mirror(f)
  if not sys.which "curl" then check.skip("no curl, and wget does not read file://") end
  files.with_folder(function(folder)
    f(mirror(folder .. "/mirror"), folder .. "/dir", folder)
  end)
end

check.case("md5 of a file", function()
  files.with_folder(function(folder)
    check.equal(fetch.md5(files.write(folder .. "/x", "abc")), "900150983cd24fb0d6963f7d28e17f72")
  end)
end)

check.case("an archive: checked, only the expected members, nothing left behind", function()
  with_mirror(function(set, dir)
    check.equal({fetch.get(set, dir)}, {dir .. "/set"})
    check.equal(sys.list(dir), {"set"})
    check.equal(sys.list(dir .. "/set"), {"a.bin", "b.bin"})
    check.equal(files.read(dir .. "/set/a.bin"), "aaaa")
    set.mirrors = {"file:///nowhere"}   -- what is complete is left alone
    check.equal(fetch.get(set, dir), dir .. "/set")
  end)
end)

check.case("a wrong checksum: nothing is unpacked; the next mirror is tried", function()
  with_mirror(function(set, dir, folder)
    files.write(folder .. "/wrong/set.tar.gz", "something else")
    set.mirrors = {"file://" .. folder .. "/wrong"}
    local done, reason = fetch.get(set, dir)
    check.equal(done, nil)
    check.that(reason:find("md5 of what came is", 1, true) and reason:find(set.archive[2], 1, true), reason)
    check.equal(sys.list(dir), {})
    table.insert(set.mirrors, "file://" .. folder .. "/mirror")
    check.equal(fetch.get(set, dir), dir .. "/set")
  end)
end)

check.case("without a network: which file, from where, to where", function()
  with_mirror(function(set, dir, folder)
    set.mirrors = {"file://" .. folder .. "/nothing"}
    local done, reason = fetch.get(set, dir)
    check.equal(done, nil)
    for _, expected in ipairs {set.mirrors[1] .. "/set.tar.gz", set.archive[2], dir .. "/set.tar.gz", "By hand"} do
      check.that(reason:find(expected, 1, true), reason)
    end
    sys.run({"cp", folder .. "/mirror/set.tar.gz", dir .. "/set.tar.gz"})   -- as told
    check.equal(fetch.get(set, dir), dir .. "/set")
    check.equal(sys.list(dir), {"set", "set.tar.gz"})                       -- the user's file stays
  end)
end)

check.case("a wrong file put there by hand is named, not replaced", function()
  with_mirror(function(set, dir)
    local path = files.write(dir .. "/set.tar.gz", "wrong")
    local _, reason = fetch.get(set, dir)
    local expected = ": md5 is 2bda2998d9b0ee197da142a0447f6725, expected "
    check.that(reason:find(path .. expected .. set.archive[2], 1, true), reason)
    check.equal(files.read(path), "wrong")
  end)
end)

check.case("a download that broke off goes on", function()
  with_mirror(function(set, dir, folder)
    local whole = files.read(folder .. "/mirror/set.tar.gz")
    files.write(dir .. "/set.tar.gz.part", whole:sub(1, 50))
    check.equal(fetch.get(set, dir), dir .. "/set")
  end)
end)

check.case("members of the wrong size are refused", function()
  with_mirror(function(set, dir)
    set.members[2][2] = 3
    local _, reason = fetch.get(set, dir)
    check.that(reason:find("b.bin in it has 2 bytes, expected 3", 1, true), reason)
    check.equal(sys.list(dir), {"set.tar.gz"})   -- right by its checksum: kept
    set.members[2] = {"c.bin", 1}
    _, reason = fetch.get(set, dir)
    check.that(reason:find("tar could not unpack it", 1, true), reason)
  end)
end)

check.case("single files", function()
  with_mirror(function(_, dir, folder)
    local content = files.write(folder .. "/mirror/one.gz", "one")
    local set = {mirrors = {"file://" .. folder .. "/mirror"}, folder = "raw/deep",
                 files = {{"one.gz", fetch.md5(content)}}}
    check.equal(fetch.get(set, dir), dir .. "/raw/deep")
    check.equal(files.read(dir .. "/raw/deep/one.gz"), "one")
    check.equal(fetch.get(set, dir), dir .. "/raw/deep")
  end)
end)
