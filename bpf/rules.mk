# The kernel part: the same sources twice, for kernels from 5.17 on and (baseline) from 5.10 on.
BPF_CFLAGS  := -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter -Wno-address-of-packed-member \
	       -target bpf -mcpu=v3 -D__BPF__ -D__TARGET_ARCH_x86 \
	       -idirafter /usr/include/$(shell $(CC) -print-multiarch 2>/dev/null || gcc -print-multiarch)
BPF_SOURCES := $(wildcard bpf/*.h) bpf/holdfast.bpf.c
BPF_OBJECTS := $(B)/bpf/holdfast.skel.h $(B)/bpf/holdfast_baseline.skel.h

$(B)/bpf/holdfast_baseline.bpf.o: BPF_CFLAGS += -DHF_BASELINE

$(B)/bpf/%.bpf.o: $(BPF_SOURCES)
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -I. -Ibpf -c bpf/holdfast.bpf.c -o $@.full
	$(BPFTOOL) gen object $@ $@.full

$(B)/bpf/%.skel.h: $(B)/bpf/%.bpf.o
	$(BPFTOOL) gen skeleton $< name $*_bpf > $@
