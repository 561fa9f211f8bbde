# The store, but for its process: rules over the interface, and databases below it.
CONSOLE_STORE = $(patsubst %.c,$(B)/%.o,$(filter-out console/store/main.c console/store/peer.c \
			console/store/word.c $(wildcard console/store/admin_*.c),$(sort $(wildcard console/store/*.c console/store/sqlite/*.c \
			console/store/postgres/*.c)))) $(CONSOLE_IPC)
CONSOLE_STORE_LDLIBS := -lpq -lsqlite3 -lzstd -lcrypto -ljson-c

CONSOLE_STORE_TESTS := console_accounting console_admin console_attestation console_crash console_description console_enrolment console_ingest console_key console_lease console_policy console_requirement console_rule console_store console_user console_wipe

$(foreach test,$(CONSOLE_STORE_TESTS) $(CONSOLE_STORE_TESTS:%=%_postgres) console_postgres,\
	$(eval UNIT_LIBS_$(test) = $$(CONSOLE_STORE) $(B)/console/ipc/admin.o)\
	$(eval UNIT_LDLIBS_$(test) := $(CONSOLE_STORE_LDLIBS)))

UNIT_LIBS_console_failures   = $(CONSOLE_STORE)
UNIT_LDLIBS_console_failures := $(CONSOLE_STORE_LDLIBS)
UNIT_LIBS_console_repeat	    = $(CONSOLE_STORE)
UNIT_LDLIBS_console_repeat   := $(CONSOLE_STORE_LDLIBS)
UNIT_LIBS_console_audit	    = $(UNIT_LIBS_console_service)
UNIT_LDLIBS_console_audit   := $(CONSOLE_STORE_LDLIBS)
UNIT_LIBS_console_seal	    = $(UNIT_LIBS_console_service)
UNIT_LDLIBS_console_seal    := $(CONSOLE_STORE_LDLIBS)
UNIT_LIBS_console_seal_postgres   = $(UNIT_LIBS_console_service)
UNIT_LDLIBS_console_seal_postgres := $(CONSOLE_STORE_LDLIBS)
UNIT_LIBS_console_admin     += $(B)/tests/unit/fixtures/ocsf_validate.o

# The same tests once more, over the second database.
$(foreach test,$(CONSOLE_STORE_TESTS) console_seal console_service,\
	$(eval UNIT_RUN_$(test)_postgres := tests/postgres with))
UNIT_RUN_console_postgres := tests/postgres with

UNIT_LIBS_console_service   = $(CONSOLE_STORE) $(patsubst %.c,$(B)/%.o,console/store/peer.c console/store/word.c \
				$(sort $(wildcard console/store/admin_*.c))) $(B)/console/ipc/admin.o \
				$(B)/tests/unit/fixtures/ocsf_validate.o
UNIT_LDLIBS_console_service := $(CONSOLE_STORE_LDLIBS)

UNIT_LIBS_console_service_postgres   = $(UNIT_LIBS_console_service)
UNIT_LDLIBS_console_service_postgres := $(CONSOLE_STORE_LDLIBS)

FUZZ_SOURCES_admin_request := console/ipc/admin.c
FUZZ_SEEDS_admin_request   := tests/fuzz/corpus/admin_request
FUZZ_FLAGS_admin_request   := -max_len=4200

FUZZ_SOURCES_rule := console/store/rule.c console/store/device_record.c
FUZZ_SEEDS_rule	  := tests/fuzz/corpus/rule
FUZZ_FLAGS_rule	  := -max_len=2000

FUZZ_SOURCES_device_record := console/store/device_record.c
FUZZ_SEEDS_device_record   := tests/fuzz/corpus/device_record
FUZZ_FLAGS_device_record   := -max_len=4200

FUZZ_SOURCES_event_fields := console/store/event_fields.c console/store/json_string.c
FUZZ_SEEDS_event_fields	  := tests/fuzz/corpus/event_fields
FUZZ_FLAGS_event_fields	  := -max_len=2000
