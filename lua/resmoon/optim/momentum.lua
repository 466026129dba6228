--- Momentum of an optimizer as it is now, or what Adam has in its place: beta1. nil where there is none.
return function(optimizer)
  local group = optimizer.groups[1]
  return group.momentum or group.betas and group.betas[1]
end
