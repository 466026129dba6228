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
local core    = require "resmoon.core"
local glyphs  = require "resmoon.plot.glyphs"
local visible = require("resmoon.base.text").visible
local sys     = core.sys

local gnuplot = {}

--- How long a figure may take, in seconds: a gnuplot that hangs is not waited for.
gnuplot.seconds = tonumber(sys.getenv "RESMOON_PLOT_SECONDS" or "") or 120

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
  local status, out, err = sys.run({path, "-d"}, {stdin = script, capture = true, seconds = gnuplot.seconds})
  if not status then return nil, (out:gsub("^%S*/", "")) end
  if status ~= 0 then
    return nil, "gnuplot: " .. (err:match("line %d+: ([^\n]*)") or err:match("%S[^\n]*") or "status " .. status)
  end
  return out
end

-- Set of the terminals that this gnuplot was built with.
local function available()
  if not terminals then
    terminals = {}
    local _, _, err = sys.run({gnuplot.find(), "-d"}, {stdin = "print GPVAL_TERMINALS\n", capture = true,
                                                       seconds = gnuplot.seconds})
    for name in (err or ""):gmatch("%w+") do terminals[name] = true end
  end
  return terminals
end

-- By suffix: what a whole file ends with, the terminal, the pixels of an inch where it counts in inches, the size of
-- small letters, and the pixels that gnuplot's own key takes for a letter and a row: in SVG, where gnuplot 5.4 has no
-- font to measure, these are guesses of its own, and larger. The sizes of fonts mean other things to each: these look
-- alike.
-- "fixed": with "dynamic" gnuplot 5.4 writes no width and height, so that a page scales a small figure up and a large
-- one down, and their letters with them.
local white = "background '#ffffff' noenhanced"
local suffixes = {
  png = {ends = "IEND\xaeB`\x82", format = "pngcairo size %d,%d font 'sans,11' " .. white, small = 9, letter = 8,
         line = 20.5, dot = 1.4},
  svg = {ends = "</svg>", format = "svg size %d,%d fixed font 'sans,14.5' " .. white, small = 12, letter = 8.8,
         line = 26},
  pdf = {ends = "%%EOF", format = "pdfcairo size %g,%g linewidth 1.6 font 'sans,15' " .. white, small = 12.2,
         inches = 110, letter = 8, line = 20.5, dot = 1.3},
}

--- The target of a file name: {kind = "file", file=, terminal = "pngcairo ...", width =, height = (pixels), small = the
-- size of small letters}.
-- Errors: raises on a suffix other than .png, .svg and .pdf.
function gnuplot.file_target(name, width, height)
  local suffix = suffixes[(name:match("%.(%w+)$") or ""):lower()]
  if not suffix then error(("plot: %s: a figure's name ends in .png, .svg or .pdf"):format(name), 0) end
  local scale = suffix.inches or 1
  return {kind = "file", file = name, ends = suffix.ends, width = width, height = height, small = suffix.small,
          letter = suffix.letter, line = suffix.line, dot = suffix.dot,
          terminal = suffix.format:format(width / scale, height / scale)}
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
          height = height, small = 9, dot = 1.4}
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
  local color = sys.isatty(1) and not sys.getenv("NO_COLOR") and sys.getenv("TERM") ~= "dumb"
  local form = ("dumb size %%d,%%d %s noenhanced"):format(color and "ansi256" or "mono")
  return {kind = "text", width = columns, height = rows, color = color, form = form,
          terminal = form:format(columns, rows)}
end

--- What a script begins with: the terminal, `small`, the font of small letters on it, and `dot`, by which sizes of
-- points are multiplied to look alike.
function gnuplot.prelude(target)
  -- Our text is UTF-8 and our numbers have a point, whatever the locale says.
  return ("set encoding utf8\nset decimalsign '.'\nset terminal %s\nsmall = ',%g'\ndot = %g\n"):format(
    target.terminal, target.small or 0, target.dot or 1)
end

--- The output of the dumb terminal without its form feeds, blank lines, and blanks at the ends of lines. With colors
-- gnuplot 5.4.4 begins each line, a blank one too, by going back to the usual one.
function gnuplot.trimmed(text)
  local lines, back = {}, text:match "\27%[[%d;]*m%s*$" or ""
  for line in text:gsub("\f", ""):gmatch "[^\n]+" do
    if line:gsub("\27%[[%d;]*m", ""):find "%S" then
      local before
      repeat
        before = line
        line = line:gsub("[ \t]+$", ""):gsub("\27%[[%d;]*m$", "")
      until line == before
      lines[#lines + 1] = line
    end
  end
  return table.concat(lines, "\n") .. back:match "^%S*"
end

--- An SVG in which the pixels of enlarged images stay squares, and polygons that meet (the box that explains colors,
-- bars) leave no pale seam. gnuplot 5.4 embeds an image as it is and says nothing of how to enlarge it, and browsers
-- blur it then; each polygon they smooth against the background. Older viewers know "optimizeSpeed", newer ones
-- "pixelated".
function gnuplot.sharp(svg)
  svg = svg:gsub("<image ", "<image style='image-rendering:optimizeSpeed;image-rendering:pixelated' ")
  return (svg:gsub("<polygon fill", "<polygon shape-rendering='crispEdges' fill"))
end

-- Writes a figure: gnuplot reports no failed write of its output (5.4.4: status 0 on a full disk), so it writes to us,
-- and the file is replaced as a whole, or stays as it was. Returns true, or nil and the reason.
local function write(script, target)
  local picture, reason = gnuplot.run(script)
  if not picture then return nil, ("%s was not drawn: %s"):format(target.file, reason) end
  if not picture:sub(-100):find(target.ends, 1, true) then
    return nil, ("%s was not drawn: gnuplot gave only a part of it"):format(target.file)
  end
  if target.file:lower():find "%.svg$" then picture = gnuplot.sharp(picture) end
  local ok, failed = pcall(core.write_atomic, target.file, picture)
  if ok then return true end
  return nil, (tostring(failed):gsub("^.-write_atomic: ", ""))
end

--- Draws the body of a script (all but terminal and output) on a target.
-- A file appears whole or not at all. Returns true, or nil and the reason.
function gnuplot.draw(body, target)
  local path, missing = gnuplot.find()
  if not path then return nil, missing end
  local script = gnuplot.prelude(target)
  if target.terminal:find "cairo" then body = glyphs.drawable(body) end
  if target.kind == "file" then return write(script .. body, target) end
  if target.kind == "window" then  -- the window outlives the program, so its output is not waited for
    local process, reason = sys.spawn({path, "-d", "-persist"})
    if not process then return nil, reason end
    local ok, failed = process:write(script .. body, gnuplot.seconds)
    if ok then ok, failed = process:wait(gnuplot.seconds) end
    if not ok then
      process:kill(true)
      return nil, "gnuplot: " .. failed
    end
    return true
  end
  local text, reason = gnuplot.run(script .. body)
  if not text then return nil, reason end
  if target.kind == "text" then text = gnuplot.trimmed(text) end
  io.stdout:write(text, "\n")
  io.stdout:flush()
  return true
end

return gnuplot
