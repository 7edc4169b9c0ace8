# serverless-user-management: every command. `make help` lists them.

# A flavour builds in a folder of its own: make FLAVOUR=asan, FLAVOUR=clang, ...
FLAVOUR ?=
B       ?= build$(if $(FLAVOUR),/$(FLAVOUR))

WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
           -Wmissing-prototypes -Wvla -Wundef -Wformat=2 -Wwrite-strings
LIBRARIES = libcurl libcrypto jansson libutf8proc

CFLAGS_       = -O2 -g
CFLAGS_asan   = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_clang  = -O2 -g
CFLAGS_strict = -O2 -g -Werror
CFLAGS_strict-clang = -O2 -g -Werror
CC_clang      = clang
CC_strict-clang = clang

ifneq ($(CC_$(FLAVOUR)),)
CC := $(CC_$(FLAVOUR))
endif
CFLAGS ?= $(CFLAGS_$(FLAVOUR))
ALL_CFLAGS  = -std=c11 -D_GNU_SOURCE -I. $(WARNINGS) $(CFLAGS) -MMD -MP
LDLIBS  = $(shell pkg-config --libs $(LIBRARIES)) -lm -pthread

# A room is a folder; its library holds all of it but the programs' main files.
MAINS     = runtime/bootstrap.c deploy/local/lambda-local.c
ROOMS     = base aws transform runtime local support
DIR_local = deploy/local
DIR_support = test/support
sources   = $(filter-out $(MAINS),$(wildcard $(or $(DIR_$1),$1)/*.c))
objects   = $(patsubst %.c,$(B)/obj/%.o,$1)
archive   = $(patsubst %,$(B)/lib%.a,$1)

# What each room may link against, in link order.
NEEDS_base      = base
NEEDS_aws       = aws base
NEEDS_transform = transform base
NEEDS_runtime   = runtime local aws transform base
NEEDS_local     = local runtime aws transform base

PROGRAMS = $(B)/bootstrap $(B)/lambda-local
TEST_SOURCES = $(wildcard test/unit/*/test_*.c)
TESTS    = $(patsubst test/%.c,$(B)/test/%,$(TEST_SOURCES))

all: $(PROGRAMS) ## build build/bootstrap and the tools

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

define room
$(B)/lib$1.a: $(call objects,$(call sources,$1))
	@rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room,$r)))

$(B)/bootstrap: $(B)/obj/runtime/bootstrap.o $(call archive,runtime aws transform base)
	$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)
$(B)/lambda-local: $(B)/obj/deploy/local/lambda-local.o $(call archive,local aws base)
	$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)

# test/unit/<room>/test_x.c sees that room and what is below it.
define room_tests
$(patsubst test/%.c,$(B)/test/%,$(wildcard test/unit/$1/test_*.c)): $(B)/test/%: $(B)/obj/test/%.o $(call archive,support $(NEEDS_$1))
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS) -o $$@ $$^ -lcmocka $$(LDLIBS)
endef
$(foreach r,base aws transform runtime local,$(eval $(call room_tests,$r)))

tests: $(TESTS) all
.PHONY: all tests
.SECONDARY:

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
