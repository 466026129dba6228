--- Tables of networks, computed from the networks themselves: the paper's table 1, and the depths of a decade.
local fail   = require "resmoon.base.fail"
local models = require "resmoon.models"
local Module = require "resmoon.nn.module"
local text   = require "resmoon.base.text"

local tables = {}

--- Layers with weights on the longest way through a network, as papers count depth: convolutions and linear
-- layers, without projections in shortcuts and auxiliary heads; of an inception module, the longest branch.
function tables.depth(net)
  local function count(module, name)
    local kind = Module.type_of(module)
    if kind == "Conv2d" or kind == "Linear" then return name == "gate" and 0 or 1 end
    if name == "downsample" or kind == "InceptionAux" then return 0 end
    local sum, longest = 0, 0
    for key, child in module:each_child() do
      local n = count(child, key)
      sum, longest = sum + n, math.max(longest, n)
    end
    return kind == "Inception" and longest or sum
  end
  return count(net, "")
end

-- "3x3, 64" for each convolution of a block.
local function block_text(block)
  local parts = {}
  for key, child in block:each_child() do
    if Module.type_of(child) == "Conv2d" and key ~= "downsample" then
      parts[#parts + 1] = ("%dx%d,%d"):format(child.kernel_size, child.kernel_size, child.out_channels)
    end
  end
  return table.concat(parts, " ")
end

-- What table 1 of the paper says of its networks, in 10^9 "FLOPs" for an image of 224 x 224.
local paper = {resnet18 = "1.8", resnet34 = "3.6", resnet50 = "3.8", resnet101 = "7.6", resnet152 = "11.3"}

--- What is counted, and why the paper's numbers differ.
tables.counting = "MACs: multiply-accumulates of all convolutions and linear layers, shortcuts included, for one "
  .. "image. That is what the paper calls FLOPs; a multiplication and an addition count as one. The paper halves the "
  .. "image in the first 1x1 layer of a bottleneck; here, as in torchvision, the 3x3 layer does, which costs a little "
  .. "more. With stride_at = \"1x1\" the networks are the paper's. (The paper's 3.6 for 34 layers is 3.66 cut off.)"

-- "7x7,64/2" of a convolution, and all of a deep stem.
local function stem_text(net)
  if net.conv1 then
    return ("%dx%d,%d/%d"):format(net.conv1.kernel_size, net.conv1.kernel_size, net.conv1.out_channels,
                                  net.conv1.stride)
  end
  local parts = {}
  for _, child in net.stem:each_child() do
    if Module.type_of(child) == "Conv2d" then
      parts[#parts + 1] = ("%dx%d,%d/%d"):format(child.kernel_size, child.kernel_size, child.out_channels, child.stride)
    end
  end
  return table.concat(parts, " ")
end

-- The size of what each part of a network gives, by its name: "56x56".
local function sizes(summary)
  local list = {}
  for _, row in ipairs(summary.rows) do
    local part = row.name:match "^layer%d+" or row.name:match "^stem" or row.name
    if #row.shape == 4 then list[part] = ("%dx%d"):format(row.shape[3], row.shape[4]) end
  end
  return list
end

-- What stands in the rows of the table: {name, part of the network, text of it}. The names are the paper's, and those
-- of the parts here.
local function architecture_parts(net)
  local list = {{"conv1", net.conv1 and "conv1" or "stem", stem_text}}
  if net.maxpool then
    list[2] = {"max pool", "maxpool", function(each)
      return each.maxpool and ("%dx%d/%d"):format(each.maxpool.kernel_size, each.maxpool.kernel_size,
                                                 each.maxpool.stride) or "-"
    end}
  end
  for i = 1, net.stages do
    local part = "layer" .. i
    list[#list + 1] = {net.stages == 4 and ("conv%d_x, %s"):format(i + 1, part) or part, part, function(each)
      return each[part] and ("[%s] x %d"):format(block_text(each[part][1]), #each[part]) or "-"
    end}
  end
  list[#list + 1] = {"average pool", "avgpool", function(each) return ("%d"):format(each.fc.in_features) end}
  list[#list + 1] = {"fc", "fc", function(each)
    return ("%d -> %d"):format(each.fc.in_features, each.fc.out_features)
  end}
  return list
end

--- Rows of the architecture table of networks that are there, the first one its head: lists of texts.
-- nets: list of {name =, net =, published = FLOPs of the paper or nil, as_published = multiply-accumulates of the same
-- network with the stride in the first 1x1 layer of bottlenecks}. input: {channels, height, width} of an image.
function tables.rows_of(nets, input)
  local lines, bottlenecks, published = {{"stage", "output"}}, false, false
  for _, each in ipairs(nets) do
    each.summary = each.net:summary(input)
    lines[1][#lines[1] + 1] = each.name
    bottlenecks = bottlenecks or each.as_published ~= nil
    published = published or each.published ~= nil
  end
  local size = sizes(nets[1].summary)
  for _, part in ipairs(architecture_parts(nets[1].net)) do
    local line = {part[1], part[2] == "fc" and "1x1" or size[part[2]] or ""}
    for _, each in ipairs(nets) do line[#line + 1] = part[3](each.net) end
    lines[#lines + 1] = line
  end
  local function row(title, value)
    local line = {title, ""}
    for _, each in ipairs(nets) do line[#line + 1] = value(each) end
    lines[#lines + 1] = line
  end
  row("layers", function(each) return tostring(tables.depth(each.net)) end)
  row("parameters", function(each) return text.grouped(each.summary.parameters) end)
  local largest = 0
  for _, each in ipairs(nets) do largest = math.max(largest, each.summary.macs) end
  if largest < 1e8 then
    row("MACs (10^6)", function(each) return ("%.2f"):format(each.summary.macs / 1e6) end)
  else
    row("MACs (10^9)", function(each) return ("%.2f"):format(each.summary.macs / 1e9) end)
  end
  if bottlenecks then
    row("MACs, stride in the 1x1", function(each)
      return ("%.2f"):format((each.as_published or each.summary.macs) / 1e9)
    end)
  end
  if published then row("the paper's FLOPs (10^9)", function(each) return each.published or "" end) end
  return lines
end

--- Rows of the architecture table, the first one its head: lists of texts. Arguments as of architecture.
function tables.architecture_rows(names, input)
  input = input or {3, 224, 224}
  local nets = {}
  for i, name in ipairs(names) do
    local net = models.get(name) {input = input}
    if not net.stages or not net.layer1 then fail("architecture: %s is no residual or plain network", name) end
    nets[i] = {name = name, net = net, published = input[2] == 224 and paper[name] or nil}
    if Module.type_of(net.layer1[1]) == "Bottleneck" then
      nets[i].as_published = models.get(name)({input = input, stride_at = "1x1"}):summary(input).macs
    end
  end
  return tables.rows_of(nets, input)
end

--- The architecture table of residual and plain networks: what each stage is made of, the size of its output,
-- parameters and multiply-accumulates (which the paper calls FLOPs) for one image.
-- names: of ResNets and plain nets. input: {channels, height, width}, {3, 224, 224}. Returns text.
-- Source: He et al. 2016, arXiv:1512.03385, table 1.
function tables.architecture(names, input)
  local lines = text.columns(tables.architecture_rows(names, input))
  return table.concat(lines, "\n") .. "\n" .. table.concat(text.wrapped(tables.counting, 110), "\n")
end

-- Winners and entries of the ImageNet challenge, with their published top-5 errors (%); the two highway networks
-- were made for CIFAR-10. Behind them the FLOPs (10^9) that the paper gives.
local decade = {
  {"alexnet", 2012, "16.4", {3, 224, 224}}, {"vgg16", 2014, "7.3", {3, 224, 224}, "15.3"},
  {"vgg19", 2014, "7.3", {3, 224, 224}, "19.6"}, {"googlenet", 2014, "6.7", {3, 224, 224}},
  {"highway19", 2015, "", {3, 32, 32}}, {"highway32", 2015, "", {3, 32, 32}},
  {"resnet152", 2015, "3.57", {3, 224, 224}, "11.3"},
}

--- Rows of the table of depths, the first one its head: lists of texts.
function tables.depths_rows()
  local lines = {{"network", "year", "layers", "parameters", "MACs (10^9)", "input", "top-5 error, published",
                  "FLOPs, published (10^9)"}}
  for _, entry in ipairs(decade) do
    local name, year, top5, input, flops = table.unpack(entry)
    local net = models.get(name) {input = input}
    local summary = net:summary(input)
    lines[#lines + 1] = {name, tostring(year), tostring(tables.depth(net)), text.grouped(summary.parameters),
                         ("%.2f"):format(summary.macs / 1e9), ("%dx%d"):format(input[2], input[3]),
                         top5 ~= "" and top5 .. "%" or "-", flops or "-"}
  end
  return lines
end

--- The "revolution of depth": networks from 2012 to 2015 with layers, parameters and multiply-accumulates as
-- computed from the networks here, and their published top-5 errors on ImageNet. Returns text.
-- Sources: Russakovsky et al. 2015, arXiv:1409.0575; He et al. 2016, arXiv:1512.03385, table 5.
function tables.depths() return table.concat(text.columns(tables.depths_rows()), "\n") end

return tables
