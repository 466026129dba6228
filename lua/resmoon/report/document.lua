--- A document of headings, paragraphs, tables and figures, written as HTML and as Markdown.
--
-- Documents can be sections of others. Text of others (class names, folders) is escaped in both. Figures are SVG:
-- inline in HTML, files beside the Markdown.
local class = require "resmoon.base.class"
local core  = require "resmoon.core"
local text  = require "resmoon.base.text"
local readfile = require "resmoon.base.readfile"

local Document = class("Document")

function Document:init(title) self.title, self.parts = title, {} end

local function add(kind)
  return function(self, ...)
    self.parts[#self.parts + 1] = {kind = kind, ...}
    return self
  end
end

Document.heading   = add "heading"    -- text, level (2 to 4)
Document.paragraph = add "paragraph"  -- text
Document.gap       = add "gap"        -- what the reader is to write here
Document.table     = add "table"      -- head (list of texts), rows (lists of texts)
Document.figure    = add "figure"     -- path of an SVG file, caption
Document.list      = add "list"       -- texts
Document.details   = add "details"    -- title, head, rows: a long table, which a page shows when asked to

--- Takes up another document as a section of this one: its title and its headings, one level deeper.
function Document:section(other)
  self:heading(other.title, 2)
  for _, part in ipairs(other.parts) do
    if part.kind == "heading" then self:heading(part[1], (part[2] or 2) + 1) else self.parts[#self.parts + 1] = part end
  end
  return self
end

--- Writes the document: an HTML page with everything in it, NAME.html, and beside it NAME.md. Returns both paths.
function Document:write(page)
  local base = page:gsub("%.html$", "")
  core.write_atomic(base .. ".html", self:html())
  core.write_atomic(base .. ".md", self:markdown())
  return base .. ".html", base .. ".md"
end

local entities = {["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;"}
local function html(s) return (text.visible_lines(s):gsub('[&<>"]', entities)) end

-- What means something anywhere in a line of Markdown, and what does at its beginning.
local function inline_markdown(s)
  return (text.visible_lines(s):gsub("[\\`*_{}%[%]<>|#&~$]", "\\%0"):gsub("%s*\n%s*", " "))
end
local function markdown(s)
  return (inline_markdown(s):gsub("^%s*([-+=])", "\\%1"):gsub("^%s*(%d+)([.)])", "%1\\%2"))
end

-- In a cell a line break would end the row, or be lost.
local function cell_text(s) return text.visible(s) end

-- The name of a file as an address.
local function address(name)
  return (name:gsub("[^%w._~/-]", function(c) return ("%%%02X"):format(c:byte()) end))
end

-- Tables of more columns, or of a longer head, may be wider than the text.
local WIDE, LONG = 9, 90
local function is_wide(head) return #head > WIDE or text.width(table.concat(head, "  ")) > LONG end

local STYLE = [[
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
h1 { font-size: 1.8rem; } h2 { margin-top: 2.2rem; border-bottom: 1px solid #ccc; } h3 { margin-top: 1.6rem; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid #ddd; text-align: right; }
th.w, td.w { text-align: left; }
thead th { border-bottom: 2px solid #888; }
.wide { width: min(96vw, 86rem); margin-left: calc(50% - min(48vw, 43rem)); overflow-x: auto; }
.wide table { margin: 1rem auto; font-size: .8rem; } .wide th, .wide td { padding: .2rem .3rem; }
figure { margin: 1.2rem 0; } figure svg { max-width: 100%; height: auto; } figcaption { color: #555; }
.gap { border-left: 4px solid #d55e00; background: #fdf3ec; padding: .5rem 1rem; }
]]

-- An SVG without its XML head, its ids made different from those of other figures in the page.
local function inline(path, number)
  local svg = readfile(path):match("<svg.*</svg>")
  if not svg then error(path .. " is no SVG figure", 0) end
  local prefix = ("f%d_"):format(number)
  svg = svg:gsub("id='([^']*)'", "id='" .. prefix .. "%1'"):gsub('id="([^"]*)"', 'id="' .. prefix .. '%1"')
  svg = svg:gsub("href='#([^']*)'", "href='#" .. prefix .. "%1'"):gsub('href="#([^"]*)"', 'href="#' .. prefix .. '%1"')
  return (svg:gsub("url%(#([^)]*)%)", "url(#" .. prefix .. "%1)"))
end

-- Columns of words stand to the left, those of numbers to the right: a column is one of words where a cell has some and
-- none has a number in front, and the first one always. Returns a list of booleans.
local function of_words(head, rows)
  local list = {true}
  for i = 2, #head do
    local word, number = false, false
    for _, row in ipairs(rows) do
      local cell = row[i] or ""
      number = number or cell:find "^[-+]?%d" ~= nil
      word = word or cell ~= "" and cell ~= "-" and cell ~= text.NONE
    end
    list[i] = word and not number
  end
  return list
end

local function cells(tag, list, escape, words)
  local parts = {}
  for i, cell in ipairs(list) do
    parts[i] = ("<%s%s>%s</%s>"):format(tag, words[i] and ' class="w"' or "", escape(cell_text(cell)), tag)
  end
  return "<tr>" .. table.concat(parts) .. "</tr>"
end

-- The element of a table.
local function html_table(head, rows)
  local lines, words = {}, of_words(head, rows)
  for i, row in ipairs(rows) do lines[i] = cells("td", row, html, words) end
  return ("<table><thead>%s</thead>\n<tbody>\n%s\n</tbody></table>"):format(cells("th", head, html, words),
                                                                           table.concat(lines, "\n"))
end

local to_html = {
  heading = function(p) return ("<h%d>%s</h%d>"):format(p[2] or 2, html(p[1]), p[2] or 2) end,
  paragraph = function(p) return ("<p>%s</p>"):format(html(p[1])) end,
  gap = function(p) return ('<p class="gap"><em>Your own words:</em> %s</p>'):format(html(p[1])) end,
  table = function(p)
    local made = html_table(p[1], p[2])
    return is_wide(p[1]) and ('<div class="wide">%s</div>'):format(made) or made
  end,
  figure = function(p, number)
    local caption = ("Figure %d: %s"):format(number, html(p[2]))
    return ("<figure>%s<figcaption>%s</figcaption></figure>"):format(inline(p[1], number), caption)
  end,
  details = function(p)
    return ("<details><summary>%s</summary>%s</details>"):format(html(p[1]), html_table(p[2], p[3]))
  end,
  list = function(p)
    local items = {}
    for i, item in ipairs(p[1]) do items[i] = "<li>" .. html(item) .. "</li>" end
    return "<ul>\n" .. table.concat(items, "\n") .. "\n</ul>"
  end,
}

-- A table of Markdown.
local function markdown_table(head, rows)
  local function row(list)
    local parts = {}
    for i, cell in ipairs(list) do parts[i] = inline_markdown(cell_text(cell)) end
    return "| " .. table.concat(parts, " | ") .. " |"
  end
  local rules = {}
  for i, left in ipairs(of_words(head, rows)) do rules[i] = left and "---" or "---:" end
  local lines = {row(head), "|" .. table.concat(rules, "|") .. "|"}
  for _, each in ipairs(rows) do lines[#lines + 1] = row(each) end
  return table.concat(lines, "\n")
end

local to_markdown = {
  heading = function(p) return ("#"):rep(p[2] or 2) .. " " .. inline_markdown(p[1]) end,
  paragraph = function(p) return markdown(p[1]) end,
  gap = function(p) return "> *Your own words:* " .. markdown(p[1]) end,
  table = function(p) return markdown_table(p[1], p[2]) end,
  details = function(p) return markdown(p[1]) .. ":\n\n" .. markdown_table(p[2], p[3]) end,
  figure = function(p, number)
    return ("![Figure %d: %s](%s)\n\nFigure %d: %s"):format(number, inline_markdown(p[2]),
      address(p[1]:match("[^/]*$")), number, inline_markdown(p[2]))
  end,
  list = function(p)
    local items = {}
    for i, item in ipairs(p[1]) do items[i] = "- " .. markdown(item) end
    return table.concat(items, "\n")
  end,
}

local function parts(self, writers, separator)
  local list, figures = {}, 0
  for i, part in ipairs(self.parts) do
    if part.kind == "figure" then figures = figures + 1 end
    list[i] = writers[part.kind](part, figures)
  end
  return table.concat(list, separator)
end

--- One self-contained page.
function Document:html()
  return ('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n<title>%s</title>\n'
          .. "<style>\n%s</style></head>\n<body>\n<h1>%s</h1>\n%s\n</body></html>\n"):format(
    html(self.title), STYLE, html(self.title), parts(self, to_html, "\n"))
end

function Document:markdown()
  return "# " .. markdown(self.title) .. "\n\n" .. parts(self, to_markdown, "\n\n") .. "\n"
end

return Document
