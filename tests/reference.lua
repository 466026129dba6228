--- Runs reference cases:  resmoon tests/reference.lua DIR [FILTER] [--method NAME] [--verbose]
--
-- DIR holds an index.json of cases (support/reference.lua says of what form); FILTER chooses those
-- whose file contains it. Ends with `N passed, N failed, N skipped`; the exit status is 1 if one
-- failed. --method forces a method of convolution (winograd, strided, strassen, direct, im2col, naive), RESMOON_ISA=
-- an instruction set. Skipped are cases marked "extra" of an op that is not known here; a note tells of a network
-- that is within tolerance with the direct convolution and not quite with the method in use.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path

local rm        = require "resmoon"
local reference = require "support.reference"

local folder, filter, verbose, method
do
  local i = 1
  while arg[i] do
    if arg[i] == "--verbose" then verbose = true
    elseif arg[i] == "--method" then
      i = i + 1
      method = arg[i]
      rm.conv_method(method)  -- raises for an unknown one
    elseif not folder then folder = arg[i]:gsub("/$", "")
    else filter = arg[i] end
    i = i + 1
  end
end
if not folder then
  io.stderr:write("usage: resmoon tests/reference.lua DIR [FILTER] [--method NAME] [--verbose]\n")
  os.exit(2)
end

rm.manual_seed(1)
local passed, failed, skipped = 0, 0, 0
for _, entry in ipairs(reference.index(folder)) do
  if not filter or entry.file:find(filter, 1, true) then
    local start = os.clock()
    local ok, result, note = xpcall(reference.run_entry, verbose and debug.traceback or tostring, folder, entry)
    if not ok then
      failed = failed + 1
      print(("FAILED  %s: %s"):format(entry.file, result))
    elseif result then
      passed = passed + 1
      if note then print(("note    %s: %s"):format(entry.file, note)) end
      if verbose then print(("ok      %s  (%.2f s)"):format(entry.file, os.clock() - start)) end
    else
      skipped = skipped + 1
      if verbose then print("skipped " .. entry.file) end
    end
  end
end
print(("%d passed, %d failed, %d skipped (%s, convolution %s)"):format(passed, failed, skipped, rm.isa(),
  method or "by shape"))
os.exit(failed == 0)
