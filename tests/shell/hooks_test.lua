--- make hooks, and what the hook .ci/commit-msg asks of a commit: tried in a repository of its own.
local check   = require "support.check"
local program = require "support.program"

local quote = program.quote

-- Without the variables that git sets where the tests themselves run below a hook.
local CLEAN = "env -u GIT_DIR -u GIT_INDEX_FILE -u GIT_WORK_TREE -u MAKEFLAGS -u MAKELEVEL "
local GIT = CLEAN .. "git -c user.name=A -c user.email=a@example.org -c core.editor=true "

-- Runs a command in a folder; returns what it wrote, errors too, and its status.
local function shell(folder, command)
  local pipe = assert(io.popen(("cd %s && (%s) 2>&1"):format(quote(folder), command)))
  local output = pipe:read("a")
  local _, _, status = pipe:close()
  return output, status
end

local function succeed(folder, command)
  local output, status = shell(folder, command)
  check.that(status == 0, command .. "\n" .. output)
end

-- Calls f(folder, commit) in a new repository with the hook; commit(file, message, ...) changes the file and
-- commits it: -> output, whether there is one commit more.
local function with_repository(f)
  if not os.execute("command -v git >/dev/null") then check.skip("git is not installed") end
  program.with_folder(function(folder)
    succeed(".", ("cp -r Makefile .ci %s"):format(quote(folder)))
    succeed(folder, GIT .. "init -q -b main . && mkdir src lua docs && " .. CLEAN .. "make -s hooks")
    local function commits()
      return tonumber((shell(folder, GIT .. "rev-list --count HEAD 2>/dev/null || echo 0"):match("%d+")))
    end
    local function commit(file, message, how)
      program.file(folder .. "/" .. file, message)
      program.file(folder .. "/message", message)
      local before = commits()
      local output = shell(folder, ("%s add -f %s && %s commit -F message %s"):format(GIT, file, GIT, how or ""))
      return output, commits() == before + 1
    end
    f(folder, commit)
  end)
end

check.case("code needs a body, documents do not", function()
  with_repository(function(_, commit)
    for _, file in ipairs {"src/a.c", "lua/a.lua", "Makefile"} do
      local output, done = commit(file, "area: what\n")
      check.that(not done and output:find("says why: the commit changes " .. file, 1, true), output)
      output, done = commit(file, "area: what\n\n# only a comment\nSigned-off-by: A <a@example.org>\n")
      check.that(not done and output:find("expected a body", 1, true), output)
      output, done = commit(file, "area: what\n\nWhy.\n")
      check.that(done, output)
    end
    local output, done = commit("docs/a.md", "docs: what\n")
    check.that(done, output)
  end)
end)

check.case("subjects of 100 characters, whatever they take in bytes; an empty line below", function()
  with_repository(function(_, commit)
    local subject = ("ü"):rep(100)
    local output, done = commit("docs/a.md", subject .. "\n")
    check.that(done, output)
    output, done = commit("docs/a.md", subject .. "x\n")
    check.that(not done and output:find("at most 100 characters, got 101", 1, true), output)
    output, done = commit("src/a.c", "area: what\nWhy.\n")
    check.that(not done and output:find('expected an empty line between subject and body, got "Why."', 1, true), output)
  end)
end)

check.case("merges are exempt", function()
  with_repository(function(folder, commit)
    commit("src/a.c", "one: a\n\nWhy.\n")
    succeed(folder, GIT .. "checkout -q -b side")
    commit("src/b.c", "two: b\n\nWhy.\n")
    succeed(folder, GIT .. "checkout -q main")
    commit("src/c.c", "three: c\n\nWhy.\n")
    succeed(folder, ("%s merge -q -m %s side"):format(GIT, quote(("Merge "):rep(30))))
    check.equal(shell(folder, GIT .. "rev-list --count --merges HEAD"), "1\n")
  end)
end)
