# The console's processes without a machine: real frontend and authority, a stand-in for the store.
# Twice: as it ships (filter of system calls and all), and with sanitizers for bad input.
E2E	    := $(B)/tests/e2e
E2E_LDLIBS  := -levent -levent_openssl -lssl -lcrypto -lp11 -ljson-c -lcap -lseccomp $(WATERMARK_LDLIBS)
E2E_SOURCES  = tests/e2e/stand_in.c $(wildcard console/frontend/*.c console/authority/*.c console/ipc/*.c watermark/*.c)
E2E_CFLAGS  := -std=gnu17 -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	       -fno-sanitize-recover=undefined -UNDEBUG

.PHONY: e2e-programs
e2e-programs: $(E2E)/stand-in $(E2E)/stand-in-sanitized $(E2E)/jump.so $(E2E)/kafka_mock $(E2E)/ticket_maker $(E2E)/key_bytes $(E2E)/console-sanitized

.SECONDEXPANSION:
$(E2E)/stand-in: $$(patsubst %.c,$(B)/%.o,$$(E2E_SOURCES)) $(COMMON_LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(E2E_LDLIBS) $(COMMON_LDLIBS)

$(E2E)/stand-in-sanitized: $$(patsubst %.c,$(E2E)/sanitized/%.o,$$(E2E_SOURCES) $$(COMMON_SOURCES))
	$(CLANG) $(E2E_CFLAGS) -o $@ $^ $(E2E_LDLIBS) $(COMMON_LDLIBS)

# A library of its own for a time of day that jumps.
$(E2E)/jump.so: tests/e2e/jump.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O1 -g -Wall -Wextra -Werror -D_GNU_SOURCE -fPIC -shared -o $@ $< -ldl

$(E2E)/ticket_maker: $(B)/tests/e2e/ticket_maker.o $(addprefix $(B)/agent/engine/,ticket_claims.o uplink_files.o json.o) $$(POLICY_LIB) $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(POLICY_LDLIBS) -ljson-c

$(E2E)/kafka_mock: $(B)/tests/e2e/kafka_mock.o
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lrdkafka

$(E2E)/key_bytes: $(B)/tests/e2e/key_bytes.o $$(CONSOLE_STORE) $$(CONSOLE_KEYS) $$(POLICY_LIB) $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CONSOLE_STORE_LDLIBS) $(POLICY_LDLIBS) -lp11

# The whole console with sanitizers, for what devices may send.
E2E_CONSOLE_SOURCES := $(sort $(wildcard console/*/*.c console/store/*/*.c policy/*.c policy/host/*.c common/*.c watermark/*.c))

$(E2E)/sanitized/%.o: %.c
	@mkdir -p $(@D)
	$(CLANG) $(E2E_CFLAGS) $(CPPFLAGS) $(CFLAGS_console) -MMD -MP -c -o $@ $<

-include $(E2E_CONSOLE_SOURCES:%.c=$(E2E)/sanitized/%.d)

$(E2E)/console-sanitized: $(E2E_CONSOLE_SOURCES:%.c=$(E2E)/sanitized/%.o)
	$(CLANG) $(E2E_CFLAGS) -o $@ $^ $(POLICY_LDLIBS) $(E2E_LDLIBS) -ljpeg -lpng -lwebp -lpq -lrdkafka -lsqlite3 -lsystemd -lzstd
