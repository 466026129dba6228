--- rm.sha256 and rm.sys.lock.
local check   = require "support.check"
local rm      = require "resmoon"
local program = require "support.program"

check.case("digests are those of FIPS 180-4, however the bytes are cut", function()
  -- The examples of FIPS 180-4 (NIST, "Example values": one block, two blocks), and the digest of nothing.
  local known = {
    [""] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq =
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  }
  for text, digest in pairs(known) do
    check.equal(rm.sha256(text):digest(), digest)
    local hash = rm.sha256()
    for i = 1, #text do hash:update(text:sub(i, i)) end
    check.equal(hash:digest(), digest)
    check.equal(hash:digest(), digest, "asked twice")
  end
  local hash = rm.sha256 "ab"
  hash:digest()
  check.equal(hash:update("c"):digest(), known.abc, "more may follow a digest")
end)

check.case("a tensor's elements count row by row, whatever its strides and type", function()
  local x = rm.tensor({97, 98, 99}, "uint8")
  check.equal(rm.sha256(x):digest(), rm.sha256("abc"):digest())
  local images = (rm.rand(2, 3, 4, 5) * 255):byte()
  local turned = images:permute(1, 4, 3, 2):contiguous():permute(1, 4, 3, 2)   -- other strides, the same elements
  check.equal(rm.sha256(turned):digest(), rm.sha256(images:contiguous()):digest())
  check.equal(rm.sha256(rm.tensor({1}, "int64")):digest(), rm.sha256("\1\0\0\0\0\0\0\0"):digest())
  check.equal(rm.sha256(rm.tensor {1}):digest(), rm.sha256("\0\0\x80\x3f"):digest())
  check.error(function() rm.sha256(3) end, "expected a string or a tensor, got number")
end)

check.case("a file counts as its bytes; what is not a file is named", function()
  program.with_folder(function(folder)
    local path = program.file(folder .. "/f", ("xyz"):rep(100000))
    local hash, size = rm.sha256():file(path)
    check.equal({hash:digest(), size}, {rm.sha256(("xyz"):rep(100000)):digest(), 300000})
    check.error(function() rm.sha256():file(folder) end, folder .. ": it is no regular file")
    check.error(function() rm.sha256():file(folder .. "/none") end, "No such file")
    os.execute("mkfifo " .. program.quote(folder .. "/pipe"))   -- would wait for a writer
    check.error(function() rm.sha256():file(folder .. "/pipe") end, "no regular file")
  end)
end)

check.case("a lock is held by one, and let go by release, close, and the end of a process in whatever way", function()
  program.with_folder(function(folder)
    local path = folder .. "/lock"
    local held = rm.sys.lock(path)
    local again, who = rm.sys.lock(path)
    check.that(again == nil and who:find("^process " .. rm.sys.getpid() .. " on "), who)
    held:release()
    check.that(not rm.sys.exists(path))
    do
      local closed <close> = rm.sys.lock(path)
      check.that(closed)
    end
    -- Another process takes it, says so, and is killed.
    local code = ("lock = rm.sys.lock %q; io.open(%q, 'w'):close(); rm.sys.sleep(60)"):format(path, folder .. "/ready")
    local process = rm.sys.spawn({program.path, "-e", code}, {quiet = true})
    local till = rm.sys.clock() + 20
    while not rm.sys.exists(folder .. "/ready") and rm.sys.clock() < till do rm.sys.sleep(0.01) end
    check.equal((rm.sys.lock(path)), nil)
    process:kill()
    process:wait()
    local taken <close> = rm.sys.lock(path)
    check.that(taken, "a killed process left its lock")
    check.error(function() rm.sys.lock(folder .. "/none/lock") end, "cannot lock")
  end)
end)
