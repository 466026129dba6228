--- Work that is to be killed, and taken up again: training, a search, saving.
--
--     resmoon tests/faults/victim.lua train|search|save FOLDER
--
-- What it says was reached ("reached N") must be there after any kill; it begins with what is there ("found N"), and
-- ends with "end HASH".
local rm = require "resmoon"
local what, path = arg[1], arg[2]
local sys = rm.sys

local function say(format, ...)
  print(format:format(...))
  io.stdout:flush()
end

local function sets()
  local train = rm.data.shapes10 {size = 24}
  return {train, rm.data.shapes10 {size = 8, train = false}}
end

local victims = {}

function victims.train()
  local settings = {model = "mlp", epochs = 5, batch_size = 4, lr = 0.01, schedule = "cosine", augment = true,
                    ema = 0.9}
  local options = {sets = sets(), progress = false, folder = path, hooks = {on_epoch = function(_, row)
    say("reached %d", row.epoch)
  end}}
  local ended
  if rm.train.folder.is_run(path) then
    say("found %d", #rm.train.folder.read(path).rows)
    ended = rm.train.resume(path, nil, options)
  else
    say "found 0"
    ended = rm.train.run(settings, options)
  end
  say("end %s %s %d", rm.load(path .. "/best.safetensors") and ended.net:hash(),
      rm.train.folder.read(path).rows[5].hash, ended.epochs)
end

function victims.search()
  local found = 0
  for _ in ipairs(sys.is_dir(path .. "/trials") and sys.list(path .. "/trials") or {}) do found = found + 1 end
  say("found %d", found)
  local result = rm.search.run {settings = {model = "mlp", train_size = 24, test_size = 8, epochs = 1, batch_size = 8},
                                folder = path, population = 3, generations = 2, progress = false}
  local list = {}
  for _, one in ipairs(result.all) do list[#list + 1] = ("%.9g/%.9g"):format(one.genes.lr, one.fitness) end
  say("end %s", table.concat(list, " "))
end

-- Versions of a file, each as large as its number tells; the number is in it.
function victims.save()
  sys.mkdir_p(path)
  local file = path .. "/w.safetensors"
  local n = sys.exists(file) and rm.load(file).n:item() or 0
  say("found %d", n)
  for version = n + 1, 60 do
    rm.save(file, {n = rm.tensor({version}, "int64"), w = rm.full({version * 500}, version)})
    rm.write_atomic(path .. "/text", ("%d\n"):format(version):rep(version))
    say("reached %d", version)
  end
  local all = rm.load(file)
  say("end %d %s", all.n:item(), all.w:eq(60):float():sum():item())
end

victims[what]()
