--- Reports: the document's two forms, and what a report says of a run.
local check    = require "support.check"
local rm       = require "resmoon"
local program  = require "support.program"
local Document = require "resmoon.report.document"
local measure  = require "resmoon.report.measure"

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read("a")
end

check.case("text of others means nothing in HTML, and nothing in Markdown", function()
  local doc = Document("<b>& \"x\"")
  doc:heading("a_b"):paragraph("1 < 2 | *x*"):gap("why?"):table({"c", "d"}, {{"<td>", "2|3"}}):list {"one", "two"}
  local page, text = doc:html(), doc:markdown()
  check.that(page:find("<title>&lt;b&gt;&amp; &quot;x&quot;</title>", 1, true), page)
  check.that(page:find('<td class="w">&lt;td&gt;</td><td>2|3</td>', 1, true), page)
  check.that(text:find("## a\\_b\n\n1 \\< 2 \\| \\*x\\*", 1, true), text)
  check.that(text:find("| c | d |\n|---|---:|\n| \\<td\\> | 2\\|3 |", 1, true), text)
  check.that(text:find("- one\n- two", 1, true), text)
end)

check.case("columns of words stand to the left, those of numbers to the right", function()
  local doc = Document("t"):table({"layer", "type", "parameters", "epoch", "best", "none"},
                                  {{"1", "Conv2d", "216", "-", "12.50% (3)", ""}, {"2", "ReLU", "", "-", "n/a", ""}})
  check.that(doc:markdown():find("\n|---|---|---:|---:|---:|---:|\n", 1, true), doc:markdown())
  local page = doc:html()
  check.that(page:find('<td class="w">1</td><td class="w">Conv2d</td><td>216</td><td>-</td>', 1, true), page)
  check.that(page:find('<th class="w">type</th><th>parameters</th>', 1, true))
end)

check.case("figures are inline, each with ids of its own", function()
  program.with_folder(function(folder)
    local path = folder .. "/f.svg"
    rm.write_atomic(path, "<?xml?><svg id='a'><use href='#a'/><g fill=\"url(#b)\"/></svg>")
    local page = Document("t"):figure(path, "one"):figure(path, "two"):html()
    check.that(page:find("<svg id='f1_a'><use href='#f1_a'/><g fill=\"url(#f1_b)\"/></svg>", 1, true), page)
    check.that(page:find("<svg id='f2_a'>", 1, true) and page:find("Figure 2: two", 1, true), page)
    check.that(not page:find("<?xml", 1, true))
    rm.write_atomic(path, "no picture")
    check.error(function() Document("t"):figure(path, "one"):html() end, "is no SVG figure")
  end)
end)

check.case("a document takes up others as sections, and is written as a page and as Markdown", function()
  program.with_folder(function(folder)
    local part = Document("Part <1>")
    part:paragraph("first"):heading("Below"):table({"a", "b"}, {{"1", "2"}})
    local whole = Document("Whole"):section(part):section(Document("Part 2"))
    local page, text = whole:write(folder .. "/whole.html")
    check.equal({page, text}, {folder .. "/whole.html", folder .. "/whole.md"})
    check.that(read(page):find("<h2>Part &lt;1&gt;</h2>\n<p>first</p>\n<h3>Below</h3>", 1, true), read(page))
    check.equal(read(text), "# Whole\n\n## Part \\<1\\>\n\nfirst\n\n### Below\n\n| a | b |\n|---|---:|\n| 1 | 2 |\n\n"
                            .. "## Part 2\n")
  end)
end)

check.case("a report has the sections of the lab, and the numbers of the runs", function()
  program.with_folder(function(folder)
    local runs = {}
    for i, model in ipairs {"resnet20", "plain20"} do
      runs[i] = folder .. "/" .. model
      rm.train.run({model = model, width = 2, epochs = 1, train_size = 40, test_size = 20, batch_size = 20, threads = 1,
                    drawing = {}}, {folder = runs[i], progress = false})
    end
    local out, err, status = program.run({"report", runs[1], runs[2], "--out", folder .. "/r.html"})
    check.equal(status, 0, out .. err)
    local page, text = read(folder .. "/r.html"), read(folder .. "/r.md")
    for _, section in ipairs {"Introduction", "Experiment set-up", "Results", "Discussion"} do
      check.that(page:find("<h2>" .. section .. "</h2>", 1, true), section)
      check.that(text:find("## " .. section, 1, true), section)
    end
    check.that(not page:find("src=", 1, true) and not page:find("<link", 1, true))   -- nothing outside the page
    check.equal(select(2, page:gsub("<svg", "")), 5)    -- curves, and a matrix and ROC curves for each run
    local best = measure.run(runs[1])
    check.that(text:find(("top%%-1 %.2f%%%%"):format(100 * best.top[1])), text)
    check.that(text:find(("macro AUC %.4f"):format(best.mean_auc), 1, true), text)
    check.equal(best.confusion:total(), 20)
    -- Nothing is called a difference that 20 images cannot show, and who chose the best epoch is said.
    local at = text:match "## Discussion.*"
    check.that(text:find('"best" was chosen on the test images', 1, true), text)
    check.that(at:find "has the lowest final test error, [%d.]+%% of 20 test images %(standard error [%d.]+%)", at)
    check.that(at:find("Undecided against it", 1, true) or at:find("by more than two standard errors", 1, true), at)
    local other = measure.run(runs[2])
    local paired = rm.metrics.paired_difference(best.right, other.right)
    check.that(at:find(("paired standard error %.2f"):format(paired.standard_error), 1, true)
               or paired.standard_error == 0 and at:find("right on the same of the 20 images", 1, true), at)
    local _, svg = page:gsub('<svg[^>]-width="[%d.]+"', "")
    check.equal(svg, 5)   -- each in its own size, so that letters are alike
    for size in page:gmatch 'font%-size="([%d.]+)"' do
      check.that(tonumber(size) >= 12 and tonumber(size) <= 15, size)
    end
    for width in page:gmatch '<svg[^>]-width="([%d.]+)"' do check.that(tonumber(width) <= 1000, width) end

    local _, message, refused = program.run({"report", folder})
    check.that(refused ~= 0 and message:find("is not a run", 1, true), message)
    out, err, status = program.run({"report", runs[1], "--no-evaluate", "--out", folder .. "/s.html"})
    check.equal(status, 0, out .. err)
    check.equal(select(2, read(folder .. "/s.html"):gsub("<svg", "")), 1)
  end)
end)

-- A run of an mlp on easy drawings in a folder of that path; classes: names of an image folder with 2 images each.
local function trained(path, settings, sets)
  local c = {model = "mlp", epochs = 1, train_size = 40, test_size = 20, threads = 1, drawing = {}}
  for key, value in pairs(settings or {}) do c[key] = value end
  rm.train.run(c, {folder = path, progress = false, sets = sets})
  return path
end

check.case("two runs of one network are told apart by their folders, and each has its own figures", function()
  program.with_folder(function(folder)
    local a = trained(folder .. "/a")
    local b = trained(folder .. "/b", {seed = 2, epochs = 2})
    local out, err, status = program.run({"report", a, b, "--out", folder .. "/r.html"})
    check.equal(status, 0, out .. err)
    local text = read(folder .. "/r.md")
    check.that(text:find("This report compares mlp (a), mlp (b), trained on shapes10 (10 classes", 1, true), text)
    check.that(text:find("| setting | mlp (a) | mlp (b) |", 1, true), text)
    for i, name in ipairs {"a", "b"} do
      check.that(text:find(("### mlp (%s)"):format(name), 1, true), text)
      for _, kind in ipairs {"confusion", "roc"} do
        local file = ("r_%s_mlp__%s_.svg"):format(kind, name)
        check.that(text:find("](" .. file .. ")", 1, true) and rm.sys.exists(folder .. "/" .. file), file)
        check.that(read(folder .. "/" .. file):find(("mlp (%s)"):format(name), 1, true), file .. i)
      end
    end
    check.that(read(folder .. "/r_confusion_mlp__a_.svg") ~= read(folder .. "/r_confusion_mlp__b_.svg"))
    check.equal(select(2, read(folder .. "/r.html"):gsub("<svg", "")), 5)

    out = program.run({"compare", a, b}, {env = "RESMOON_PLOT=text"})
    check.that(out:find "mlp %(a%) +%S+ +1 " and out:find "mlp %(b%) +%S+ +2 ", out)
    check.that(out:find("  *A* mlp (a)   #B# mlp (b)\n", 1, true), out)
    check.equal(select(2, out:gsub("%*A%*", "")), 1, out)   -- one legend for both panels
  end)
end)

check.case("runs on different data say so, and do not pretend to compare", function()
  program.with_folder(function(folder)
    local runs = {trained(folder .. "/one/mlp"), trained(folder .. "/two/mlp", {size = 16})}
    local page, text = require("resmoon.report").write(runs, {out = folder .. "/r.html", evaluate = false})
    text = read(text)
    check.that(page and text:find("mlp (one/mlp) on shapes10 (3x32x32) (10 classes, images of 3 x 32 x 32); "
                         .. "mlp (two/mlp) on shapes10 (3x16x16)", 1, true), text)
    check.that(text:find("Errors on different data sets do not compare.", 1, true), text)
    local lines = rm.train.compare.table {rm.train.folder.read(runs[1]), rm.train.folder.read(runs[2])}
    check.that(lines[1]:find "^model +data +parameters", lines[1])
  end)
end)

check.case("a class that is not among the test images: n/a, no mean counts it, no curve", function()
  program.with_folder(function(folder)
    local names = {"cat, \"dog\"", "100% <b> | `x` $y$", "猫\27[31m\n", "mean"}
    local function set(labels)
      local n = #labels
      local images = rm.zeros(n, 3, 8, 8)
      for i, label in ipairs(labels) do images[i] = 60 * label end
      return rm.data.Dataset.new {name = "odd", images = images:byte(), labels = rm.tensor(labels, "int64"),
                                  classes = names}
    end
    local sets = {set {1, 2, 3, 4, 1, 2, 3, 4}, set {1, 2, 4, 1, 2, 4}}
    local path = trained(folder .. "/run", {batch_size = 4}, sets)
    local measured, open = require "resmoon.report.measure", rm.train.config.open
    rm.train.config.open = function() return sets[1], sets[2] end
    local ok, page, markdown = pcall(require("resmoon.report").write, {path}, {out = folder .. "/r.html"})
    local run = measured.run(path)
    rm.train.config.open = open
    check.that(ok, page)
    check.equal(run.confusion:absent(), {3})
    page, markdown = read(page), read(markdown)
    for _, text in ipairs {page, markdown} do
      check.that(not text:find "%f[%a]nan%f[%A]" and not text:find "\27", text)
      check.that(text:find("mean of 3 classes", 1, true) and text:find("there is no image of 猫", 1, true), text)
    end
    check.that(markdown:find("| cat, \"dog\" |", 1, true), markdown)
    check.that(markdown:find("| 100% \\<b\\> \\| \\`x\\` \\$y\\$ |", 1, true), markdown)
    check.that(markdown:find("| n/a | n/a |", 1, true) or markdown:find("n/a | ", 1, true), markdown)
    check.that(page:find('<td class="w">100%% &lt;b&gt; | `x` $y$</td>'), page)
    for _, kind in ipairs {"confusion", "roc"} do
      local svg = read(("%s/r_%s_mlp.svg"):format(folder, kind))
      check.that(not svg:find "[%z\1-\8\14-\31]", kind)
    end
    check.that(not read(folder .. "/r_roc_mlp.svg"):find("猫", 1, true))
  end)
end)
