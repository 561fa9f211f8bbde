/* SPDX-License-Identifier: Apache-2.0 */
/* How many events of which kinds there were, day by day: sums that were kept, no event is looked at. */
#include <json-c/json.h>
#include <string.h>

#include "common/clock.h"
#include "console/store/admin_server.h"

#define DAY_MS	   (24 * 60 * 60 * INT64_C(1000))
#define DAYS_USUAL 7

static bool say_tally(const struct store_tally *tally, void *userdata)
{
	static const char *const verdicts[STORE_VERDICT_MAX] = {
		"", "allow", "audit", "warn", "block"};
	struct json_object *object = json_object_new_object();

	(void)json_object_object_add(object, "day", json_object_new_int64(tally->day * DAY_MS));
	(void)json_object_object_add(object, "class_uid", json_object_new_int64(tally->class_uid));
	(void)json_object_object_add(object, "verdict",
		json_object_new_string(
			verdicts[tally->verdict < STORE_VERDICT_MAX ? tally->verdict : 0]));
	(void)json_object_object_add(object, "count", json_object_new_uint64(tally->count));
	admin_line(userdata, object);
	return true;
}

void admin_report(struct service *service, struct admin_client *client)
{
	const int64_t days = client->request.days ? client->request.days : DAYS_USUAL;
	int r = store_tallies(
		service->reader, (int64_t)clock_day_ms() / DAY_MS - days + 1, say_tally, client);

	if (r < 0)
		admin_end(client, r, "the database cannot be read: %s", store_error(r));
	else
		admin_end(client, 0, "%s", "");
}
