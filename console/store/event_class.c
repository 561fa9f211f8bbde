/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of https://schema.ocsf.io/1.8.0. */
#include "console/store/event_class.h"

#include <stdbool.h>
#include <string.h>

#define ACTIVITY_OTHER 99

const struct event_class event_classes[] = {
	{1001, 14}, /* File System Activity */
	{1007, 5},  /* Process Activity */
	{1008, 10}, /* Event Log Activity */
	{1010, 5},  /* Peripheral Activity */
	{3002, 7},  /* Authentication */
	{3004, 13}, /* Entity Management */
	{4001, 7},  /* Network Activity */
	{5019, 2},  /* Device Config State Change */
	{6002, 8},  /* Application Lifecycle */
	{6006, 17}, /* File Hosting Activity */
};
const size_t event_class_count = sizeof(event_classes) / sizeof(event_classes[0]);

static const struct event_class *find(uint32_t class_uid)
{
	for (size_t i = 0; i < event_class_count; i++)
		if (event_classes[i].class_uid == class_uid)
			return &event_classes[i];
	return NULL;
}

const char *event_class_fault(const struct event_fields *fields)
{
	const struct event_class *class = find(fields->class_uid);

	if (!class)
		return "its class is none that this console knows";
	if (strcmp(fields->version, EVENT_CLASS_VERSION) != 0)
		return "metadata.version is not " EVENT_CLASS_VERSION;
	if (!fields->has_product)
		return "metadata.product is not there";
	if (fields->category_uid != fields->class_uid / 1000)
		return "category_uid is not there, or another class's";
	if (!fields->has_activity || (fields->activity_id > class->activity_last &&
					     fields->activity_id != ACTIVITY_OTHER))
		return "activity_id is not there, or none of its class";
	if (fields->type_uid != fields->class_uid * UINT64_C(100) + fields->activity_id)
		return "type_uid is not there, or does not belong to class and activity";
	if (!fields->has_severity || (fields->severity_id > 6 && fields->severity_id != 99))
		return "severity_id is not there, or no severity";
	return NULL;
}
