/* SPDX-License-Identifier: Apache-2.0 */
/* The acts, the verdicts and the labels in a person's words. */
#include "agent/engine/event_screen.h"
#include "agent/engine/event_words.h"

#include <arpa/inet.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/engine/event_service.h"

struct json_object *event_label_names(const struct policy_compiled *policy, uint64_t labels)
{
	struct json_object *names = json_object_new_array();

	for (unsigned int bit = 0; bit < HF_LABEL_MAX; bit++) {
		char number[16];
		const char *name = policy ? policy->label[bit].name : NULL;

		if (!(labels & (UINT64_C(1) << bit)))
			continue;
		(void)snprintf(number, sizeof(number), "#%u", bit);
		(void)json_object_array_add(names, json_object_new_string(name ? name : number));
	}
	return names;
}

static const char *const operation_names[HF_OPERATION_MAX] = {
	[HF_OPERATION_NONE] = "none",
	[HF_OPERATION_OPEN] = "open",
	[HF_OPERATION_READ] = "read",
	[HF_OPERATION_WRITE] = "write",
	[HF_OPERATION_MAP] = "map",
	[HF_OPERATION_CONNECT] = "connect",
	[HF_OPERATION_SEND] = "send",
	[HF_OPERATION_SOCKET] = "socket",
	[HF_OPERATION_RECEIVE_FD] = "receive-descriptor",
	[HF_OPERATION_TRACE] = "trace",
	[HF_OPERATION_IOCTL] = "ioctl",
	[HF_OPERATION_MOUNT] = "mount",
	[HF_OPERATION_RENAME] = "rename",
	[HF_OPERATION_LINK] = "link",
	[HF_OPERATION_UNLINK] = "unlink",
	[HF_OPERATION_EXEC] = "exec",
	[HF_OPERATION_COPY_UP] = "copy-up",
	[HF_OPERATION_CREATE] = "create",
	[HF_OPERATION_SIGNAL] = "signal",
	[HF_OPERATION_SCHEDULE] = "schedule",
	[HF_OPERATION_PROC] = "proc",
	[HF_OPERATION_CGROUP] = "control-group",
	[HF_OPERATION_ATTRIBUTE] = "attribute",
	[HF_OPERATION_UNMOUNT] = "unmount",
	[HF_OPERATION_BPF] = "bpf",
	[HF_OPERATION_MODULE] = "module",
	[HF_OPERATION_KEXEC] = "kexec",
	[HF_OPERATION_RAW_WRITE] = "raw-write",
	[HF_OPERATION_CLOCK] = "clock",
	[HF_OPERATION_TRACING] = "tracing",
	[HF_OPERATION_FREEZE] = "freeze",
	[HF_OPERATION_TAKEN] = "taken",
	[HF_OPERATION_CAPTURE] = "capture",
};

const char *event_operation_name(unsigned int operation)
{
	return operation < HF_OPERATION_MAX ? operation_names[operation] : NULL;
}

bool event_address_text(const struct record *record, char ret_text[EVENT_ADDRESS_SIZE])
{
	static const uint8_t none[16], mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (!memcmp(record->raw.address, none, sizeof(none)))
		return false;
	ret_text[0] = '\0';
	if (!memcmp(record->raw.address, mapped, sizeof(mapped)))
		(void)inet_ntop(AF_INET, record->raw.address + 12, ret_text, EVENT_ADDRESS_SIZE);
	else
		(void)inet_ntop(AF_INET6, record->raw.address, ret_text, EVENT_ADDRESS_SIZE);
	return true;
}

bool event_print_job(const struct record *record, struct print_job *ret_job)
{
	return record->raw.path_is_payload == HF_PAYLOAD_PRINT &&
	       print_job_parse(record->raw.path, record->raw.path_size, ret_job) == 0;
}

static void print_text(const struct record *record, char *ret_text, size_t size)
{
	char address[EVENT_ADDRESS_SIZE];
	struct print_job job = {0};
	const char *what;

	(void)event_print_job(record, &job); /* said nothing: blank */
	what = job.name[0] ? job.name : job.document;
	if (event_address_text(record, address))
		(void)snprintf(ret_text, size, "print%s%s%s at %s port %u", what[0] ? " '" : "",
			what, what[0] ? "'" : "", address, record->raw.port);
	else if (job.printer[0])
		(void)snprintf(ret_text, size, "print%s%s%s on %s", what[0] ? " '" : "", what,
			what[0] ? "'" : "", job.printer);
	else if (record->path[0])
		(void)snprintf(ret_text, size, "print on %s", record->path);
	else
		(void)snprintf(ret_text, size, "talk to the print service");
}

static void act_text(const struct record *record, char *ret_text, size_t size)
{
	char address[EVENT_ADDRESS_SIZE];
	const char *path = record->path[0] ? record->path : "a file";

	switch (record->raw.channel) {
	case HF_CHANNEL_OPEN:
		(void)snprintf(ret_text, size, "open %s", path);
		break;
	case HF_CHANNEL_REMOVABLE:
		(void)snprintf(ret_text, size, "write to %s on a removable device", path);
		break;
	case HF_CHANNEL_NETSHARE:
		(void)snprintf(ret_text, size, "write to %s on a network share", path);
		break;
	case HF_CHANNEL_NETWORK:
		if (event_address_text(record, address))
			(void)snprintf(
				ret_text, size, "send to %s port %u", address, record->raw.port);
		else
			(void)snprintf(ret_text, size, "use this network socket");
		break;
	case HF_CHANNEL_LOCAL_FILE:
		(void)snprintf(ret_text, size, "write to %s", path);
		break;
	case HF_CHANNEL_RAWDISK:
		(void)snprintf(ret_text, size, "use the raw device %s", path);
		break;
	case HF_CHANNEL_DEBUG:
		(void)snprintf(ret_text, size, "look into process %u", record->raw.target_tgid);
		break;
	case HF_CHANNEL_DESCRIPTOR:
		(void)snprintf(ret_text, size, "receive %s from another program", path);
		break;
	case HF_CHANNEL_PASS:
		(void)snprintf(ret_text, size, "%s",
			record->raw.operation == HF_OPERATION_READ ||
					record->raw.operation == HF_OPERATION_TAKEN
				? "take content that another program may not hand over"
				: "hand content to another program");
		break;
	case HF_CHANNEL_PRINT:
		print_text(record, ret_text, size);
		break;
	case HF_CHANNEL_CLIPBOARD:
		(void)snprintf(ret_text, size, "paste what was copied from a protected document");
		break;
	case HF_CHANNEL_SCREEN:
		event_screen_text(record, ret_text, size);
		break;
	case HF_CHANNEL_MOUNT:
		(void)snprintf(ret_text, size, "mount at %s", path);
		break;
	default:
		(void)snprintf(ret_text, size, "do this");
	}
}

static const char *const hop_names[HF_HOP_MAX] = {
	[HF_HOP_NONE] = "file",
	[HF_HOP_FORK] = "fork",
	[HF_HOP_PIPE] = "pipe",
	[HF_HOP_SOCKET] = "unix socket",
	[HF_HOP_SHARED_MEMORY] = "shared memory",
	[HF_HOP_QUEUE] = "message queue",
	[HF_HOP_SIGNAL] = "signal",
	[HF_HOP_TRACE] = "debugger",
	[HF_HOP_TERMINAL] = "terminal",
	[HF_HOP_KEY] = "key",
	[HF_HOP_LOOPBACK] = "network of this computer",
	[HF_HOP_CLIPBOARD] = "clipboard",
	[HF_HOP_BUS] = "message bus",
	[HF_HOP_SCREEN] = "screen",
};

const char *event_hop_name(unsigned int hop)
{
	return hop < HF_HOP_MAX ? hop_names[hop] : NULL;
}

static void tainted_text(const struct record *record, char ret_text[EVENT_TEXT_MAX])
{
	if (record->raw.source.tgid)
		(void)snprintf(ret_text, EVENT_TEXT_MAX,
			"'%s' (process %u) passes on what it has from process %u (%s)",
			record->comm, record->raw.tgid, record->raw.source.tgid,
			event_hop_name(record->raw.source.hop));
	else
		(void)snprintf(ret_text, EVENT_TEXT_MAX,
			"'%s' (process %u) has read labelled files and passes that on",
			record->comm, record->raw.tgid);
}

/* What was tried on the agent or the machine below it. */
static void guard_text(const struct record *record, char *ret_text, size_t size)
{
	const char *path = record->path[0] ? record->path : "a file of the agent";
	unsigned int target = record->raw.target_tgid, detail = record->raw.port;

	switch (record->raw.operation) {
	case HF_OPERATION_SIGNAL:
		(void)snprintf(ret_text, size, "send signal %u to process %u of the agent", detail,
			target);
		break;
	case HF_OPERATION_TRACE:
		(void)snprintf(ret_text, size, "reach into process %u%s", target,
			target == 1 ? ", the service manager" : " of the agent");
		break;
	case HF_OPERATION_SCHEDULE:
		(void)snprintf(ret_text, size,
			"change priority, processors or limits of process %u of the agent", target);
		break;
	case HF_OPERATION_CGROUP:
		if (target)
			(void)snprintf(ret_text, size,
				"move process %u of the agent to another control group", target);
		else
			(void)snprintf(
				ret_text, size, "change the agent's control group by %s", path);
		break;
	case HF_OPERATION_BPF:
		if (detail)
			(void)snprintf(ret_text, size,
				"load a BPF program of type %u, which could look into the agent",
				detail);
		else
			(void)snprintf(
				ret_text, size, "get hold of a BPF map or program of the agent");
		break;
	case HF_OPERATION_MODULE:
		(void)snprintf(ret_text, size, "load the kernel module %s", path);
		break;
	case HF_OPERATION_KEXEC:
		(void)snprintf(ret_text, size, "make another kernel ready to run");
		break;
	case HF_OPERATION_CLOCK:
		(void)snprintf(ret_text, size, "set the clock back");
		break;
	case HF_OPERATION_RAW_WRITE:
		(void)snprintf(ret_text, size,
			"write past the file system to %s, a disk of the agent", path);
		break;
	case HF_OPERATION_TRACING:
		(void)snprintf(ret_text, size, "change the kernel's own code by %s", path);
		break;
	case HF_OPERATION_FREEZE:
		(void)snprintf(ret_text, size,
			"bring the file system of the agent at %s to a halt or mount it anew",
			path);
		break;
	case HF_OPERATION_MOUNT:
		(void)snprintf(ret_text, size, "cover or move %s, which leads to the agent", path);
		break;
	default:
		(void)snprintf(ret_text, size, "change %s of the agent (%s)", path,
			event_operation_name(record->raw.operation));
	}
}

void event_sentence(const struct policy_compiled *policy, const struct record *record,
	char ret_text[EVENT_TEXT_MAX])
{
	static const char *const words[HF_VERDICT_MAX] = {
		[HF_VERDICT_ALLOW] = "was allowed to",
		[HF_VERDICT_AUDIT] = "was allowed, on record, to",
		[HF_VERDICT_WARN] = "was stopped, until justified, when it tried to",
		[HF_VERDICT_BLOCK] = "was refused when it tried to",
	};
	const char *verdict = words[record->raw.verdict];
	char act[1280];
	const char *label = NULL;
	unsigned int bit;

	if (policy && record->raw.decided && !event_is_service(record) &&
		policy_rule_for(policy, record->raw.channel, record->raw.decided, &bit))
		label = policy->label[bit].title ? policy->label[bit].title
						 : policy->label[bit].name;
	switch (record->raw.header.type) {
	case HF_RECORD_VERDICT:
	case HF_RECORD_OPENED:
		act_text(record, act, sizeof(act));
		if (record->raw.operation == HF_OPERATION_TAKEN)
			verdict = "could only be recorded, not refused any more, when it came to";
		break;
	case HF_RECORD_GUARD:
		guard_text(record, act, sizeof(act));
		break;
	case HF_RECORD_LABELLED:
		(void)snprintf(ret_text, EVENT_TEXT_MAX, "%s now carries labels of its own",
			record->path[0] ? record->path : "a file");
		return;
	case HF_RECORD_FORGOT:
		(void)snprintf(ret_text, EVENT_TEXT_MAX,
			"'%s' (process %u) has closed all labelled files and is no reader any more",
			record->comm, record->raw.tgid);
		return;
	case HF_RECORD_DECLASSIFIED:
		(void)snprintf(ret_text, EVENT_TEXT_MAX,
			"'%s' (process %u) wrote to %s, where the policy declassifies it",
			record->comm, record->raw.tgid, record->path[0] ? record->path : "a file");
		return;
	case HF_RECORD_TAINTED:
		tainted_text(record, ret_text);
		return;
	case HF_RECORD_APP_LOST:
		(void)snprintf(ret_text, EVENT_TEXT_MAX,
			"%s was opened for writing and is no trusted application any more",
			record->path[0] ? record->path : "an executable");
		return;
	default:
		(void)snprintf(act, sizeof(act), "%s %s",
			event_operation_name(record->raw.operation),
			record->path[0] ? record->path : "a file");
	}
	if (event_is_service(record)) {
		char service[EVENT_SERVICE_SIZE];

		event_service_text(policy, record, service);
		(void)snprintf(ret_text, EVENT_TEXT_MAX, "'%s' (process %u) %s %s: %.600s",
			record->comm, record->raw.tgid, verdict, act, service);
		return;
	}
	if (label)
		(void)snprintf(ret_text, EVENT_TEXT_MAX, "'%s' (process %u) %s %s (label: %.200s)",
			record->comm, record->raw.tgid, verdict, act, label);
	else
		(void)snprintf(ret_text, EVENT_TEXT_MAX, "'%s' (process %u) %s %s", record->comm,
			record->raw.tgid, verdict, act);
}
