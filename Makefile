# ResMoon. `make help` lists the targets and the settings.
#
# Objects, program and tests of a mode lie below build/MODE. Before anything is built,
# scripts/setup.sh installs the packages that are missing and writes the libraries' flags to
# build/config.mk: make takes that for an out-of-date makefile, and starts over when it changed.

MODE   ?= release
PREFIX ?= /usr/local
READLINE ?= yes
B      := build/$(MODE)
Q      := $(if $(V),,@)   # V=1 shows the command lines
all: # the default goal; its rule is below

ifneq ($(filter-out help clean,$(or $(MAKECMDGOALS),all)),)
CONFIG := build/config$(if $(filter no,$(READLINE)),-plain).mk
include $(CONFIG)
$(CONFIG): FORCE
	@READLINE=$(READLINE) scripts/setup.sh $(if $(filter test quick ctests check,$(MAKECMDGOALS)),test,build) $@
endif

OPT.release := -O3
OPT.debug   := -O0 -g3
OPT.asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

WARN  := -Wall -Wextra
FLAGS  = -std=gnu11 -Isrc -fPIC -pthread -MMD -MP $(WARN) $(OPT.$(MODE)) \
         $(if $(READLINE_LIBS),-DRM_HAVE_READLINE) $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS)
LIBS   = $(PKG_LIBS) -ldl -lm -pthread

ISAS := baseline
ifeq ($(shell uname -m),x86_64)
  ISAS += avx2 avx512
endif
# Nobody looks at errno or at the processor's exception flags; so loops with comparisons and
# square roots vectorise. Results are the same bits.
KFLAGS     := -fno-trapping-math -fno-math-errno -fopenmp-simd
# Elementwise results are the same bits wherever threads cut the run: the compiler must not merge
# a * b + c * d into a fused step one way in the vectors and another way in the rest.
PLAIN      := pointwise_k activation_k
ISA.avx2   := -mavx2 -mfma
ISA.avx512 := -mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma -mprefer-vector-width=512

SRC    := $(filter-out %_k.c,$(sort $(shell find src -name '*.c')))
KSRC   := $(wildcard src/kernels/*_k.c)
OBJ    := $(SRC:src/%.c=$B/%.o) $(foreach isa,$(ISAS),$(KSRC:src/%.c=$B/%.$(isa).o))
LOW    := $(filter-out $B/bind/% $B/shell/%,$(OBJ))   # everything that knows no Lua
CTESTS := $(patsubst tests/c/%.c,$B/tests/%,$(wildcard tests/c/*_test.c))
MODULE := $B/lib/resmoon/core.so

all: $B/resmoon $(MODULE) ## build the program and the module for a stock Lua

# Hold the flags, and the list of objects: what was compiled or linked with others is made again.
# Kept as they are if nothing changed.
STAMP := $B/flags
LINKED := $B/objects
$(STAMP) $(LINKED): FORCE
	@mkdir -p $(@D)
	@echo '$(if $(filter flags,$(@F)),$(CC) $(FLAGS) $(KFLAGS),$(LIBS) $(LUA_LIBS) $(READLINE_LIBS) $(LDFLAGS) $(sort $(OBJ)))' > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$B/resmoon: $(OBJ) $(LINKED)
	@echo '  link  $@'
	$Q$(CC) $(FLAGS) -rdynamic $(LDFLAGS) $(OBJ) $(LIBS) $(LUA_LIBS) $(READLINE_LIBS) -o $@

$(MODULE): $(filter-out $B/shell/%,$(OBJ)) $(LINKED)
	@mkdir -p $(@D)
	@echo '  link  $@'
	$Q$(CC) $(FLAGS) -shared $(LDFLAGS) $(filter-out $B/shell/%,$(OBJ)) $(LIBS) -o $@

$B/%.o: src/%.c $(STAMP)
	@mkdir -p $(@D)
	@echo '  cc    $<'
	$Q$(CC) $(FLAGS) -c $< -o $@

# The docstrings of the bindings, as text inside the program.
$B/bind_docs.inc: src/bind/docs.awk $(filter src/bind/%,$(SRC))
	@mkdir -p $(@D)
	$Qawk -f $^ > $@.new && mv $@.new $@

$B/bind/docs.o: $B/bind_docs.inc
$B/bind/docs.o: private FLAGS += -I$B

define isa_rule
$B/kernels/%.$(1).o: src/kernels/%.c $(STAMP)
	@mkdir -p $$(@D)
	@echo '  cc    $$< ($(1))'
	$$Q$$(CC) $$(FLAGS) $$(KFLAGS) $$(if $$(filter $$*,$$(PLAIN)),-ffp-contract=off) $$(ISA.$(1)) -DRM_ISA_NAME=$(1) -c $$< -o $$@
endef
$(foreach isa,$(ISAS),$(eval $(call isa_rule,$(isa))))

# --- tests ---------------------------------------------------------------------------

# C suites link with everything that knows no Lua, as one archive.
$B/low.a: $(LOW) $(LINKED)
	@rm -f $@
	@echo '  ar    $@'
	$Qar rcs $@ $(LOW)

$B/tests/%: tests/c/%.c $B/low.a
	@mkdir -p $(@D)
	@echo '  cc    $<'
	$Q$(CC) $(FLAGS) -Itests/c $< -Wl,--whole-archive $B/low.a -Wl,--no-whole-archive $(LIBS) $(CMOCKA_LIBS) -o $@

$B/tests/pty: tests/support/pty.c $(STAMP)
	@mkdir -p $(@D)
	@echo '  cc    $<'
	$Q$(CC) $(FLAGS) $< -lutil -o $@

TESTPROGRAMS := $(CTESTS) $B/tests/pty
ctests: $(TESTPROGRAMS)

# (The sanitizers would otherwise end a program that asks for too much memory.)
RUN_TESTS = ASAN_OPTIONS=allocator_may_return_null=1 \
            LSAN_OPTIONS=suppressions=tests/support/lsan.supp:print_suppressions=0 \
            lua5.4 tests/run.lua --program $B/resmoon --c $B/tests

quick: all $(TESTPROGRAMS) ## the tests without the slow ones; FILTER=text chooses among them
	@$(RUN_TESTS) --quick $(if $(FILTER),'$(FILTER)')

test: all $(TESTPROGRAMS) ## all tests; ends with `N passed, N failed`
	@$(RUN_TESTS) $(if $(FILTER),'$(FILTER)')

docs: all ## docs/reference from the docstrings
	$B/resmoon tests/manual.lua --write

demo: all ## residual against plain networks on generated images: the table and the figure
	$B/resmoon demo

# --- installing ----------------------------------------------------------------------

SHARE = $(DESTDIR)$(PREFIX)/share
install: all ## under $(DESTDIR)$(PREFIX), /usr/local if not given
	install -D $B/resmoon $(DESTDIR)$(PREFIX)/bin/resmoon
	install -D -m 644 $(MODULE) $(DESTDIR)$(PREFIX)/lib/lua/5.4/resmoon/core.so
	rm -rf $(SHARE)/resmoon
	find lua scripts \( -name '*.lua' -o -name '*.py' \) -exec install -D -m 644 {} $(SHARE)/resmoon/{} \;
	mkdir -p $(SHARE)/lua/5.4
	ln -sfn ../../resmoon/lua/resmoon $(SHARE)/lua/5.4/resmoon

uninstall: ## remove what install put there
	rm -rf $(SHARE)/resmoon $(DESTDIR)$(PREFIX)/bin/resmoon $(DESTDIR)$(PREFIX)/lib/lua/5.4/resmoon
	rm -f $(SHARE)/lua/5.4/resmoon

clean: ## remove what was built
	rm -rf build

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)
	@echo
	@echo 'settings: MODE=release|debug|asan  READLINE=yes|no  PREFIX=/usr/local  DESTDIR=  CC=  CFLAGS=  V=1'

FORCE:
.PHONY: all ctests quick test docs demo install uninstall clean help FORCE
-include $(OBJ:.o=.d) $(TESTPROGRAMS:=.d)
