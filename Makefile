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

ifneq ($(filter-out help clean format hooks,$(or $(MAKECMDGOALS),all)),)
CONFIG := build/config$(if $(filter no,$(READLINE)),-plain).mk
include $(CONFIG)
$(CONFIG): FORCE
	@READLINE=$(READLINE) scripts/setup.sh $(if $(filter test quick ctests check,$(MAKECMDGOALS)),test,build) $@

# The instruction sets, of src/kernels/isa.list: a line of names, and for each what the compiler gets. It is the
# compiler's own preprocessor that reads the list, since a row may depend on what is built for.
include $B/isa.mk
$B/isa.mk: FORCE | $(CONFIG)
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) $(CFLAGS) -E -P -x c \
	  '-DRM_INSTRUCTION_SET(name, lanes, rows, processor, onednn, openblas, flags)=@ name lanes rows flags' src/kernels/isa.list | \
	  tr -d '"\n' | tr @ '\n' | awk 'NF { print "ISAS += " $$1; \
	    printf "ISA.%s := -DRM_ISA_NAME=%s -DRM_VL=%s -DRM_TILE_ROWS=%s", $$1, $$1, $$2, $$3; \
	    for (i = 4; i <= NF; i++) printf " %s", $$i; print "" }' > $@.new
	@test -s $@.new || { echo "no instruction sets: is $(CC) a compiler?" >&2; exit 1; }
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
endif

OPT.release := -O3
OPT.debug   := -O0 -g3
OPT.coverage := -O0 -g --coverage -fprofile-abs-path -fprofile-update=atomic
OPT.asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
OPT.tsan    := -O1 -g -fsanitize=thread -fno-omit-frame-pointer
OPT.fuzz    := $(OPT.asan) -fsanitize=fuzzer-no-link # for libFuzzer, by clang (tests/fuzz)

WARN  := -Wall -Wextra
# Same bits everywhere: a * b + c is fused where the source says so (kernels/isa.h), and nowhere else. The compiler
# would do it where an instruction set allows, and a * b + c * d in one way here and in another there.
FLAGS  = -std=gnu11 -ffp-contract=off -iquote src -fPIC -pthread -MMD -MP $(WARN) $(OPT.$(MODE)) \
         $(if $(READLINE_LIBS),-DRM_HAVE_READLINE) $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS)
LIBS   = $(PKG_LIBS) -ldl -lm -pthread

# Nobody looks at errno or at the processor's exception flags; so loops with comparisons and
# square roots vectorise. Results are the same bits.
KFLAGS     := -fno-trapping-math -fno-math-errno -fopenmp-simd $(if $(filter coverage,$(MODE)),-O2) \
              $(if $(filter fuzz,$(MODE)),-fno-sanitize=all)
SRC    := $(filter-out %_k.c src/dist/mpi.c,$(sort $(shell find src -name '*.c')))
KSRC   := $(wildcard src/kernels/*_k.c)
OBJ    := $(SRC:src/%.c=$B/%.o) $(foreach isa,$(ISAS),$(KSRC:src/%.c=$B/%.$(isa).o))
LOW    := $(filter-out $B/bind/% $B/shell/%,$(OBJ))   # everything that knows no Lua
CTESTS := $(patsubst tests/c/%.c,$B/tests/%,$(wildcard tests/c/*/*_test.c))
MODULE := $B/lib/resmoon/core.so
# One for each MPI library that is installed (src/dist/mpi.c); none is needed.
PLUGINS := $(foreach mpi,openmpi mpich,$(if $(shell command -v mpicc.$(mpi)),$B/lib/resmoon/mpi-$(mpi).so))

all: $B/resmoon $(MODULE) $(PLUGINS) ## build the program and the module for a stock Lua

# Hold the flags, and the list of objects: what was compiled or linked with others is made again.
# Kept as they are if nothing changed.
STAMP := $B/flags
LINKED := $B/objects
$(STAMP) $(LINKED): FORCE
	@mkdir -p $(@D)
	@echo '$(if $(filter flags,$(@F)),$(CC) $(FLAGS) $(KFLAGS) $(foreach isa,$(ISAS),$(ISA.$(isa))),$(LIBS) $(LUA_LIBS) $(READLINE_LIBS) $(LDFLAGS) $(sort $(OBJ)))' > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$B/resmoon: $(OBJ) $(LINKED)
	@echo '  link  $@'
	$Q$(CC) $(FLAGS) -rdynamic $(LDFLAGS) $(OBJ) $(LIBS) $(LUA_LIBS) $(READLINE_LIBS) -o $@

$(MODULE): $(filter-out $B/shell/%,$(OBJ)) $(LINKED)
	@mkdir -p $(@D)
	@echo '  link  $@'
	$Q$(CC) $(FLAGS) -shared -Wl,-z,nodelete $(LDFLAGS) $(filter-out $B/shell/%,$(OBJ)) $(LIBS) -o $@

# (The plugin calls nothing of ours, and MPI's own leaks are not ours: no sanitizers.)
$B/lib/resmoon/mpi-%.so: src/dist/mpi.c src/dist/transport.h $(STAMP)
	@mkdir -p $(@D)
	@echo '  mpicc $@'
	$Qmpicc.$* -std=gnu11 -O2 -iquote src -fPIC $(WARN) -shared $< -o $@

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
	$$Q$$(CC) $$(FLAGS) $$(KFLAGS) $$(ISA.$(1)) -c $$< -o $$@
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

# A world of two processes for tests/c/dist, found beside the suite in place of MPICH's plugin.
$B/tests/dist/mpi-mpich.so: tests/support/echo_transport.c src/dist/transport.h $(STAMP)
	@mkdir -p $(@D)
	@echo '  link  $@'
	$Q$(CC) $(WARN) -std=gnu11 -O1 -g -fPIC -shared -iquote src $< -o $@

$B/tests/dist/collect_test $B/tests/dist/batch_test: | $B/tests/dist/mpi-mpich.so

$B/tests/pty: tests/support/pty.c $(STAMP)
	@mkdir -p $(@D)
	@echo '  cc    $<'
	$Q$(CC) $(FLAGS) $< -lutil -o $@

# Libraries for LD_PRELOAD: faults of the system (tests/faults), and which lines of Lua run.
$B/tests/shim.so: $(filter-out tests/faults/restore.c,$(wildcard tests/faults/*.c)) tests/faults/shim.h $(STAMP)
	@mkdir -p $(@D)
	@echo '  link  $@'
	$Q$(CC) $(WARN) -std=gnu11 -O1 -g -fPIC -shared -iquote tests $(filter %.c,$^) -ldl -o $@

$B/tests/restore: tests/faults/restore.c tests/faults/journal.c $(STAMP)
	@mkdir -p $(@D)
	@echo '  cc    $<'
	$Q$(CC) $(WARN) -std=gnu11 -O1 -g -iquote tests $(filter %.c,$^) -ldl -o $@

$B/tests/only.so: tests/support/only.c $(STAMP)
	@mkdir -p $(@D)
	@echo '  link  $@'
	$Q$(CC) $(WARN) -std=gnu11 -O1 -g -fPIC -shared $< -ldl -o $@

$B/tests/lines.so: tests/support/lines.c $(STAMP)
	@mkdir -p $(@D)
	@echo '  link  $@'
	$Q$(CC) $(WARN) -std=gnu11 $(PKG_CFLAGS) -O1 -g -fPIC -shared $< -ldl -o $@

-include tests/fuzz/rules.mk

TESTPROGRAMS := $(CTESTS) $(REPLAYS) $B/tests/pty $B/tests/shim.so $B/tests/only.so $B/tests/restore
ctests: $(TESTPROGRAMS)

# (The sanitizers would otherwise end a program that asks for too much memory.)
RUN_TESTS = ASAN_OPTIONS=allocator_may_return_null=1 \
            LSAN_OPTIONS=suppressions=$(CURDIR)/tests/support/lsan.supp:print_suppressions=0 \
            lua5.4 tests/run.lua --program $B/resmoon --c $B/tests

quick: all $(TESTPROGRAMS) ## the tests without the slow ones; FILTER=text chooses among them
	@$(RUN_TESTS) --quick $(if $(FILTER),'$(FILTER)')

test: all $(TESTPROGRAMS) ## all tests; ends with `N passed, N failed`
	@$(RUN_TESTS) $(if $(FILTER),'$(FILTER)')

MINUTES ?= 3
faults: all ctests ## faults of memory, disk and power; MINUTES=n is how long
	@lua5.4 tests/faults/run.lua --program $B/resmoon --c $B/tests --minutes $(MINUTES) $(if $(KIND),--kind $(KIND))

coverage: ## lines and branches of src, lines of lua, that tests and short campaigns reach; FILTER=text chooses tests
	@$(MAKE) --no-print-directory MODE=coverage measure-coverage

# The campaigns: faults of files and memory, random calls and graphs, from fixed seeds.
UNDER_FAULTS = env RESMOON_HISTORY= LD_PRELOAD=$(CURDIR)/$B/tests/shim.so $B/resmoon
UNDER_FUZZ   = env LUA_PATH='lua/?.lua;lua/?/init.lua;;' $B/resmoon
# One thread, where a test does not choose: counters that threads share make two slower than one.
measure-coverage: all $(TESTPROGRAMS) $B/tests/lines.so
	@rm -rf $B/lines && mkdir -p $B/lines
	@find $B -name '*.gcda' -delete
	-@RESMOON_NUM_THREADS=1 RESMOON_LINES=$(CURDIR)/$B/lines LD_PRELOAD=$(CURDIR)/$B/tests/lines.so $(RUN_TESTS) $(if $(SLOW),,--quick) $(if $(FILTER),'$(FILTER)')
	@echo; echo "The tests alone"; lua5.4 tests/coverage.lua $B
	-@$(UNDER_FAULTS) tests/faults/io.lua
	-@lua5.4 tests/faults/history.lua --program $B/resmoon --c $B/tests
	-@$(UNDER_FAULTS) tests/faults/alloc.lua --each 2 --blocks 400 --seconds 300 | grep -v '^[#@]'
	-@lua5.4 tests/faults/suites.lua --program $B/resmoon --c $B/tests --seconds 60
	-@$(UNDER_FUZZ) tests/fuzz/calls.lua --calls 200000
	-@$(UNDER_FUZZ) tests/fuzz/graphs.lua --minutes 0.3
	@echo; echo "The tests and the campaigns"; lua5.4 tests/coverage.lua $B

docs: all ## docs/reference from the docstrings
	$B/resmoon tests/manual.lua --write

demo: all ## residual against plain networks on generated images: the table and the figure
	$B/resmoon demo

# --- working on it -------------------------------------------------------------------

# The C files, as .clang-format says; Debian 12's version, since others differ in details.
CLANG_FORMAT ?= $(firstword $(wildcard /usr/bin/clang-format-14) clang-format)
FORMATTED = $(shell find src tests -name '*.[ch]')
format: ## lay out the C files of src and tests (clang-format 14)
	@$(CLANG_FORMAT) --version | grep -q 'version 14\.' || { echo "format: $(CLANG_FORMAT) is not version 14" >&2; exit 1; }
	$Q$(CLANG_FORMAT) -i $(FORMATTED)

hooks: ## git checks the messages of commits from now on (.ci/commit-msg)
	install -m 755 .ci/commit-msg "$$(git rev-parse --git-path hooks)/commit-msg"

# --- installing ----------------------------------------------------------------------

SHARE = $(DESTDIR)$(PREFIX)/share
install: all ## under $(DESTDIR)$(PREFIX), /usr/local if not given
	install -D $B/resmoon $(DESTDIR)$(PREFIX)/bin/resmoon
	install -D -m 644 $(MODULE) $(DESTDIR)$(PREFIX)/lib/lua/5.4/resmoon/core.so
	$(foreach plugin,$(PLUGINS),install -D -m 644 $(plugin) $(DESTDIR)$(PREFIX)/lib/resmoon/$(notdir $(plugin)) &&) true
	rm -rf $(SHARE)/resmoon
	find lua scripts \( -name '*.lua' -o -name '*.py' \) -exec install -D -m 644 {} $(SHARE)/resmoon/{} \;
	mkdir -p $(SHARE)/lua/5.4
	ln -sfn ../../resmoon/lua/resmoon $(SHARE)/lua/5.4/resmoon

uninstall: ## remove what install put there
	rm -rf $(SHARE)/resmoon $(DESTDIR)$(PREFIX)/bin/resmoon $(DESTDIR)$(PREFIX)/lib/lua/5.4/resmoon
	rm -rf $(DESTDIR)$(PREFIX)/lib/resmoon
	rm -f $(SHARE)/lua/5.4/resmoon

clean: ## remove what was built
	rm -rf build

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)
	@echo
	@echo 'settings: MODE=release|debug|asan|tsan|coverage  READLINE=yes|no  PREFIX=/usr/local  DESTDIR=  CC=  CFLAGS=  V=1'

FORCE:
.PHONY: all ctests quick test faults coverage measure-coverage docs demo format hooks install uninstall clean help FORCE
-include $(OBJ:.o=.d) $(CTESTS:=.d) $B/tests/pty.d
