# What more than one room must agree on. Users link $(COMMON_LIB).

COMMON_LIB     := $(B)/libcommon.a
COMMON_SOURCES := $(sort $(wildcard common/*.c))
COMMON_OBJECTS := $(COMMON_SOURCES:%.c=$(B)/%.o)

$(COMMON_LIB): $(COMMON_OBJECTS)
	rm -f $@
	$(AR) rcs $@ $^
