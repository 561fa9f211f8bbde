# The roads out of a labelled file: one program, installed by the cases under two names.
ROAD_SOURCES := $(sort $(wildcard tests/vm/roads/*.c))
ROAD_OBJECTS := $(ROAD_SOURCES:%.c=$(B)/%.o)
ROAD	     := $(B)/tests/hf-road

$(ROAD): $(ROAD_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ -luring -lpthread

VM_PROGRAMS += $(ROAD)
