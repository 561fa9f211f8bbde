# The agent: one program per process, one for the person.

AGENT_IPC     := $(B)/agent/ipc/channel.o $(B)/agent/ipc/messages.o
AGENT_SANDBOX := $(B)/agent/sandbox/privileges.o $(B)/agent/sandbox/filter.o
AGENT_FAILURE := $(B)/agent/engine/failure_table.o
AGENT_RECORD  := $(B)/agent/sensor/record.o

SENSOR_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/sensor/*.c)))

$(B)/agent/sensor/kernel_load.o: $(B)/bpf/holdfast.skel.h

$(B)/holdfast-sensor: $(SENSOR_OBJECTS) $(AGENT_IPC) $(AGENT_SANDBOX) $(B)/policy/pattern.o $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lbpf -ludev -lcap -lseccomp

AGENT_PROGRAMS := $(B)/holdfast-sensor
PROGRAMS += $(AGENT_PROGRAMS)

ENGINE_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/engine/*.c)))

$(B)/holdfast-engine: $(ENGINE_OBJECTS) $(AGENT_RECORD) $(AGENT_IPC) $(B)/agent/ipc/request.o \
		$(AGENT_SANDBOX) $(POLICY_LIB) $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(POLICY_LDLIBS) -ljson-c -lsqlite3 -lcap -lseccomp

PROGRAMS += $(B)/holdfast-engine

SUPERVISOR_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/supervisor/*.c)))

$(B)/holdfastd: $(SUPERVISOR_OBJECTS) $(B)/agent/sandbox/privileges.o $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcap -lsystemd

PROGRAMS += $(B)/holdfastd

CLI_OBJECTS := $(patsubst %.c,$(B)/%.o,$(sort $(wildcard agent/cli/*.c)))

$(B)/holdfast: $(CLI_OBJECTS) $(B)/agent/ipc/request.o $(B)/agent/engine/policy_files.o \
		$(POLICY_LIB) $(COMMON_LIB)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(POLICY_LDLIBS) -ljson-c

PROGRAMS += $(B)/holdfast

# What the rooms' tests are made of: tests/unit/rules.mk, tests/fuzz/rules.mk
UNIT_LIBS_record      := $(AGENT_RECORD)
UNIT_LIBS_mark_value  := $(B)/agent/sensor/mark_value.o
UNIT_LIBS_mounts      := $(B)/agent/sensor/mounts.o
UNIT_LIBS_request     := $(B)/agent/ipc/request.o
UNIT_LIBS_event_log   := $(B)/agent/engine/event_log.o $(B)/agent/engine/accounting.o
UNIT_LIBS_database    := $(B)/agent/engine/database.o
UNIT_LDLIBS_database  := -lsqlite3
UNIT_LIBS_event       := $(B)/agent/engine/event.o $(B)/agent/engine/ocsf_table.o $(AGENT_FAILURE)
UNIT_LDLIBS_event     := -ljson-c

FUZZ_SOURCES_record     := agent/sensor/record.c
FUZZ_FLAGS_record       := -max_len=1300
FUZZ_SOURCES_mark_value := agent/sensor/mark_value.c common/bytes.c
FUZZ_FLAGS_mark_value   := -max_len=1100
FUZZ_SOURCES_request    := agent/ipc/request.c common/wire.c common/bytes.c
FUZZ_FLAGS_request      := -max_len=8300

$(B)/agent/supervisor/main.o: CPPFLAGS += -DHOLDFAST_LIBEXEC='"$(PREFIX)/libexec/holdfast"'
