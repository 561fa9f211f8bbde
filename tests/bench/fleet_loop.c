/* SPDX-License-Identifier: Apache-2.0 */
/* What each device does next, and what an answer or a lost connection means to it. */
#include <arpa/inet.h>
#include <errno.h>
#include <json-c/json.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>

#include "agent/uplink/exchange.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/json.h"
#include "policy/bundle.h"
#include "tests/bench/fleet.h"

#define EVENTS_MAX   512
#define TURN_MS	     5
#define WAIT_SECONDS 50 /* as agent/uplink/policy_poll.c */
#define MS_NS	     UINT64_C(1000000)
#define PATIENCE_NS  (15000 * MS_NS) /* for a connection, as agent/uplink/network.c */

static int on_session(SSL *ssl, SSL_SESSION *session)
{
	struct device *device = SSL_get_app_data(ssl);

	SSL_SESSION_free(device->session);
	device->session = session; /* by 1, the reference is ours */
	return 1;
}

int fleet_init(struct fleet *fleet, const char *console, const char *ca_path)
{
	char address[32];
	const char *colon = strrchr(console, ':');

	if (!colon || colon - console >= (int)sizeof(address))
		return -EINVAL;
	(void)snprintf(address, sizeof(address), "%.*s", (int)(colon - console), console);
	fleet->console.sin_family = AF_INET;
	fleet->console.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	if (inet_pton(AF_INET, address, &fleet->console.sin_addr) != 1)
		return -EINVAL;
	fleet->devices = calloc(FLEET_DEVICES_MAX, sizeof(*fleet->devices));
	fleet->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	fleet->tls = SSL_CTX_new(TLS_client_method());
	if (!fleet->devices || fleet->epoll_fd < 0 || !fleet->tls ||
		SSL_CTX_set_min_proto_version(fleet->tls, TLS1_3_VERSION) != 1 ||
		SSL_CTX_load_verify_locations(fleet->tls, ca_path, NULL) != 1)
		return -EIO;
	SSL_CTX_set_verify(fleet->tls, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(fleet->tls, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(
		fleet->tls, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(fleet->tls, on_session);
	for (unsigned int i = 0; i < FLEET_DEVICES_MAX; i++) {
		fleet->devices[i].index = i;
		fleet->devices[i].link.fd = -1;
		fleet->devices[i].pause_ms = EXCHANGE_PAUSE_MIN_MS;
	}
	return 0;
}

static uint64_t random_below(uint64_t bound)
{
	uint64_t number = 0;

	(void)!getrandom(&number, sizeof(number), 0); /* nothing secret */
	return bound ? number % bound : 0;
}

/* exchange_settle() of the agent, for one console. */
static void settle(struct device *device, bool is_good, uint64_t retry_ms)
{
	uint64_t pause = retry_ms;

	if (is_good) {
		device->pause_ms = EXCHANGE_PAUSE_MIN_MS;
	} else {
		pause += random_below(device->pause_ms);
		device->pause_ms *= 2;
		if (device->pause_ms > EXCHANGE_PAUSE_MAX_MS)
			device->pause_ms = EXCHANGE_PAUSE_MAX_MS;
	}
	device->due_ns = clock_steady_ns() + pause * MS_NS;
}

static void end(struct fleet *fleet, struct device *device)
{
	if (device->link.fd >= 0 && device->errand == ERRAND_ENROL)
		fleet->enrolling--;
	link_close(&device->link);
	free(take_ptr(device->request));
}

void fleet_drop(struct fleet *fleet, struct device *device)
{
	end(fleet, device);
	settle(device, false, 0);
}

void fleet_set(struct fleet *fleet, struct device *device, enum errand errand)
{
	if (device->link.fd >= 0 && device->link.is_asked)
		end(fleet, device);
	device->errand = errand;
	device->due_ns = 0;
}

static void ask(struct fleet *fleet, struct device *device)
{
	size_t size = 0;

	switch (device->errand) {
	case ERRAND_ENROL:
		device->request = device_enrol_request(device, fleet->token, &size);
		if (device->request)
			link_ask(&device->link, device->request, size);
		return;
	case ERRAND_HOLD:
		size = (size_t)snprintf(device->text, sizeof(device->text),
			"GET /v1/policy?have=%llu&wait=%d HTTP/1.1\r\nHost: localhost\r\n\r\n",
			(unsigned long long)device->version, WAIT_SECONDS);
		link_ask(&device->link, device->text, size);
		return;
	case ERRAND_ASK:
		size = (size_t)snprintf(device->text, sizeof(device->text),
			"GET /v1/device HTTP/1.1\r\nHost: localhost\r\n\r\n");
		link_ask(&device->link, device->text, size);
		return;
	case ERRAND_REPORT:
		link_ask(&device->link, device->batches[device->batch_next].request,
			device->batches[device->batch_next].size);
		return;
	case ERRAND_NONE:
		break;
	}
}

static void begin(struct fleet *fleet, struct device *device)
{
	struct link_plan plan = {.to = fleet->console,
		.from = {.sin_family = AF_INET},
		.tls = fleet->tls,
		.certificate = device->certificate,
		.key = device->key,
		.session = device->session,
		.epoll_fd = fleet->epoll_fd,
		.userdata = device};

	if (device->link.fd < 0) {
		plan.from.sin_addr.s_addr = htonl(
			INADDR_LOOPBACK + 1 + device->index / FLEET_SOURCE_MAX);
		device->opened_ns = clock_steady_ns();
		if (link_open(&device->link, &plan) < 0) {
			settle(device, false, 0);
			return;
		}
		if (device->errand == ERRAND_ENROL)
			fleet->enrolling++;
	}
	ask(fleet, device);
}

static void enrolled(struct fleet *fleet, struct device *device, const struct link_answer *answer)
{
	if (answer->status == 200 && device_enrolled(device, answer) == 0) {
		fleet->enrolled++;
		end(fleet, device); /* the next one shows the certificate */
		SSL_SESSION_free(take_ptr(device->session));
		device->errand = ERRAND_NONE;
		settle(device, true, 0);
		return;
	}
	fleet->refused++;
	fleet_drop(fleet, device);
}

static void held(struct device *device, const struct link_answer *answer)
{
	struct bundle bundle;

	if (answer->status == 200 && bundle_parse(answer->body, answer->size, &bundle) == 0 &&
		bundle.version > device->version) {
		device->version = bundle.version;
		device->arrived_ms = clock_day_ms();
	}
	settle(device, true, 0);
}

static void asked(struct device *device, const struct link_answer *answer)
{
	struct json_object *json = json_tokener_parse(answer->body);

	(void)snprintf(device->text, sizeof(device->text), "%s", json_text(json, "seal_key"));
	(void)json_object_put(json); /* freed */
	device->errand = ERRAND_NONE;
}

static void reported(struct fleet *fleet, struct device *device, const struct link_answer *answer)
{
	struct json_object *json = json_tokener_parse(answer->body);
	uint64_t ack = json_number(json, "ack"), retry_ms = json_number(json, "retry_ms");

	(void)json_object_put(json); /* freed */
	if (ack > device->acked) {
		fleet->events += ack - device->acked;
		device->acked = ack;
	}
	while (device->batch_next < device->batch_count &&
		device->batches[device->batch_next].last <= device->acked)
		device->batch_next++;
	if (device->batch_next == device->batch_count)
		device->errand = ERRAND_NONE;
	settle(device, true, retry_ms);
}

static void answered(struct fleet *fleet, struct device *device)
{
	struct link_answer answer = link_answer(&device->link);
	const char *retry;

	if (device->errand == ERRAND_ENROL) {
		enrolled(fleet, device, &answer);
		return;
	}
	if (answer.status != 200 && answer.status != 204) {
		fleet->refused++;
		retry = strcasestr(device->link.answer, "\r\nRetry-After:");
		settle(device, false, retry ? 1000 * strtoul(retry + 14, NULL, 10) : 0);
		return;
	}
	if (device->errand == ERRAND_HOLD)
		held(device, &answer);
	else if (device->errand == ERRAND_ASK)
		asked(device, &answer);
	else if (device->errand == ERRAND_REPORT)
		reported(fleet, device, &answer);
	if (device->errand != ERRAND_NONE && device->due_ns <= clock_steady_ns())
		begin(fleet, device);
}

static void turn(struct fleet *fleet, struct device *device)
{
	for (;;) {
		bool was_shaken = device->link.is_shaken;
		enum link_state state = link_turn(&device->link);

		if (!was_shaken && device->link.is_shaken) {
			fleet->shaken++;
			fleet->resumed += device->link.is_resumed;
		}
		if (state == LINK_GONE) {
			fleet->lost++;
			fleet_drop(fleet, device);
			return;
		}
		if (state == LINK_WAITS)
			return;
		answered(fleet, device);
		if (device->link.fd < 0 || !device->link.is_asked)
			return;
	}
}

static void begin_due(struct fleet *fleet)
{
	uint64_t now_ns = clock_steady_ns();

	for (unsigned int i = 0; i < fleet->count; i++) {
		struct device *device = &fleet->devices[i];

		if (device->link.fd >= 0 && !device->link.is_shaken &&
			now_ns - device->opened_ns > PATIENCE_NS) {
			fleet->lost++;
			fleet_drop(fleet, device);
		}
		if (device->errand == ERRAND_NONE || device->due_ns > now_ns ||
			(device->link.fd >= 0 && device->link.is_asked))
			continue;
		if (device->errand == ERRAND_ENROL && fleet->enrolling >= fleet->enrolling_max)
			continue;
		begin(fleet, device);
		if (device->link.fd >= 0 && device->link.is_shaken)
			turn(fleet, device);
	}
}

void fleet_turn(struct fleet *fleet)
{
	static struct epoll_event events[EVENTS_MAX];
	static uint64_t begun_ns;
	int count;

	if (clock_steady_ns() - begun_ns > TURN_MS * MS_NS) {
		begin_due(fleet);
		begun_ns = clock_steady_ns();
	}
	count = epoll_wait(fleet->epoll_fd, events, EVENTS_MAX, TURN_MS);
	for (int i = 0; i < count; i++) {
		struct device *device = events[i].data.ptr;

		if (device->link.fd >= 0)
			turn(fleet, device);
	}
}

unsigned int fleet_holding(const struct fleet *fleet)
{
	unsigned int holding = 0;

	for (unsigned int i = 0; i < fleet->count; i++)
		holding += fleet->devices[i].errand == ERRAND_HOLD &&
			   fleet->devices[i].link.fd >= 0 &&
			   link_has_asked(&fleet->devices[i].link);
	return holding;
}
