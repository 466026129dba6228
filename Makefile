# ResMoon. `make help` lists the targets.

MODE   ?= release
PREFIX ?= /usr/local
B      := build/$(MODE)

OPT.release := -O3
OPT.debug   := -O0 -g3
OPT.asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

PKGS     := lua5.4 openblas jansson zlib libjpeg libpng
READLINE ?= $(shell pkg-config --exists readline && echo yes)
ifeq ($(READLINE),yes)
  PKGS     += readline
  CPPFLAGS += -DRM_HAVE_READLINE
endif

WARN  := -Wall -Wextra
FLAGS  = -std=gnu11 -Isrc -fPIC -pthread -MMD -MP $(WARN) $(OPT.$(MODE)) $(CPPFLAGS) \
         $(shell pkg-config --cflags $(PKGS)) $(CFLAGS)
# OpenBLAS is loaded at run time (core/blas.c), hence only the others are linked.
LIBS   = $(shell pkg-config --libs $(filter-out openblas,$(PKGS))) -ldl -lm -pthread

ISAS := baseline
ifeq ($(shell uname -m),x86_64)
  ISAS += avx2 avx512
endif
ISA.avx2   := -mavx2 -mfma
ISA.avx512 := -mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma -mprefer-vector-width=512

SRC  := $(filter-out %_k.c,$(wildcard src/*/*.c))
KSRC := $(wildcard src/kernels/*_k.c)
OBJ  := $(SRC:src/%.c=$B/%.o) $(foreach isa,$(ISAS),$(KSRC:src/%.c=$B/%.$(isa).o))
LOW  := $(filter-out $B/bind/% $B/shell/%,$(OBJ))   # everything that knows no Lua
CTESTS := $(patsubst tests/c/%.c,$B/tests/%,$(wildcard tests/c/*_test.c))

all: $B/resmoon $B/lib/resmoon/core.so ## build the program and the loadable module

$B/resmoon: $(OBJ)
	$(CC) $(FLAGS) -rdynamic $^ $(LIBS) -o $@

$B/lib/resmoon/core.so: $(filter-out $B/shell/%,$(OBJ))
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -shared $^ $(LIBS) -o $@

$B/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -c $< -o $@

define isa_rule
$B/kernels/%.$(1).o: src/kernels/%.c
	@mkdir -p $$(@D)
	$$(CC) $$(FLAGS) $$(ISA.$(1)) -DRM_ISA_NAME=$(1) -c $$< -o $$@
endef
$(foreach isa,$(ISAS),$(eval $(call isa_rule,$(isa))))

$B/tests/%: tests/c/%.c $(LOW)
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -Itests/c $< $(LOW) $(LIBS) $(shell pkg-config --libs cmocka) -o $@

ctests: $(CTESTS)

quick: all ## a first look: builds and starts
	$B/resmoon -e 'print(require("resmoon.core"))'

clean: ## remove what was built
	rm -rf build

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

.PHONY: all ctests quick clean help
-include $(OBJ:.o=.d)
