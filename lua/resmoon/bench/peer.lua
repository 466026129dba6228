--- PyTorch as a peer: the same network, loss and step (scripts/peer.py), run by /usr/bin/python3 or the
-- python3 of the path, at its best: channels-last, and an allocator that keeps its pages (glibc gives large
-- buffers back after every step otherwise, which costs PyTorch up to 40 %).
local rm      = require "resmoon"
local measure = require "resmoon.bench.measure"

local peer = {}

local TUNED = "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=4294967296:"
  .. "glibc.malloc.trim_threshold=17179869184:glibc.malloc.top_pad=268435456"

--- The Python that has torch; nil and a reason otherwise.
function peer.find()
  local tried = {}
  for _, python in ipairs {"/usr/bin/python3", rm.sys.which("python3") or nil} do
    if rm.sys.exists(python) and not tried[python] then
      tried[python] = true
      local status = rm.sys.run({python, "-c", "import torch"}, {capture = true})
      if status == 0 then return python end
    end
  end
  return nil, "--peer needs PyTorch: no python3 here can import torch (Debian: apt-get install python3-torch "
    .. "python3-torchvision)"
end

--- One record of PyTorch's, as measure.run's. isa: the instruction set it may use at most, or nil.
function peer.run(python, script, options, isa)
  local command = {python, script, "--model", options.model, "--mode", options.mode}
  for _, name in ipairs {"batch", "threads", "steps", "warmup", "size", "classes"} do
    command[#command + 1] = "--" .. name
    command[#command + 1] = tostring(options[name])
  end
  return measure.child(command, {GLIBC_TUNABLES = TUNED, ONEDNN_MAX_CPU_ISA = isa and rm.machine.onednn_isa(isa)})
end

return peer
