--- Talks to gnuplot: finds it, quotes for it, chooses where a figure goes, and runs it.
--
-- gnuplot is a language: a name with a backtick, a newline or a leading `|` in the wrong place runs
-- commands. So text of others enters a script through quote() alone, file names through path()
-- alone, and numbers in data blocks. gnuplot is started with an argument list (no shell) and -d
-- (no settings files of the user); the script goes through a pipe.
--
-- Where a figure goes: a file name given decides by its suffix; else a window, where there is a
-- display and a gnuplot that can open one; else sixel graphics, where the terminal has them; else
-- characters. RESMOON_PLOT=window|sixel|text chooses among the last three.
local sys     = require("resmoon.core").sys
local visible = require("resmoon.base.text").visible

local gnuplot = {}

-- In double quotes, every byte that could mean something as an octal escape. (Single quotes will not do: gnuplot 5.4
-- loses count where several stand side by side.) Digits behind an escape are escaped as well: gnuplot would take them
-- for part of it.
local function literal(text)
  return '"' .. text:gsub("[^%w ._/-]%d*", function(run)
    return (run:gsub(".", function(c) return ("\\%03o"):format(c:byte()) end))
  end) .. '"'
end

--- Text as gnuplot takes it literally, in quotes. Control characters and bytes that are not UTF-8, which would break an
-- SVG, are made visible.
function gnuplot.quote(text) return literal(visible(text)) end

--- A file name in quotes. It never begins with `|`, `<`, `-` or `~`, which mean other things.
-- Errors: raises on control characters, which no quoting can carry.
function gnuplot.path(name)
  if name:find("[%c\127]") or name == "" then
    error(("plot: %q cannot be the name of a figure"):format(name), 0)
  end
  return literal(name:sub(1, 1) == "/" and name or "./" .. name)
end

local program, terminals

--- Path of the program, or nil and what to do about it.
function gnuplot.find()
  program = program or sys.which("gnuplot")
  if program then return program end
  return nil, "gnuplot is not installed, so no figure was drawn (apt-get install gnuplot-nox)"
end

--- Runs a script. Returns what it printed, or nil and what it complained about.
function gnuplot.run(script)
  local path, missing = gnuplot.find()
  if not path then return nil, missing end
  local status, out, err = sys.run({path, "-d"}, {stdin = script, capture = true})
  if not status then return nil, out end
  if status ~= 0 then
    return nil, "gnuplot: " .. (err:match("line %d+: ([^\n]*)") or err:match("%S[^\n]*") or "status " .. status)
  end
  return out
end

-- Set of the terminals that this gnuplot was built with.
local function available()
  if not terminals then
    terminals = {}
    local _, _, err = sys.run({gnuplot.find(), "-d"}, {stdin = "print GPVAL_TERMINALS\n", capture = true})
    for name in (err or ""):gmatch("%w+") do terminals[name] = true end
  end
  return terminals
end

-- By suffix: the terminal, the pixels of an inch where it counts in inches, and the size of small letters. The sizes
-- mean other things to each: these look alike.
local suffixes = {
  png = {format = "pngcairo size %d,%d font 'sans,11' background '#ffffff' noenhanced", small = 9},
  svg = {format = "svg size %d,%d dynamic font 'sans,14.5' background '#ffffff' noenhanced", small = 12},
  pdf = {format = "pdfcairo size %g,%g font 'sans,15' background '#ffffff' noenhanced", small = 12.2, inches = 110},
}

--- The target of a file name: {kind = "file", file=, terminal = "pngcairo ...", width =, height = (pixels), small = the
-- size of small letters}.
-- Errors: raises on a suffix other than .png, .svg and .pdf.
function gnuplot.file_target(name, width, height)
  local suffix = suffixes[(name:match("%.(%w+)$") or ""):lower()]
  if not suffix then error(("plot: %s: a figure's name ends in .png, .svg or .pdf"):format(name), 0) end
  local scale = suffix.inches or 1
  return {kind = "file", file = name, terminal = suffix.format:format(width / scale, height / scale), width = width,
          height = height, small = suffix.small}
end

local function has_display()
  return (sys.getenv("DISPLAY") or "") ~= "" or (sys.getenv("WAYLAND_DISPLAY") or "") ~= ""
end

local sixel
-- Asks the terminal, once, what it is: a 4 among its attributes means sixel graphics.
local function has_sixel()
  if sixel == nil then
    local answer = sys.ask_terminal("\27[c", "c", 0.3) or ""
    sixel = (";" .. (answer:match("\27%[%?([%d;]*)c") or "") .. ";"):find(";4;", 1, true) ~= nil
  end
  return sixel
end

--- Size of a figure in characters: fits the terminal, and 80x24 where there is none.
function gnuplot.text_size()
  local rows, columns = sys.winsize()
  return math.max(40, math.min((columns or 80) - 1, 110)), math.max(12, math.min((rows or 24) - 3, 30))
end

--- The target of a window, or nil where none can be opened or RESMOON_PLOT wants something else.
function gnuplot.window_target(width, height)
  local wish = sys.getenv("RESMOON_PLOT")
  if not gnuplot.find() or wish and wish ~= "window" then return nil end
  local has = available()
  local name = has.qt and "qt" or has.wxt and "wxt" or has.x11 and "x11"
  if not name or not (wish or has_display()) then return nil end
  return {kind = "window", terminal = ("%s size %d,%d noraise noenhanced"):format(name, width, height), width = width,
          height = height, small = 9}
end

--- The target of a figure that is to be seen now.
-- kind: "window", "sixel" or "text", whose width and height are in characters.
function gnuplot.screen_target(width, height)
  local window = gnuplot.window_target(width, height)
  if window then return window end
  local wish = sys.getenv("RESMOON_PLOT")
  if wish == "sixel" or not wish and sys.isatty(1) and available().sixelgd and has_sixel() then
    return {kind = "sixel", terminal = ("sixelgd size %d,%d truecolor noenhanced"):format(width, height),
            width = width, height = height, small = 9}
  end
  local columns, rows = gnuplot.text_size()
  local colour = sys.isatty(1) and not sys.getenv("NO_COLOR") and sys.getenv("TERM") ~= "dumb"
  return {kind = "text", width = columns, height = rows,
          terminal = ("dumb size %d,%d %s noenhanced"):format(columns, rows, colour and "ansi256" or "mono")}
end

--- What a script begins with: the terminal, and `small`, the font of small letters on it.
function gnuplot.prelude(target)
  -- Our text is UTF-8 and our numbers have a point, whatever the locale says.
  return ("set encoding utf8\nset decimalsign '.'\nset terminal %s\nsmall = ',%g'\n"):format(target.terminal,
    target.small or 0)
end

--- Draws the body of a script (all but terminal and output) on a target.
-- A file appears whole or not at all. Returns true, or nil and the reason.
function gnuplot.draw(body, target)
  local path, missing = gnuplot.find()
  if not path then return nil, missing end
  local script = gnuplot.prelude(target)
  if target.kind == "file" then
    local folder, name = target.file:match("^(.*/)([^/]*)$")
    local partial = ("%s.%d.%s"):format(folder or "", sys.getpid(), name or target.file)
    local out, reason = gnuplot.run(("%sset output %s\n%sset output\n"):format(script, gnuplot.path(partial), body))
    if not out or not sys.exists(partial) then
      if sys.exists(partial) then sys.remove(partial) end
      return nil, reason or ("cannot write " .. target.file)
    end
    sys.rename(partial, target.file)
    return true
  end
  if target.kind == "window" then  -- the window outlives the program, so its output is not waited for
    local process, reason = sys.spawn({path, "-d", "-persist"})
    if not process then return nil, reason end
    local ok, failed = process:write(script .. body)
    process:wait()
    if not ok then return nil, "gnuplot: " .. failed end
    return true
  end
  local text, reason = gnuplot.run(script .. body)
  if not text then return nil, reason end
  if target.kind == "text" then  -- without the form feeds and the blank lines around
    text = text:gsub("\f", ""):gsub("[ \t]+\n", "\n"):gsub("\n\n+", "\n"):gsub("^\n+", "")
  end
  io.stdout:write(text, "\n")
  io.stdout:flush()
  return true
end

return gnuplot
