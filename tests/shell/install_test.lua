--- make install, and set-up on a machine where something is missing.
local check   = require "support.check"
local program = require "support.program"

local quote = program.quote

-- Runs a shell command; returns what it wrote, errors too, and its status.
local function shell(command)
  local pipe = assert(io.popen("(" .. command .. ") 2>&1"))
  local output = pipe:read("a")
  local _, _, status = pipe:close()
  return output, status
end

check.case("make install puts everything where it is found again", function()
  program.with_folder(function(folder)
    local mode = program.path:match("build/(%w+)/resmoon$")
    local output, status = shell(("env -u MAKEFLAGS -u MAKELEVEL make -s MODE=%s install DESTDIR=%s PREFIX=/opt/rm")
                                 :format(mode, quote(folder)))
    check.that(status == 0, output)
    local prefix = folder .. "/opt/rm"
    local code = quote("print(rm.zeros(2, 3):numel(), (package.searchpath('resmoon', package.path)))")
    check.equal(shell(("cd / && env -i %s/bin/resmoon -e %s"):format(prefix, code)),
                "6\t" .. prefix .. "/share/resmoon/lua/resmoon/init.lua\n")
    check.that(shell(("cd / && env -i %s/bin/resmoon -e %s"):format(prefix, quote 'help "maxout"'))
               :find("Goodfellow", 1, true), "the docstrings of the bindings are not installed")
    check.that(shell(("cd / && env -i %s/bin/resmoon -e %s"):format(prefix, quote 'help "BasicBlock"'))
               :find("arXiv:1512.03385", 1, true), "the docstrings of the library are not found")
    if mode ~= "asan" then
      -- as Lua's own path has them for /usr/local
      local paths = ("LUA_PATH='%s/share/lua/5.4/?.lua;%s/share/lua/5.4/?/init.lua' LUA_CPATH='%s/lib/lua/5.4/?.so'")
                    :format(prefix, prefix, prefix)
      code = quote('rm = require("resmoon") print(rm.version, rm.models.mlp().name)')
      check.equal(shell(("cd / && env LUA_INIT= %s lua5.4 -e %s"):format(paths, code)),
                  require("resmoon").version .. "\tmlp\n")
    end
    output, status = shell(("env -u MAKEFLAGS -u MAKELEVEL make -s MODE=%s uninstall DESTDIR=%s PREFIX=/opt/rm")
                           :format(mode, quote(folder)))
    check.that(status == 0, output)
    check.equal(shell(("find %s -type f"):format(quote(folder))), "")
  end)
end)

-- Runs scripts/setup.sh where only what a bare system has is in PATH, with stand-ins for the
-- commands in `fakes` (name -> shell script). apt-get's calls are in the log.
local function setup(folder, needs, fakes)
  local bin = folder .. "/bin"
  local system = "sh dirname mkdir cmp rm mv tr id cat env echo"
  shell(("mkdir -p %s && for c in %s lua5.4 cc gnuplot luacheck curl; do ln -sf \"$(command -v $c)\" %s/$c; done")
        :format(bin, system, bin))
  for name, script in pairs(fakes) do
    os.remove(bin .. "/" .. name)
    if script then
      program.file(bin .. "/" .. name, "#!/bin/sh\n" .. script .. "\n")
      shell("chmod +x " .. bin .. "/" .. name)
    end
  end
  local output, status = shell(("cd %s && exec env -i PATH=%s FOLDER=%s %s/scripts/setup.sh %s %s/config.mk")
                               :format(quote(os.getenv("PWD")), bin, folder, quote(os.getenv("PWD")), needs, folder))
  local file <close> = io.open(folder .. "/log")
  return output, status, file and file:read("a") or ""
end

-- Knows every library but jansson, and that one too once it was "installed".
local PKG_CONFIG = [[
case "$*" in
  *--exists*jansson*) [ -e $FOLDER/installed ];;
  *--exists*) ;;
  *) echo -lsomething;;
esac]]
local APT_GET = 'echo "apt-get $*" >>$FOLDER/log; case "$*" in *install*) : >$FOLDER/installed;; esac'
local INSTALL = "apt-get update\napt-get install -y --no-install-recommends libjansson-dev\n"

check.case("what is missing is listed and installed with apt-get", function()
  program.with_folder(function(folder)
    local output, status, log = setup(folder, "build", {["pkg-config"] = PKG_CONFIG, ["apt-get"] = APT_GET,
                                                        id = "echo 0"})
    check.equal(status, 0, output)
    check.that(output:find("missing packages: libjansson-dev", 1, true), output)
    check.equal((log:gsub(" *\n", "\n")), INSTALL)
    check.that(io.open(folder .. "/config.mk"), "config.mk was not written")
    -- and once it is there, nothing is said or done
    output, status, log = setup(folder, "build", {["pkg-config"] = PKG_CONFIG, ["apt-get"] = APT_GET})
    check.equal({output, status}, {"", 0})
    check.equal(select(2, log:gsub("\n", "")), 2)
  end)
end)

check.case("who is not root installs through sudo", function()
  program.with_folder(function(folder)
    local output, status, log = setup(folder, "build", {
      ["pkg-config"] = PKG_CONFIG, ["apt-get"] = APT_GET, id = "echo 1000",
      sudo = 'echo sudo >>$FOLDER/log; exec "$@"'})
    check.equal(status, 0, output)
    check.equal(select(2, log:gsub("sudo\napt%-get", "")), 2)
  end)
  program.with_folder(function(folder)
    local output, status = setup(folder, "build", {
      ["pkg-config"] = PKG_CONFIG, ["apt-get"] = APT_GET, id = "echo 1000"})
    check.that(status ~= 0 and output:find("As root: apt-get install libjansson-dev", 1, true), output)
  end)
end)

check.case("without apt-get the packages are listed, and it ends non-zero", function()
  program.with_folder(function(folder)
    local output, status = setup(folder, "test", {["lua5.4"] = false, cc = false})
    check.that(status ~= 0)
    for _, package in ipairs {"pkg-config", "lua5.4", "gcc", "liblua5.4-dev", "libopenblas-dev", "libjansson-dev",
                              "zlib1g-dev", "libjpeg-dev", "libpng-dev", "libreadline-dev", "libcmocka-dev",
                              "lua-argparse", "lua-unit"} do
      check.that(output:find(package, 1, true), package .. " is not in: " .. output)
    end
    check.that(not output:find("gnuplot", 1, true), "gnuplot is there: " .. output)
    check.that(output:find("There is no apt-get here", 1, true), output)
  end)
end)

check.case("an installation that fails ends non-zero", function()
  program.with_folder(function(folder)
    local output, status = setup(folder, "build", {
      ["pkg-config"] = PKG_CONFIG, ["apt-get"] = "exit 100", id = "echo 0"})
    check.that(status ~= 0, output)
  end)
  program.with_folder(function(folder)
    local output, status = setup(folder, "build", {
      ["pkg-config"] = PKG_CONFIG, ["apt-get"] = "true", id = "echo 0"})
    check.that(status ~= 0 and output:find("still missing", 1, true), output)
  end)
end)
