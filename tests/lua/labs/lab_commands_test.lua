-- The programs of the labs beside training: predict, responses, lrfind, summary's tables.
local check   = require "support.check"
local rm      = require "resmoon"
local program = require "support.program"

local function succeed(list)
  local out, err, status = program.run(list)
  check.equal(status, 0, out .. err)
  return out
end

local function refused(list, message)
  local out, err, status = program.run(list)
  check.that(status ~= 0, "expected a failure, got " .. out)
  check.that(err:find(message, 1, true), ("expected %q in %q"):format(message, err))
  check.that(not err:find("stack traceback", 1, true), err)
end

local function train(folder, model)
  succeed {"train", "--model", model, "--run", folder, "--epochs", "1", "--train-size", "32", "--test-size", "10",
           "--batch-size", "16", "--threads", "1", "--width", "4"}
end

check.case("predict and responses work on a run", function()
  program.with_folder(function(folder)
    local run, image = folder .. "/run", folder .. "/one.png"
    train(run, "resnet20")
    local set = rm.data.shapes10 {train = false, size = 10}
    rm.imaging.write_png(image, (set:get(3)))
    local out = succeed {"predict", run, image, "--top", "2", "--figure", folder .. "/p.png"}
    check.that(out:find("one.png  %a+ %d+%.%d%%  %a+ %d+%.%d%%\n"), out)
    check.that(rm.sys.exists(folder .. "/p.png"))
    refused({"predict", run, run .. "/config.json"}, "config.json")
    refused({"predict", run, folder .. "/none.png"}, "none.png")
    refused({"predict", run, folder}, "is not a regular file")
    refused({"predict", run, image, "--top", "0"}, "--top is 0, expected at least 1")

    -- Any size, gray ones too, as they are trained on: cut to the middle, scaled.
    local gray = folder .. "/gray.png"
    rm.imaging.write_png(gray, rm.zeros({1, 7, 90}, "uint8"))
    out = succeed {"predict", run, image, gray, "--threads", "1"}
    check.that(out:find("gray.png +%a+ %d+%.%d%%"), out)
    program.file(folder .. "/broken.png", "\137PNG\r\n\26\n and no more")
    refused({"predict", run, image, folder .. "/broken.png"}, "broken.png: corrupt PNG")

    out = succeed {"responses", run, "--images", "8", "--layers", "--figure", folder .. "/r.svg"}
    check.that(out:find("layer3%[3%]%.conv2 +%d%.%d%d%d%d\n"), out)
    check.that(out:find("resnet20 +19 +%d%.%d+"), out)
    check.that(rm.sys.exists(folder .. "/r.svg"))
    refused({"responses", folder}, "is not a run")
  end)
end)

check.case("the responses are those of the batch norms", function()
  local net = rm.models.resnet20 {width = 4}
  local x = rm.randn(4, 3, 16, 16)
  local list = rm.metrics.responses(net, x)
  check.equal({#list, list[1].path, list[2].path}, {19, "conv1", "layer1[1].conv1"})
  net:eval()
  local first = rm.no_grad(function() return net.bn1(net.conv1(x)):std():item() end)
  check.close(list[1].std, first, {rtol = 1e-4})
  check.error(function() rm.metrics.responses(rm.models.mlp(), x) end, "no 3x3 convolution")
end)

check.case("lrfind prints a rate and draws", function()
  program.with_folder(function(folder)
    local out = succeed {"lrfind", "--model", "lenet5", "--train-size", "64", "--batch-size", "16", "--steps", "12",
                         "--threads", "1", "--figure", folder .. "/f.svg"}
    check.that(out:find("suggestion: %-%-lr %d"), out)
    check.that(rm.sys.exists(folder .. "/f.svg"))
    refused({"lrfind", "--train-size", "8", "--batch-size", "128"}, "8 images are fewer than a batch of 128")
  end)
end)

check.case("summary has a table of several networks", function()
  local out = succeed {"summary", "--architecture", "resnet20", "plain20"}
  check.that(out:find("layer3 +8x8 +%[3x3,64 3x3,64%] x 3 +%[3x3,64 3x3,64%] x 3"), out)
  refused({"summary"}, "is missing")
  refused({"summary", "lenet5", "--input", "3,32"}, "expected three numbers")
end)
