/* SPDX-License-Identifier: Apache-2.0 */
/* What administrators did, as it stands there: whether it was changed, the command finds out. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/hex.h"
#include "console/store/admin_server.h"

#define ROWS_A_TURN 64

static void add_text(struct json_object *object, const char *name, const char *text)
{
	if (text[0])
		(void)json_object_object_add(object, name, json_object_new_string(text));
}

static struct json_object *audit_object(const struct store_audit *row)
{
	struct json_object *object = json_object_new_object();
	char link[2 * CONSOLE_HASH_SIZE + 1];

	hex_write(row->link, CONSOLE_HASH_SIZE, link);
	(void)json_object_object_add(object, "id", json_object_new_int64(row->id));
	(void)json_object_object_add(object, "time", json_object_new_int64(row->time_ms));
	add_text(object, "who", row->who);
	add_text(object, "act", row->act);
	add_text(object, "what", row->what);
	add_text(object, "before", row->before);
	add_text(object, "after", row->after);
	add_text(object, "link", link);
	return object;
}

/* The newest as many as are wanted: ids have no gaps, unless somebody made one. */
void admin_audit_begin(struct service *service, struct admin_client *client)
{
	static struct store_audit last; /* too large for the stack */
	int r;

	r = store_audit_last(service->reader, &last);
	if (r < 0 && r != -ENOENT)
		admin_end(client, r, "the database cannot be read: %s", store_error(r));
	else if (r == 0 && client->request.limit && last.id > client->request.limit)
		client->after = last.id - client->request.limit;
}

bool admin_audit(struct service *service, struct admin_client *client)
{
	static struct store_audit rows[ROWS_A_TURN]; /* too large for the stack */
	int count = store_audits(service->reader, client->after, rows, ROWS_A_TURN);

	for (int i = 0; i < count; i++) {
		client->after = rows[i].id;
		admin_line(client, audit_object(&rows[i]));
	}
	if (count == ROWS_A_TURN)
		return true;
	admin_end(client, count < 0 ? count : 0, "%s", count < 0 ? strerror(-count) : "");
	return false;
}
