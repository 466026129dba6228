--- kill -9 of one process of a training by many, at random moments: all end within 10 seconds, with a failure, and none
-- is left; --resume with another number of processes comes to the weights of a run that nobody disturbed.
--
--     lua5.4 tests/faults/ranks.lua [--program PATH] [--kills N] [--seed N] [--mpirun COMMAND]
--
-- --mpirun COMMAND is how processes are started. A line for each fault that was found, and in the end how many kills
-- there were; one that comes after the end of the training is not counted.
local options = {program = "build/release/resmoon", kills = "100", seed = tostring(os.time()),
                 mpirun = "mpirun.openmpi --allow-run-as-root --oversubscribe --bind-to none"}
for i = 1, #arg, 2 do options[arg[i]:match "^%-%-(%w+)$"] = arg[i + 1] end
math.randomseed(tonumber(options.seed))

local function lines(format, ...)
  local pipe = assert(io.popen(format:format(...)))
  local text = pipe:read "a"
  pipe:close()
  return text
end

local base = lines("mktemp -d /tmp/resmoon-ranks-XXXXXX"):gsub("\n", "")
local TRAIN = ("%s train --model lenet5 --train-size 64 --test-size 16 --batch-size 8 --epochs 8 --lr 0.01 "
               .. "--schedule constant --threads 1 --run "):format(options.program)

-- The command line of n processes.
local function command(n, run, more)
  local words = TRAIN .. run .. " " .. (more or "")
  return n == 1 and words or ("%s -n %d %s"):format(options.mpirun, n, words)
end

local function hash_of(text) return text:match "hash of the weights: (%x+)" end

local expected = hash_of(lines("%s 2>&1", command(1, base .. "/whole")))
assert(expected, "the training that is not disturbed failed")

-- Runs the command; after `delay` seconds one of its processes is killed, `victim` of them as they are found. Returns
-- what it wrote, its status, the seconds from the kill to the end (nil: it had ended), and how many were left then.
local function run_and_kill(n, run, delay, victim, more)
  local script = ([[
    %s >%s/out 2>&1 & launcher=$!
    sleep %.3f
    list=$(pgrep -f -- '--run %s' | grep -vx $launcher)
    pid=$(printf '%%s\n' $list | sed -n '%dp')
    if [ -n "$pid" ] && kill -KILL $pid 2>/dev/null; then echo killed; fi
    from=$(date +%%s.%%N)
    wait $launcher; echo status $?
    echo seconds $(echo "$(date +%%s.%%N) - $from" | bc)
    for i in 1 2 3 4 5 6 7 8 9 10; do
      left=$(pgrep -f -- '--run %s' | wc -l)
      [ $left = 0 ] && break
      sleep 0.2
    done
    echo left $left]]):format(command(n, run, more), base, delay, run, victim, run)
  local file = assert(io.open(base .. "/script", "w"))
  file:write(script)
  file:close()
  local said = lines("timeout -s KILL 120 bash %s/script 2>/dev/null", base)
  return lines("cat %s/out", base), tonumber(said:match "status (%d+)"),
         said:find "killed" and tonumber(said:match "seconds ([%d.]+)") or nil, tonumber(said:match "left (%d+)")
end

local kills, faults, longest, resumed = 0, 0, 0, {}
local function complain(text, ...)
  faults = faults + 1
  print(("FAULT\tkill %d: " .. text):format(kills, ...))
end

local number = 0
while kills < tonumber(options.kills) do
  number = number + 1
  local run = ("%s/run%d"):format(base, number)
  local n, m = ({2, 4})[math.random(2)], ({1, 2, 4})[math.random(3)]
  local out, status, seconds, left = run_and_kill(n, run, 0.1 + math.random() * (n == 2 and 0.9 or 1.3),
                                                  math.random(n), "")
  if seconds and status ~= 0 then
    kills = kills + 1
    longest = math.max(longest, seconds)
    if seconds > 10 then complain("it took %.1f seconds", seconds) end
    if left ~= 0 then complain("%d processes are left", left) end
    if not out:find "ignal 9" and not out:find "KILLED BY SIGNAL: 9" and not out:find "EXIT CODE: 9" then
      complain("nothing says that a process was killed:\n%s", out)
    end
    local again = lines("%s 2>&1", command(m, run, "--resume"))
    if again:find("is not a run", 1, true) then   -- killed before it was begun
      again = lines("%s 2>&1", command(m, run))
    end
    resumed[m] = (resumed[m] or 0) + 1
    if hash_of(again) ~= expected then complain("%d processes, then %d: %s", n, m, again) end
    if lines("find %s -name '*.tmp'", run) ~= "" then complain "temporary files are left" end
  elseif status == 0 and hash_of(out) ~= expected then
    complain("%d processes that nobody killed: %s", n, out)
  end
  os.execute("rm -rf " .. run)
end
print(("ranks, seed %s: %d kills, the longest end %.1f s; resumed by 1: %d, 2: %d, 4: %d; %d faults"):format(
  options.seed, kills, longest, resumed[1] or 0, resumed[2] or 0, resumed[4] or 0, faults))
os.execute("rm -rf " .. base)
os.exit(faults == 0)
