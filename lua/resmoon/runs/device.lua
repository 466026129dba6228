--- What computes here, as a text: the processor's name, and how many threads are used.
local core = require "resmoon.core"

return function()
  local file <close> = io.open("/proc/cpuinfo", "r")
  local name = file and file:read("a"):match("model name%s*: ([^\n]*)") or "processor unknown"
  local threads = core.num_threads()
  return ("%s, %d thread%s"):format(name, threads, threads == 1 and "" or "s")
end
