/* SPDX-License-Identifier: Apache-2.0 */
/* What any event begins with. */
#include "agent/engine/event.h"

#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/engine/event_objects.h"
#include "agent/engine/json.h"
#include "common/cleanup.h"
#include "common/clock.h"

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

static struct json_object *metadata_object(const struct event_origin *origin,
	const struct event_numbers *numbers, const struct ocsf_row *row)
{
	struct json_object *metadata = json_object_new_object();
	char uid[320];

	(void)snprintf(uid, sizeof(uid), "%s:%llu",
		origin->machine_id[0] ? origin->machine_id : origin->hostname,
		(unsigned long long)numbers->sequence);
	json_add_text(metadata, "version", OCSF_VERSION);
	json_add(metadata, "product", event_product());
	json_add(metadata, "profiles", json_tokener_parse("[\"host\"]")); /* for device */
	json_add_number(metadata, "sequence", numbers->sequence);
	json_add_text(metadata, "uid", uid);
	json_add_text(metadata, "event_code", row->name);
	json_add_number(metadata, "logged_time", clock_day_ms());
	return metadata;
}

struct json_object *event_begin(const struct event_origin *origin,
	const struct event_numbers *numbers, const struct ocsf_row *row, uint64_t day_ms)
{
	struct json_object *event = json_object_new_object();

	if (!event)
		return NULL;
	json_add_number(event, "time", day_ms);
	json_add_number(event, "class_uid", row->class_uid);
	json_add_text(event, "class_name", row->class_name);
	json_add_number(event, "category_uid", row->category_uid);
	json_add_text(event, "category_name", row->category_name);
	json_add_number(event, "activity_id", row->activity_id);
	json_add_text(event, "activity_name", row->activity_name);
	json_add_number(event, "type_uid", row->class_uid * UINT64_C(100) + row->activity_id);
	json_add(event, "metadata", metadata_object(origin, numbers, row));
	json_add(event, "device", event_device(origin));
	if (row->objects & OCSF_SRC)
		json_add(event, "src_endpoint", event_endpoint(origin));
	return event;
}

void event_add_unmapped(struct json_object *event, struct json_object *details)
{
	struct json_object *unmapped = json_object_new_object();

	json_add(unmapped, "holdfast", details);
	json_add(event, "unmapped", unmapped);
}
