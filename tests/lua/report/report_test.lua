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
  check.that(page:find("<td>&lt;td&gt;</td><td>2|3</td>", 1, true), page)
  check.that(text:find("## a\\_b\n\n1 \\< 2 \\| \\*x\\*", 1, true), text)
  check.that(text:find("| c | d |\n|---|---:|\n| \\<td\\> | 2\\|3 |", 1, true), text)
  check.that(text:find("- one\n- two", 1, true), text)
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

check.case("the lab's grades", function()
  check.equal({measure.grade(91.01), measure.grade(91), measure.grade(90), measure.grade(89.99), measure.grade(87),
               measure.grade(86.9)}, {"above 91", "90 to 91", "90 to 91", "87 to 90", "87 to 90", "below 87"})
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

    local _, message, refused = program.run({"report", folder})
    check.that(refused ~= 0 and message:find("is no run", 1, true), message)
    out, err, status = program.run({"report", runs[1], "--no-evaluate", "--out", folder .. "/s.html"})
    check.equal(status, 0, out .. err)
    check.equal(select(2, read(folder .. "/s.html"):gsub("<svg", "")), 1)
  end)
end)
