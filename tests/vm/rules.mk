# Programs that run in the machine beside the product.
VM_TOOLS := $(B)/tests/asker $(B)/tests/burst $(B)/tests/kernelctl

$(B)/tests/burst: $(B)/tests/vm/tools/burst.o
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^

$(B)/tests/asker: $(B)/tests/vm/tools/asker.o $(B)/agent/ipc/request.o $(COMMON_LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^

$(B)/tests/kernelctl: $(B)/tests/vm/tools/kernelctl.o \
		$(patsubst %,$(B)/agent/sensor/kernel_%.o,adopt load mark readers services state support guard) \
		$(B)/common/clock.o
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lbpf

# Two versions of the packages, of the same build.
DEB_TESTS := $(patsubst %,$(B)/tests/packages/%.made,0.1.0 0.1.1)
$(B)/tests/packages/%.made: $(PROGRAMS) $(shell find packaging man -type f)
	packaging/build deb --version $* --built $(@D)
	touch $@

# key_bytes: what tests/vm/outside.py knows of keys; jump.so: a console whose clock is not the machine's.
VM_PROGRAMS += $(VM_TOOLS) $(DEB_TESTS) $(B)/tests/e2e/key_bytes $(B)/tests/e2e/jump.so

.PHONY: vm-programs
.SECONDEXPANSION:
vm-programs: $$(VM_PROGRAMS)
