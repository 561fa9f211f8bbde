/* SPDX-License-Identifier: Apache-2.0 */
/* https://schema.ocsf.io/1.8.0/classes/detection_finding */
#include "console/store/finding_event.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#define CLASS	 2004
#define CATEGORY 2
#define CREATE	 1
#define NEW	 1
#define MEDIUM	 3
#define HIGH	 4

const struct finding_kind finding_kinds[] = {
	{"gap", "Events of a device never came", HIGH},
	{"restored", "Events are missing since a restore", MEDIUM},
	{"restarted", "The spool of a device began anew", MEDIUM},
	{"pruned", "A device gave up events", MEDIUM},
	{"lost", "Events never reached a device's spool", MEDIUM},
	{"chain-conflict", "A device exists twice, or was set back", HIGH},
	{"key-on-two-machines", "A device's key speaks from two machines", HIGH},
	{"disk-in-other-machine", "A device's disk is in a machine without its key", HIGH},
	{"secure-boot-off", "Secure boot of a device is off", HIGH},
	{"lockdown-lowered", "The kernel of a device is locked down less", HIGH},
	{"bpf-lsm-off", "A device runs without BPF LSM", HIGH},
	{"not-enforcing", "A device does not enforce any more", HIGH},
	{"disk-not-encrypted", "The disk of a device is not encrypted any more", MEDIUM},
	{"ptrace-allowed", "Programs of a device may trace each other", MEDIUM},
	{"tpm-gone", "The TPM of a device is gone", MEDIUM},
	{"key-left-tpm", "The key of a device is in no TPM any more", MEDIUM},
	{"ticket-replayed", "A ticket was shown twice", HIGH},
	{"ticket-forged", "A ticket was forged", HIGH},
	{"ticket-unknown-device", "A ticket is of a device that is none", HIGH},
	{"ticket-device-state", "A ticket is of a device that is not trusted", HIGH},
	{"ticket-audience", "A ticket was shown to another service", HIGH},
	{"ticket-tenant", "A ticket is of another tenant", HIGH},
	{"ticket-nonce", "A ticket was made for another question", MEDIUM},
	{"ticket-expired", "A ticket was shown when it had expired", 2},
	{"ticket-early", "A ticket is good from later on", MEDIUM},
	{"debug-build", "A device runs a debug build of the agent", MEDIUM},
	{"old-key", "Events are sealed to a key that is gone", HIGH},
	{"key-refused", "Keys of labels were not released to a device", HIGH},
	{"wipe-incomplete", "A device could not destroy all that was ordered", HIGH},
	{"event-not-ocsf", "Events are not as OCSF has them", 2},
};
const size_t finding_kind_count = sizeof(finding_kinds) / sizeof(finding_kinds[0]);

static void add_text(struct json_object *object, const char *name, const char *text)
{
	if (text[0])
		(void)json_object_object_add(object, name, json_object_new_string(text));
}

static void add_number(struct json_object *object, const char *name, uint64_t number)
{
	(void)json_object_object_add(object, name, json_object_new_uint64(number));
}

static struct json_object *metadata(const struct store_finding *finding)
{
	struct json_object *object = json_object_new_object();
	struct json_object *product = json_object_new_object();

	add_text(product, "name", "Holdfast Console");
	add_text(product, "vendor_name", "Holdfast");
	add_text(product, "version", HOLDFAST_VERSION);
	(void)json_object_object_add(object, "product", product);
	add_text(object, "version", "1.8.0");
	add_text(object, "event_code", finding->kind);
	return object;
}

static struct json_object *finding_info(
	const struct store_finding *finding, const struct finding_kind *kind)
{
	struct json_object *object = json_object_new_object();
	struct json_object *types = json_object_new_array();
	char uid[48];

	(void)snprintf(uid, sizeof(uid), "holdfast-finding-%lld", (long long)finding->id);
	add_text(object, "uid", uid);
	add_text(object, "title", kind ? kind->title : finding->kind);
	add_text(object, "desc", finding->text);
	add_number(object, "created_time", (uint64_t)finding->time_ms);
	(void)json_object_array_add(types, json_object_new_string(finding->kind));
	(void)json_object_object_add(object, "types", types);
	return object;
}

static void add_device(struct json_object *event, const struct store_device *device)
{
	struct json_object *object = json_object_new_object();
	char uid[UUID_TEXT_SIZE];

	uuid_format(device->uid, uid);
	add_text(object, "uid", uid);
	add_text(object, "hostname", device->host);
	add_number(object, "type_id", 0);
	(void)json_object_object_add(event, "device", object);
}

static void add_own(struct json_object *event, const struct store_finding *finding)
{
	struct json_object *unmapped = json_object_new_object();
	struct json_object *own = json_object_new_object();

	add_number(own, "id", (uint64_t)finding->id);
	add_text(own, "kind", finding->kind);
	add_number(own, "first", finding->first);
	add_number(own, "last", finding->last);
	(void)json_object_object_add(unmapped, "holdfast", own);
	(void)json_object_object_add(event, "unmapped", unmapped);
}

struct json_object *finding_event(
	const struct store_finding *finding, const struct store_device *device)
{
	struct json_object *event = json_object_new_object();
	const struct finding_kind *kind = NULL;

	if (!event)
		return NULL;
	for (size_t i = 0; i < finding_kind_count; i++)
		if (!strcmp(finding_kinds[i].name, finding->kind))
			kind = &finding_kinds[i];
	add_number(event, "time", (uint64_t)finding->time_ms);
	add_number(event, "class_uid", CLASS);
	add_text(event, "class_name", "Detection Finding");
	add_number(event, "category_uid", CATEGORY);
	add_text(event, "category_name", "Findings");
	add_number(event, "activity_id", CREATE);
	add_text(event, "activity_name", "Create");
	add_number(event, "type_uid", CLASS * 100 + CREATE);
	add_number(event, "severity_id", kind ? kind->severity_id : MEDIUM);
	add_number(event, "status_id", NEW);
	(void)json_object_object_add(
		event, "is_alert", json_object_new_boolean(kind && kind->severity_id >= HIGH));
	(void)json_object_object_add(event, "metadata", metadata(finding));
	(void)json_object_object_add(event, "finding_info", finding_info(finding, kind));
	add_text(event, "message", finding->text);
	if (device)
		add_device(event, device);
	add_own(event, finding);
	return event;
}
