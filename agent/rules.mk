# The agent: one program per process, one for the person.

AGENT_IPC    := $(B)/agent/ipc/messages.o
AGENT_RECORD := $(B)/agent/sensor/record.o

SENSOR_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/sensor/*.c)))

$(B)/agent/sensor/kernel_support.o: $(BPF_OBJECTS)

$(B)/holdfast-sensor: $(SENSOR_OBJECTS) $(AGENT_IPC) $(B)/policy/pattern.o $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lbpf -lcrypto -ludev -lcap -lseccomp

AGENT_PROGRAMS := $(B)/holdfast-sensor
PROGRAMS += $(AGENT_PROGRAMS)

ENGINE_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/engine/*.c)))

$(B)/holdfast-engine: $(ENGINE_OBJECTS) $(AGENT_RECORD) $(AGENT_IPC) $(B)/agent/ipc/request.o $(B)/agent/ipc/capture.o \
		$(B)/agent/ipc/keyring.o $(B)/agent/ipc/keyring_ask.o $(B)/agent/ipc/verify.o $(B)/agent/ipc/scout.o \
		$(B)/agent/ipc/browser.o \
		$(POLICY_HOST) $(POLICY_LIB) $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(POLICY_LDLIBS) -ljson-c -lsqlite3 -lcap -lseccomp

PROGRAMS += $(B)/holdfast-engine

KEYRING_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/keyring/*.c)))

$(B)/holdfast-keyring: $(KEYRING_OBJECTS) $(B)/agent/ipc/keyring.o $(WATERMARK_LIB) $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcrypto -lm -linih -ltss2-esys -ltss2-mu -lcap -lseccomp

PROGRAMS += $(B)/holdfast-keyring

SURVEY_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/survey/*.c)))

# Where the manifest of the agent's files is, from the root directory on.
$(B)/agent/survey/agent_files.o: CPPFLAGS += -DHOLDFAST_SHARE='"$(PREFIX:/%=%)/share/holdfast"'

$(B)/holdfast-survey: $(SURVEY_OBJECTS) $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcrypto -ljson-c -lcap -lseccomp

PROGRAMS += $(B)/holdfast-survey

VAULT_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/vault/*.c)))

$(B)/holdfast-vault: $(VAULT_OBJECTS) $(B)/agent/ipc/request.o $(B)/agent/ipc/keyring.o \
		$(B)/agent/ipc/keyring_ask.o $(B)/agent/ipc/sleep.o $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -ljson-c -lsystemd

PROGRAMS += $(B)/holdfast-vault

WIPE_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/wipe/*.c)))

$(B)/holdfast-wipe: $(WIPE_OBJECTS) $(addprefix $(B)/agent/vault/,record.o cipher.o) $(B)/agent/ipc/request.o \
		$(B)/agent/ipc/keyring.o $(B)/agent/ipc/keyring_ask.o $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcrypto -ljson-c -lcap -lseccomp

PROGRAMS += $(B)/holdfast-wipe

UPLINK_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/uplink/*.c)))

$(B)/holdfast-uplink: $(UPLINK_OBJECTS) $(B)/agent/ipc/keyring.o $(POLICY_LIB) $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcurl -linih -ljson-c -lssl -lcrypto -lzstd -lcap -lseccomp

PROGRAMS += $(B)/holdfast-uplink

SCOUT_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/scout/*.c)))

$(B)/holdfast-scout: $(SCOUT_OBJECTS) $(B)/agent/ipc/scout.o $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcrypto -lcap -lseccomp

PROGRAMS += $(B)/holdfast-scout

BROWSER_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/browser/*.c)))

$(B)/holdfast-browser: $(BROWSER_OBJECTS) $(B)/agent/ipc/browser.o $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -ljson-c -lcap -lseccomp

PROGRAMS += $(B)/holdfast-browser

SUPERVISOR_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/supervisor/*.c)))

$(B)/holdfastd: $(SUPERVISOR_OBJECTS) $(B)/agent/ipc/worker.o $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcap -lsystemd

PROGRAMS += $(B)/holdfastd

# In other programs' processes: position independent, nothing of it visible but PAM's functions.
PAM_SOURCES   := $(sort $(wildcard agent/pam/*.c)) agent/ipc/request.c \
		 $(addprefix common/,bytes.c file.c local_socket.c login_book.c wire.c)
PAM_OBJECTS   := $(PAM_SOURCES:%.c=$(B)/pic/%.o)
PAM_DIRECTORY := $(PREFIX)/lib/$(shell $(CC) -print-multiarch)/security

$(B)/pic/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -fno-PIE -fPIC -fvisibility=hidden -MMD -MP -c $< -o $@

$(B)/pam_holdfast.so: $(PAM_OBJECTS)
	$(CC) -shared $(filter-out -pie,$(ALL_LDFLAGS)) -Wl,-z,defs -o $@ $^ -lpam

PROGRAMS += $(B)/pam_holdfast.so

$(B)/agent/sensor/guard.o $(B)/agent/cli/pam_check.o: CPPFLAGS += -DHOLDFAST_PAM_DIRECTORY='"$(PAM_DIRECTORY)"'

CLI_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/cli/*.c)))

# It proves the spool.
SPOOL_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/uplink/spool*.c)))

$(B)/holdfast: $(CLI_OBJECTS) $(B)/agent/ipc/request.o $(B)/agent/ipc/verify.o $(SPOOL_OBJECTS) \
		$(B)/agent/engine/maintenance_token.o $(POLICY_HOST) $(POLICY_LIB) $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(POLICY_LDLIBS) -lfido2 -lzstd -ljson-c

PROGRAMS += $(B)/holdfast

$(B)/agent/supervisor/main.o $(B)/agent/cli/vault.o: CPPFLAGS += -DHOLDFAST_LIBEXEC='"$(PREFIX)/libexec/holdfast"'

VERIFY_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/verify/*.c)))

$(B)/holdfast-verify: $(VERIFY_OBJECTS) $(B)/agent/ipc/verify.o $(B)/agent/ipc/worker.o $(B)/agent/ipc/sleep.o \
		$(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcrypto -ljson-c -lsystemd -lcap -lseccomp

PROGRAMS += $(B)/holdfast-verify

PASSWORD_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/password/*.c)))

$(B)/holdfast-password: $(PASSWORD_OBJECTS) $(B)/agent/ipc/worker.o $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lpam

PROGRAMS += $(B)/holdfast-password

PAGE_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/page/*.c)))

$(B)/holdfast-page: $(PAGE_OBJECTS) $(B)/agent/ipc/worker.o $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcurl -lcrypto -ljson-c -lcap -lseccomp

PROGRAMS += $(B)/holdfast-page

# Headers of pango have directories of their own.
$(B)/agent/session/%.o: CPPFLAGS += $(shell pkg-config --cflags pangocairo | sed s/-I/-isystem/g)

SESSION_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/session/*.c)))

$(B)/holdfast-session: $(SESSION_OBJECTS) $(B)/agent/ipc/request.o $(POLICY_LIB) $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -ljson-c -lseccomp -lsystemd -lxcb -lxcb-record -lxcb-res \
		-lxcb-shape -lxcb-xfixes $(shell pkg-config --libs pangocairo)

PROGRAMS += $(B)/holdfast-session
