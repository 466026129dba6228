--- Random calls of everything public, with random arguments, on a pool of objects.
--
--     resmoon tests/fuzz/calls.lua [--minutes N] [--calls N] [--seed N]
--
-- The work is done by children of CHUNK calls each, every one in a folder of its own, from one seed. A child's end by
-- a signal or a sanitizer's report is a finding; so is an error about a line of the library, and tensors that are alive
-- when everything has been let go. Of a finding its seed is printed, and the calls that lead to it: those that
-- made what the last call was given.
--
--     resmoon tests/fuzz/calls.lua --child SEED RESULT [TRACE]     does the calls of one seed
package.path = "tests/?.lua;" .. package.path
local rm = require "resmoon"

local CHUNK, POOL, TRACED = math.tointeger(os.getenv "FUZZ_CHUNK") or 20000, 40, 400

-- --- what is called ---------------------------------------------------------------------

-- Not called, beside what starts processes or waits: what the answer of time or of a network decides.
local function catalogue()
  local exempt = {
    ["rm.sys.sleep"] = true, ["rm.sys.spawn"] = true, ["rm.sys.run"] = true, ["rm.set_num_threads"] = true,
    ["rm.set_module_path"] = true, ["rm.set_layer_hooks"] = true, ["rm.layer_hooks"] = true,
    ["rm.layer_constructors"] = true, ["rm.watch"] = true,  -- it keeps what it watched
    ["rm.bind_docs"] = true, ["rm.interrupt"] = true, ["rm.data.fetch"] = true, ["rm.machine"] = true,
    ["rm.sys.chdir"] = true, ["rm.sys.exit"] = true, ["rm.resume"] = true, ["rm.overfit_one_batch"] = true,
    ["rm.search"] = true, ["rm.plot"] = true, ["rm.world"] = true,
    ["rm.sys.kill"] = true, ["rm.sys.wait"] = true, ["rm.profile"] = false,
    ["rm.parts"] = true,
  }
  -- Networks of these are large, and those of other families are no different.
  local models = {lenet5 = true, mlp = true, resnet20 = true, plain20 = true, list = true, get = true}
  -- What trains, or draws pictures, takes a thousand times as long as the rest; of these a few.
  local train = {Log = true, checkpoint = true, folder = true, config = true, Trainer = true, defaults = true}
  local list, seen = {}, {}
  local function keys_of(t)
    local keys = {}
    for key in next, t do
      if type(key) == "string" and key:sub(1, 1) ~= "_" and key ~= "super" then keys[#keys + 1] = key end
    end
    table.sort(keys)
    return keys
  end
  local function walk(name, t)
    if seen[t] then return end
    seen[t] = true
    for _, key in ipairs(keys_of(t)) do
      local f, path = rawget(t, key), name .. "." .. key
      local skip = exempt[path] or name == "rm.models" and not models[key] or name == "rm.train" and not train[key]
      if not skip and not seen[f] then
        local meta = type(f) == "table" and getmetatable(f)
        if type(f) == "function" or meta and rawget(meta, "__call") then
          list[#list + 1] = {f = f, name = path, ok = {}}
        end
        if type(f) == "table" then walk(path, f) elseif type(f) == "function" then seen[f] = true end
      end
    end
  end
  for _, part in ipairs(rm.parts) do local _ = rm[part] end
  walk("rm", rm)
  -- 50000 images where no size is given: twenty are enough.
  local made = rm.imaging.shapes10
  function rm.imaging.shapes10(n, ...) return made(math.type(n) == "integer" and math.min(n, 20) or n, ...) end
  return list, keys_of
end

-- What an object answers to: {f =, name =, ok =}, found once for each class.
local function methods_of(object, keys_of, known)
  local meta = debug.getmetatable(object)
  if type(meta) ~= "table" then return nil end
  local class = type(object) == "table" and meta or meta.__name or meta
  if known[class] then return known[class] end
  local list, seen = {}, {init = true, forward = true}
  local function add(t)
    while type(t) == "table" do
      for _, key in ipairs(keys_of(t)) do
        if type(rawget(t, key)) == "function" and not seen[key] then
          seen[key] = true
          list[#list + 1] = {f = rawget(t, key), name = key, ok = {}, method = true}
        end
      end
      t = rawget(t, "super")
    end
  end
  add(meta)
  add(rawget(meta, "methods"))                                     -- of a tensor
  local index = rawget(meta, "__index")
  if type(index) == "function" then index = select(2, debug.getupvalue(index, 1)) end
  if type(index) == "table" and index ~= meta then add(index) end  -- a generator's are behind a function
  if meta.__name and meta.__name:find "Layer" then add(rm.layer_methods) end
  known[class] = list
  return list
end

local operators = {
  {"%s + %s", function(a, b) return a + b end}, {"%s - %s", function(a, b) return a - b end},
  {"%s * %s", function(a, b) return a * b end}, {"%s / %s", function(a, b) return a / b end},
  {"%s ^ %s", function(a, b) return a ^ b end}, {"%s %% %s", function(a, b) return a % b end},
  {"%s // %s", function(a, b) return a // b end}, {"%s == %s", function(a, b) return a == b end},
  {"%s < %s", function(a, b) return a < b end}, {"%s <= %s", function(a, b) return a <= b end},
  {"%s .. %s", function(a, b) return a .. b end}, {"%s[%s]", function(a, b) return a[b] end},
  {"-%s, %s", function(a) return -a end}, {"#%s, %s", function(a) return #a end},
  {"tostring(%s), %s", function(a) return tostring(a) end}, {"%s(%s)", function(a, b) return a(b) end},
  {"getmetatable(%s).__gc(%s)", function(a, b) return debug.getmetatable(a).__gc(b) end},
  {"getmetatable(%s).__close(%s)", function(a, b) return debug.getmetatable(a).__close(b) end},
}

-- --- one child ------------------------------------------------------------------------------

local function child(seed, result_path, trace_path)
  local wrong  = require "support.wrong"
  local values = require "fuzz.random_values"
  local list, keys_of = catalogue()
  local trace = trace_path and assert(io.open(trace_path, "w"))
  math.randomseed(seed)
  local random = math.random
  rm.manual_seed(seed)

  -- Options are those that a function itself says it takes.
  local pool, known, number, lines = {}, {}, 0, {}
  local function options_of(entry, ...)
    if entry.options == nil then
      local ok, message = pcall(entry.f, ...)
      local text = not ok and tostring(message):match "unknown option 'surprise'.-; it takes ([^\n]*)"
      entry.options = {}
      for option in (text or ""):gmatch "[%w_]+" do table.insert(entry.options, option) end
    end
    return entry.options
  end

  local function keep(value, name)
    local kind = type(value)
    if kind ~= "userdata" and (kind ~= "table" or not getmetatable(value)) or io.type(value) then return end
    local ok, n = pcall(function() return values.is_tensor(value) and value:numel() or 0 end)
    if not ok or n > 5000 then return end
    pool[#pool < POOL and #pool + 1 or random(POOL)] = {value, name}
  end
  local function seed_pool()
    for _, source in ipairs {
      "rm.randn(2, 3)", "rm.randn(3)", "rm.randn({2, 3}, {requires_grad = true})", "rm.randn(1, 3, 4, 4)",
      "rm.tensor(1.5)",
      "rm.tensor({1, 2}, 'int64')", "rm.zeros(0, 3)", "rm.tensor({{1, 0}, {0, 1}}, 'uint8')", "rm.nn.Linear(3, 2)",
      "rm.nn.Conv2d(3, 2, 3)", "rm.nn.BatchNorm2d(3)", "rm.nn.Sequential {rm.nn.Linear(3, 3), rm.nn.ReLU()}",
      "rm.optim.SGD(rm.nn.Linear(3, 2):parameters(), {lr = 0.1})", "rm.generator(1)",
      "rm.data.shapes10 {size = 20}",
      "rm.data.Loader(rm.data.shapes10 {size = 20}, {batch_size = 5})", "rm.nn.BasicBlock(3, 3)",
      "rm.metrics.confusion(3)",
      "rm.optim.Adam(rm.nn.Linear(3, 2):parameters())", "rm.train.Log()",
      "rm.data.from_tensors(rm.randn(4, 2), rm.tensor({1, 2, 1, 2}, 'int64'))",
    } do
      number = number + 1
      local name = "o" .. number
      local line = name .. " = " .. source
      lines[#lines + 1] = line
      if trace then trace:write(line, "\n") end
      pool[#pool + 1] = {assert(load("return " .. source, "seed", "t", {rm = rm}))(), name}
    end
  end

  -- The kinds of the arguments: those of a call that succeeded, or any.
  local function choose_kinds(entry)
    if #entry.ok > 0 and random(2) == 1 then return entry.ok[random(#entry.ok)] end
    local kinds = {}
    for i = 1, random(5) - 1 do kinds[i] = random(6) == 1 and "options" or values.kind(random) end
    return kinds
  end

  local found, accepted, depth_limit = {}, 0, 200000
  local function run(f, arguments)
    local co = coroutine.create(function()
      local results = table.pack(f(table.unpack(arguments, 1, arguments.n)))  -- no tail call: this line is the caller's
      return table.unpack(results, 1, results.n)
    end)
    debug.sethook(co, function() error("too long", 0) end, "", depth_limit)
    local results = table.pack(coroutine.resume(co))
    coroutine.close(co)
    return results
  end

  local function call(name, text, f, arguments, entry, kinds)
    number = number + 1
    local line = ("o%d = %s"):format(number, text)
    lines[#lines + 1] = line
    if #lines > 4 * TRACED then lines = table.move(lines, #lines - TRACED, #lines, 1, {}) end
    if trace then
      trace:write(line, "\n")
      trace:flush()
    end
    local results = run(f, arguments)
    if results[1] then
      accepted = accepted + 1
      if entry and #entry.ok < 8 then entry.ok[#entry.ok + 1] = kinds end
      for i = 2, math.min(results.n, 4) do
        local name_of = i == 2 and "o" .. number or ("(select(%d, %s))"):format(i - 1, text)
        if results[i] ~= nil then keep(results[i], name_of) end
      end
    elseif type(results[2]) == "string" and wrong.is_internal(results[2]) and not results[2]:find "too long"
           and not results[2]:find "stack overflow" then  -- of hooks and modules that call each other
      local where = results[2]:match "lua/resmoon/[%w_/]+%.lua:%d+" or name
      if not found[where] then
        found[where] = true
        found[#found + 1] = ("%s\t%s\t%s"):format(name, line, (results[2]:gsub("\n", " ")))
      end
    end
  end

  local function random_call(i)
    local pick = random(10)
    local entry, object, object_text
    if pick == 1 then
      local a, at = values.kinds.object(pool, random)
      local b, bt = values.any(pool, random)
      local each = operators[random(#operators)]
      return call("operator", each[1]:format(at, bt), each[2], table.pack(a, b))
    elseif pick <= 6 then
      object, object_text = values.kinds.object(pool, random)
      local methods = methods_of(object, keys_of, known)
      if not methods or #methods == 0 then return end
      entry = methods[random(#methods)]
    else
      entry = list[random(#list)]
    end
    local kinds, arguments, texts = choose_kinds(entry), {n = 0}, {}
    if object ~= nil then arguments[1], arguments.n = object, 1 end
    for k, kind in ipairs(kinds) do
      local value, text
      if kind == "options" then
        local options = options_of(entry, table.unpack({object or {surprise = 1}, {surprise = 1}}, 1, 2))
        if #options == 0 then options = {"dim", "surprise", "stride", "keepdim"} end
        value, text = values.options(options, pool, random)
      else
        value, text = values.kinds[kind](pool, random)
      end
      arguments.n = arguments.n + 1
      arguments[arguments.n], texts[k] = value, text
    end
    local joined = table.concat(texts, ", ")
    if object ~= nil then
      call(entry.name, ("%s:%s(%s)"):format(object_text, entry.name, joined), entry.f, arguments, entry, kinds)
    else
      call(entry.name, ("%s(%s)"):format(entry.name, joined), entry.f, arguments, entry, kinds)
    end
    if i % 500 == 0 then collectgarbage() end
  end

  local live = (function()
    collectgarbage()
    collectgarbage()
    return rm.live_tensors()
  end)()
  for i = 1, CHUNK do
    if #pool < 8 then seed_pool() end
    random_call(i)
  end
  -- Everything is let go; then nothing may be alive.
  pool, known, list = nil, nil, nil
  rm.enable_grad(function() end)
  local file <close> = assert(io.open(result_path, "w"))
  for _, line in ipairs(found) do file:write(line, "\n") end
  collectgarbage()
  collectgarbage()
  file:write(("@ %d %d %d %d\n"):format(CHUNK, accepted, #found, rm.live_tensors() - live))
end

-- --- the parent -------------------------------------------------------------------------------

-- Of a trace, the lines that lead to the last: those that made what it names, and so on.
local function slice(lines)
  local wanted, kept = {}, {}
  for i = #lines, 1, -1 do
    local name = lines[i]:match "^(o%d+) = "
    if i == #lines or wanted[name] then
      table.insert(kept, 1, lines[i])
      for other in lines[i]:gmatch "%f[%w]o%d+" do wanted[other] = true end
    end
  end
  return kept
end

local function quote(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local function main(options)
  local sys = rm.sys
  local home = os.getenv "PWD"
  local program = arg[-1]:sub(1, 1) == "/" and arg[-1] or home .. "/" .. arg[-1]
  local base = os.tmpname()
  os.remove(base)
  -- What asks for gigabytes is to be told that there are none, not to fill them: a sanitizer's program needs addresses.
  local limit = program:find "/build/[at]san/" and "ASAN_OPTIONS=$ASAN_OPTIONS:max_allocation_size_mb=1000 "
                or "ulimit -v 4000000 && "
  local calls, accepted, findings, seen = 0, 0, 0, {}
  local started, seed = os.time(), options.seed
  local function run_child(trace)
    local folder = ("%s/%d"):format(base, seed)
    sys.mkdir_p(folder .. "/work")
    local command = ("cd %s/work && ln -sfn %s/tests tests && ln -sfn %s/lua lua && "
                     .. "%sLUA_PATH='lua/?.lua;lua/?/init.lua;;' timeout 300 %s tests/fuzz/calls.lua --child %d "
                     .. "%s/result %s >%s/out 2>&1 </dev/null")
      :format(folder, home, home, limit, quote(program), seed, folder, trace and folder .. "/trace" or "", folder)
    local ok, how, code = os.execute(command)
    return folder, ok, how, code
  end
  local function lines_of(path)
    local list = {}
    local file <close> = io.open(path)
    for line in file and file:lines() or function() end do list[#list + 1] = line end
    return list
  end
  local function report(what, lines)
    findings = findings + 1
    print(("FINDING  seed %d: %s"):format(seed, what))
    for _, line in ipairs(lines) do print("    " .. line) end
  end
  local function more()
    if options.calls then return calls < options.calls end
    return os.time() - started < options.minutes * 60
  end
  while more() do
    local folder, ok, how, code = run_child(false)
    local n, good, alive
    for _, line in ipairs(lines_of(folder .. "/result")) do
      n, good, alive = line:match "^@ (%d+) (%d+) %d+ (%-?%d+)$"
      if not n then
        local name, text, message = line:match "^(.-)\t(.-)\t(.*)$"
        local where = message:match "lua/resmoon/[%w_/]+%.lua:%d+" or name
        if not seen[where] then
          seen[where] = true
          report("an error about a line of the library, of " .. name, {text, message})
        end
      end
    end
    if n then
      calls, accepted = calls + tonumber(n), accepted + tonumber(good)
      if tonumber(alive) > 0 then report(("%d tensors are alive at the end"):format(tonumber(alive)), {}) end
    end
    if not ok or not n then
      local output = lines_of(folder .. "/out")
      run_child(true)
      local script = slice(lines_of(folder .. "/trace"))
      script = table.move(script, math.max(1, #script - 30), #script, 1, {})
      for _, line in ipairs(output) do
        local told = line:find "ERROR" or line:find "runtime error" or line:find "^    #[0-9] " or line:find "SUMMARY"
        if told or line:find "^resmoon" then script[#script + 1] = line end
      end
      report(("the child ended with %s %s"):format(tostring(how), tostring(code)), script)
    end
    os.execute("rm -rf " .. quote(folder))
    seed = seed + 1
  end
  os.execute("rm -rf " .. quote(base))
  print(("%d calls, %d of them accepted, seeds %d to %d, %d seconds"):format(calls, accepted, options.seed, seed - 1,
                                                                            os.time() - started))
  print(("%d executions, %d findings"):format(calls, findings))
  os.exit(findings == 0)
end

if arg[1] == "--child" then
  child(math.tointeger(arg[2]), arg[3], arg[4])
else
  local options = {minutes = 1, seed = 1}
  for i = 1, #arg, 2 do options[arg[i]:match "^%-%-(%l+)$"] = tonumber(arg[i + 1]) end
  main(options)
end
