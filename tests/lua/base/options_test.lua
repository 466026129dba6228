--- The checker of option tables, which every function with options uses.
local check   = require "support.check"
local hint    = require "resmoon.base.hint"
local options = require "resmoon.base.options"
local rm      = require "resmoon"

check.case("what is right is given back as it is, and nothing is an empty table", function()
  local given = {from = 1, loss = print}
  check.equal(options("op", given, {from = "number", loss = "function"}), given)
  check.equal(next(options("op", nil, {"from"})), nil)
end)

check.case("an unknown name is an error that names the nearest", function()
  check.error(function() options("op", {form = 1}, {"from", "to"}) end,
              "op: unknown option 'form', did you mean 'from'?; it takes from, to")
  check.error(function() options("op", {[1] = 1}, {from = "number", to = "number"}) end,
              "op: unknown option '1'; it takes from, to")
  check.error(function() options("op", 3, {"from"}) end, "op: options are a number, expected a table")
end)

check.case("a value of another kind is an error that shows it", function()
  local kinds = {n = "whole", file = "string|table", mask = "tensor", what = "any"}
  check.error(function() options("op", {n = 2.5}, kinds) end, "op: n is 2.5, expected a whole number")
  check.error(function() options("op", {n = "2"}, kinds) end, "op: n is '2', expected a whole number")
  check.error(function() options("op", {file = false}, kinds) end, "op: file is false, expected a string or a table")
  check.error(function() options("op", {mask = {}}, kinds) end, "op: mask is a table, expected a tensor")
  options("op", {n = 3, file = {}, mask = rm.zeros(1), what = print}, kinds)
end)

check.case("a hint names what is near, and nothing else", function()
  check.equal(hint("widht", {"width", "height"}), ", did you mean 'width'?")
  check.equal(hint("zzz", {"width", "height"}), "")
end)
