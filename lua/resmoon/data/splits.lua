--- Which of the folders below a data folder are its splits, and which are classes.
--
-- The names alone do not tell: "train" may be the split, or a class beside "bus". What lies inside decides: a split
-- holds folders of images, a class holds images. Where both readings fit, nothing is guessed.
local fail = require "resmoon.base.fail"
local tree = require "resmoon.data.tree"

local splits = {}

local words = {}
for split, list in pairs {train = "train training trainset trn", val = "val valid validation dev valset",
                          test = "test testing tests testset tst eval evaluation"} do
  for word in list:gmatch "%S+" do words[word] = split end
end

-- What people add to the name of a split: training_set, seg_train, train_images.
local additions = {}
for word in ("set data dataset images image imgs img seg split folder photos pics raw"):gmatch "%S+" do
  additions[word] = true
end

--- The split that a folder's name means: "train", "val", "test" or nil; and whether it says nothing ("images").
function splits.word(name)
  local found, empty = nil, true
  for token in name:lower():gmatch "[^%s_%-%.]+" do
    if not additions[token] then
      if found or not words[token] then return nil, false end
      found, empty = words[token], false
    end
  end
  return found, empty
end

-- Into folders that only wrap another of the same meaning: seg_train/seg_train, train/images.
local function unwrap(node)
  local filled = tree.filled(node)
  while #node.images == 0 and #filled == 1 do
    local word, empty = splits.word(filled[1].name)
    if not empty and word ~= splits.word(node.name) then break end
    node = filled[1]
    filled = tree.filled(node)
  end
  return node
end

-- Whether there are folders of images in it, and no images beside them.
local function has_classes(node)
  return #node.images == 0 and #tree.filled(node) > 0
end

local function names(list)
  local texts = {}
  for i = 1, math.min(#list, 5) do texts[i] = list[i].name end
  return table.concat(texts, ", ") .. (#list > 5 and (" and %d more"):format(#list - 5) or "")
end

-- Filled subfolders by what their names mean: {train = {nodes}, val =, test =}, the others, and how many of the splits
-- have classes in them.
local function sorted(node)
  local found, others, structured = {train = {}, val = {}, test = {}}, {}, 0
  for _, child in ipairs(tree.filled(node)) do
    local word = splits.word(child.name)
    if word then
      table.insert(found[word], child)
      if has_classes(unwrap(child)) then structured = structured + 1 end
    else
      others[#others + 1] = child
    end
  end
  return found, others, structured
end

local function tables_beside(node)
  local list = {}
  for _, file in ipairs(node.others) do
    if file[1]:lower():find "%.csv$" or file[1]:lower():find "%.txt$" or file[1]:lower():find "%.json$" then
      list[#list + 1] = file[1]
    end
  end
  if #list == 0 then return "" end
  return (" (if %s says what they show, that has to be done by it)"):format(
    table.concat(list, " or ", 1, math.min(#list, 3)))
end

local function refuse_flat(node, where)
  fail("folder: %d images lie in %s without a folder for each class: nothing tells what they show; move them into "
       .. "%s/CLASS/%s",
       #node.images, where, where, tables_beside(node))
end

-- The plan of a folder whose splits are in `found`.
local function plan_of(node, found, others, structured)
  local plan = {root = node, layout = "splits", notes = {}, left = {}, unlabeled = {}}
  for split, list in pairs(found) do
    if #list > 1 then
      fail("folder: %s has %s, which may all be the %s split: leave one of them, or name the folder to read", node.path,
           names(list), split)
    end
    plan[split] = list[1] and unwrap(list[1])
    plan[split .. "_folder"] = list[1]
    if plan[split] and not has_classes(plan[split]) then
      if split == "train" then refuse_flat(plan[split], plan[split].path) end
      plan.unlabeled[split], plan[split] = plan[split], nil
    end
  end
  if #others > 0 and structured < 2 then
    local split = plan.train_folder or plan.test_folder or plan.val_folder
    fail("folder: in %s, is %s a split, or a class beside %s? It holds folders (%s). If it is a split, move %s "
         .. "elsewhere; if a class, move all classes into %s/train/", node.path, split.name, names(others),
         names(tree.filled(split)), names(others), node.path)
  end
  for _, other in ipairs(others) do
    plan.left[#plan.left + 1] = {other.path, "image in a folder beside the splits", other.count}
  end
  for _, name in ipairs(node.images) do
    plan.left[#plan.left + 1] = {node.path .. "/" .. name, "image beside the splits"}
  end
  return plan
end

-- Raises where the folders of `filled` are not classes, although they hold images.
local function check_classes(node, filled)
  local wrapped = {}
  for _, child in ipairs(filled) do
    local found, _, structured = sorted(child)
    local both = #found.train > 0 and #found.val + #found.test > 0
    if both and structured == 0 then
      fail("folder: %s holds %s: the splits lie in the classes; expected the other way round, %s/train/%s", child.path,
           names(tree.filled(child)), node.path, child.name)
    end
    if both or (structured > 0 and #found.train > 0) then wrapped[#wrapped + 1] = child end
  end
  if #wrapped > 0 then
    fail("folder: %s holds more than one data set; name one folder of %s", node.path, names(wrapped))
  end
end

-- No folder has classes and a split's name: either there are no splits, or they hold images without classes.
local function plain(node, filled, found, others)
  if #others == 0 and #filled > 0 then
    local list = {}
    for _, child in ipairs(filled) do list[#list + 1] = child.name end
    fail("folder: %s of %s hold images without a folder for each class: nothing tells what they show; move them into "
         .. "%s/%s/CLASS/%s (if %s are classes, move them into %s/train/)", table.concat(list, ", "), node.path,
         node.path, (found.train[1] or filled[1]).name, tables_beside(node), table.concat(list, ", "), node.path)
  end
  check_classes(node, filled)
  local plan = {root = node, layout = "plain", train = node, notes = {}, left = {}, unlabeled = {}}
  for _, name in ipairs(node.images) do
    plan.left[#plan.left + 1] = {node.path .. "/" .. name, "image beside the class folders"}
  end
  return plan
end

--- What is to be read below `node` (tree.read): {layout = "splits" or "plain", train =, val =, test = nodes whose
-- subfolders are the classes, unlabeled = {val =, test = nodes of images without classes}, notes, left}.
-- Returns nil where there is no image in any folder. Errors: raises where several readings fit, and says which.
function splits.plan(node)
  local root = node
  for _ = 1, 8 do
    local filled = tree.filled(node)
    local found, others, structured = sorted(node)
    if structured > 0 then return plan_of(node, found, others, structured) end
    if #filled == 0 then
      if #node.images > 0 and node ~= root then refuse_flat(node, node.path) end
      return nil
    end
    if #filled > 1 or #node.images > 0 or not has_classes(filled[1]) then return plain(node, filled, found, others) end
    node = filled[1]   -- it only wraps what is looked for
  end
  fail("folder: %s: found no class folders within 8 folders", root.path)
end

return splits
