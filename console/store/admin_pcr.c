/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An administrator accepts what a device's TPM has measured as it is now: from then on another
 * measurement is not what was accepted, and measured-boot does not hold.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "console/store/admin_server.h"
#include "console/store/attestation.h"
#include "console/store/description.h"
#include "console/store/requirement.h"

/* In a transaction; -ENODATA when the device has told no registers. */
static int accept_now(struct service *service, struct store_device *device,
	struct device_record *record, bool *ret_changed)
{
	static char json[DEVICE_RECORD_MAX];
	int r;

	if (!record->facts[FACT_PCRS][0])
		return -ENODATA;
	memcpy(record->facts[FACT_ACCEPTED], record->facts[FACT_PCRS], DEVICE_RECORD_TEXT);
	(void)snprintf(record->facts[FACT_ACCEPTED_QUOTE], DEVICE_RECORD_TEXT, "%s",
		attestation_proven(record)); /* fits; "" = its TPM has said nothing */
	r = requirement_judge(service->writer, device, record, ret_changed);
	if (r == 0)
		r = device_record_format(record, json);
	return r < 0 ? r
		     : store_device_describe(
			       service->writer, device->id, "", record->facts[FACT_OS], json);
}

static int write_accepted(struct service *service, struct admin_client *client,
	struct store_device *device, bool *ret_changed)
{
	static struct device_record record; /* too large for the stack */
	char uid[UUID_TEXT_SIZE], before[DEVICE_RECORD_TEXT];
	const struct audit_act act = {.who = client->who,
		.act = "device pcr accept",
		.what = uid,
		.before = before,
		.after = record.facts[FACT_ACCEPTED],
		.time_ms = (int64_t)clock_day_ms()};
	int r;

	uuid_format(device->uid, uid);
	r = store_begin(service->writer);
	if (r < 0)
		return r;
	r = store_device_lock(service->writer, device->id, device);
	if (r == 0)
		r = description_known(service->writer, device->id, &record);
	memcpy(before, record.facts[FACT_ACCEPTED], sizeof(before));
	if (r == 0)
		r = accept_now(service, device, &record, ret_changed);
	return audit_commit(service->writer, r, &act);
}

void admin_device_pcr(struct service *service, struct admin_client *client)
{
	struct store_device device;
	bool is_changed = false;
	int r;

	if (!admin_find_device(service, client, &device))
		return;
	r = write_accepted(service, client, &device, &is_changed);
	if (r == -ENODATA) {
		admin_end(client, r,
			"'%s' has told of no registers: it has no TPM, or its agent is older",
			client->request.device);
		return;
	}
	if (r < 0) {
		admin_end(client, r, "nothing is changed: %s", store_error(r));
		return;
	}
	if (is_changed)
		peer_tell_changed(service, &device);
	admin_end(client, 0, "what '%s' has measured is accepted as it is now",
		client->request.device);
}
