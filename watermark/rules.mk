# Marks on pictures: a pure library, no I/O, clock or globals. Users link $(WATERMARK_LIB) $(WATERMARK_LDLIBS).

WATERMARK_LIB	  := $(B)/libwatermark.a
WATERMARK_LDLIBS  := -lfftw3f -lcrypto -lm
WATERMARK_SOURCES := $(sort $(wildcard watermark/*.c))
WATERMARK_OBJECTS := $(WATERMARK_SOURCES:%.c=$(B)/%.o)

# Its loops over pixels and states are made for vectors: what -O2 of GCC 12 does not take.
CFLAGS_watermark := -Wconversion -O3 -fno-math-errno -fno-trapping-math

$(WATERMARK_LIB): $(WATERMARK_OBJECTS)
	rm -f $@
	$(AR) rcs $@ $^

$(foreach test,watermark_code watermark_payload watermark_read,\
	$(eval UNIT_LIBS_$(test) = $$(WATERMARK_LIB))\
	$(eval UNIT_LDLIBS_$(test) = $$(WATERMARK_LDLIBS)))
