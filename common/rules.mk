# What more than one room must agree on. Users link $(COMMON_LIB), and of $(COMMON_LDLIBS) what
# they use.

COMMON_LIB     := $(B)/libcommon.a
COMMON_LDLIBS  := -lcrypto -ljson-c -lsqlite3 -lcap -lseccomp -lzstd
COMMON_SOURCES := $(sort $(wildcard common/*.c))
COMMON_OBJECTS := $(COMMON_SOURCES:%.c=$(B)/%.o)

$(COMMON_LIB): $(COMMON_OBJECTS)
	rm -f $@
	$(AR) rcs $@ $^
