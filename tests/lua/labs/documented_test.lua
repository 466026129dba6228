--- Every command line of README.md, of docs and of the helps, run as it stands but small: it ends well, and what it
--- trains is better than chance.
--
-- The command lines are taken from the texts, not from a list here. Their sizes are made small (epochs, images, width),
-- and ~/data is an image folder whose classes are easy to tell apart; rate, augmentation, schedule and all other
-- settings are what the command line or the defaults say.
local check   = require "support.check"
local rm      = require "resmoon"
local program = require "support.program"

local CLASSES = 10

-- --- data ------------------------------------------------------------------------------------

-- n images of each class: a pattern of its own, and noise. uint8 (n * CLASSES, channels, size, size).
local function easy_images(n, channels, size, seed)
  rm.manual_seed(99)
  local cells = size // 4
  local patterns = rm.randn(CLASSES, channels, cells, cells):clamp(0, 10)
  rm.manual_seed(seed)
  local one = patterns:reshape(CLASSES, channels, cells, 1, cells, 1):expand(CLASSES, channels, cells, 4, cells, 4)
  one = one:contiguous():reshape(CLASSES, channels, size, size)
  local all = {}
  for i = 1, n do all[i] = one end
  local x = rm.cat(all, 1)
  return (x * 70 + rm.randn(table.unpack(x.shape)) * 40):clamp(0, 255):byte()
end

local function write_folder(path, n, seed)
  local x = easy_images(n, 3, 16, seed)
  for i = 1, x.shape[1] do
    local folder = ("%s/class_%d"):format(path, (i - 1) % CLASSES)
    rm.sys.mkdir_p(folder)
    rm.data.write_png(("%s/%03d.png"):format(folder, i), x[i])
  end
end

local function write_mnist(path, stem, n, seed)
  rm.sys.mkdir_p(path)
  local x, labels, bytes = easy_images(n, 1, 28, seed), {}, {}
  for i, v in ipairs(x:flatten():totable()) do bytes[i] = string.char(v) end
  for i = 1, n * CLASSES do labels[i] = string.char((i - 1) % CLASSES) end
  program.file(("%s/%s-images-idx3-ubyte"):format(path, stem),
               string.pack(">I4I4I4I4", 0x803, n * CLASSES, 28, 28) .. table.concat(bytes))
  program.file(("%s/%s-labels-idx1-ubyte"):format(path, stem),
               string.pack(">I4I4", 0x801, n * CLASSES) .. table.concat(labels))
end

-- --- command lines -----------------------------------------------------------------------------

-- The command lines of a text: "resmoon NAME ..." at the beginning of a line, or between backticks with options.
local function commands_of(text)
  local list = {}
  text = text:gsub("\\\n%s*", "")
  for line in ("\n" .. text):gmatch "\n%s*(resmoon [%l_]+[^\n]*)" do list[#list + 1] = line:gsub("%s+#.*$", "") end
  for inside in text:gmatch "`(resmoon [%l_]+ [^`\n]*%-%-[^`\n]*)`" do list[#list + 1] = inside end
  return list
end

-- Of these there is no small form here, or they train nothing: tests of their own run them.
local elsewhere = {fetch = true, data = true, bench = true, my_experiment = true, demo = true, summary = true,
                   check = true, landscape = true, signals = true, frames = true}

-- Words of a command line without these options and what follows them.
local function without(words, ...)
  local drop, result, skipping = {}, {}, false
  for _, name in ipairs {...} do drop[name] = true end
  for _, word in ipairs(words) do
    if word:find "^%-%-" then skipping = drop[word] or false end
    if not skipping then result[#result + 1] = word end
  end
  return result
end

local residual_width = {"--width", "8"}

-- The same command line, small.
local function shrunk(words, has)
  local name = words[2]
  local list = without(words, "--epochs", "--train-size", "--test-size", "--width", "--workers", "--population",
                       "--depths", "--batch-size", "--size")
  local function add(...) for _, word in ipairs {...} do list[#list + 1] = word end end
  if name == "hash" or name == "draw" or name == "train" and has["--resume"] then return list end
  add("--threads", "1")
  if name == "evaluate" or name == "predict" or name == "report" or name == "responses" or name == "lesions"
     or name == "features" then
    return list
  end
  if not has["--data"] and not has["--images"] then add("--data", "~/data") end
  add("--train-size", name:find "^lab" and "160" or "400")
  if name == "lrfind" then add("--steps", "15", table.unpack(residual_width)) return list end
  local given_rate = name == "train" and (has["--lr"] or has["--max-lr"])
  add("--epochs", name:find "^lab" and "1" or name == "search" and "1" or given_rate and "15" or "5")
  add("--test-size", "100")
  if given_rate then add("--batch-size", "64") end   -- a rate that was chosen for batches of 128, not for 16
  if name == "search" or name == "lab_d" or name == "lab_e" then add("--population", "2", "--generations", "1") end
  if name == "lab_e" then add("--trial-epochs", "1") end
  if name == "lab_d" then add("--trial-epochs", "1", "--trial-size", "100", "--steps", "15") end
  if not (has["--model"] and list[4] == "lenet5") then add(table.unpack(residual_width)) end
  if has["--augment"] == "imagenet" or has["--images"] then add("--size", "16") end
  return list
end

local function run(words, home)
  -- through the shell, as a person would: ~ is the home folder
  local line = {}
  for i, word in ipairs(words) do
    line[i] = word:find "^~" and word:gsub("^~/data/mnist$", "~/digits") or program.quote(word)
  end
  local path = program.path:sub(1, 1) == "/" and program.path or os.getenv "PWD" .. "/" .. program.path
  line[1] = program.quote(path)
  local command = ("cd %s && export HOME=%s && RESMOON_PLOT=text %s 2>&1"):format(program.quote(home),
    program.quote(home), table.concat(line, " "))
  local pipe = assert(io.popen(command))
  local output = pipe:read "a"
  local _, _, status = pipe:close()
  return status, output
end

-- The better of the last training and test errors of a run, in per cent.
local function error_of(path)
  local rows = rm.train.Log.read(path .. "/log.csv").rows
  return math.min(rows[#rows].train_error, rows[#rows].test_error)
end

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

local function each_command(visit)
  local seen, count = {}, 0
  local texts = {}
  for _, name in ipairs {"README", "docs/labs", "docs/results", "docs/performance"} do
    texts[#texts + 1] = read(name .. ".md")
  end
  for _, file in ipairs(rm.sys.list "scripts") do
    local name = file:match "^(.*)%.lua$"
    if name then texts[#texts + 1] = (program.run {name, "--help"}):match "Example:\n(.*)$" end
  end
  for _, text in ipairs(texts) do
    for _, line in ipairs(commands_of(text)) do
      local words, has = {}, {}
      for word in line:gmatch "%S+" do
        if words[#words] and words[#words]:find "^%-%-" then has[words[#words]] = word end
        if word:find "^%-%-" then has[word] = has[word] or true end
        words[#words + 1] = word
      end
      if not elsewhere[words[2]:match "^[%l_]+"] and not words[2]:find "^examples" and not seen[line] then
        seen[line], count = true, count + 1
        visit(line, words, has)
      end
    end
  end
  return count
end

-- The network of one's own that examples train, in short: what matters here is that a file builds it.
local NETS = [[
local rm = require "resmoon"
return {senet = function(options)
  return rm.models.resnet20 {num_classes = options.num_classes, input = options.input, width = options.width}
end}
]]

check.slow("every documented command line ends well, and what it trains is better than chance", function()
  program.with_folder(function(home)
    write_folder(home .. "/data/train", 40, 1)
    write_folder(home .. "/data/test", 10, 2)
    for _, name in ipairs {"photos", "flowers", "DIR"} do
      rm.sys.run {"cp", "-r", home .. "/data", home .. "/" .. name}
    end
    write_mnist(home .. "/digits", "train", 40, 1)
    write_mnist(home .. "/digits", "t10k", 10, 2)
    program.file(home .. "/nets.lua", NETS)
    local picture = easy_images(1, 3, 16, 3)
    rm.data.write_png(home .. "/cat.png", picture[1])
    rm.sys.run {"cp", home .. "/data/test/class_0/001.png", home .. "/dog.jpg"}
    local worst, trained = {}, 0
    local function train(words, path)
      local status, output = run(words, home)
      check.equal(status, 0, table.concat(words, " ") .. "\n" .. output)
      trained = trained + 1
      worst[#worst + 1] = {error_of(path), table.concat(words, " ")}
    end
    -- The runs that others look at.
    for _, path in ipairs {"resnet20", "plain20", "resnet18", "compare/resnet20", "compare/plain20",
                           "compare/resnet56"} do
      local model = path:match "[^/]*$"
      local words = {"resmoon", "train", "--model", model, "--data", "~/data", "--run", "runs/" .. path, "--width", "8",
                     "--epochs", model == "resnet56" and "1" or "5", "--threads", "1"}
      if model == "resnet56" then
        local status, output = run(words, home)
        check.equal(status, 0, output)
      else
        train(words, home .. "/runs/" .. path)
      end
    end
    local number = 0
    local count = each_command(function(line, words, has)
      local small = shrunk(words, has)
      local kind = words[2]
      number = number + 1
      local out = ("out/%d"):format(number)
      if kind == "train" and not has["--resume"] then
        small[#small + 1], small[#small + 2] = "--run", out
        if has["--data"] == "DIR" and has["--lr"] then
          -- A result that was measured: its rate is for tens of thousands of images, and may be too high for 400.
          local status, output = run(small, home)
          check.equal(status, 0, line .. "\n" .. output)
        else
          train(small, home .. "/" .. out)
        end
      else
        if kind == "compare" and not line:find "runs/" or kind == "search" or kind:find "^lab" then
          small[#small + 1], small[#small + 2] = "--run", out
        end
        local status, output = run(small, home)
        check.equal(status, 0, line .. "\n" .. table.concat(small, " ") .. "\n" .. output)
        check.that(not output:find "nan", line .. "\n" .. output)
        if kind == "compare" and not line:find "runs/" then
          for _, model in ipairs(rm.sys.list(home .. "/" .. out)) do
            -- Plain networks of 50 and more layers learn slowly or not at all, which is what they are there to show.
            local deep = tonumber(model:match "^plain(%d+)$" or "0") >= 50
            if rm.sys.is_dir(home .. "/" .. out .. "/" .. model) and not deep then
              worst[#worst + 1] = {error_of(home .. "/" .. out .. "/" .. model), line .. ": " .. model}
            end
          end
        end
      end
    end)
    check.that(count >= 25 and trained >= 9, ("%d command lines, %d trained"):format(count, trained))
    for _, each in ipairs(worst) do
      check.that(each[1] < 80, ("%s: error %.1f %%, by chance 90 %%"):format(each[2], each[1]))
    end
  end)
end)
