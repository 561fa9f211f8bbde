# The policy library: no I/O, no clock, no globals. Users link $(POLICY_LIB) and $(POLICY_LDLIBS).

POLICY_LIB     := $(B)/libpolicy.a
POLICY_LDLIBS  := -linih -lcrypto
POLICY_SOURCES := $(sort $(wildcard policy/*.c))
POLICY_OBJECTS := $(POLICY_SOURCES:%.c=$(B)/%.o)

$(POLICY_LIB): $(POLICY_OBJECTS)
	rm -f $@
	$(AR) rcs $@ $^

# What of this machine a policy needs, files and users, is I/O: it lies apart.
POLICY_HOST := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard policy/host/*.c)))
