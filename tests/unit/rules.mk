# Unit tests: every tests/unit/NAME.c is one Criterion program, found by itself.
# A test that needs more than the pure libraries says so, here or in its room's rules.mk:
#	UNIT_LIBS_record := $(B)/libsensor.a    objects and archives, built when they are prerequisites
#	UNIT_LDLIBS_record := -lbpf
#	UNIT_RUN_record := umockdev-run ... --   what it runs under
# `make unit` builds and runs all, `make unit-NAME` one.

UNIT_LIBS_record	:= $(B)/agent/sensor/record.o
UNIT_LIBS_ring		:= $(B)/agent/sensor/ring.o
UNIT_LDLIBS_ring	:= -lbpf
UNIT_LIBS_mark_value	:= $(B)/agent/sensor/mark_value.o
UNIT_LIBS_mark_seal	:= $(addprefix $(B)/agent/sensor/,mark_seal.o mark_value.o)
UNIT_LDLIBS_mark_seal	:= -lcrypto
UNIT_LIBS_maintenance	:= $(B)/agent/engine/maintenance_token.o
UNIT_LDLIBS_maintenance := -lcrypto
UNIT_LIBS_enrol_file	:= $(B)/agent/cli/enrol_file.o
UNIT_LDLIBS_enrol_file	:= -linih
UNIT_LIBS_request	:= $(B)/agent/ipc/request.o
UNIT_LIBS_keyring	:= $(B)/agent/ipc/keyring.o $(addprefix $(B)/agent/keyring/,device_key.o tpm.o tpm_channel.o)
UNIT_LDLIBS_keyring	:= -lcrypto -ltss2-esys -ltss2-mu
UNIT_LIBS_keyring_local	:= $(addprefix $(B)/agent/,ipc/keyring.o ipc/keyring_ask.o supervisor/keyring_socket.o \
				$(addprefix keyring/,anchors.o keys.o keys_verbs.o lease.o local.o marks.o receipt.o secret_memory.o ticket.o \
				vault.o vault_verbs.o verbs.o wish.o \
				device_key.o tpm.o tpm_channel.o)) $(WATERMARK_LIB)
UNIT_LDLIBS_keyring_local := -lcrypto -lm -linih -ltss2-esys -ltss2-mu
UNIT_LIBS_keyring_tpm	:= $(UNIT_LIBS_keyring)
UNIT_LDLIBS_keyring_tpm	:= $(UNIT_LDLIBS_keyring)
UNIT_LIBS_survey_accounts := $(addprefix $(B)/agent/survey/,accounts.o fact.o)
UNIT_LDLIBS_survey_accounts := -ljson-c
UNIT_LDLIBS_ticket	:= -lcrypto
UNIT_LIBS_pam_module	:= $(B)/agent/ipc/request.o
UNIT_LDLIBS_pam_module	:= -lpam -rdynamic
UNIT_LIBS_pam_stack	:= $(addprefix $(B)/agent/cli/,pam_stack.o pam_walk.o)
UNIT_LDLIBS_pam_stack	:= -lpam
UNIT_LIBS_survey_posture := $(addprefix $(B)/agent/survey/,agent_files.o disk.o event_log.o fact.o measured.o openness.o \
				posture.o virtual.o)
UNIT_LDLIBS_survey_posture := -lcrypto -ljson-c
UNIT_LIBS_survey_event_log := $(UNIT_LIBS_survey_posture)
UNIT_LDLIBS_survey_event_log := -lcrypto -ljson-c
UNIT_LIBS_scout		:= $(addprefix $(B)/agent/,ipc/scout.o scout/netlink.o scout/resolv.o)
UNIT_LIBS_zones		:= $(addprefix $(B)/agent/engine/,zones.o zones_beacon.o zones_names.o json.o) \
			   $(B)/agent/ipc/scout.o
UNIT_LDLIBS_zones	:= -ljson-c -lcrypto
UNIT_LIBS_browsers	:= $(addprefix $(B)/agent/engine/,browsers.o json.o) $(B)/agent/ipc/browser.o
UNIT_LDLIBS_browsers	:= -ljson-c
UNIT_LIBS_browser_plan	:= $(addprefix $(B)/agent/browser/,plan.o settings.o)
UNIT_LDLIBS_browser_plan := -ljson-c
UNIT_LDLIBS_beacon	:= -lcrypto
UNIT_LIBS_certificate	:= $(B)/agent/uplink/certificate.o
UNIT_LDLIBS_certificate	:= -lcrypto
UNIT_LIBS_log_reader	:= $(B)/agent/uplink/log_reader.o $(B)/agent/engine/event_log.o
UNIT_LIBS_uplink_config	:= $(B)/agent/uplink/config.o
UNIT_LDLIBS_uplink_config := -linih
UNIT_LIBS_verify_totp	:= $(B)/agent/verify/totp.o
UNIT_LDLIBS_verify_totp := -lcrypto
UNIT_LIBS_verify_proofs := $(addprefix $(B)/agent/verify/,assertion.o attempts.o enrolment.o)
UNIT_LDLIBS_verify_proofs := -lfido2 -lcrypto
UNIT_LIBS_verify_sessions := $(B)/agent/verify/sessions.o $(B)/agent/engine/verify_users.o
UNIT_LIBS_verify_jose	:= $(addprefix $(B)/agent/page/,id_token.o jose.o)
UNIT_LDLIBS_verify_jose := -lcrypto -ljson-c
UNIT_LIBS_workers	:= $(addprefix $(B)/agent/supervisor/,workers.o process.o) $(B)/agent/ipc/worker.o
UNIT_LDLIBS_workers	:= -lcap
UNIT_LIBS_verify_ipc	:= $(B)/agent/ipc/verify.o $(B)/agent/ipc/worker.o
UNIT_LIBS_messages	:= $(B)/agent/ipc/messages.o
UNIT_LIBS_event_log	:= $(B)/agent/engine/event_log.o $(B)/tests/unit/fixtures/event_log_files.o
UNIT_LIBS_event_log_torn := $(UNIT_LIBS_event_log)
UNIT_LIBS_accounting	:= $(B)/agent/engine/accounting.o
UNIT_LIBS_failure_table := $(B)/agent/engine/failure_table.o
EVENT_OBJECTS		:= $(addprefix $(B)/agent/engine/,event.o event_note.o event_objects.o event_record.o event_screen.o \
				event_service.o event_words.o json.o ocsf_table.o print_job.o failure_table.o)
UNIT_LIBS_ocsf		:= $(EVENT_OBJECTS) $(addprefix $(B)/tests/unit/fixtures/,ocsf_schema.o ocsf_validate.o)
UNIT_LIBS_event_record	:= $(UNIT_LIBS_ocsf)
UNIT_LDLIBS_event_record := -ljson-c
UNIT_LDLIBS_ocsf	:= -ljson-c
UNIT_LDLIBS_hpke	:= -lcrypto
UNIT_LDLIBS_segment	:= -lcrypto -lzstd
UNIT_SPOOL		:= $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/uplink/spool*.c)))
UNIT_SPOOL_LDLIBS	:= -lcrypto -lzstd
UNIT_LIBS_spool		:= $(UNIT_SPOOL)
UNIT_LDLIBS_spool	:= $(UNIT_SPOOL_LDLIBS)
UNIT_LIBS_spool_crash	:= $(UNIT_SPOOL)
UNIT_LDLIBS_spool_crash := $(UNIT_SPOOL_LDLIBS)
UNIT_LIBS_spool_damage	:= $(UNIT_SPOOL)
UNIT_LDLIBS_spool_damage := $(UNIT_SPOOL_LDLIBS)
UNIT_LIBS_spool_full	:= $(UNIT_SPOOL)
UNIT_LDLIBS_spool_full	:= $(UNIT_SPOOL_LDLIBS)
UNIT_LDLIBS_layout	:= -lbpf
UNIT_LIBS_topology	:= $(addprefix $(B)/agent/sensor/,topology.o btrfs.o)
UNIT_LDLIBS_topology	:= -ludev
UNIT_RUN_topology	:= umockdev-run -d tests/unit/topology.umockdev --
UNIT_LIBS_mounts	:= $(addprefix $(B)/agent/sensor/,mounts.o mount_table.o record.o)
UNIT_LIBS_policy_bundle	= $(addprefix $(B)/agent/engine/,policy_bundle.o policy_store.o key_file.o database.o) \
				$(POLICY_HOST)
UNIT_LDLIBS_policy_bundle := -lsqlite3
UNIT_LIBS_database	:= $(B)/agent/engine/database.o
UNIT_LDLIBS_database	:= -lsqlite3
LINEAGE_OBJECTS		:= $(addprefix $(B)/agent/engine/,lineage.o lineage_json.o lineage_record.o lineage_store.o lineage_find.o \
				lineage_tree.o) $(EVENT_OBJECTS)
UNIT_LIBS_lineage	:= $(LINEAGE_OBJECTS) $(B)/tests/unit/fixtures/lineage_records.o
UNIT_LIBS_lineage_store	:= $(UNIT_LIBS_lineage)
UNIT_LDLIBS_lineage_store := -ljson-c -lsqlite3
UNIT_LDLIBS_lineage	:= -ljson-c -lsqlite3
UNIT_LIBS_vault_record	:= $(B)/agent/vault/record.o
UNIT_LIBS_wipe_journal	:= $(B)/agent/wipe/journal.o
UNIT_LIBS_vault_tree	:= $(addprefix $(B)/agent/vault/,tree.o tree_walk.o tree_discard.o apart.o copy.o links.o)
UNIT_LIBS_tree		:= $(B)/agent/cli/tree.o
UNIT_LIBS_intake	:= $(addprefix $(B)/agent/engine/,intake.o journal.o failures.o event_log.o accounting.o \
				recent.o tell.o lineage_keep.o witness.o reconcile.o json.o) $(B)/agent/ipc/messages.o $(B)/agent/ipc/capture.o \
			$(B)/agent/sensor/record.o $(LINEAGE_OBJECTS)
UNIT_LDLIBS_intake	:= -ljson-c -lsqlite3
UNIT_LIBS_print_job	:= $(B)/agent/engine/print_job.o
UNIT_LIBS_wayland	:= $(patsubst %.c,$(B)/%.o,$(wildcard tests/screen/wayland_*.c))
UNIT_LIBS_tty		:= $(B)/agent/sensor/tty.o
UNIT_LIBS_label_keys	:= $(B)/agent/engine/label_keys_change.o $(B)/agent/engine/verify_users.o $(B)/agent/ipc/keyring.o
UNIT_LDLIBS_label_keys	:= -ljson-c
UNIT_LIBS_tell		:= $(B)/agent/engine/tell.o $(B)/agent/ipc/messages.o $(EVENT_OBJECTS)
UNIT_LDLIBS_tell	:= -ljson-c
UNIT_LIBS_witness	:= $(addprefix $(B)/agent/,session/bus_calls.o session/ask.o session/teller.o session/x_requests.o engine/reconcile.o ipc/capture.o ipc/request.o)
UNIT_LDLIBS_witness	:= -ljson-c -lsystemd
UNIT_LIBS_session	:= $(addprefix $(B)/agent/,session/notices.o session/refusal.o session/words.o)
UNIT_LDLIBS_session	:= -ljson-c
UNIT_LIBS_overlay	:= $(B)/agent/session/overlay_look.o
UNIT_LDLIBS_overlay	:= -ljson-c

UNIT_LIBS_x11_requests	:= $(addprefix $(B)/tests/unit/fixtures/,x11_kernel.o x11_reference.o)
UNIT_LIBS_bus_capture	:= $(B)/agent/session/bus_calls.o

UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/*.c)))

.PHONY: unit $(UNIT_TESTS:%=unit-%)
.PRECIOUS: $(B)/tests/unit/%.o $(B)/tests/unit/%
unit: $(UNIT_TESTS:%=unit-%)

$(UNIT_TESTS:%=unit-%): unit-%: $(B)/tests/unit/%
	$(UNIT_RUN_$*) $<

# The rooms' rules are read in any order: what they set is looked up when it is needed.
.SECONDEXPANSION:
$(UNIT_TESTS:%=$(B)/tests/unit/%): $(B)/tests/unit/%: $(B)/tests/unit/%.o $$(UNIT_LIBS_$$*) \
		$$(POLICY_LIB) $$(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(UNIT_LDLIBS_$*) -lcriterion $(POLICY_LDLIBS) $(COMMON_LDLIBS)

# Loaded by libpam.
$(B)/tests/unit/pam_module: | $(B)/pam_holdfast.so

# layout.c reads what clang made of the shared structs: in the real object, and in one that has all.
$(B)/tests/unit/layout: | $(B)/bpf/holdfast.bpf.o $(B)/tests/unit/bpf/shared.bpf.o
$(B)/tests/unit/bpf/shared.bpf.o: tests/unit/bpf/shared.bpf.c bpf/control.h bpf/decisions.h bpf/events.h
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -I. -Ibpf -c $< -o $@
