# serverless-user-management: every command. `make help` lists them.

# A flavour builds in a folder of its own: make FLAVOUR=asan, FLAVOUR=clang, ...
FLAVOUR ?=
B       ?= build$(if $(FLAVOUR),/$(FLAVOUR))

WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
           -Wmissing-prototypes -Wvla -Wundef -Wformat=2 -Wwrite-strings
LIBRARIES = libcurl libssl libcrypto jansson libutf8proc zlib

CFLAGS_       = -O2 -g
CFLAGS_asan   = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_clang  = -O2 -g
CFLAGS_strict = -O2 -g -Werror
CFLAGS_strict-clang = -O2 -g -Werror
CFLAGS_fuzz   = -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
CFLAGS_tsan   = -O1 -g -fsanitize=thread
CC_clang      = clang
CC_strict-clang = clang
CC_fuzz       = clang

# Commands are shown as one short line each; V=1 shows them whole.
Q    = $(if $(V),,@)
show = $(if $(V),,@echo '  $1')

ifneq ($(CC_$(FLAVOUR)),)
CC := $(CC_$(FLAVOUR))
endif
CFLAGS ?= $(CFLAGS_$(FLAVOUR))
# The frame pointer is what a crash report finds the callers by.
ALL_CFLAGS  = -std=c11 -D_GNU_SOURCE -I. $(WARNINGS) $(CFLAGS) -fno-omit-frame-pointer -MMD -MP
LDLIBS  = $(shell pkg-config --libs $(LIBRARIES)) -lm -pthread

# A room is a folder; its library holds all of it but the programs' main files.
MAINS     = runtime/bootstrap.c deploy/local/lambda-local.c deploy/replay/replay.c aws/tool/sigv4.c
ROOMS     = base aws tool transform runtime local replay support
DIR_tool  = aws/tool
DIR_local = deploy/local
DIR_replay = deploy/replay
DIR_support = test/support
sources   = $(filter-out $(MAINS),$(wildcard $(or $(DIR_$1),$1)/*.c))
objects   = $(patsubst %.c,$(B)/obj/%.o,$1)
archive   = $(patsubst %,$(B)/lib%.a,$1)

# What each room may link against, in link order.
NEEDS_base      = base
NEEDS_aws       = aws base
NEEDS_tool      = tool aws base
NEEDS_transform = transform base
NEEDS_runtime   = runtime local aws transform base
NEEDS_local     = local runtime aws transform base
NEEDS_replay    = replay local aws base

PROGRAMS = $(B)/bootstrap $(B)/lambda-local $(B)/replay $(B)/sigv4
EXAMPLES = $(patsubst runtime/%.c,$(B)/%,$(wildcard runtime/examples/*.c))
TEST_SOURCES = $(wildcard test/unit/*/test_*.c)
TESTS    = $(patsubst test/%.c,$(B)/test/%,$(TEST_SOURCES))

FUNCTIONS = $(patsubst %.c,$(B)/%,$(wildcard test/rie/*.c))

all: $(PROGRAMS) $(EXAMPLES) ## build build/bootstrap, the tools and the examples

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call show,cc    $@)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

define room
$(B)/lib$1.a: $(call objects,$(call sources,$1))
	@rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room,$r)))

$(B)/bootstrap: $(B)/obj/runtime/bootstrap.o $(call archive,runtime aws transform base)
	$(call show,link  $@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)
$(B)/lambda-local: $(B)/obj/deploy/local/lambda-local.o $(call archive,local aws base)
	$(call show,link  $@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)

$(B)/replay: $(B)/obj/deploy/replay/replay.o $(call archive,replay local aws base)
	$(call show,link  $@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)
$(B)/sigv4: $(B)/obj/aws/tool/sigv4.o $(call archive,tool aws base)
	$(call show,link  $@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)

# Functions on the runtime alone: no library but libc.
$(EXAMPLES): $(B)/examples/%: $(B)/obj/runtime/examples/%.o
$(FUNCTIONS): $(B)/%: $(B)/obj/%.o
$(EXAMPLES) $(FUNCTIONS): $(call archive,runtime base)
	@mkdir -p $(@D)
	$(call show,link  $@)
	$(Q)$(CC) $(CFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) -pthread

# test/unit/<room>/test_x.c sees that room and what is below it.
define room_tests
$(patsubst test/%.c,$(B)/test/%,$(wildcard test/unit/$1/test_*.c)): $(B)/test/%: $(B)/obj/test/%.o $(call archive,support $(NEEDS_$1))
	@mkdir -p $$(@D)
	$$(call show,link  $$@)
	$$(Q)$$(CC) $$(CFLAGS) -o $$@ $$^ -lcmocka $$(LDLIBS)
endef
$(foreach r,base aws tool transform runtime local replay,$(eval $(call room_tests,$r)))

# A fuzzer sees every room. As a test it has a main() that goes through its own seeds (-DFUZZ_MAIN,
# fuzz_main.c); in FLAVOUR=fuzz libFuzzer drives it.
FUZZ_MAIN = test/fuzz/fuzz_main.c
FUZZERS = $(patsubst test/%.c,$(B)/test/%,$(filter-out $(FUZZ_MAIN),$(wildcard test/fuzz/fuzz_*.c)))
$(B)/obj/test/fuzz/%.o: ALL_CFLAGS += $(if $(filter fuzz,$(FLAVOUR)),,-DFUZZ_MAIN)
$(FUZZERS): $(B)/test/%: $(B)/obj/test/%.o $(call objects,$(wildcard $(FUZZ_MAIN))) \
            $(call archive,support local runtime tool aws transform base)
	@mkdir -p $(@D)
	$(call show,link  $@)
	$(Q)$(CC) $(CFLAGS) $(if $(filter fuzz,$(FLAVOUR)),-fsanitize=fuzzer) -o $@ $^ $(LDLIBS)

tests: $(TESTS) $(FUNCTIONS) all
fuzzers: $(FUZZERS)
.PHONY: all tests fuzzers

# What `make test` runs: strictly compiled, then with sanitizers, which the fuzzers' seeds get too.
FLAVOUR_MAKE = +@$(MAKE) --no-print-directory $(if $(V),,-s) $(JOBS)
JOBS     = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))
TO_RUN   = $(TESTS:$(B)/%=$(B)/strict/%) $(TESTS:$(B)/%=$(B)/asan/%) \
           $(FUZZERS:$(B)/%=$(B)/asan/%) $(wildcard $(foreach t,functional proxy differential rie,test/$t/run.sh))

test: ## install what is missing, build with -Werror, run all tests
	@deploy/install.sh build test demo
	$(FLAVOUR_MAKE) FLAVOUR=strict B=$(B)/strict tests
	$(FLAVOUR_MAKE) FLAVOUR=asan B=$(B)/asan tests fuzzers
	$(FLAVOUR_MAKE) all $(FUNCTIONS)
	@test/run.sh $(TO_RUN)

# Threads there are only where a function serves several invocations at once.
TSAN_TESTS = $(wildcard test/unit/runtime/test_lambda_worker*.c) test/unit/runtime/test_lambda_stop.c
test-tsan: ## run the tests of several invocations at once under the thread sanitizer
	@deploy/install.sh build test
	$(FLAVOUR_MAKE) FLAVOUR=tsan B=$(B)/tsan $(TSAN_TESTS:test/%.c=$(B)/tsan/test/%)
	@test/run.sh $(TSAN_TESTS:test/%.c=$(B)/tsan/test/%)

demo: ## show it at work on this machine, with a local AWS (STAY=1 keeps that running)
	@deploy/install.sh build demo
	$(FLAVOUR_MAKE) all
	@deploy/demo/run.sh

# --- The zip ---
# Its bootstrap is static, linked against small libraries of our own, so that it runs on any Linux.
# What compiler and linker say goes through check.sh, which passes on all but what is known.
PACKAGES = package-x86_64 package-arm64
PACKAGE  = build/package
compiler_of = $(if $(filter arm64,$1),aarch64,x86_64)-linux-gnu-
package: ## make both zips, build/function-*.zip, and test them (one: package-x86_64, -arm64)
	$(FLAVOUR_MAKE) package-x86_64
	$(FLAVOUR_MAKE) package-arm64
	@deploy/package/sources.sh licences
	@deploy/install.sh demo
	$(FLAVOUR_MAKE) all
	@test/package/run.sh
$(PACKAGES): package-%:
	@deploy/install.sh build package
	@deploy/package/sources.sh
	@deploy/package/libraries.sh $*
	$(FLAVOUR_MAKE) FLAVOUR=$@ B=$(PACKAGE)/$*/build show= $(PACKAGE)/$*/build/bootstrap 2>$(PACKAGE)/$*/said || \
	    { cat $(PACKAGE)/$*/said >&2; exit 1; }
	@$(call compiler_of,$*)strip -o $(PACKAGE)/$*/bootstrap $(PACKAGE)/$*/build/bootstrap
	@deploy/package/check.sh $* $(PACKAGE)/$*/bootstrap $(PACKAGE)/$*/said || \
	    { rm -f $(PACKAGE)/$*/build/bootstrap; exit 1; }
	@deploy/package/zip.sh $* $(PACKAGE)/$*/bootstrap
package-twice: package-x86_64 ## build a zip once more elsewhere: the same sources give the same bytes
	@test/package/twice.sh x86_64
.PHONY: package package-twice $(PACKAGES)

ifneq ($(filter $(PACKAGES),$(FLAVOUR)),)
FOR     = $(PACKAGE)/$(FLAVOUR:package-%=%)
CC      = $(call compiler_of,$(FLAVOUR:package-%=%))gcc
CFLAGS  = -O2 -g -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables \
          -fstack-protector-strong -D_FORTIFY_SOURCE=2 -ffile-prefix-map=$(CURDIR)=. \
          -isystem $(FOR)/include
LDLIBS  = -static -Wl,--gc-sections,--build-id=none,-O1 -L$(FOR)/lib \
          -lcurl -lssl -lcrypto -ljansson -lutf8proc -lz -lm -pthread
$(B)/bootstrap: $(B)/obj/deploy/package/static_dns.o
endif

# --- Deployment ---
# Settings are taken from the environment or deploy/.env: see deploy/.env.example.
STAGE ?= dev
STACK_COMMANDS = deploy undeploy logs
deploy:   ## deploy to AWS: the checks, the zip, the stack (STAGE=dev)
undeploy: ## remove the stack (STAGE=dev); EMPTY=1 when there is data in it
logs:     ## show the function's log, and follow it (STAGE=dev)
$(STACK_COMMANDS):
	@deploy/install.sh deploy
	@PATH="$$(deploy/node.sh):$$PATH" && node deploy/tools/$@.mjs "$(STAGE)"
test-deploy: ## check serverless.yml, and the commands above on a local AWS
	@deploy/install.sh demo deploy
	@test/run.sh test/deploy/run.sh
.PHONY: $(STACK_COMMANDS) test-deploy

# --- The whole, deployed ---
integration: package-x86_64 ## deploy to LocalStack (or TARGET=.., ENDPOINT=..), test all of it, remove it
	@deploy/install.sh build demo deploy
	$(FLAVOUR_MAKE) all
	@test/integration/run.sh
.PHONY: integration

bench: ## measure signing, and memory at BENCH_MB=200, at 2 GiB and at a gzip of 10 GB
	@deploy/install.sh build demo bench
	$(FLAVOUR_MAKE) all $(B)/test/bench/signing
	@test/bench/signing.sh $(B)/test/bench/signing
	@"$$(deploy/demo/python.sh)" test/bench/huge_object.py
	@"$$(deploy/demo/python.sh)" test/bench/big_object.py $(BENCH_MB)

$(B)/test/bench/signing: $(B)/obj/test/bench/signing.o $(call archive,aws base)
	@mkdir -p $(@D)
	$(call show,link  $@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)

# Each check is a script of its own, and a target: make lint-tidy.
LINTS = format sizes banned must-use headers layers names signals cppcheck tidy
lint: $(LINTS:%=lint-%) lint-clang ## check the source: format, layers, names, sizes, clang-tidy, cppcheck
$(LINTS:%=lint-%): lint-%: | lint-tools
	@test/lint/$*.sh
lint-names lint-layers: export OBJECTS = $(B)/obj
lint-names lint-layers: lint-objects
lint-objects: show =
lint-objects: $(foreach r,base aws tool transform runtime local replay,$(call archive,$r)) \
              $(patsubst %.c,$(B)/obj/%.o,$(wildcard $(MAINS) runtime/examples/*.c))
lint-clang: | lint-tools
	$(FLAVOUR_MAKE) FLAVOUR=strict-clang B=$(B)/strict-clang show= all
	@echo "lint: clang -Werror: ok"
lint-tools:
	@deploy/install.sh build lint
lint-self: lint-tools ## plant a fault for each check and see it found
	@test/lint/self.sh

FUZZ_SECONDS ?= 60
fuzz: ## let libFuzzer look for crashes, FUZZ_SECONDS=60 for each parser
	@deploy/install.sh build fuzz
	$(FLAVOUR_MAKE) FLAVOUR=fuzz B=$(B)/fuzz fuzzers
	@set -e; for f in $(FUZZERS:$(B)/%=$(B)/fuzz/%); do \
	    echo "== $$f, $(FUZZ_SECONDS) s; what it finds is kept in $$f.found/"; \
	    mkdir -p $$f.found; \
	    $$f -max_total_time=$(FUZZ_SECONDS) -max_len=65536 -dict=test/fuzz/words.dict \
	        -artifact_prefix=$$f. $$f.found $$(ls -d test/fuzz/corpus/$${f##*/} 2>/dev/null); \
	done

format: ## format every C file with clang-format
	@deploy/install.sh lint
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i

install-deps: ## install all that building, testing, checking and the demo need
	@deploy/install.sh build test lint demo

clean: ## remove build/
	rm -rf build

help: ## list these commands
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
	    awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

.PHONY: test test-tsan demo bench lint $(LINTS:%=lint-%) lint-clang lint-objects lint-tools lint-self fuzz format \
        install-deps clean help
.SECONDARY:

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
