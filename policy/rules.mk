# The policy library: no I/O, no clock, no globals. Users link $(POLICY_LIB) and $(POLICY_LDLIBS).

POLICY_LIB     := $(B)/libpolicy.a
POLICY_LDLIBS  := -linih
POLICY_SOURCES := $(sort $(wildcard policy/*.c))
POLICY_OBJECTS := $(POLICY_SOURCES:%.c=$(B)/%.o)

$(POLICY_LIB): $(POLICY_OBJECTS)
	rm -f $@
	$(AR) rcs $@ $^
