--- What landscape gives: losses and errors of a plane, and what they say.
local class = require "resmoon.base.class"
local core  = require "resmoon.core"
local flatness = require "resmoon.explain.flatness"
local shown = require "resmoon.base.shown"
local text  = require "resmoon.base.text"

local Landscape = class("Landscape")

--- about: what it is of (landscape_file.lua); tensors: {losses =, errors =, done =} of earlier work, or nil.
function Landscape.new(about, tensors)
  local self = setmetatable({about = about, name = about.name, grid = about.grid}, Landscape)
  local n = about.grid
  if tensors then self.losses, self.errors, self.done = tensors.losses, tensors.errors, tensors.done
  else
    self.losses = core.full({n, n}, text.NAN)
    self.errors = about.center.error and core.full({n, n}, text.NAN)
    self.done = core.zeros({n, n}, "uint8")
  end
  return self
end

--- Works out what follows from the points. Returns the landscape.
function Landscape:finish()
  local about = self.about
  for _, name in ipairs {"directions", "seed", "biases", "statistics", "images", "classes", "center", "path"} do
    self[name] = about[name]
  end
  self.x, self.y = core.tensor(about.x), core.tensor(about.y)
  self.points = math.tointeger(self.done:long():sum():item())
  if self.points == self.grid * self.grid then
    self.flatness = flatness.of(about.x, about.y, self.losses:totable(), about.center.loss, about.classes)
  else self.stopped = self.stopped or "unfinished" end
  return shown.fields(self)
end

-- The least and the largest loss of the points that are done; how many are no finite number.
local function extent(self)
  local low, high, bad = math.huge, -math.huge, 0
  local done = self.done:totable()
  for i, row in ipairs(self.losses:totable()) do
    for j, v in ipairs(row) do
      if done[i][j] == 1 then
        if v ~= v or math.abs(v) == math.huge then bad = bad + 1
        else low, high = math.min(low, v), math.max(high, v) end
      end
    end
  end
  return low, high, bad
end

local function distance(radius, range)
  if radius.reached == 0 then return ("beyond %.2f, the edge"):format(range) end
  local some = radius.reached < 1 and (" (in %.0f %% of directions; else the edge counts)"):format(100 * radius.reached)
    or ""
  return ("at a distance of %.3f (%.3f to %.3f)%s"):format(radius.mean, radius.least, radius.most, some)
end

--- What it shows, in lines.
function Landscape:__tostring()
  local about = self.about
  local how = about.directions == "path"
    and ("the path of %d checkpoints (%.0f + %.0f %% of its variance)"):format(#about.path.x,
         100 * about.path.variance[1], 100 * about.path.variance[2])
    or ("random directions (seed %d)"):format(about.seed)
  local lines = {("landscape of %s: %d x %d points, %s, %d images"):format(text.visible(self.name), self.grid,
                 self.grid, how, about.images)}
  local function add(...) lines[#lines + 1] = "  " .. text.format(...) end
  if self.stopped then
    add("%s: %d of %d points; the same call goes on where it has a file", self.stopped, self.points,
        self.grid * self.grid)
  end
  local low, high, bad = extent(self)
  add("loss %.4g at the center%s%s%s", about.center.loss,
      about.center.error and (" (error %.1f %%)"):format(about.center.error) or "",
      low <= high and (", %.4g to %.4g in the square"):format(low, high) or "",
      bad > 0 and ("; %d points are no finite number"):format(bad) or "")
  local f = self.flatness
  if f then
    local range = math.min(-about.x[1], about.x[#about.x], -about.y[1], about.y[#about.y])
    add("it has doubled %s", distance(f.doubled, range))
    if f.guess then
      add("it is that of guessing (ln %d = %.3f) %s; %.1f %% of the square is below", about.classes, f.guess,
          distance(f.guessing, range), 100 * f.below)
    end
    if f.curvature then add("curvature at the center %.4g", f.curvature) end
  end
  return table.concat(lines, "\n")
end

return Landscape
