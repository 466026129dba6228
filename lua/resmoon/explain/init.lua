--- What a network does inside, made visible: each analysis is one call at the prompt and one command.
--
-- Each gives a table of tensors and numbers, which prints as what it shows; plot draws it. They are globals at the
-- prompt as well. They are loaded when they are first named.
--
-- Topic: explain
local lazy    = require "resmoon.base.lazy"
local library = require "resmoon.base.library"

-- The analyses, by name: a file each.
local parts = {}
for name, file in pairs {
  confused = "confused",
  draw = "drawing",
  features = "features",
  frames = "frames",
  gradcam = "gradcam",
  landscape = "landscape",
  lesions = "lesions",
  look = "look",
  occlusion = "occlusion",
  pca = "pca",
  saliency = "saliency",
  signals = "signals",
  tsne = "tsne",
} do parts[name] = lazy("resmoon.explain." .. file) end

local explain = {}

return library("explain", explain, function(name)
  local value = parts[name] and parts[name]()
  rawset(explain, name, value)
  return value
end, parts)
