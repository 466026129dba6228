--- The grade of lab A for an accuracy, in per cent.
--
-- The sheet's rows are: above 91 -> 100, 91 to 90 -> 90, 90 to 87 -> 80, 87 to 10 -> 70, 10 -> 0. A limit belongs to
-- the higher grade where two rows share it, but 91 itself is not above 91: exactly 91 and 90 give 90, exactly 87 gives
-- 80, and 10, which is chance, or less gives 0.
local rows = {
  {"above 91", 100, function(x) return x > 91 end},
  {"90 to 91", 90, function(x) return x >= 90 end},
  {"87 to 90", 80, function(x) return x >= 87 end},
  {"10 to 87", 70, function(x) return x > 10 end},
  {"10 and below", 0, function() return true end},
}

local grade = {
  says = "The sheet's grades: an accuracy above 91 % is worth 100 %, from 90 to 91 % 90 %, from 87 to 90 % 80 %, above "
         .. "10 and below 87 % 70 %, and 10 %, which is chance, or less 0 %. Exactly 91 and 90 give 90, exactly 87 "
         .. "gives 80.",
}

--- The grade (per cent) of an accuracy (per cent), and the row that it falls into. Of what is no number there is none.
function grade.of(accuracy)
  if accuracy ~= accuracy then return nil, "no accuracy" end
  for _, row in ipairs(rows) do
    if row[3](accuracy) then return row[2], row[1] end
  end
end

return grade
