/* SPDX-License-Identifier: Apache-2.0 */
#include "console/store/failures.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/clock.h"
#include "console/ipc/refusal.h"

static const struct failure_row rows[CONSOLE_FAILURE_MAX] = {
	[CONSOLE_FAILURE_FULL] = {"database-full",
		"There was no room to store what devices brought: they were told to come later, "
		"and keep their events. Make room on the disk of the database.",
		NULL},
	[CONSOLE_FAILURE_AWAY] = {"database-away",
		"The database did not answer: devices were told to come later, and keep their "
		"events; each request tries it again. Look at the database and the network to it.",
		NULL},
	[CONSOLE_FAILURE_CONFLICT] = {"database-conflict",
		"A transaction met another console's several times, or waited too long for it: it "
		"was taken back as a whole, and devices send again. Nothing is to be done when it "
		"is rare.",
		NULL},
	[CONSOLE_FAILURE_REPEATED] = {"database-repeated",
		"A transaction met another console's and was done again at once: nobody was "
		"refused for it. Many of them make both consoles slow: let each device have one "
		"console that it asks first.",
		NULL},
	[CONSOLE_FAILURE_DATABASE] = {"database-failed",
		"The database failed: nothing of what it was given is stored, and devices keep "
		"their events. When it says that it is damaged, restore a backup.",
		NULL},
	[CONSOLE_FAILURE_POLICY] = {"policy-not-sent",
		"A published policy could not be handed out: devices keep the last one in force "
		"and ask again.",
		NULL},
	[CONSOLE_FAILURE_EXPORT] = {"export-held-up",
		"Events could not be read for an export, or how far it came not be noted: its "
		"receiver gets them later, and some perhaps twice. See holdfast-console export "
		"status.",
		NULL},
	[CONSOLE_FAILURE_ENDED] = {"process-ended",
		"A process of the console ended or hung, and all were started anew: what was under "
		"way comes again. The log says which it was, and why.",
		NULL},
	[CONSOLE_FAILURE_BATCH] = {"batch-refused",
		"Events were not as they must be: nothing of them is stored, and the device is "
		"told why. See holdfast-console findings: a copy of a device looks like this.",
		"chain-conflict"},
	[CONSOLE_FAILURE_DEVICE] = {"device-refused",
		"Who came with a certificate that is no trusted device's was refused. See "
		"holdfast-console device list.",
		NULL},
	[CONSOLE_FAILURE_ENROLMENT] = {"enrolment-refused",
		"Who wanted to enrol with a token that is not good, or a key that is taken, was "
		"refused. See holdfast-console token list.",
		NULL},
};

const struct failure_row *failure_row(enum console_failure failure)
{
	return failure < CONSOLE_FAILURE_MAX && rows[failure].name ? &rows[failure] : NULL;
}

enum console_failure failure_of_error(int error)
{
	switch (error) {
	case -ENOSPC:
		return CONSOLE_FAILURE_FULL;
	case -EHOSTUNREACH:
		return CONSOLE_FAILURE_AWAY;
	case -EDEADLK:
	case -ETIMEDOUT:
	case -EBUSY:
		return CONSOLE_FAILURE_CONFLICT;
	default:
		return CONSOLE_FAILURE_DATABASE;
	}
}

enum console_failure failure_of_refusal(uint16_t refusal)
{
	static const uint8_t of[REFUSAL_MAX] = {
		[REFUSAL_TOKEN_UNKNOWN] = CONSOLE_FAILURE_ENROLMENT,
		[REFUSAL_TOKEN_EXPIRED] = CONSOLE_FAILURE_ENROLMENT,
		[REFUSAL_TOKEN_USED] = CONSOLE_FAILURE_ENROLMENT,
		[REFUSAL_TOKEN_REVOKED] = CONSOLE_FAILURE_ENROLMENT,
		[REFUSAL_KEY_TAKEN] = CONSOLE_FAILURE_ENROLMENT,
		[REFUSAL_KEY_REUSED] = CONSOLE_FAILURE_ENROLMENT,
		[REFUSAL_CERTIFICATE_UNKNOWN] = CONSOLE_FAILURE_DEVICE,
		[REFUSAL_CERTIFICATE_REPLACED] = CONSOLE_FAILURE_DEVICE,
		[REFUSAL_DEVICE_SUSPENDED] = CONSOLE_FAILURE_DEVICE,
		[REFUSAL_DEVICE_REVOKED] = CONSOLE_FAILURE_DEVICE,
		[REFUSAL_BATCH_FORMAT] = CONSOLE_FAILURE_BATCH,
		[REFUSAL_BATCH_DEVICE] = CONSOLE_FAILURE_BATCH,
		[REFUSAL_BATCH_KEY] = CONSOLE_FAILURE_BATCH,
		[REFUSAL_BATCH_SIGNATURE] = CONSOLE_FAILURE_BATCH,
		[REFUSAL_BATCH_CHAIN] = CONSOLE_FAILURE_BATCH,
		[REFUSAL_BATCH_SEAL] = CONSOLE_FAILURE_BATCH,
		[REFUSAL_BATCH_EVENT] = CONSOLE_FAILURE_BATCH,
	};

	return refusal < REFUSAL_MAX ? (enum console_failure)of[refusal] : CONSOLE_FAILURE_NONE;
}

void failure_note(struct failures *failures, enum console_failure failure, const char *format, ...)
{
	struct failure_count *count;
	va_list arguments;

	if (!failure_row(failure))
		return;
	count = &failures->counts[failure];
	count->count++;
	count->last_ms = (int64_t)clock_day_ms();
	va_start(arguments, format);
	(void)vsnprintf(count->text, sizeof(count->text), format, arguments); /* cut */
	va_end(arguments);
}

static struct json_object *one_object(
	const struct failure_row *row, const struct failure_count *count)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	/* without memory a member is left out */
	(void)json_object_object_add(object, "name", json_object_new_string(row->name));
	(void)json_object_object_add(object, "count", json_object_new_uint64(count->count));
	(void)json_object_object_add(object, "last", json_object_new_int64(count->last_ms));
	(void)json_object_object_add(object, "text", json_object_new_string(count->text));
	(void)json_object_object_add(object, "says", json_object_new_string(row->says));
	if (row->finding)
		(void)json_object_object_add(
			object, "finding", json_object_new_string(row->finding));
	return object;
}

struct json_object *failures_object(const struct failures *failures)
{
	struct json_object *array = json_object_new_array();

	for (unsigned int i = 0; array && i < CONSOLE_FAILURE_MAX; i++)
		if (failures->counts[i].count)
			(void)json_object_array_add(
				array, one_object(&rows[i], &failures->counts[i])); /* likewise */
	return array;
}
