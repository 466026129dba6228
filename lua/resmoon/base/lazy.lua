--- Modules that are loaded when they are first used, for what must begin fast: the shell.
--
--     local who = lazy "resmoon.shell.who"      a function that gives the module
--     who().mem()                               loads it now, if it has not been before
return function(module)
  return function() return require(module) end  -- late: a prompt pays only for what is used at it
end
