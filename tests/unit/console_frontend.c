/* SPDX-License-Identifier: Apache-2.0 */
/* The frontend's parts that need no connection: encodings, routes, limits, waiting, addresses. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "console/frontend/address.h"
#include "console/frontend/encoding.h"
#include "console/frontend/handlers.h"
#include "console/frontend/limits.h"
#include "console/frontend/pending.h"
#include "console/frontend/query.h"
#include "console/frontend/rate.h"
#include "console/frontend/route.h"
#include "console/frontend/waiting.h"

/* Of the table only names matter here. */
#define HANDLER(name)                                                      \
	void name(struct frontend *frontend, struct http_request *request) \
	{                                                                  \
		(void)frontend;                                            \
		(void)request;                                             \
	}
HANDLER(handle_health)
HANDLER(handle_device)
HANDLER(handle_describe)
HANDLER(handle_events)
HANDLER(handle_cacerts)
HANDLER(handle_enrol)
HANDLER(handle_renew)
HANDLER(handle_keyless)
HANDLER(handle_policy)
HANDLER(handle_check)
HANDLER(handle_lease)
HANDLER(handle_keys)
HANDLER(handle_receipt)

/* RFC 4648, 10 */
static const char *const vectors[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
	{"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};

Test(console_frontend, base64_of_the_standard)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const char *plain = vectors[i][0], *text = vectors[i][1];
		char encoded[16];
		uint8_t decoded[16];
		size_t size = 99;

		encoding_base64((const uint8_t *)plain, strlen(plain), encoded);
		cr_expect_str_eq(encoded, text);
		cr_assert_eq(
			encoding_base64_decode(text, strlen(text), decoded, strlen(plain), &size),
			0, "%s", text);
		cr_expect_eq(size, strlen(plain));
		cr_expect_arr_eq(decoded, plain, size);
		if (size)
			cr_expect_eq(encoding_base64_decode(
					     text, strlen(text), decoded, size - 1, &size),
				-EMSGSIZE, "no room for %s", plain);
	}
}

Test(console_frontend, base64_that_is_none)
{
	static const char *const bad[] = {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "=",
		"====", "Zg==Zg==", "Zm9v=", "Zm9v====", "Z=g=", "Zm-v", "Zm_v", "Zm9v!", "Zg==x"};
	uint8_t decoded[16];
	size_t size;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(encoding_base64_decode(
				     bad[i], strlen(bad[i]), decoded, sizeof(decoded), &size),
			-EBADMSG, "%s", bad[i]);
	cr_expect_eq(encoding_base64_decode("Zm\0v", 4, decoded, sizeof(decoded), &size), -EBADMSG);
	cr_expect_eq(
		encoding_base64_decode(" Zm\r\n9v\tYg=\n= \n", 15, decoded, sizeof(decoded), &size),
		0, "blanks between are skipped");
	cr_expect_eq(size, 4);
}

Test(console_frontend, basic)
{
	static const struct {
		const char *header;
		int r;
		const char *password;
	} rows[] = {
		{NULL, -ENOENT, NULL},
		{"", -ENOENT, NULL},
		{"Bearer abc", -ENOENT, NULL},
		{"Basic", -ENOENT, NULL},
		{"Basic ", -EBADMSG, NULL},
		{"Basic ZGV2aWNlOmdvb2Q=", 0, "good"}, /* device:good */
		{"basic  ZGV2aWNlOmdvb2Q=", 0, "good"},
		{"Basic OmE6Yg==", 0, "a:b"},			/* :a:b */
		{"Basic ZGV2aWNl", -EBADMSG, NULL},		/* device */
		{"Basic ZGV2aWNlOg==", -EBADMSG, NULL},		/* device: */
		{"Basic ZGV2aWNlOmEgYg==", -EBADMSG, NULL},	/* device:a b */
		{"Basic ZGV2aWNlOmEAYg==", -EBADMSG, NULL},	/* device:a NUL b */
		{"Basic ZGV2aWNlOmFhYWFhYWFh", -EBADMSG, NULL}, /* eight characters */
		{"Basic ZGV2aWNlOmFhYWFhYWE=", 0, "aaaaaaa"},
	};
	char password[8];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_expect_eq(encoding_basic_password(rows[i].header, password, sizeof(password)),
			rows[i].r, "%s", rows[i].header);
		if (rows[i].r == 0)
			cr_expect_str_eq(password, rows[i].password);
	}
}

Test(console_frontend, hexadecimal)
{
	char text[ENCODING_HEX_SIZE(3)];

	encoding_hex((const uint8_t *)"\0\x9f\xff", 3, text);
	cr_expect_str_eq(text, "009fff");
}

Test(console_frontend, routes)
{
	static const struct {
		enum http_method method;
		const char *target;
		void (*handle)(struct frontend *frontend, struct http_request *request);
		uint16_t refusal;
	} rows[] = {
		{HTTP_GET, "/.well-known/est/cacerts", handle_cacerts, 0},
		{HTTP_POST, "/.well-known/est/simpleenroll", handle_enrol, 0},
		{HTTP_POST, "/.well-known/est/simplereenroll", handle_renew, 0},
		{HTTP_GET, "/v1/device", handle_device, 0},
		{HTTP_POST, "/v1/device", handle_describe, 0},
		{HTTP_OTHER, "/v1/device", NULL, REFUSAL_METHOD},
		{HTTP_POST, "/v1/events", handle_events, 0},
		{HTTP_GET, "/v1/health", handle_health, 0},
		{HTTP_GET, "/v1/policy?have=0&wait=50", handle_policy, 0},
		{HTTP_POST, "/v1/policy?have=0&wait=50", NULL, REFUSAL_METHOD},
		{HTTP_POST, "/v1/device/keyless", handle_keyless, 0},
		{HTTP_GET, "/v1/device/keyless", NULL, REFUSAL_METHOD},
		{HTTP_POST, "/v1/ticket/check", handle_check, 0},
		{HTTP_GET, "/v1/ticket/check", NULL, REFUSAL_METHOD},
		{HTTP_POST, "/v1/lease", handle_lease, 0},
		{HTTP_POST, "/v1/receipt", handle_receipt, 0},
		{HTTP_POST, "/v1/keys", handle_keys, 0},
		{HTTP_GET, "/v1/lease", NULL, REFUSAL_METHOD},
		{HTTP_GET, "/v1/policy", NULL, REFUSAL_ROUTE},
		{HTTP_OTHER, "/v1/health", NULL, REFUSAL_METHOD},
		{HTTP_GET, "/v1/events", NULL, REFUSAL_METHOD},
		{HTTP_GET, "", NULL, REFUSAL_ROUTE},
		{HTTP_GET, "/v1/health/", NULL, REFUSAL_ROUTE},
		{HTTP_GET, "/v1/health?", NULL, REFUSAL_ROUTE},
		{HTTP_GET, "/V1/health", NULL, REFUSAL_ROUTE},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *allow = NULL;
		uint16_t refusal;
		const struct route *route = route_find(
			rows[i].method, rows[i].target, &refusal, &allow);

		cr_assert_eq(route != NULL, rows[i].handle != NULL, "%s", rows[i].target);
		if (route) {
			cr_expect_eq(route->handle, rows[i].handle);
			cr_expect_leq(route->body_max, ROUTE_BODY_MAX);
			cr_expect_eq(route->body_max > 0, route->method == HTTP_POST);
		} else {
			cr_expect_eq(refusal, rows[i].refusal, "%s", rows[i].target);
			cr_expect_eq(allow != NULL, refusal == REFUSAL_METHOD);
		}
	}
}

Test(console_frontend, what_needs_a_certificate)
{
	const char *allow;
	uint16_t refusal;

	cr_expect(route_find(HTTP_GET, "/v1/device", &refusal, &allow)->needs_certificate);
	cr_expect(route_find(HTTP_POST, "/v1/events", &refusal, &allow)->needs_certificate);
	cr_expect(route_find(HTTP_POST, "/.well-known/est/simplereenroll", &refusal, &allow)
			  ->needs_certificate);
	cr_expect_not(route_find(HTTP_POST, "/.well-known/est/simpleenroll", &refusal, &allow)
			      ->needs_certificate);
}

Test(console_frontend, limits)
{
	static const char *const bad[] = {"connections", "connections=", "connections=x",
		"connections=-1", "connections=0", "connections=99999999999", "other=1",
		"connections=1;address=2", "connection=1", "in_flight=4097",
		"connections=1,address"};
	struct limits limits = limits_default;

	cr_expect_eq(limits_parse("", &limits), 0);
	cr_expect_eq(memcmp(&limits, &limits_default, sizeof(limits)), 0);
	cr_expect_eq(limits_parse("connections=5,device=4,idle_ms=7", &limits), 0);
	cr_expect_eq(limits.device, 4);
	cr_expect_eq(limits.connections, 5);
	cr_expect_eq(limits.idle_ms, 7);
	cr_expect_eq(limits.address, limits_default.address);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(limits_parse(bad[i], &limits), -EINVAL, "%s", bad[i]);
	cr_expect_eq(limits.connections, 5, "left as it was");
}

Test(console_frontend, queries_have_one_spelling)
{
	static const char *const bad[] = {"", "have=1", "wait=1&have=1", "have=1&wait=1&x=1",
		"have=01&wait=1", "have=1&wait=", "have=&wait=1", "have=-1&wait=1",
		"have=1&wait=1 ", "have=1000000000000&wait=1", "have=%31&wait=1", "Have=1&wait=1",
		"have=1&wait=1&lease=", "have=1&wait=1&lease=01", "lease=1&have=1&wait=1"};
	struct query query = {7, 7, 7};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(query_parse(bad[i], &query), -EINVAL, "%s", bad[i]);
	cr_expect_eq(query.have, 7);
	cr_expect_eq(query_parse("have=999999999999&wait=0", &query), 0);
	cr_expect_eq(query.have, 999999999999);
	cr_expect_eq(query.wait_s, 0);
	cr_expect_eq(query_parse("have=0&wait=100000", &query), 0);
	cr_expect_eq(query.wait_s, QUERY_WAIT_MAX);
	cr_expect_eq(query.lease, 0);
	cr_expect_eq(query_parse("have=3&wait=2&lease=4", &query), 0);
	cr_expect_eq(query.have, 3);
	cr_expect_eq(query.lease, 4);
}

Test(console_frontend, devices_that_wait)
{
	struct waiting *waiting = waiting_new(2);
	uint8_t one[CONSOLE_UID_SIZE] = {1}, other[CONSOLE_UID_SIZE] = {2};
	struct waiter *first, *second;
	uint64_t id;

	cr_assert(waiting);
	first = waiting_add(waiting, one);
	second = waiting_add(waiting, other);
	cr_assert(first && second);
	cr_expect_null(waiting_add(waiting, (const uint8_t[CONSOLE_UID_SIZE]){3}), "full");
	cr_expect_eq(waiting_find(waiting, first->id), first);
	cr_expect_eq(waiting_find(waiting, second->id), second, "of the same bucket");
	cr_expect_eq(waiting_of(waiting, other), second);
	cr_expect_eq(waiting_first(waiting, WAITER_IN_LINE), first);
	waiting_move(waiting, first, WAITER_ASKED);
	waiting_move(waiting, second, WAITER_CONTENT);
	cr_expect_eq(waiting_count(waiting, WAITER_IN_LINE), 0);
	waiting_stir(waiting);
	cr_expect_eq(waiting_first(waiting, WAITER_IN_LINE), second);
	cr_expect_eq(waiting_count(waiting, WAITER_ASKED), 1, "who is asked for stays so");
	id = first->id;
	waiting_remove(waiting, first);
	cr_expect_null(waiting_of(waiting, one));
	first = waiting_add(waiting, one);
	cr_expect_null(waiting_find(waiting, id), "an id does not recur");
	waiting_free(waiting);
}

Test(console_frontend, waiting)
{
	struct pending_table *table = pending_table_new(3);
	struct http_request *request = (struct http_request *)&table; /* never looked at */
	struct pending *places[3];
	uint64_t first;

	cr_assert(table);
	for (unsigned int i = 0; i < 3; i++) {
		places[i] = pending_add(table, request);
		cr_assert(places[i]);
		places[i]->deadline_ns = 10 + i;
		cr_expect_eq(pending_find(table, places[i]->id), places[i]);
	}
	cr_expect_null(pending_add(table, request), "full");
	cr_expect_null(pending_late(table, 9));
	cr_expect_eq(pending_late(table, 11), places[0]);
	first = places[0]->id;
	pending_remove(table, places[0]);
	cr_expect_eq(pending_count(table), 2);
	cr_expect_null(pending_find(table, first), "too late");
	cr_expect_eq(pending_add(table, request), places[0], "its place is free");
	cr_expect_null(pending_find(table, first), "and another's now");
	cr_expect_neq(places[0]->id, first);
	cr_expect_null(pending_find(table, 0));
	cr_expect_null(pending_find(table, UINT64_MAX));
	pending_table_free(table);
}

Test(console_frontend, failures_of_a_minute)
{
	static struct rate_table table;
	static const uint8_t one[16] = {[15] = 1}, two[16] = {[15] = 2};
	uint64_t now = 5 * RATE_WINDOW_NS;

	rate_init(&table, 7);
	cr_expect_not(rate_is_over(&table, one, 2, now));
	rate_note(&table, one, now);
	cr_expect_not(rate_is_over(&table, one, 2, now));
	rate_note(&table, one, now + 1);
	cr_expect(rate_is_over(&table, one, 2, now + 1));
	cr_expect_not(rate_is_over(&table, two, 2, now + 1), "another address");
	cr_expect(rate_is_over(&table, one, 2, now + RATE_WINDOW_NS));
	cr_expect_not(rate_is_over(&table, one, 2, now + RATE_WINDOW_NS + 1), "its minute is over");
	rate_note(&table, one, now + RATE_WINDOW_NS + 1);
	cr_expect_not(rate_is_over(&table, one, 2, now + RATE_WINDOW_NS + 2), "another begins");
}

static struct address_count *enter(struct addresses *addresses, const char *text)
{
	struct sockaddr_storage address = {.ss_family = strchr(text, ':') ? AF_INET6 : AF_INET};
	char back[64];

	cr_assert_eq(inet_pton(address.ss_family, text,
			     address.ss_family == AF_INET
				     ? (void *)&((struct sockaddr_in *)&address)->sin_addr
				     : (void *)&((struct sockaddr_in6 *)&address)->sin6_addr),
		1);
	address_format(&address, back, sizeof(back));
	cr_expect_str_eq(back, strncmp(text, "::ffff:", 7) ? text : text + 7);
	return addresses_enter(addresses, &address);
}

Test(console_frontend, addresses_are_counted)
{
	struct addresses *addresses = addresses_new();
	struct address_count *one, *two;

	cr_assert(addresses);
	one = enter(addresses, "192.0.2.1");
	cr_expect_eq(enter(addresses, "::ffff:192.0.2.1"), one, "the same over IPv6");
	cr_expect_eq(one->connections, 2);
	two = enter(addresses, "192.0.2.2");
	cr_expect_neq(two, one);
	addresses_leave(addresses, one);
	cr_expect_eq(one->connections, 1);
	addresses_leave(addresses, one);
	addresses_leave(addresses, two);
	one = enter(addresses, "2001:db8::1");
	cr_expect_eq(enter(addresses, "2001:db8::ffff:1"), one, "one customer's network");
	cr_expect_neq(enter(addresses, "2001:db8:0:1::1"), one);
	addresses_free(addresses);
}
