--- What an error looks like: the user's line, the user's frames, the exit status.
local check   = require "support.check"
local program = require "support.program"

local SCRIPT = [[
local function classify(net, x)
  local y = net(x)
  return y
end
local net = models.resnet20()
classify(net, rm.zeros(2, 4, 32, 32))
]]

check.case("a script's error names the operation, the shapes, the place in the network, the line", function()
  program.with_folder(function(folder)
    local name = program.file(folder .. "/classify.lua", SCRIPT)
    local output, errors, status = program.run({name})
    check.equal(output, "")
    check.equal(status, 1)
    check.equal(errors:gsub(folder:gsub("%p", "%%%0") .. "/", ""), [[
classify.lua:2: conv2d: x has 4 channels, weight expects 3
  x       (2, 4, 32, 32)  NCHW
  weight  (16, 3, 3, 3)  OIHW
  at      resnet20.conv1
classify.lua:2:  local y = net(x)
traceback:
	classify.lua:2: in local 'classify'
	classify.lua:6: in main chunk
]])
  end)
end)

check.case("positions of children count from 1", function()
  local _, errors = program.run({"-e", "local n = models.resnet20() n.layer2[1].conv1 = nn.Conv2d(5, 32, 3) "
                                 .. "n(rm.zeros(1, 3, 32, 32))"})
  check.that(errors:find("at      resnet20.layer2[1].conv1", 1, true), errors)
end)

check.case("--trace shows the library's frames", function()
  program.with_folder(function(folder)
    local name = program.file(folder .. "/classify.lua", SCRIPT)
    local _, errors = program.run({"--trace", name})
    check.that(errors:find("resmoon/nn/", 1, true), errors)
  end)
end)

check.case("at the prompt it is the line of the block that was typed", function()
  local _, errors = program.run({"-i"}, {input = "x = 3\nfor i = 1, 2 do\n  x = x .. nil\nend\n"})
  check.that(errors:find("prompt%[2%]:2:  x = x %.%. nil"), errors)
end)

check.case("a single call as an expression shows its line, too, and gives all its results", function()
  local out, errors = program.run({"-i"}, {input = "plot.lines()\nselect(1, 5, nil, 7) -- all\n"})
  check.that(errors:find("plot.lines: nothing to draw\nprompt[1]:1:  plot.lines()", 1, true), errors)
  check.that(out:find("5\tnil\t7", 1, true), out)
end)

check.case("an expression that ends in an index is on the line where it was typed", function()
  local input = 't = rm.ones(3)\nt[7]\nt[8] -- "--" after -- it\n"--" .. t[9] --[[ x ]] -- y\nt.foo\nt[\n6]\n'
  local _, errors = program.run({"-i"}, {input = input})
  for _, line in ipairs {"[2]:1:  t[7]\n", '[3]:1:  t[8] -- "--" after -- it\n',
                         '[4]:1:  "--" .. t[9] --[[ x ]] -- y\n', "[5]:1:  t.foo\n", "[6]:2:  6]\n"} do
    check.that(errors:find("\nprompt" .. line, 1, true), line .. errors)
  end
end)

check.case("an error that quotes a name obeys nothing in it", function()
  local _, err, status = program.run {"-e", 'error("cannot read \\"a\\27[2J\\u{202e}.png\\"\\nsecond line", 0)'}
  check.equal(status, 1)
  check.that(err:find('cannot read "a\\x1b[2J\\u{202e}.png"\nsecond line', 1, true), err)
  program.with_folder(function(folder)
    local name = folder .. "/d\27[31m"
    _, err, status = program.run {"train", "--data", name, "--run", folder .. "/r"}
    check.that(status ~= 0 and err:find("d\\x1b[31m", 1, true) and not err:find("\27[31m", 1, true), err)
  end)
end)
