--- A script in a process and a folder of their own, and what it found.
--
--     found = in_folder([[return {1, 2}]])     what it returns, by JSON; the tests' own modules can be required
local rm = require "resmoon"

return function(script)
  local program = os.getenv "RESMOON" or arg and arg[-1] or "build/release/resmoon"
  if program:sub(1, 1) ~= "/" then program = rm.sys.getcwd() .. "/" .. program end
  local folder = rm.sys.mkdtemp(os.tmpname())
  local code = ([[package.path = %q .. package.path
    local found = (function() %s end)()
    rm.write_atomic("found.json", rm.json.encode(found))]]):format(rm.sys.getcwd() .. "/tests/?.lua;", script)
  local status, out, err = rm.sys.run({"env", "-C", folder, program, "-e", code}, {capture = true})
  local file = io.open(folder .. "/found.json")
  if status ~= 0 or not file then error(("the script ended with status %s\n%s%s"):format(status, out, err), 0) end
  local found = rm.json.decode(file:read "a")
  file:close()
  rm.sys.run {"rm", "-rf", folder}
  return found
end
