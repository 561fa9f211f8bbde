# Holdfast. `make` builds, `make demo` shows, `make check` tests, `make bench` measures.
# Each room adds its own rules in ROOM/rules.mk; this file owns flags and the public targets.
# Everything built lands in build/.

MAKEFLAGS  += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

CC	   ?= gcc
CLANG	   ?= clang
BPFTOOL	   ?= $(or $(shell command -v bpftool),/usr/sbin/bpftool)
PREFIX	   ?= /usr
B	   := build
VERSION	   := 0.1.0
WARN	   := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 \
	      -Wswitch-enum -Wvla
HARDEN	   := -fPIE -fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=2
CFLAGS	   ?= -O2 -g
CPPFLAGS   += -I. -I$(B) -D_GNU_SOURCE -DHOLDFAST_VERSION='"$(VERSION)"'
ALL_CFLAGS  = -std=gnu17 $(CFLAGS) $(WARN) $(HARDEN) $(CPPFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)

# Sanitised objects for unit tests and fuzzing live beside the normal ones.
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(CFLAGS_$(firstword $(subst /, ,$<))) -MMD -MP -c $< -o $@

# pure rooms are held to -Wconversion (style.md)
CFLAGS_policy := -Wconversion
CFLAGS_common := -Wconversion

ROOMS := common bpf policy watermark agent console tests packaging tools
-include $(foreach room,$(ROOMS),$(wildcard $(room)/rules.mk))
-include $(shell find $(B) -name '*.d' -type f 2>/dev/null)

.PHONY: all check check-deep demo bench format lint clean install
all: $(PROGRAMS) $(BPF_OBJECTS)
# Both install what they need; a second run finds it there.
check:
	tools/deps.sh check
	tests/check
check-deep: check
	tests/check deep
demo:
	tools/deps.sh demo
	$(MAKE) -s all
	demo/run
clean:
	rm -rf $(B)
format:
	git ls-files '*.c' '*.h' | xargs clang-format -i
lint:
	git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror
	git ls-files | xargs grep -lE '^#!/bin/(ba)?sh|^#!/usr/bin/env bash' | xargs shellcheck
