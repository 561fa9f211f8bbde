# Measuring: `make bench` counts guest instructions and times a build; KERNEL=6.12 on another kernel.
# What it prints lands in $(B)/bench/table.md too.
KERNEL ?= 6.1

BENCH	       := $(B)/bench
BENCH_PROGRAMS := $(BENCH)/bench $(BENCH)/tiny $(BENCH)/listener $(BENCH)/kernelctl $(BENCH)/empty \
		  $(BENCH)/empty.bpf.o

# Static: they start alike on every variant, and no library is read from the measured disk.
$(BENCH)/bench $(BENCH)/listener: $(BENCH)/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O2 $(WARN) $(CPPFLAGS) -static -o $@ $(filter %.c,$^)
$(BENCH)/bench: tests/bench/partner.c tests/bench/partner.h

$(BENCH)/tiny: tests/bench/tiny.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O2 $(WARN) -static -nostdlib -fno-stack-protector -o $@ $<

BENCH_KERNELCTL := $(wildcard agent/sensor/kernel_*.c) common/clock.c tests/vm/tools/kernelctl.c
$(BENCH)/kernelctl: $(BENCH_KERNELCTL) $(BPF_OBJECTS)
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O2 $(WARN) $(CPPFLAGS) -o $@ $(BENCH_KERNELCTL) -lbpf

$(BENCH)/empty: tests/bench/empty.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O2 $(WARN) $(CPPFLAGS) -o $@ $< -lbpf

# One empty program a hook of ours, so that the floor is of the same hooks.
$(BENCH)/hooks.h: $(B)/bpf/holdfast.bpf.o
	@mkdir -p $(@D)
	readelf -SW $< | grep -oE '\b(lsm|fentry|fexit)/[a-z0-9_]+' | sort -u | \
		awk '{ printf "HOOK(\"%s\", %d)\n", $$0, NR }' > $@

$(BENCH)/empty.bpf.o: tests/bench/empty.bpf.c $(BENCH)/hooks.h
	$(CLANG) $(BPF_CFLAGS) -I. -I$(B) -c $< -o $@

.PHONY: bench bench-programs
bench-programs: $(BENCH_PROGRAMS)
bench:
	tools/deps.sh bench
	+$(MAKE) --no-print-directory bench-programs
	tests/bench/run $(KERNEL)

# What drawing costs, on X11 and under Wayland: `make bench-screen`.
.PHONY: bench-screen
bench-screen:
	tools/deps.sh bench
	+$(MAKE) --no-print-directory bench-programs
	rm -rf $(BENCH)/screen
	tests/vm/run --kernel $(KERNEL) --icount --out $(BENCH)/screen tests/bench/screen.sh
	rm -rf $(BENCH)/screen/disks

# What the console and its devices cost, beside rsyslog and syslog-ng: `make bench-console`; nothing of it
# needs a machine of its own. PARTS: see tests/bench/console.
.PHONY: bench-console
bench-console:
	tools/deps.sh bench
	+tests/bench/console $(PARTS)

# How long keys and tickets take: `make bench-keys`.
.PHONY: bench-keys
bench-keys:
	+$(MAKE) --no-print-directory bench-console PARTS='keys tickets'

.SECONDEXPANSION:
$(BENCH)/console_store $(BENCH)/console_store_postgres: $(BENCH)/%: $(B)/tests/bench/%.o $(B)/tests/bench/event_line.o $$(CONSOLE_STORE) $$(POLICY_LIB) $$(COMMON_LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CONSOLE_STORE_LDLIBS) $(POLICY_LDLIBS) -lcrypto -lzstd

# `make bench-spool` prints what an event costs on its way into the spool; SPOOL_BENCH_DIR is on the disk meant.
SPOOL_BENCH_DIR ?= $(B)
$(BENCH)/spool: $(B)/tests/bench/spool.o $$(UNIT_SPOOL) $$(EVENT_OBJECTS) $$(POLICY_LIB) $$(COMMON_LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcrypto -lzstd -ljson-c $(POLICY_LDLIBS)

.PHONY: bench-spool
bench-spool: $(BENCH)/spool
	$< $(SPOOL_BENCH_DIR)

# A fleet of devices, for tests/bench/console.py.
FLEET_OBJECTS := $(patsubst %,$(B)/tests/bench/%.o,fleet fleet_device fleet_link fleet_loop event_line)
$(BENCH)/fleet: $(FLEET_OBJECTS) $$(POLICY_LIB) $$(COMMON_LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(POLICY_LDLIBS) -lssl -lcrypto -lzstd -ljson-c

# What others are sent; librelp's part where it is installed.
RELP_CFLAGS = $(shell pkg-config --exists relp && echo -DHAVE_RELP $$(pkg-config --cflags relp))
RELP_LIBS   = $(shell pkg-config --libs relp 2>/dev/null)
$(BENCH)/flood: tests/bench/flood.c tests/bench/event_line.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(RELP_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ -lssl -lcrypto $(RELP_LIBS)

# Encrypted folders, on this machine: as root.
.PHONY: bench-vault
bench-vault: $(B)/holdfast-vault $(B)/tests/hf-vault-keyring
	tests/bench/vault.py

include tests/bench/watermark/rules.mk
