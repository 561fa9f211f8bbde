# Fuzzing: every tests/fuzz/NAME.c is one libFuzzer target, built with sanitizers from the real
# sources. A target says what it is made of, here or in its room's rules.mk:
#	FUZZ_SOURCES_NAME := agent/sensor/record.c     beside tests/fuzz/NAME.c; common/ and policy/
#						       are there for all
#	FUZZ_LDLIBS_NAME  := -lfoo		       beside those of FUZZ_LDLIBS
#	FUZZ_SEEDS_NAME   := directories of first inputs; tests/fuzz/corpus/NAME when it does not say,
#			     and there go those of found bugs
#	FUZZ_FLAGS_NAME   := -max_len=4096 and the like
# `make fuzz FUZZ_SECONDS=600` runs all, `make fuzz-NAME` one, `make fuzz-smoke` all for 10 seconds.

FUZZ_TARGETS  := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/*.c)))
FUZZ_SECONDS  ?= 600
FUZZ_CFLAGS   := -std=gnu17 -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
		 -fno-sanitize-recover=undefined -UNDEBUG
FUZZ_LDLIBS    = $(POLICY_LDLIBS) $(COMMON_LDLIBS)
FUZZ_OBJECTS  := $(B)/fuzz/objects

FUZZ_SEEDS_policy_parse  := tests/fuzz/corpus/policy policy/examples policy/apps
FUZZ_FLAGS_policy_parse  := -max_len=4096 -dict=tests/fuzz/policy_parse.dict

FUZZ_SOURCES_event_log := agent/survey/event_log.c
FUZZ_FLAGS_event_log   := -max_len=4096

FUZZ_FLAGS_posture   := -max_len=600

FUZZ_SOURCES_record := agent/sensor/record.c agent/sensor/mount_table.c
FUZZ_FLAGS_record   := -max_len=1200

FUZZ_SOURCES_mark_value := agent/sensor/mark_value.c
FUZZ_FLAGS_mark_value	:= -max_len=1100

FUZZ_SOURCES_mark_seal := agent/sensor/mark_seal.c agent/sensor/mark_value.c
FUZZ_SEEDS_mark_seal   := tests/fuzz/corpus/mark_value
FUZZ_FLAGS_mark_seal   := -max_len=1100

FUZZ_SOURCES_maintenance := agent/engine/maintenance_token.c
FUZZ_FLAGS_maintenance	 := -max_len=600

FUZZ_SOURCES_enrol_file := agent/cli/enrol_file.c
FUZZ_FLAGS_enrol_file	:= -max_len=2048

FUZZ_FLAGS_login_book	:= -max_len=2048

FUZZ_SOURCES_pam_stack := agent/cli/pam_stack.c agent/cli/pam_walk.c
FUZZ_FLAGS_pam_stack   := -max_len=2048

FUZZ_SOURCES_ticket_parse := console/store/ticket_parse.c console/store/device_record.c
FUZZ_FLAGS_ticket_parse	  := -max_len=4400

FUZZ_SOURCES_bundle := policy/bundle.c policy/host/policy_files.c
FUZZ_FLAGS_bundle   := -max_len=4096

FUZZ_FLAGS_lease   := -max_len=4100

FUZZ_SOURCES_wayland := $(wildcard tests/screen/wayland_*.c)
FUZZ_FLAGS_wayland   := -max_len=2000

FUZZ_SOURCES_print_job := agent/engine/print_job.c
FUZZ_FLAGS_print_job   := -max_len=1024

FUZZ_SOURCES_request := agent/ipc/request.c
FUZZ_FLAGS_request   := -max_len=8200

FUZZ_SOURCES_messages := agent/ipc/messages.c
FUZZ_FLAGS_messages   := -max_len=16384

FUZZ_SOURCES_keyring := agent/ipc/keyring.c
FUZZ_FLAGS_keyring   := -max_len=4200

FUZZ_SOURCES_key_receipt := console/authority/key_receipt.c
FUZZ_FLAGS_key_receipt   := -max_len=4000

FUZZ_SEEDS_wipe_receipt   := tests/fuzz/corpus/wipe_receipt
FUZZ_FLAGS_wipe_receipt	  := -max_len=12100

FUZZ_SOURCES_wipe_journal := agent/wipe/journal.c
FUZZ_FLAGS_wipe_journal	  := -max_len=4100

FUZZ_FLAGS_key_words   := -max_len=4100

FUZZ_SOURCES_keyring_verbs := agent/ipc/keyring.c $(addprefix agent/keyring/,anchors.c device_key.c keys.c lease.c keys_verbs.c marks.c receipt.c secret_memory.c ticket.c tpm.c tpm_channel.c vault.c vault_verbs.c verbs.c wish.c) \
	$(addprefix watermark/,carrier.c convolution.c key.c payload.c tile.c)
FUZZ_LDLIBS_keyring_verbs  := -lm -ltss2-esys -ltss2-mu
FUZZ_SEEDS_keyring_verbs   := tests/fuzz/corpus/keyring
FUZZ_FLAGS_keyring_verbs   := -max_len=4200

FUZZ_SOURCES_verify := agent/ipc/verify.c agent/ipc/worker.c agent/verify/enrolment.c
FUZZ_FLAGS_verify   := -max_len=4200

FUZZ_SOURCES_id_token := agent/page/id_token.c agent/page/jose.c
FUZZ_FLAGS_id_token   := -max_len=4096

FUZZ_SOURCES_certificate := agent/uplink/certificate.c
FUZZ_FLAGS_certificate	 := -max_len=4096

FUZZ_SOURCES_x_requests := agent/session/x_requests.c
FUZZ_FLAGS_x_requests	:= -max_len=512

FUZZ_SOURCES_x11_stream := tests/unit/fixtures/x11_kernel.c tests/unit/fixtures/x11_reference.c
FUZZ_FLAGS_x11_stream	:= -max_len=2000

FUZZ_SOURCES_session = agent/session/notices.c agent/session/refusal.c agent/session/words.c

FUZZ_SOURCES_lineage = $(addprefix agent/engine/,lineage.c lineage_json.c lineage_record.c lineage_store.c lineage_find.c lineage_tree.c event_objects.c event_screen.c event_service.c event_words.c json.c print_job.c) agent/sensor/record.c
FUZZ_FLAGS_lineage  := -max_len=3100

FUZZ_FLAGS_segment   := -max_len=4096

FUZZ_SOURCES_spool = $(wildcard agent/uplink/spool*.c)
FUZZ_FLAGS_spool   := -max_len=512

FUZZ_SOURCES_netlink := agent/scout/netlink.c
FUZZ_FLAGS_netlink   := -max_len=8192

FUZZ_SOURCES_resolv := agent/scout/resolv.c
FUZZ_FLAGS_resolv   := -max_len=4096

FUZZ_FLAGS_beacon   := -max_len=256

FUZZ_SOURCES_scout := agent/ipc/scout.c
FUZZ_FLAGS_scout   := -max_len=16384

FUZZ_SOURCES_browser := agent/ipc/browser.c
FUZZ_FLAGS_browser   := -max_len=4200

FUZZ_SOURCES_browser_plan := agent/browser/plan.c agent/browser/settings.c
FUZZ_FLAGS_browser_plan	  := -max_len=2048

FUZZ_FLAGS_quote   := -max_len=520

.PHONY: fuzz fuzz-smoke $(FUZZ_TARGETS:%=fuzz-%)
fuzz: $(FUZZ_TARGETS:%=fuzz-%)
fuzz-smoke:
	+$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=10

# What it learns stays in build/; only inputs of bugs are kept by hand.
$(FUZZ_TARGETS:%=fuzz-%): fuzz-%: $(B)/tests/fuzz/%
	@mkdir -p $(B)/fuzz/$*/corpus $(B)/fuzz/$*/found
	$< -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-verbosity=0 -artifact_prefix=$(B)/fuzz/$*/found/ $(FUZZ_FLAGS_$*) \
		$(B)/fuzz/$*/corpus $(or $(FUZZ_SEEDS_$*),tests/fuzz/corpus/$*)

$(FUZZ_OBJECTS)/%.o: %.c
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

# The rooms' rules are read in any order: what they set is looked up when it is needed.
.SECONDEXPANSION:
$(FUZZ_OBJECTS)/shared.a: $$(patsubst %.c,$(FUZZ_OBJECTS)/%.o,$$(POLICY_SOURCES) $$(COMMON_SOURCES))
	rm -f $@
	$(AR) rcs $@ $^

.PRECIOUS: $(FUZZ_OBJECTS)/%.o
$(FUZZ_TARGETS:%=$(B)/tests/fuzz/%): $(B)/tests/fuzz/%: $(FUZZ_OBJECTS)/tests/fuzz/%.o \
		$$(addprefix $(FUZZ_OBJECTS)/,$$(FUZZ_SOURCES_$$*:.c=.o)) $(FUZZ_OBJECTS)/shared.a
	@mkdir -p $(@D)
	$(CLANG) -fsanitize=fuzzer,address,undefined -o $@ $^ -Wl,--as-needed $(FUZZ_LDLIBS_$*) $(FUZZ_LDLIBS)
