--- resmoon bench --scaling under mpirun: what it measures fits together.
local check  = require "support.check"
local mpirun = require "support.mpirun"
local rm     = require "resmoon"

local function skip_without_mpi()
  if #mpirun.libraries() == 0 then check.skip "no MPI library is installed (libopenmpi-dev, libmpich-dev)" end
end

check.case("rates, exchanges, and a projection from the model", function()
  skip_without_mpi()
  local out, err, status = mpirun.run(2, {"bench", "resnet20", "--scaling", "--json", "--batch", "8", "--steps", "2",
                                          "--warmup", "1"})
  check.equal(status, 0, err)
  local m = rm.json.decode(out)
  check.equal({m.processes, m.batch, m.model}, {2, 8, "resnet20"})
  -- 19 batch norms on the way there and back, the divisor and the value of the loss, its labels; all gradients once.
  local parameters = 0
  for _, p in ipairs(rm.models.resnet20():parameters()) do parameters = parameters + p:numel() end
  check.that(m.traffic.exchanges >= 2 * 19, m.traffic.exchanges)
  check.equal(m.traffic.bucket_bytes, 4 * parameters)
  check.that(m.one > 0 and m.apart > 0 and m.together > 0 and m.memory > 0, out)
  for _, d in ipairs(m.delays) do   -- an exchange that is waited for takes the delay at the least
    check.that(d.measured >= 2 * 19 * d.delay, ("%g: %g"):format(d.delay, d.measured))
  end
  check.equal(m.projection[#m.projection].processes, 1024)
  for i, p in ipairs(m.projection) do
    check.that(p.efficiency <= 1 and p.step >= m.apart, out)
    if i > 1 then check.that(p.efficiency <= m.projection[i - 1].efficiency, out) end
  end
  check.equal(m.lines[1], ("training resnet20 by 2 processes of %d thread%s (%s), batch 8"):format(
    m.threads, m.threads == 1 and "" or "s", m.library))
end)

check.case("another bench under mpirun is refused, once", function()
  skip_without_mpi()
  for message, words in pairs {
    ["which measure --scaling of the training of one network"] = {"bench", "resnet20"},
    ["--batch: 9 images do not divide among 2 processes"] = {"bench", "resnet20", "--scaling", "--batch", "9"},
  } do
    local _, err, status = mpirun.run(2, words)
    check.that(status ~= 0, err)
    check.equal(select(2, err:gsub(message:gsub("%p", "%%%0"), "")), 1, err)
  end
end)
