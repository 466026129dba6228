local t = {} for i = 1, 300000 do t = {t} end
list = t
who()
mem().live
t = nil list = nil
str = ("x"):rep(1e6)
who()
{str}
