# What blind marks survive, and how long it takes to read them: `make bench-watermark`. SCREENS=10 for less,
# JOBS=2 for two at a time; `$(BENCH)/watermark --unmarked 2000` asks about pictures that have no mark.
SCREENS ?= 200
JOBS	?= 1

WATERMARK_BENCH := $(patsubst %.c,$(B)/%.o,$(wildcard tests/bench/watermark/*.c)) \
	$(B)/agent/session/overlay_paint.o $(B)/console/trace/picture.o
$(B)/tests/bench/watermark/%.o: CPPFLAGS += $(shell pkg-config --cflags pangocairo | sed s/-I/-isystem/g)
$(B)/tests/bench/watermark/%.o: CFLAGS_tests := -O3

$(BENCH)/watermark: $(WATERMARK_BENCH) $(WATERMARK_LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(WATERMARK_LDLIBS) -ljpeg -lpng -lwebp $(shell pkg-config --libs pangocairo)

.PHONY: bench-watermark
bench-watermark:
	tools/deps.sh bench
	+$(MAKE) --no-print-directory $(BENCH)/watermark
	$(BENCH)/watermark --screens $(SCREENS) --jobs $(JOBS)
