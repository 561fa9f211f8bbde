/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel record, member by member, in the schema's words. */
#include "agent/engine/event_record.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "agent/engine/event_objects.h"
#include "agent/engine/event_screen.h"
#include "agent/engine/event_service.h"
#include "agent/engine/event_words.h"
#include "agent/engine/failure_table.h"
#include "agent/engine/json.h"
#include "common/clock.h"
#include "policy/words.h"

static enum event_kind event_kind_of_guard(unsigned int operation)
{
	switch (operation) {
	case HF_OPERATION_SIGNAL:
	case HF_OPERATION_TRACE:
	case HF_OPERATION_SCHEDULE:
	case HF_OPERATION_PROC:
	case HF_OPERATION_CGROUP:
		return EVENT_TAMPER_PROCESS;
	case HF_OPERATION_BPF:
	case HF_OPERATION_MODULE:
	case HF_OPERATION_KEXEC:
	case HF_OPERATION_CLOCK:
		return EVENT_TAMPER_SYSTEM;
	default:
		return EVENT_TAMPER_FILE;
	}
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
		[HF_CHANNEL_DESCRIPTOR] = EVENT_DESCRIPTOR,
		[HF_CHANNEL_MOUNT] = EVENT_MOUNT,
		[HF_CHANNEL_PASS] = EVENT_PASS,
		[HF_CHANNEL_PRINT] = EVENT_PRINT,
		[HF_CHANNEL_CLIPBOARD] = EVENT_CLIPBOARD,
		[HF_CHANNEL_SCREEN] = EVENT_SCREEN,
	};

	switch (record->raw.header.type) {
	case HF_RECORD_LABELLED:
		return EVENT_LABELLED;
	case HF_RECORD_FORGOT:
		return EVENT_FORGOT;
	case HF_RECORD_DECLASSIFIED:
		return EVENT_DECLASSIFIED;
	case HF_RECORD_OPENED:
		return EVENT_OPEN;
	case HF_RECORD_TAINTED:
		return EVENT_TAINTED;
	case HF_RECORD_GUARD:
		return event_kind_of_guard(record->raw.operation);
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
	json_add(metadata, "profiles", profiles);
	if (rows[verdict].severity > severity)
		severity = rows[verdict].severity;
	json_add_number(event, "severity_id", severity);
	json_add_number(event, "action_id", rows[verdict].action);
	json_add_number(event, "disposition_id", rows[verdict].disposition);
	json_add_number(event, "status_id", rows[verdict].status);
	json_add_bool(event, "is_alert", verdict == HF_VERDICT_BLOCK);
}

static struct json_object *actor_object(
	const struct policy_compiled *policy, const struct record *record)
{
	struct json_object *actor = json_object_new_object();
	struct json_object *process = event_process(record->raw.tgid, record->comm);

	json_add_number(process, "ptid", record->raw.pid);
	json_add_number(process, "created_time", clock_day_ms_of_boot(record->raw.start_ktime_ns));
	json_add(process, "parent_process", event_process(record->raw.parent_tgid, NULL));
	json_add(actor, "process", process);
	json_add(actor, "user", event_user(record->raw.uid));
	if (policy && record->raw.app && record->raw.app < policy->app_count &&
		policy->app[record->raw.app].name)
		json_add_text(actor, "app_name", policy->app[record->raw.app].name);
	return actor;
}

static void add_destination(struct json_object *event, const struct record *record)
{
	struct json_object *endpoint = json_object_new_object();
	struct json_object *connection = json_object_new_object();
	char text[EVENT_ADDRESS_SIZE];

	if (event_address_text(record, text))
		json_add_text(endpoint, "ip", text);
	else
		json_add_text(endpoint, "name", "unknown");
	if (record->raw.port)
		json_add_number(endpoint, "port", record->raw.port);
	json_add(event, "dst_endpoint", endpoint);
	json_add_number(connection, "direction_id", 2); /* Outbound */
	json_add_number(connection, "protocol_num", record->raw.protocol);
	json_add(event, "connection_info", connection);
}

static struct json_object *rule_object(
	const struct policy_compiled *policy, const struct record *record)
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
	json_add_text(rule, "name", origin->rule ? origin->rule : "default");
	json_add_text(rule, "file", origin->place.file);
	json_add_number(rule, "line", origin->place.line);
	json_add_text(rule, "label", policy->label[bit].name);
	if (policy->label[bit].title)
		json_add_text(rule, "label_title", policy->label[bit].title);
	json_add_text(rule, "text", origin->text);
	json_add_text(rule, "link", origin->link);
	if (origin->is_default)
		json_add_bool(rule, "is_default", true);
	return rule;
}

/* Of the record's labels, those that a [declassify] took away, by the first that says so. */
static struct json_object *declassify_object(
	const struct policy_compiled *policy, const struct record *record)
{
	const struct policy_declassify_entry *entry;
	const struct policy_exempt *exempt;
	struct json_object *rule;

	exempt = policy ? policy_exempt_of_path(policy, HF_EXEMPT_DECLASSIFY, record->raw.app,
				  record->raw.decided, record->path)
			: NULL;
	if (!exempt)
		return NULL;
	entry = &policy->declassifys[exempt->rule];
	rule = json_object_new_object();
	json_add_text(rule, "name", entry->name);
	json_add_text(rule, "file", entry->place.file);
	json_add_number(rule, "line", entry->place.line);
	json_add_text(rule, "text", entry->text);
	return rule;
}

static struct json_object *inode_object(const struct hf_inode_key *key)
{
	struct json_object *inode = json_object_new_object();

	json_add_number(inode, "dev", key->dev);
	json_add_number(inode, "ino", key->ino);
	json_add_number(inode, "generation", key->generation);
	return inode;
}

/* Which files the process has its labels from, and who handed them over when it was not itself. */
static struct json_object *lineage_object(const struct record *record)
{
	struct json_object *lineage = json_object_new_object(), *files = json_object_new_array();
	const struct hf_source *source = &record->raw.source;

	for (uint32_t i = 0; i < record->raw.origins.count; i++)
		(void)json_object_array_add(files, inode_object(&record->raw.origins.keys[i]));
	json_add(lineage, "origins", files);
	if (record->raw.origins.is_many)
		json_add_bool(lineage, "has_more_origins", true);
	if (source->tgid) {
		json_add_text(lineage, "hop", event_hop_name(source->hop));
		json_add_number(lineage, "from_pid", source->tgid);
		json_add_number(
			lineage, "from_created_time", clock_day_ms_of_boot(source->start_ktime_ns));
	}
	return lineage;
}

/* The sender's words of its job; NULL when it had not said anything yet. */
static struct json_object *print_object(const struct record *record)
{
	struct json_object *print;
	struct print_job job;

	if (!event_print_job(record, &job))
		return NULL;
	print = json_object_new_object();
	json_add_text(print, "operation", job.operation);
	if (job.printer[0])
		json_add_text(print, "printer", job.printer);
	if (job.name[0])
		json_add_text(print, "job_name", job.name);
	if (job.document[0])
		json_add_text(print, "document", job.document);
	if (job.user[0])
		json_add_text(print, "user", job.user);
	if (job.format[0])
		json_add_text(print, "format", job.format);
	if (job.id)
		json_add_number(print, "job_id", job.id);
	if (job.copies)
		json_add_number(print, "copies", job.copies);
	return print;
}

/* The printer: a queue, an address, a device, or the service before it was told which. */
static void add_printer(struct json_object *event, const struct record *record)
{
	struct json_object *printer = json_object_new_object();
	char address[EVENT_ADDRESS_SIZE];
	struct print_job job;

	if (event_print_job(record, &job) && job.printer[0])
		json_add_text(printer, "name", job.printer);
	else if (event_address_text(record, address))
		json_add_text(printer, "name", address);
	else
		json_add_text(printer, "name", record->path[0] ? record->path : "print service");
	json_add(event, "peripheral_device", printer);
}

/* Why, when it was no rule. */
static void add_reason(struct json_object *details, const struct policy_compiled *policy,
	const struct record *record)
{
	const struct failure_row *row = failure_row(record->raw.reason);
	char text[EVENT_SERVICE_SIZE];

	if (record->raw.reason == HF_REASON_RULE || !row->name)
		return;
	json_add_text(details, "reason", row->name);
	if (event_is_service(record))
		event_service_text(policy, record, text);
	json_add_text(details, "reason_text", event_is_service(record) ? text : row->text);
}

/* Of a service decided is no set of labels. */
static void add_decided(struct json_object *details, const struct policy_compiled *policy,
	const struct record *record)
{
	const struct policy_service *service = event_service(policy, record);
	uint64_t decided = event_is_service(record) ? 0 : record->raw.decided;

	json_add(details, "labels", event_label_names(policy, record->raw.labels));
	json_add(details, "decided", event_label_names(policy, decided));
	json_add_number(details, "decided_bits", decided);
	if (service)
		json_add_text(details, "service", service->name);
	if (record->raw.header.type == HF_RECORD_DECLASSIFIED)
		json_add(details, "rule", declassify_object(policy, record));
	else if (event_is_service(record))
		json_add(details, "rule", event_service_rule(policy, record));
	else if (record->raw.decided)
		json_add(details, "rule", rule_object(policy, record));
}

static struct json_object *details_of_record(const struct event_origin *origin,
	const struct event_numbers *numbers, const struct policy_compiled *policy,
	const struct record *record)
{
	struct json_object *details = json_object_new_object();
	struct json_object *kernel;
	const char *channel = policy_channel_name(record->raw.channel);
	const char *verdict = policy_action_name(record->raw.verdict);

	if (record->raw.header.type != HF_RECORD_GUARD) /* no way out */
		json_add_text(details, "channel", channel ? channel : "unknown");
	json_add_text(details, "verdict", verdict ? verdict : "unknown");
	json_add_text(details, "operation", event_operation_name(record->raw.operation));
	add_reason(details, policy, record);
	add_decided(details, policy, record);
	json_add_number(details, "uid", record->raw.uid);
	if (record->raw.loginuid != UINT32_MAX)
		json_add_number(details, "loginuid", record->raw.loginuid);
	json_add_number(details, "coalesced", record->raw.coalesced);
	json_add_number(details, "policy", record->raw.policy);
	if (record->raw.inode.ino)
		json_add(details, "inode", inode_object(&record->raw.inode));
	if (record->raw.origins.count || record->raw.source.tgid)
		json_add(details, "lineage", lineage_object(record));
	if (record->raw.path_is_payload == HF_PAYLOAD_PRINT)
		json_add(details, "print", print_object(record));
	if (record->raw.path_is_payload == HF_PAYLOAD_SCREEN)
		json_add(details, "screen", event_screen_object(policy, record));
	kernel = event_kernel(origin, numbers, record->raw.header.sequence);
	json_add_number(kernel, "ktime_ns", record->raw.header.ktime_ns);
	json_add(details, "kernel", kernel);
	return details;
}

static void add_policy(struct json_object *event, const char *name, uint64_t version)
{
	struct json_object *object = json_object_new_object();
	char text[32];

	json_add_text(object, "name", name);
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)version);
	json_add_text(object, "version", text);
	json_add(event, "policy", object);
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
	json_add_text(event, "message", text);
	add_verdict(event, record->raw.verdict, row->severity_id);
	if (record->raw.reason != HF_REASON_RULE && failure_row(record->raw.reason)->name)
		json_add_text(event, "status_code", failure_row(record->raw.reason)->name);
	json_add_number(event, "count", (uint64_t)record->raw.coalesced + 1);
	if (row->objects & OCSF_ACTOR)
		json_add(event, "actor", actor_object(policy, record));
	if (row->objects & OCSF_FILE)
		json_add(event, "file", event_file(record->path));
	if (row->objects & OCSF_DST)
		add_destination(event, record);
	if (row->objects & OCSF_PERIPHERAL)
		add_printer(event, record);
	if (row->objects & OCSF_PROCESS)
		json_add(event, "process",
			event_process(record->raw.target_tgid ? record->raw.target_tgid
							      : record->raw.tgid,
				NULL));
	if (policy)
		add_policy(event, policy->name, record->raw.policy);
	event_add_unmapped(event, details_of_record(origin, numbers, policy, record));
	return event;
}
