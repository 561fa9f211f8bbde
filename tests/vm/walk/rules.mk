# The random walk against the reference model. The actors are linked statically: they are executed
# once a sequence.
WALK	     := $(B)/tests/hf-walk
WALK_ACTORS  := $(B)/tests/hf-walk-actors
WALK_OBJECTS := $(patsubst %,$(B)/tests/vm/walk/%.o,main model model_files model_pass model_taint stage steps)

$(WALK): $(WALK_OBJECTS) $(patsubst %.c,$(B)/%.o,$(wildcard agent/sensor/kernel_*.c)) \
		$(B)/common/clock.o
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lbpf

$(WALK_ACTORS): $(B)/tests/vm/walk/actors.o
	@mkdir -p $(@D)
	$(CC) -static $(LDFLAGS) -o $@ $^

VM_PROGRAMS += $(WALK) $(WALK_ACTORS)
