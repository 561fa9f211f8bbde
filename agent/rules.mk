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

$(B)/holdfast-engine: $(ENGINE_OBJECTS) $(AGENT_RECORD) $(AGENT_IPC) $(B)/agent/ipc/request.o \
		$(POLICY_HOST) $(POLICY_LIB) $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(POLICY_LDLIBS) -ljson-c -lsqlite3 -lcap -lseccomp

PROGRAMS += $(B)/holdfast-engine

KEYRING_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/keyring/*.c)))

$(B)/holdfast-keyring: $(KEYRING_OBJECTS) $(B)/agent/ipc/keyring.o $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcrypto -linih -ltss2-esys -ltss2-mu -lcap -lseccomp

PROGRAMS += $(B)/holdfast-keyring

SURVEY_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/survey/*.c)))

$(B)/holdfast-survey: $(SURVEY_OBJECTS) $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcrypto -ljson-c -lcap -lseccomp

PROGRAMS += $(B)/holdfast-survey

UPLINK_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/uplink/*.c)))

$(B)/holdfast-uplink: $(UPLINK_OBJECTS) $(B)/agent/ipc/keyring.o $(POLICY_LIB) $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcurl -linih -ljson-c -lssl -lcrypto -lzstd -lcap -lseccomp

PROGRAMS += $(B)/holdfast-uplink

SUPERVISOR_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/supervisor/*.c)))

$(B)/holdfastd: $(SUPERVISOR_OBJECTS) $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcap -lsystemd

PROGRAMS += $(B)/holdfastd

CLI_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/cli/*.c)))

# It proves the spool.
SPOOL_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/uplink/spool*.c)))

$(B)/holdfast: $(CLI_OBJECTS) $(B)/agent/ipc/request.o $(SPOOL_OBJECTS) \
		$(B)/agent/engine/maintenance_token.o $(POLICY_HOST) $(POLICY_LIB) $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(POLICY_LDLIBS) -lzstd -ljson-c

PROGRAMS += $(B)/holdfast

$(B)/agent/supervisor/main.o: CPPFLAGS += -DHOLDFAST_LIBEXEC='"$(PREFIX)/libexec/holdfast"'

SESSION_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/session/*.c)))

$(B)/holdfast-session: $(SESSION_OBJECTS) $(B)/agent/ipc/request.o $(POLICY_LIB) $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -ljson-c -lseccomp -lsystemd

PROGRAMS += $(B)/holdfast-session
