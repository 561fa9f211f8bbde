# Programs that run in the machine beside the product.
VM_TOOLS := $(B)/tests/burst $(B)/tests/kernelctl

$(B)/tests/burst: $(B)/tests/vm/tools/burst.o
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^

$(B)/tests/kernelctl: $(B)/tests/vm/tools/kernelctl.o \
		$(patsubst %,$(B)/agent/sensor/kernel_%.o,load mark readers state support guard) \
		$(B)/common/clock.o
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lbpf

VM_PROGRAMS += $(VM_TOOLS)

.PHONY: vm-programs
.SECONDEXPANSION:
vm-programs: $$(VM_PROGRAMS)
