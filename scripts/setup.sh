#!/bin/sh
# setup.sh -- finds what ResMoon needs, installs what is missing, and tells the Makefile about it.
#
#     scripts/setup.sh build|test CONFIG     (READLINE=no: without libreadline)
#
# `build` is what building and running takes, `test` what the tests take as well. CONFIG is a
# makefile with the compiler flags of the libraries; it is rewritten only if it changes. What is
# missing is listed and installed with apt-get, through sudo where the caller is not root; where
# there is no apt-get the list is all there is, and the script ends with status 1.
# With nothing missing it takes a few hundredths of a second, so make calls it every time.
set -u

needs=$1 config=$2

libraries='lua5.4:liblua5.4-dev openblas:libopenblas-dev jansson:libjansson-dev zlib:zlib1g-dev
           libjpeg:libjpeg-dev libpng:libpng-dev libcrypto:libssl-dev'
commands='cc:gcc gnuplot:gnuplot-nox'
modules='argparse:lua-argparse'
files=
[ "${READLINE:-yes}" = no ] || libraries="$libraries readline:libreadline-dev"
if [ "$needs" = test ]; then
  libraries="$libraries cmocka:libcmocka-dev"
  commands="$commands luacheck:lua-check curl:curl clang-format-14:clang-format-14"
  modules="$modules luaunit:lua-unit"
  files="/usr/share/i18n/locales/de_DE:locales"
fi

# Prints the packages of those entries NAME:PACKAGE that are missing.
missing_libraries() {
  for entry in $libraries; do
    pkg-config --exists "${entry%%:*}" 2>/dev/null || echo "${entry#*:}"
  done
}
missing_commands() {
  for entry in $commands; do
    command -v "${entry%%:*}" >/dev/null || echo "${entry#*:}"
  done
}
missing_modules() {
  for entry in $modules; do
    LUA_INIT= lua5.4 -e "require '${entry%%:*}'" >/dev/null 2>&1 || echo "${entry#*:}"
  done
}

missing_files() {
  for entry in $files; do
    [ -e "${entry%%:*}" ] || echo "${entry#*:}"
  done
}

# Everything at once first: that is the usual case and takes three processes.
missing() {
  command -v pkg-config >/dev/null || echo pkg-config
  command -v lua5.4 >/dev/null || echo lua5.4
  pkg-config --exists $(for entry in $libraries; do echo "${entry%%:*}"; done) 2>/dev/null ||
    missing_libraries
  missing_commands
  missing_files
  LUA_INIT= lua5.4 -e 'for name in arg[1]:gmatch("(%w+):") do require(name) end' - "$modules" \
    </dev/null >/dev/null 2>&1 || missing_modules
}

packages=$(missing | tr '\n' ' ')
if [ -n "$packages" ]; then
  echo "missing packages: $packages" >&2
  if ! command -v apt-get >/dev/null; then
    echo "There is no apt-get here: install what these Debian packages hold, then run make again." >&2
    exit 1
  fi
  sudo=
  if [ "$(id -u)" != 0 ]; then
    sudo=sudo
    if ! command -v sudo >/dev/null; then
      echo "As root: apt-get install $packages" >&2
      exit 1
    fi
  fi
  echo "installing them with apt-get" >&2
  $sudo apt-get update >&2 || exit 1
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages >&2 || exit 1
  packages=$(missing | tr '\n' ' ')
  if [ -n "$packages" ]; then
    echo "still missing after apt-get install: $packages" >&2
    exit 1
  fi
fi

mkdir -p "$(dirname "$config")"
{
  echo "# Written by scripts/setup.sh."
  echo "PKG_CFLAGS := $(pkg-config --cflags lua5.4 openblas jansson zlib libjpeg libpng libcrypto)"
  # OpenBLAS is loaded at run time (src/ops/linalg/blas.c), hence only the others are linked.
  echo "PKG_LIBS := $(pkg-config --libs jansson zlib libjpeg libpng libcrypto)"
  echo "LUA_LIBS := $(pkg-config --libs lua5.4)"
  echo "CMOCKA_LIBS := -lcmocka"
  [ "${READLINE:-yes}" = no ] || echo "READLINE_LIBS := $(pkg-config --libs readline)"
} >"$config.new"
if cmp -s "$config.new" "$config"; then rm "$config.new"; else mv "$config.new" "$config"; fi
