--- Runs the program under mpirun: Open MPI's and MPICH's, where ResMoon was built with them.
local program = require "support.program"

local mpirun = {}

local folder = program.path:match "^(.*)/[^/]*$" .. "/lib/resmoon/"

-- Root may start processes (containers), more of them than there are processors, and none is bound to one.
local known = {
  {name = "openmpi", command = "mpirun.openmpi --oversubscribe --bind-to none",
   env = "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl_vader_single_copy_mechanism=none"},
  {name = "mpich", command = "mpirun.mpich", env = ""},
}

local function there(library)
  local file = io.open(folder .. "mpi-" .. library.name .. ".so")
  if file then file:close() end
  return file ~= nil and os.execute("command -v mpirun." .. library.name .. " >/dev/null 2>&1") == true
end

--- The libraries that are there: {name, command, env}. RESMOON_TEST_MPI=mpich (or openmpi) leaves one of them.
function mpirun.libraries()
  local list, only = {}, os.getenv "RESMOON_TEST_MPI"
  for _, library in ipairs(known) do
    if there(library) and (not only or library.name == only) then list[#list + 1] = library end
  end
  return list
end

--- Runs `size` processes of the program with a list of arguments; returns what they wrote, their errors, and the exit
-- status of mpirun. options: library (the first there is), env, input, seconds (120; see program.limit).
function mpirun.run(size, arguments, options)
  options = options or {}
  local library = options.library or mpirun.libraries()[1]
  local words = {}
  for i, word in ipairs(arguments) do words[i] = program.quote(word) end
  local errors = os.tmpname()
  -- (What the MPI libraries keep, in plugins that are gone by the end, cannot be told from a leak of ours.)
  local line = 'env -u LUA_PATH RESMOON_HISTORY= RESMOON_STARTUP= ASAN_OPTIONS="$ASAN_OPTIONS:detect_leaks=0" '
               .. "%s %s timeout -k 5 %d %s -n %d %s %s </dev/null 2>%s"
  local pipe = assert(io.popen(line:format(library.env, options.env or "", program.limit(options.seconds or 120),
    library.command, size, program.quote(program.path), table.concat(words, " "), errors)))
  local output = pipe:read "a"
  local _, _, status = pipe:close()
  local file = assert(io.open(errors))
  local complaints = file:read "a"
  file:close()
  os.remove(errors)
  return output, complaints, status
end

return mpirun
