-- Settings of luacheck; `make test` runs it over lua, scripts, tests and examples.
std = "lua54"
max_line_length = 120
unused_args = false
-- Scripts and examples may be typed at the prompt: the shell gives them these.
local shell = {"rm", "nn", "optim", "models", "data", "plot", "train", "metrics", "search"}
files["scripts"].read_globals = shell
files["examples"].read_globals = shell
