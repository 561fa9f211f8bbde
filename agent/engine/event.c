/* SPDX-License-Identifier: Apache-2.0 */
/* Building JSON objects, member by member, in the schema's words. */
#include "agent/engine/event.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/engine/failure_table.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "policy/lines.h"
#include "policy/words.h"

#define USER_CACHE_MAX 64

static void first_line(const char *path, char *ret_text, size_t size)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, ret_text, size - 1);

	ret_text[got > 0 ? got : 0] = '\0';
	ret_text[strcspn(ret_text, "\n")] = '\0';
}

void event_origin_read(struct event_origin *ret_origin)
{
	if (gethostname(ret_origin->hostname, sizeof(ret_origin->hostname)) < 0)
		ret_origin->hostname[0] = '\0';
	ret_origin->hostname[sizeof(ret_origin->hostname) - 1] = '\0';
	if (!ret_origin->hostname[0])
		(void)snprintf(ret_origin->hostname, sizeof(ret_origin->hostname), "localhost");
	first_line("/etc/machine-id", ret_origin->machine_id, sizeof(ret_origin->machine_id));
	first_line("/proc/sys/kernel/random/boot_id", ret_origin->boot_id,
		sizeof(ret_origin->boot_id));
}

static void add(struct json_object *object, const char *key, struct json_object *value)
{
	(void)json_object_object_add(object, key, value); /* no memory: a member is missing */
}

/* File names are any bytes, JSON is UTF-8: what is not becomes '?'. */
static void add_text(struct json_object *object, const char *key, const char *text)
{
	size_t size = text ? strlen(text) : 0;
	char copy[RECORD_PATH_SIZE + EVENT_TEXT_MAX];

	if (!text)
		return;
	if (size >= sizeof(copy))
		size = sizeof(copy) - 1;
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (!policy_text_is_utf8(copy, size))
		for (size_t i = 0; i < size; i++)
			if ((unsigned char)copy[i] >= 0x80)
				copy[i] = '?';
	add(object, key, json_object_new_string_len(copy, (int)size));
}

static void add_number(struct json_object *object, const char *key, uint64_t value)
{
	add(object, key, json_object_new_uint64(value));
}

/* Names of users, remembered: asking is slow, and a burst of events has few of them. */
static const char *user_name(uint32_t uid)
{
	static struct {
		bool is_used;
		uint32_t uid;
		char name[64];
	} cache[USER_CACHE_MAX];
	unsigned int slot = uid % USER_CACHE_MAX;
	struct passwd *user;

	if (cache[slot].is_used && cache[slot].uid == uid)
		return cache[slot].name[0] ? cache[slot].name : NULL;
	user = getpwuid(uid);
	cache[slot].is_used = true;
	cache[slot].uid = uid;
	(void)snprintf(cache[slot].name, sizeof(cache[slot].name), "%s", user ? user->pw_name : "");
	return user ? cache[slot].name : NULL;
}

static struct json_object *user_object(uint32_t uid)
{
	struct json_object *user = json_object_new_object();
	char number[16];

	(void)snprintf(number, sizeof(number), "%u", uid);
	add_text(user, "uid", number);
	add_text(user, "name", user_name(uid));
	return user;
}

static struct json_object *file_object(const char *path)
{
	struct json_object *file = json_object_new_object();
	const char *name = strrchr(path, '/');

	add_text(file, "name", name && name[1] ? name + 1 : path[0] ? path : "unknown");
	if (path[0])
		add_text(file, "path", path);
	add_number(file, "type_id", 0);
	return file;
}

static struct json_object *endpoint_of_origin(const struct event_origin *origin)
{
	struct json_object *endpoint = json_object_new_object();

	add_text(endpoint, "hostname", origin->hostname);
	return endpoint;
}

static struct json_object *device_object(const struct event_origin *origin)
{
	struct json_object *device = endpoint_of_origin(origin);

	add_number(device, "type_id", 0);
	if (origin->machine_id[0])
		add_text(device, "uid", origin->machine_id);
	add_text(device, "boot_uid", origin->boot_id);
	return device;
}

static struct json_object *product_object(void)
{
	struct json_object *product = json_object_new_object();

	add_text(product, "name", "Holdfast");
	add_text(product, "vendor_name", "Holdfast");
	add_text(product, "version", HOLDFAST_VERSION);
	return product;
}

static struct json_object *metadata_object(const struct event_origin *origin,
	const struct event_numbers *numbers, const struct ocsf_row *row)
{
	struct json_object *metadata = json_object_new_object();
	char uid[320];

	(void)snprintf(uid, sizeof(uid), "%s:%llu",
		origin->machine_id[0] ? origin->machine_id : origin->hostname,
		(unsigned long long)numbers->sequence);
	add_text(metadata, "version", OCSF_VERSION);
	add(metadata, "product", product_object());
	add(metadata, "profiles", json_tokener_parse("[\"host\"]")); /* for device */
	add_number(metadata, "sequence", numbers->sequence);
	add_text(metadata, "uid", uid);
	add_text(metadata, "event_code", row->name);
	add_number(metadata, "logged_time", clock_day_ms());
	return metadata;
}

static struct json_object *event_begin(const struct event_origin *origin,
	const struct event_numbers *numbers, const struct ocsf_row *row, uint64_t day_ms)
{
	struct json_object *event = json_object_new_object();

	if (!event)
		return NULL;
	add_number(event, "time", day_ms);
	add_number(event, "class_uid", row->class_uid);
	add_text(event, "class_name", row->class_name);
	add_number(event, "category_uid", row->category_uid);
	add_text(event, "category_name", row->category_name);
	add_number(event, "activity_id", row->activity_id);
	add_text(event, "activity_name", row->activity_name);
	add_number(event, "type_uid", row->class_uid * UINT64_C(100) + row->activity_id);
	add(event, "metadata", metadata_object(origin, numbers, row));
	add(event, "device", device_object(origin));
	if (row->objects & OCSF_SRC)
		add(event, "src_endpoint", endpoint_of_origin(origin));
	return event;
}

/* OCSF 1.8.0, profile security_control: action_id, disposition_id; status_id of the base event. */
static void add_verdict(struct json_object *event, enum hf_verdict verdict, unsigned int severity)
{
	static const struct {
		uint8_t action, disposition, status, severity;
	} rows[HF_VERDICT_MAX] = {
		[HF_VERDICT_ALLOW] = {1, 1, 1, 1},  /* Allowed, Allowed */
		[HF_VERDICT_AUDIT] = {1, 17, 1, 2}, /* Allowed, Logged */
		[HF_VERDICT_WARN] = {2, 23, 2, 3},  /* Denied, Challenge */
		[HF_VERDICT_BLOCK] = {2, 2, 2, 3},  /* Denied, Blocked */
	};
	struct json_object *profiles = json_object_new_array(), *metadata = NULL;

	(void)json_object_array_add(profiles, json_object_new_string("security_control"));
	(void)json_object_array_add(profiles, json_object_new_string("host")); /* device */
	(void)json_object_object_get_ex(event, "metadata", &metadata); /* event_begin() made it */
	add(metadata, "profiles", profiles);
	if (rows[verdict].severity > severity)
		severity = rows[verdict].severity;
	add_number(event, "severity_id", severity);
	add_number(event, "action_id", rows[verdict].action);
	add_number(event, "disposition_id", rows[verdict].disposition);
	add_number(event, "status_id", rows[verdict].status);
	add(event, "is_alert", json_object_new_boolean(verdict == HF_VERDICT_BLOCK));
}

enum event_kind event_kind_of(const struct record *record)
{
	static const enum event_kind by_channel[HF_CHANNEL_MAX] = {
		[HF_CHANNEL_OPEN] = EVENT_OPEN,
		[HF_CHANNEL_REMOVABLE] = EVENT_REMOVABLE,
		[HF_CHANNEL_NETSHARE] = EVENT_NETSHARE,
		[HF_CHANNEL_NETWORK] = EVENT_NETWORK,
		[HF_CHANNEL_LOCAL_FILE] = EVENT_LOCAL_FILE,
		[HF_CHANNEL_RAWDISK] = EVENT_RAWDISK,
		[HF_CHANNEL_DEBUG] = EVENT_DEBUG,
		[HF_CHANNEL_IPC] = EVENT_IPC,
		[HF_CHANNEL_MOUNT] = EVENT_MOUNT,
	};

	switch (record->raw.header.type) {
	case HF_RECORD_LABELLED:
		return EVENT_LABELLED;
	case HF_RECORD_OPENED:
		return EVENT_OPEN;
	case HF_RECORD_APP_LOST:
		return EVENT_APP_LOST;
	case HF_RECORD_FILE:
		if (record->raw.operation == HF_OPERATION_RENAME)
			return EVENT_RENAMED;
		return record->raw.operation == HF_OPERATION_UNLINK ? EVENT_UNLINKED : EVENT_LINKED;
	default:
		return by_channel[record->raw.channel];
	}
}

static struct json_object *actor_object(
	const struct policy_compiled *policy, const struct record *record)
{
	struct json_object *actor = json_object_new_object();
	struct json_object *process = json_object_new_object();
	struct json_object *parent = json_object_new_object();

	add_number(process, "pid", record->raw.tgid);
	add_text(process, "name", record->comm);
	add_number(process, "tid", record->raw.pid);
	add_number(process, "created_time", clock_day_ms_of_boot(record->raw.start_ktime_ns));
	add_number(parent, "pid", record->raw.parent_tgid);
	add(process, "parent_process", parent);
	add(actor, "process", process);
	add(actor, "user", user_object(record->raw.uid));
	if (policy && record->raw.app && record->raw.app < policy->app_count &&
		policy->app[record->raw.app].name)
		add_text(actor, "app_name", policy->app[record->raw.app].name);
	return actor;
}

static void address_text(const struct record *record, char ret_text[INET6_ADDRSTRLEN])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	ret_text[0] = '\0';
	if (!memcmp(record->raw.address, mapped, sizeof(mapped)))
		(void)inet_ntop(AF_INET, record->raw.address + 12, ret_text, INET6_ADDRSTRLEN);
	else
		(void)inet_ntop(AF_INET6, record->raw.address, ret_text, INET6_ADDRSTRLEN);
}

static bool has_address(const struct record *record)
{
	static const uint8_t none[16];

	return memcmp(record->raw.address, none, sizeof(none)) != 0;
}

static void add_destination(struct json_object *event, const struct record *record)
{
	struct json_object *endpoint = json_object_new_object();
	struct json_object *connection = json_object_new_object();
	char text[INET6_ADDRSTRLEN];

	if (has_address(record)) {
		address_text(record, text);
		add_text(endpoint, "ip", text);
	} else {
		add_text(endpoint, "name", "unknown");
	}
	if (record->raw.port)
		add_number(endpoint, "port", record->raw.port);
	add(event, "dst_endpoint", endpoint);
	add_number(connection, "direction_id", 2); /* Outbound */
	add_number(connection, "protocol_num", record->raw.protocol);
	add(event, "connection_info", connection);
}

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

struct json_object *event_rule(const struct policy_compiled *policy, const struct record *record)
{
	const struct policy_origin *origin;
	struct json_object *rule;
	unsigned int bit;

	if (!policy || !record->raw.decided)
		return NULL;
	origin = policy_rule_for(policy, record->raw.channel, record->raw.decided, &bit);
	if (!origin)
		return NULL;
	rule = json_object_new_object();
	add_text(rule, "name", origin->rule ? origin->rule : "default");
	add_text(rule, "file", origin->place.file);
	add_number(rule, "line", origin->place.line);
	add_text(rule, "label", policy->label[bit].name);
	if (policy->label[bit].title)
		add_text(rule, "label_title", policy->label[bit].title);
	add_text(rule, "text", origin->text);
	add_text(rule, "link", origin->link);
	if (origin->is_default)
		add(rule, "is_default", json_object_new_boolean(true));
	return rule;
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
};

static void act_text(const struct record *record, char *ret_text, size_t size)
{
	char address[INET6_ADDRSTRLEN];
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
		address_text(record, address);
		if (!has_address(record))
			(void)snprintf(ret_text, size, "use this network socket");
		else
			(void)snprintf(
				ret_text, size, "send to %s port %u", address, record->raw.port);
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
	case HF_CHANNEL_IPC:
		(void)snprintf(ret_text, size, "receive %s from another program", path);
		break;
	case HF_CHANNEL_MOUNT:
		(void)snprintf(ret_text, size, "mount at %s", path);
		break;
	default:
		(void)snprintf(ret_text, size, "do this");
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
	char act[1280];
	const char *label = NULL;
	unsigned int bit;

	if (policy && record->raw.decided &&
		policy_rule_for(policy, record->raw.channel, record->raw.decided, &bit))
		label = policy->label[bit].title ? policy->label[bit].title
						 : policy->label[bit].name;
	switch (record->raw.header.type) {
	case HF_RECORD_VERDICT:
	case HF_RECORD_OPENED:
		act_text(record, act, sizeof(act));
		break;
	case HF_RECORD_LABELLED:
		(void)snprintf(ret_text, EVENT_TEXT_MAX, "%s now carries labels of its own",
			record->path[0] ? record->path : "a file");
		return;
	case HF_RECORD_APP_LOST:
		(void)snprintf(ret_text, EVENT_TEXT_MAX,
			"%s was opened for writing and is no trusted application any more",
			record->path[0] ? record->path : "an executable");
		return;
	default:
		(void)snprintf(act, sizeof(act), "%s %s", operation_names[record->raw.operation],
			record->path[0] ? record->path : "a file");
	}
	if (label)
		(void)snprintf(ret_text, EVENT_TEXT_MAX, "'%s' (process %u) %s %s (label: %.200s)",
			record->comm, record->raw.tgid, words[record->raw.verdict], act, label);
	else
		(void)snprintf(ret_text, EVENT_TEXT_MAX, "'%s' (process %u) %s %s", record->comm,
			record->raw.tgid, words[record->raw.verdict], act);
}

static struct json_object *details_of_record(const struct event_origin *origin,
	const struct event_numbers *numbers, const struct policy_compiled *policy,
	const struct record *record)
{
	struct json_object *details = json_object_new_object();
	struct json_object *kernel = json_object_new_object();
	struct json_object *inode = json_object_new_object();
	const char *channel = policy_channel_name(record->raw.channel);
	const char *verdict = policy_action_name(record->raw.verdict);

	add_text(details, "channel", channel ? channel : "unknown");
	add_text(details, "verdict", verdict ? verdict : "unknown");
	add_text(details, "operation", operation_names[record->raw.operation]);
	if (record->raw.reason != HF_REASON_RULE && failure_row(record->raw.reason)->name) {
		add_text(details, "reason", failure_row(record->raw.reason)->name);
		add_text(details, "reason_text", failure_row(record->raw.reason)->text);
	}
	add(details, "labels", event_label_names(policy, record->raw.labels));
	add(details, "decided", event_label_names(policy, record->raw.decided));
	add_number(details, "decided_bits", record->raw.decided);
	if (record->raw.decided)
		add(details, "rule", event_rule(policy, record));
	add_number(details, "uid", record->raw.uid);
	if (record->raw.loginuid != UINT32_MAX)
		add_number(details, "loginuid", record->raw.loginuid);
	add_number(details, "coalesced", record->raw.coalesced);
	add_number(details, "policy", record->raw.policy);
	if (record->raw.inode.ino) {
		add_number(inode, "dev", record->raw.inode.dev);
		add_number(inode, "ino", record->raw.inode.ino);
		add_number(inode, "generation", record->raw.inode.generation);
		add(details, "inode", inode);
	} else {
		(void)json_object_put(inode); /* freed */
	}
	add_text(kernel, "boot", origin->boot_id);
	add_number(kernel, "sequence", record->raw.header.sequence);
	add_number(kernel, "delivered", numbers->delivered);
	add_number(kernel, "ktime_ns", record->raw.header.ktime_ns);
	add(details, "kernel", kernel);
	return details;
}

static void add_policy(struct json_object *event, const char *name, uint64_t version)
{
	struct json_object *object = json_object_new_object();
	char text[32];

	add_text(object, "name", name);
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)version);
	add_text(object, "version", text);
	add(event, "policy", object);
}

static void add_unmapped(struct json_object *event, struct json_object *details)
{
	struct json_object *unmapped = json_object_new_object();

	add(unmapped, "holdfast", details);
	add(event, "unmapped", unmapped);
}

struct json_object *event_of_record(const struct event_origin *origin,
	const struct event_numbers *numbers, const struct policy_compiled *policy,
	const struct record *record)
{
	const struct ocsf_row *row = ocsf_row(event_kind_of(record));
	struct json_object *event = event_begin(
		origin, numbers, row, clock_day_ms_of_boot(record->raw.header.ktime_ns));
	char text[EVENT_TEXT_MAX];

	if (!event)
		return NULL;
	event_sentence(policy, record, text);
	add_text(event, "message", text);
	add_verdict(event, record->raw.verdict, row->severity_id);
	if (record->raw.reason != HF_REASON_RULE && failure_row(record->raw.reason)->name)
		add_text(event, "status_code", failure_row(record->raw.reason)->name);
	add_number(event, "count", (uint64_t)record->raw.coalesced + 1);
	if (row->objects & OCSF_ACTOR)
		add(event, "actor", actor_object(policy, record));
	if (row->objects & OCSF_FILE)
		add(event, "file", file_object(record->path));
	if (row->objects & OCSF_DST)
		add_destination(event, record);
	if (row->objects & OCSF_PROCESS) {
		struct json_object *process = json_object_new_object();

		add_number(process, "pid", record->raw.target_tgid);
		add(event, "process", process);
	}
	if (policy)
		add_policy(event, policy->name, record->raw.policy);
	add_unmapped(event, details_of_record(origin, numbers, policy, record));
	return event;
}

static struct json_object *actor_of_note(const struct event_note *note)
{
	struct json_object *actor = json_object_new_object();

	if (note->pid) {
		struct json_object *process = json_object_new_object();

		add_number(process, "pid", note->pid);
		add_text(process, "name", note->comm ? note->comm : "unknown");
		add(actor, "process", process);
	}
	if (note->has_uid)
		add(actor, "user", user_object(note->uid));
	else
		add_text(actor, "app_name", "holdfast");
	return actor;
}

static void add_note_objects(
	struct json_object *event, const struct ocsf_row *row, const struct event_note *note)
{
	struct json_object *object;

	if (row->objects & OCSF_ACTOR)
		add(event, "actor", actor_of_note(note));
	if (row->objects & OCSF_FILE)
		add(event, "file", file_object(note->path ? note->path : ""));
	if (row->objects & OCSF_ENTITY) {
		char text[32];

		object = json_object_new_object();
		(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)note->version);
		add_text(object, "name", note->name ? note->name : "policy");
		add_number(object, "type_id", 5); /* Policy */
		add_text(object, "version", text);
		add(event, "entity", object);
	}
	if (row->objects & OCSF_APP)
		add(event, "app", product_object());
	if (row->objects & OCSF_PROCESS) {
		object = json_object_new_object();
		add_number(object, "pid", note->pid);
		add(event, "process", object);
	}
	if (row->objects & OCSF_PERIPHERAL) {
		object = json_object_new_object();
		add_text(object, "name", note->name ? note->name : "unknown");
		add(event, "peripheral_device", object);
	}
	if (row->objects & OCSF_LOG)
		add_text(event, "log_name", note->name ? note->name : "events");
}

struct json_object *event_of_note(const struct event_origin *origin,
	const struct event_numbers *numbers, const struct event_note *note)
{
	const struct ocsf_row *row = ocsf_row(note->kind);
	struct json_object *event = event_begin(origin, numbers, row, clock_day_ms());

	if (!event)
		return NULL;
	add_text(event, "message", note->message);
	add_number(event, "severity_id", row->severity_id);
	add_number(event, "status_id", note->is_failure ? 2 : 1);
	add_text(event, "status_code", note->status_code);
	if (note->count)
		add(event, "count", json_object_new_int64(note->count));
	add_note_objects(event, row, note);
	if (note->details)
		add_unmapped(event, json_object_get(note->details));
	return event;
}
