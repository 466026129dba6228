--- Lab E, XOR: what one linear layer cannot do, and a hidden layer can.
local architecture = require "resmoon.labs.architecture"
local lab   = require "resmoon.labs.lab"
local plot  = require "resmoon.plot"
local rm    = require "resmoon"
local text  = require "resmoon.base.text"
local xor   = require "resmoon.explain.xor"

local nn = rm.nn

local POINTS, LABELS, EVERY = xor.points, xor.labels, 4

-- Trains on the four points. Returns the losses of some steps, and the class of each point.
local function train(net)
  local losses, at = {}, {}
  local classes = xor.train(net, function(step, loss)
    if step % EVERY == 0 then at[#at + 1], losses[#losses + 1] = step, loss:item() end
  end)
  return {x = at, y = losses, classes = classes}
end

--- Trains a linear layer and an MLP, prints what both make of the four points, and draws their losses into `home`.
-- Returns a function that adds all of it to a document.
return function(home, seed)
  rm.manual_seed(seed or 1)
  local linear = train(nn.Linear(2, 2))
  local mlp = train(nn.Sequential {nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2)})
  local rows, right = {{"x1", "x2", "x1 xor x2", "linear layer", "MLP, 8 hidden units"}}, {linear = 0, mlp = 0}
  for i, point in ipairs(POINTS) do
    rows[i + 1] = {tostring(point[1]), tostring(point[2]), tostring(LABELS[i] - 1), tostring(linear.classes[i] - 1),
                   tostring(mlp.classes[i] - 1)}
    right.linear = right.linear + (linear.classes[i] == LABELS[i] and 1 or 0)
    right.mlp = right.mlp + (mlp.classes[i] == LABELS[i] and 1 or 0)
  end
  local says = ("Of the four points the linear layer gets %d right, the MLP %d. No line parts the two classes of XOR, "
                .. "so that at most three can be right without a hidden layer."):format(right.linear, right.mlp)
  print("\nXOR\n" .. table.concat(text.columns(rows), "\n") .. "\n" .. says)
  local figure = lab.figure(home, "xor", "XOR: loss by step", function(files)
    return plot.lines({{x = linear.x, y = linear.y, title = "linear layer"}, {x = mlp.x, y = mlp.y, title = "MLP"}},
                      {file = files, xlabel = "step", ylabel = "cross-entropy", yrange = {0}, size = {1150, 420}})
  end)
  return function(doc)
    doc:heading("XOR")
    architecture.table(doc, rows)
    doc:paragraph(says)
    if figure then doc:figure(figure[1], figure[2]) end
  end
end
