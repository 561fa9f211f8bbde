/* SPDX-License-Identifier: Apache-2.0 */
/* What administrators order devices to destroy, and what became of it. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/lease.h"
#include "console/store/admin_server.h"
#include "console/store/wipe.h"

#define WITHDRAW "withdraw"

static const char *state_of(const struct store_order *order)
{
	return order->withdrawn_ms ? "withdrawn"
	       : order->done_ms	   ? "done"
	       : order->sent_ms	   ? "received"
				   : "ordered";
}

static void add_text(struct json_object *object, const char *name, const char *text)
{
	(void)json_object_object_add(object, name, json_object_new_string(text));
}

static void add_time(struct json_object *object, const char *name, int64_t time_ms)
{
	if (time_ms)
		(void)json_object_object_add(object, name, json_object_new_int64(time_ms));
}

struct json_object *admin_wipe_object(struct service *service, int64_t device)
{
	struct json_object *object;
	struct store_order order;

	if (store_order_last(service->reader, device, &order) < 0)
		return NULL;
	object = json_object_new_object();
	(void)json_object_object_add(object, "number", json_object_new_uint64(order.number));
	add_text(object, "what", lease_order_name(order.what) ? lease_order_name(order.what) : "?");
	add_text(object, "state", state_of(&order));
	add_text(object, "who", order.who);
	add_text(object, "why", order.why);
	add_time(object, "ordered", order.ordered_ms);
	add_time(object, "received", order.sent_ms);
	add_time(object, "done", order.done_ms);
	add_time(object, "withdrawn", order.withdrawn_ms);
	return object;
}

int admin_wipe_order(
	struct service *service, struct admin_client *client, const struct store_device *device)
{
	const struct admin_request *request = &client->request;
	struct store_order order = {.ordered_ms = (int64_t)clock_day_ms(),
		.what = (uint8_t)lease_order_of_name(request->name)};

	if (!order.what)
		return -EINVAL;
	(void)snprintf(order.who, sizeof(order.who), "%s", client->who);
	(void)snprintf(order.why, sizeof(order.why), "%s", request->why);
	return wipe_order(service->writer, device, &order);
}

static int act_on(struct service *service, struct admin_client *client,
	const struct store_device *device, bool is_withdrawn)
{
	char what[STORE_AUDIT_SIZE], uid[UUID_TEXT_SIZE];
	const struct audit_act act = {.who = client->who,
		.act = is_withdrawn ? "device wipe withdrawn" : "device wipe",
		.what = what,
		.before = is_withdrawn ? "ordered" : "",
		.after = is_withdrawn ? "withdrawn" : client->request.name,
		.time_ms = (int64_t)clock_day_ms()};
	int r;

	uuid_format(device->uid, uid);
	(void)snprintf(what, sizeof(what), "%s %s", uid, client->request.why);
	r = store_begin(service->writer);
	if (r < 0)
		return r;
	r = is_withdrawn ? wipe_withdraw(service->writer, device, act.time_ms)
			 : admin_wipe_order(service, client, device);
	return audit_commit(service->writer, r, &act);
}

void admin_device_wipe(struct service *service, struct admin_client *client)
{
	bool is_withdrawn = !strcmp(client->request.name, WITHDRAW);
	struct store_device device;
	int r;

	if (!admin_find_device(service, client, &device))
		return;
	r = act_on(service, client, &device, is_withdrawn);
	if (r == -EALREADY)
		admin_end(client, r,
			is_withdrawn ? "it was said to '%s' already, or is not in force any more: "
				       "nothing is changed, see 'device show'"
				     : "'%s' has an order already: nothing is changed, see 'device "
				       "show'",
			client->request.device);
	else if (r == -ENOENT && is_withdrawn)
		admin_end(client, r, "'%s' has no order", client->request.device);
	else if (r < 0)
		admin_end(client, r, "nothing is changed: %s",
			r == -EINVAL ? "expected keys, wipe or files" : store_error(r));
	if (r < 0)
		return;
	peer_tell_changed(service, &device);
	if (is_withdrawn)
		admin_end(client, 0, "'%s' is not to be wiped", client->request.device);
	else
		admin_end(client, 0,
			"'%s' is to be wiped (%s), and is told as soon as it is connected",
			client->request.device, client->request.name);
}

void admin_device_receipt(struct service *service, struct admin_client *client)
{
	static char receipt[STORE_ORDER_RECEIPT_SIZE];
	struct json_object *object;
	struct store_device device;
	struct store_order order;
	int r;

	if (!admin_find_device(service, client, &device))
		return;
	r = store_order_last(service->reader, device.id, &order);
	if (r == 0)
		r = store_order_receipt(service->reader, device.id, order.number, receipt);
	if (r < 0 && r != -ENOENT) {
		admin_end(client, r, "the database cannot be read: %s", store_error(r));
		return;
	}
	if (r < 0 || !receipt[0]) {
		admin_end(client, -ENOENT, "'%s' has sent no receipt", client->request.device);
		return;
	}
	object = json_object_new_object();
	add_text(object, "receipt", receipt);
	admin_line(client, object);
	admin_end(client, 0, "%s", "");
}
