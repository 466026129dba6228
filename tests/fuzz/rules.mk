# Fuzzing: the harnesses of this folder, as tests that replay the corpora and, in MODE=fuzz, for libFuzzer.

# Readers in C have a program each; those in Lua share one (readers.lua).
FUZZ_LUA   := log config record journal checkpoint weights landscape wordnet lua_json complete
FUZZ_PROGRAMS := $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
FUZZ_READERS := $(filter-out lua,$(FUZZ_PROGRAMS)) $(FUZZ_LUA)
REPLAYS    := $(FUZZ_PROGRAMS:%=$B/tests/fuzz/%_test)
FUZZERS    := $(FUZZ_PROGRAMS:%=$B/fuzz/%)

# Everything but main, which libFuzzer or replay.c has.
$B/rest.a: $(filter-out $B/shell/main.o,$(OBJ)) $(LINKED)
	@rm -f $@
	@echo '  ar    $@'
	$Qar rcs $@ $(filter-out $B/shell/main.o,$(OBJ))

FUZZ_HEADERS := $(wildcard tests/fuzz/*.h) $(STAMP)
FUZZ_FLAGS = $(filter-out -MMD -MP,$(FLAGS)) -Itests/fuzz '-DFUZZ_LUA=$(foreach name,$(FUZZ_LUA),"$(name)",)'
FUZZ_LINK = $(filter %.c,$^) $(LDFLAGS) -Wl,--whole-archive $B/rest.a -Wl,--no-whole-archive $(LIBS) $(LUA_LIBS) $(READLINE_LIBS)

$B/tests/fuzz/%_test: tests/fuzz/%_fuzz.c tests/fuzz/fuzz.c tests/fuzz/replay.c $(FUZZ_HEADERS) $B/rest.a
	@mkdir -p $(@D)
	@echo '  cc    $< (replay)'
	$Q$(CC) $(FUZZ_FLAGS) $(FUZZ_LINK) -o $@

$B/fuzz/%: tests/fuzz/%_fuzz.c tests/fuzz/fuzz.c $(FUZZ_HEADERS) $B/rest.a
	@mkdir -p $(@D)
	@echo '  cc    $< (libFuzzer)'
	$Q$(CC) $(FUZZ_FLAGS) -fsanitize=fuzzer $(FUZZ_LINK) -o $@

fuzzers: $(if $(READER),$B/fuzz/$(if $(filter $(READER),$(FUZZ_LUA)),lua,$(READER)),$(FUZZERS))

# MINUTES for each reader; READER chooses one of them, or calls, graphs or interrupt (run.lua builds what it takes).
fuzz: private MINUTES := $(if $(filter command% environment%,$(origin MINUTES)),$(MINUTES),1)
fuzz: | $(CONFIG) ## look for inputs that break readers: MINUTES=1 for each, READER=name for one
	@lua5.4 tests/fuzz/run.lua '$(MINUTES)' '$(READER)' '$(FUZZ_READERS)' '$(MAKE)'

HOURS ?= 8
soak: all ## mixed work at the prompt for HOURS=8: whether memory, files or tensors grow
	@LUA_PATH='lua/?.lua;lua/?/init.lua;;' $B/resmoon tests/soak/soak.lua '$(HOURS)'

.PHONY: fuzz fuzzers soak
