--- plot.live: curves that grow, in characters, in files, in a window.
-- luacheck: globals io (its streams are replaced to see what is printed)
local check   = require "support.check"
local program = require "support.program"
local rm      = require "resmoon"
local gnuplot = require "resmoon.plot.gnuplot"
local plot, sys = rm.plot, rm.sys

-- What f writes to a stream of io, with RESMOON_PLOT=text.
local function captured(stream, f)
  local real, parts, wish = io[stream], {}, sys.getenv "RESMOON_PLOT"
  io[stream] = {write = function(_, ...) parts[#parts + 1] = table.concat({...}) end, flush = function() end}
  sys.setenv("RESMOON_PLOT", "text")
  local ok, message = pcall(f, parts)
  io[stream] = real
  sys.setenv("RESMOON_PLOT", wish)
  assert(ok, message)
  return table.concat(parts)
end

local function need_gnuplot()
  if not gnuplot.find() then check.skip("gnuplot is not installed") end
end

check.case("where there is no terminal, the figure comes at close, and once", function()
  need_gnuplot()
  local text = captured("stdout", function(parts)
    local live = plot.live {title = "my net"}
    for i = 1, 20 do live:add {loss = 2 / i, error = {train = 50 / i, test = 60 / i}} end
    check.equal(#parts, 0)
    check.equal(tostring(live), "plot.live: error, loss, 20 points up to step 20")
    check.equal({live:close(), live:close()}, {true, true})
    check.error(function() live:add {loss = 1} end, "live:add: it was closed")
  end)
  check.equal({select(2, text:gsub("my net: error", "")), select(2, text:gsub("loss", ""))}, {1, 1})
  check.that(text:find("*A* test   #B# train\n", 1, true), text)
end)

check.case("a close variable writes the file, with all that was added", function()
  need_gnuplot()
  program.with_folder(function(folder)
    local files = {folder .. "/l.png", folder .. "/l.svg"}
    local text = captured("stdout", function()
      local live <close> = plot.live {file = files, xlabel = "image"}
      live:add {loss = 1, x = 10}:add {loss = 0 / 0, x = 20}
    end)
    check.equal(text, "")
    check.equal(sys.list(folder), {"l.png", "l.svg"})
    local file <close> = assert(io.open(files[2]))
    local svg = file:read "a"
    check.that(svg:find(">loss<", 1, true) and svg:find(">image<", 1, true), "labels")
    pcall(function()
      local live <close> = plot.live {file = folder .. "/broken.svg"}
      live:add {loss = 1}
      error "in the loop"
    end)
    check.that(sys.exists(folder .. "/broken.svg"))
    local nothing = plot.live {file = folder .. "/nothing.svg"}
    check.that(nothing:close() and not sys.exists(folder .. "/nothing.svg"))
  end)
end)

check.case("what is not a number is named, and nothing of that call is taken", function()
  local live = plot.live()
  live:add {loss = 1}
  check.error(function() live:add {loss = "1"} end, "live:add: loss is a string, expected a number")
  check.error(function() live:add {a = 1, error = {train = {}}} end, "error.train is a table, expected a number")
  check.error(function() live:add {loss = 1, x = "a"} end, "x is a string")
  check.error(function() live:add(3) end, "expected values by name, got number")
  check.equal(tostring(live), "plot.live: loss, 1 points up to step 1")
  check.error(function() plot.live {titel = "x"} end, "unknown option 'titel', did you mean 'title'?")
  check.error(function() plot.live {file = "x.gif"} end, ".png, .svg or .pdf")
end)

-- A loop with 40 steps of 20 milliseconds, or as the test wishes.
local function loop(folder, options)
  return program.file(folder .. "/loop.lua", ([[
    local rm = require "resmoon"
    do
      local live <close> = rm.plot.live {%s}
      for step = 1, 40 do
        live:add {loss = 1 / step, error = {train = 50 / step, test = 60 / step}}
        rm.sys.sleep(0.02)
      end
    end
    print "the loop is over"
  ]]):format(options or "")) and folder .. "/loop.lua"
end

check.case("in a terminal the curves are drawn over themselves, without gnuplot", function()
  program.with_folder(function(folder)
    local screen = program.type({"expect the loop is over"}, {arguments = {loop(folder)},
                                env = "PATH=/nonexistent LC_ALL=C RESMOON_PLOT=text"})
    local frames = select(2, screen:gsub("\n?error  %* test", ""))
    check.that(frames >= 3, screen)
    check.equal(select(2, screen:gsub("\27%[22A", "")), frames - 1)    -- 2 panels of 11 lines: back to the top
    check.that(screen:find("o train 1.25", 1, true) and screen:find("loss  0.025", 1, true), screen)
    check.that(not screen:find("gnuplot", 1, true), screen)
  end)
end)

check.case("one gnuplot is kept for the window, and drawn anew", function()
  program.with_folder(function(folder)
    -- One that has a window, and writes down what it is told.
    program.file(folder .. "/gnuplot", ("#!/bin/sh\ncase \"$*\" in\n*-persist*) echo begun >> %s/begun; "
      .. "exec /bin/cat > %s/script;;\n*) echo x11 >&2;;\nesac\n"):format(folder, folder))
    check.equal(sys.run({"chmod", "+x", folder .. "/gnuplot"}), 0)
    local out, err, status = program.run({loop(folder, "title = 'w'")}, {env = "RESMOON_PLOT=window PATH=" .. folder})
    check.equal({out, err, status}, {"the loop is over\n", "", 0})
    local function content(name)
      local file <close> = assert(io.open(folder .. "/" .. name))
      return file:read "a"
    end
    check.equal(content "begun", "begun\n")
    local script = content "script"
    check.equal(select(2, script:gsub("set terminal x11", "")), 1)
    check.that(select(2, script:gsub("set multiplot", "")) >= 3, script)
    check.that(script:find("\n40 0.025\n", 1, true), script)
  end)
end)
