# The console: one program that executes itself as each of its processes.

# libpq's header has a directory of its own.
CFLAGS_console := $(shell pkg-config --cflags libpq)
CFLAGS_tests	+= $(CFLAGS_console)

-include console/store/rules.mk

CONSOLE_IPC := $(patsubst %,$(B)/console/ipc/%.o,export key_messages messages refusal)

ifneq ($(wildcard console/cli/main.c),)
CONSOLE_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard console/*/*.c console/store/*/*.c)))

$(B)/holdfast-console: $(CONSOLE_OBJECTS) $(WATERMARK_LIB) $(POLICY_HOST) $(POLICY_LIB) $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(POLICY_LDLIBS) -levent -levent_openssl -lssl -lcrypto -ljson-c \
		$(WATERMARK_LDLIBS) -lpng -ljpeg -lwebp -lp11 -lpq -lrdkafka -lsqlite3 -lcap -lseccomp -lsystemd -lzstd

PROGRAMS += $(B)/holdfast-console
endif

UNIT_LIBS_console_messages := $(CONSOLE_IPC)

FUZZ_SOURCES_console_messages := console/ipc/key_messages.c console/ipc/messages.c
FUZZ_SEEDS_console_messages   := tests/fuzz/corpus/console_messages
FUZZ_FLAGS_console_messages   := -max_len=20000

CONSOLE_CA := $(patsubst %,$(B)/console/authority/%.o,ca ca_files certificate csr token token_uri)
UNIT_LIBS_console_event_line   = $(B)/console/cli/event_line.o $(UNIT_LIBS_ocsf)
UNIT_LDLIBS_console_event_line := -ljson-c
UNIT_LIBS_console_policy_judge   = $(B)/console/cli/policy_judge.o $(UNIT_LIBS_ocsf)
UNIT_LDLIBS_console_policy_judge := -ljson-c

UNIT_LIBS_console_ca   := $(CONSOLE_CA)
UNIT_LDLIBS_console_ca := -lcrypto -lp11
CONSOLE_KEYS := $(CONSOLE_CA) $(patsubst %,$(B)/console/authority/%.o,key_receipt key_service key_slots key_wrap \
			label_key mark_key tenant_key trust) $(WATERMARK_LIB)
UNIT_LIBS_console_keys	 := $(CONSOLE_KEYS)
UNIT_LDLIBS_console_keys := -lcrypto -lp11 -lm
UNIT_LIBS_keys	       := $(CONSOLE_CA) $(B)/agent/ipc/keyring.o $(addprefix $(B)/agent/keyring/,keys.o \
				secret_memory.o device_key.o tpm.o tpm_channel.o) $(WATERMARK_LIB)
UNIT_LDLIBS_keys       := -lcrypto -lm -lp11 -ltss2-esys -ltss2-mu
UNIT_LIBS_keyring_lease	= $(CONSOLE_CA) $(UNIT_LIBS_keyring_local)
UNIT_LDLIBS_keyring_lease := -lp11 -lcrypto -lm -linih -ltss2-esys -ltss2-mu
UNIT_LIBS_trust	       = $(CONSOLE_CA) $(patsubst %,$(B)/agent/engine/%.o,posture trust trust_lease uplink_files database json)
UNIT_LDLIBS_trust      := -lcrypto -lp11 -ljson-c -lsqlite3
UNIT_LIBS_lease	       := $(CONSOLE_CA)
UNIT_LDLIBS_lease      := -lcrypto -lp11

FUZZ_SOURCES_console_csr := console/authority/csr.c
FUZZ_SEEDS_console_csr   := tests/fuzz/corpus/console_csr
FUZZ_FLAGS_console_csr   := -max_len=9000

UNIT_LIBS_console_tls_peer   := $(B)/console/frontend/tls_peer.o
UNIT_LDLIBS_console_tls_peer := -lssl -lcrypto
UNIT_LIBS_console_frontend := $(patsubst %,$(B)/console/frontend/%.o,address encoding limits pending query rate route waiting)

FUZZ_SOURCES_console_encoding := console/frontend/encoding.c
FUZZ_SEEDS_console_encoding   := tests/fuzz/corpus/console_encoding
FUZZ_FLAGS_console_encoding   := -max_len=2000

FUZZ_SOURCES_console_query := console/frontend/query.c
FUZZ_SEEDS_console_query   := tests/fuzz/corpus/console_query
FUZZ_FLAGS_console_query   := -max_len=200

EXPORT_FORMAT := $(B)/console/exporter/format.o
EXPORT_CONFIG := $(B)/console/exporter/config.o $(B)/console/exporter/config_values.o
UNIT_LIBS_export_format := $(EXPORT_FORMAT)
UNIT_LIBS_export_config := $(EXPORT_CONFIG)

FUZZ_SOURCES_export_format = console/exporter/format.c
FUZZ_SEEDS_export_format  := tests/fuzz/corpus/export_format
FUZZ_FLAGS_export_format  := -max_len=2000

FUZZ_SOURCES_export_config = console/exporter/config.c console/exporter/config_values.c
FUZZ_SEEDS_export_config  := tests/fuzz/corpus/export_config
FUZZ_FLAGS_export_config  := -max_len=4096

FUZZ_SOURCES_export_messages := console/ipc/export.c
FUZZ_SEEDS_export_messages   := tests/fuzz/corpus/export_messages
FUZZ_FLAGS_export_messages   := -max_len=4096
UNIT_LIBS_wipe_receipt	    := $(CONSOLE_CA)
UNIT_LDLIBS_wipe_receipt    := -lcrypto -lp11

FUZZ_SOURCES_picture := console/trace/picture.c
FUZZ_LDLIBS_picture  := -lpng -ljpeg -lwebp
FUZZ_SEEDS_picture   := tests/fuzz/corpus/picture
FUZZ_FLAGS_picture   := -max_len=4096
