--- log.csv: what is read is what was written, in whatever form a spreadsheet left it, or is refused.
local check = require "support.check"
local rm    = require "resmoon"
local files = require "support.files"

local Log = rm.train.Log

local function with_log(content, f)
  files.with_folder(function(folder)
    local path = folder .. "/log.csv"
    rm.write_atomic(path, content)
    f(path)
  end)
end

local function read(content)
  local log
  with_log(content, function(path) log = Log.read(path) end)
  return log
end

local function refused(content, message)
  with_log(content, function(path)
    local said = check.error(function() Log.read(path) end, message)
    check.that(said:find("^" .. path:gsub("%p", "%%%0") .. ":%d+: "), said)   -- file and line
  end)
end

local HEAD = "epoch,train_loss,train_error,test_error\n"

check.case("line ends, byte order mark, quotes and the order of columns make no difference", function()
  local plain = read(HEAD .. "1,2.5,80,81\n2,1.5,60,61\n").rows
  check.equal(plain[2], {epoch = 2, train_loss = 1.5, train_error = 60, test_error = 61})
  check.equal(read("\u{feff}" .. (HEAD .. "1,2.5,80,81\n2,1.5,60,61\n"):gsub("\n", "\r\n")).rows, plain)
  check.equal(read('"epoch","train_loss","train_error","test_error"\n"1","2.5","80","81"\n2,1.5,60,61\n').rows, plain)
  check.equal(read("epoch,test_error,train_error,train_loss\n1,81,80,2.5\n2,61,60,1.5\n").rows, plain)
end)

check.case("a zero keeps its sign, however it is written", function()
  for _, zero in ipairs {"-0", "-0.", "-0.0", "-0e3"} do
    local log = read("epoch,train_loss,train_error\n1," .. zero .. ",0\n")
    check.equal({1 / log.rows[1].train_loss, 1 / log.rows[1].train_error}, {-math.huge, math.huge}, zero)
    check.equal(tostring(read(tostring(log))), tostring(log))
  end
end)

check.case("columns of a user's stay, and are written again", function()
  local content = 'epoch,train_loss,train_error,"my, note"\n1,2.5,80,"he said ""good"""\n'
  local log = read(content)
  check.equal(log.rows[1].further, {["my, note"] = 'he said "good"'})
  local again = read(tostring(log))
  check.equal(again.rows, log.rows)
  check.equal(again.further, {"my, note"})
end)

check.case("numbers that are none keep their kind", function()
  local log = read(HEAD .. "1,inf,80,nan\n2,-inf,80,-nan\n")
  check.equal({log.rows[1].train_loss, log.rows[2].train_loss}, {math.huge, -math.huge})
  for _, row in ipairs(log.rows) do check.equal(tostring(row.test_error), "nan") end
  local text = tostring(log)
  check.that(not text:find "-nan" and text:find "nan" and text:find ",-inf,", text)
end)

check.case("a log with the needed columns alone can be compared", function()
  files.with_folder(function(folder)
    rm.train.folder.create(folder .. "/a", {model = "mlp", name = "mine"})
    rm.write_atomic(folder .. "/a/log.csv", "epoch,train_loss,train_error\n1,2.5,80\n2,nan,nan\n")
    local run = rm.train.folder.read(folder .. "/a")
    local s = rm.train.folder.summary(run)
    check.equal({s.epochs, s.seconds, s.img_per_s, s.best, s.best_epoch}, {2, 0, 0, 80, 1})
    local line = rm.train.compare.table({run})[3]
    check.that(line:find "^mine +2 +%- +%- +%- +80.00%% %(1%)" and not line:find "nan", line)
  end)
end)

check.case("a run without errors has empty columns, and its losses decide", function()
  local log = read "epoch,train_loss,train_error,test_loss\n1,2.5,,3\n2,1.5,,2\n"
  check.equal({log.rows[2].train_error, log.rows[2].test_loss}, {nil, 2})
  check.equal({rm.train.Log.deciding(log.rows[2])}, {2, "loss"})
  check.equal({rm.train.Log.deciding {train_loss = 1, train_error = 5, test_loss = 2}}, {5, "error"})
  check.equal(read(tostring(log)).rows, log.rows)
  refused(HEAD .. "1,2.5,80,81\n2,1.5,,61\n", ":3: a row without train_error")
  refused(HEAD .. "1,2.5,,81\n2,1.5,60,61\n", ":3: a row with train_error, which the first row has not")
end)

check.case("what is damaged is refused with its line", function()
  refused("", ":1: not the log of a run: it is empty")
  refused("epoch;train_loss\n", ":1: not the log of a run")
  refused("epoch,train_loss,train_loss,train_error\n1,1,1,1\n", ":1: there are two columns 'train_loss'")
  refused("epoch,,train_loss,train_error\n", ":1: column 2 has no name")
  refused("epoch,train_loss\n1,2\n", ":1: the column train_error is missing")
  refused(HEAD .. "1,2.5,80\n", ":2: 3 fields, expected 4")
  refused(HEAD .. "1,2.5,80,81\n2,1.5,60,61,62\n", ":3: 5 fields, expected 4")
  refused(HEAD .. "1,2,5,80,81\n", ":2: 5 fields, expected 4")            -- a decimal comma
  refused(HEAD .. '1,"2,5",80,81\n', ":2: train_loss is '2,5', which is not a number")
  refused(HEAD .. "1,0x10,80,81\n", "is '0x10', which is not a number")
  refused(HEAD .. "1,banana,80,81\n", "is 'banana', which is not a number")  -- it has "nan" in it
  refused(HEAD .. "2,2.5,80,81\n1,1.5,60,61\n", ":3: epoch 1, expected a whole number above 2")
  refused(HEAD .. "1,2.5,80,81\n1,1.5,60,61\n", ":3: epoch 1, expected a whole number above 1")
  refused(HEAD .. "1.5,2.5,80,81\n", ":2: epoch 1.5, expected a whole number above 0")
  refused(HEAD .. "1,2.5,80,81\n2,1.5,60,6", ":3: the line has no end: the file was cut short")
  refused(HEAD .. '1,"2.5,80,81\n', ":2: a quoted field has no end")
  refused(HEAD .. '1,"2.5"x,80,81\n', ":2: something stands behind a quoted field")
  refused(HEAD .. "1,,80,81\n", ":2: a row without train_loss")
  refused(HEAD .. "1,\27[2J,80,81\n", "\\x1b[2J")
end)

check.case("hashes of weights are kept, and a log of an earlier version has none", function()
  local hash = ("0123456789abcdef"):rep(4)
  local log = read("epoch,train_loss,train_error,hash\n1,2.5,80," .. hash .. "\n2,1.5,60,\n")
  check.equal({log.rows[1].hash, log.rows[2].hash}, {hash})
  local again = read(tostring(log))
  check.equal(again.rows, log.rows)
  check.equal(#again.further, 0)
  check.equal(log:by_column().hash, nil)                       -- no numbers
  check.that(not tostring(read(HEAD .. "1,2.5,80,81\n")):find "hash", "a log without hashes gets no column")
  refused("epoch,train_loss,train_error,hash\n1,2.5,80,12\n", "hash is '12', expected 64 hexadecimal digits")
  refused("epoch,train_loss,train_error,hash\n1,2.5,80," .. hash .. "0\n", "expected 64 hexadecimal digits")
end)

check.case("what is no number is refused when it is added, half a step when it is read", function()
  local log = rm.train.Log()
  check.error(function() log:add {epoch = 1, hash = print} end, "Log.add: hash is a function, expected a string")
  check.error(function() log:add {epoch = 1.5} end, "Log.add: epoch is 1.5, expected a whole number")
  check.error(function() log:add {epoch = 1, train_loss = "2"} end, "Log.add: train_loss is '2', expected a number")
  check.equal(#log.rows, 0)
  refused("epoch,steps,train_loss,train_error\n1,2.5,1,2\n", "steps is 2.5, expected a whole number")
end)
