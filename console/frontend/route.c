/* SPDX-License-Identifier: Apache-2.0 */
/* Targets are compared as they were sent: no decoding, so no second spelling. */
#include "console/frontend/route.h"

#include <string.h>

#include "console/frontend/handlers.h"

static const struct route routes[] = {
	{HTTP_POST, "/v1/events", true, CONSOLE_BATCH_MAX, handle_events},
	{HTTP_POST, ROUTE_EVENTS_AFTER_LOSS, true, CONSOLE_BATCH_MAX, handle_events},
	{HTTP_GET, ROUTE_POLICY, true, 0, handle_policy},
	{HTTP_POST, "/v1/lease", true, ROUTE_LEASE_MAX, handle_lease},
	{HTTP_POST, "/v1/keys", true, ROUTE_KEYS_MAX, handle_keys},
	{HTTP_POST, "/v1/receipt", true, CONSOLE_WIPE_RECEIPT_MAX, handle_receipt},
	{HTTP_GET, "/v1/device", true, 0, handle_device},
	{HTTP_POST, "/v1/device", true, CONSOLE_DESCRIPTION_MAX, handle_describe},
	{HTTP_POST, "/v1/device/keyless", false, CONSOLE_CERTIFICATE_MAX, handle_keyless},
	{HTTP_POST, "/v1/ticket/check", false, ROUTE_CHECK_MAX, handle_check},
	{HTTP_GET, "/v1/health", false, 0, handle_health},
	{HTTP_GET, "/.well-known/est/cacerts", false, 0, handle_cacerts},
	{HTTP_POST, "/.well-known/est/simpleenroll", false, ROUTE_CSR_MAX, handle_enrol},
	{HTTP_POST, "/.well-known/est/simplereenroll", true, ROUTE_CSR_MAX, handle_renew},
};

static bool is_target(const struct route *route, const char *target)
{
	size_t size = strlen(route->target);

	if (route->target[size - 1] == '?')
		return !strncmp(route->target, target, size);
	return !strcmp(route->target, target);
}

const struct route *route_find(
	enum http_method method, const char *target, uint16_t *ret_refusal, const char **ret_allow)
{
	bool may_get = false, may_post = false;

	*ret_refusal = REFUSAL_ROUTE;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!is_target(&routes[i], target))
			continue;
		if (routes[i].method == method)
			return &routes[i];
		*ret_refusal = REFUSAL_METHOD;
		may_get |= routes[i].method == HTTP_GET;
		may_post |= routes[i].method == HTTP_POST;
	}
	if (*ret_refusal == REFUSAL_METHOD)
		*ret_allow = may_get && may_post ? "GET, POST" : may_get ? "GET" : "POST";
	return NULL;
}
