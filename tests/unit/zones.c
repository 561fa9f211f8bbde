/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine makes of what scout tells: this test is scout, the sensor, and a beacon. */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/engine/engine.h"
#include "agent/engine/gates.h"
#include "agent/engine/zones_private.h"
#include "common/clock.h"
#include "policy/address.h"
#include "tests/unit/policy_fixture.h"

#define POLICY                                                                           \
	GOOD "[label near]\ntenant = acme\npath = /srv/near\nzone = office\n"            \
	     "[zone office]\naddress = 10.20.0.0/16\ndns-suffix = corp.example\n"        \
	     "[zone away]\nvpn = wireguard\nbeacon = 10.20.0.9:4750 %s\n"                \
	     "[service mail]\naddress = 10.30.0.0/24\nname = mail.example\nport = 993\n" \
	     "zone = office, away\n"

enum { OFFICE, AWAY };

static struct engine engine;
static char directory[] = "/tmp/zones-XXXXXX";
static struct zones *zones;
static int scout = -1, supervisor = -1;
static struct signing_key *beacon_key;

/* What the sensor was told. */
static uint8_t frame_buffer[WIRE_FRAME_MAX];
static uint64_t shut, out_of_zone;
static size_t table_count;
static unsigned int note_count, failure_notes;
static char note_text[EVENT_TEXT_MAX];

void link_begin(struct bytes_writer *frame, unsigned int type)
{
	wire_begin(frame, frame_buffer, sizeof(frame_buffer), (uint16_t)type);
}

void link_send(struct engine *unused, struct bytes_writer *frame, int fd)
{
	struct bytes_reader payload;
	uint16_t type;

	(void)unused;
	(void)fd;
	cr_assert_eq(wire_open(frame_buffer, (size_t)wire_end(frame), &type, &payload), 0);
	cr_expect_eq(bytes_get_u64(&payload), engine.policy->version);
	if (type == MESSAGE_SHUT) {
		shut = bytes_get_u64(&payload);
		return;
	}
	cr_assert_eq(type, MESSAGE_SERVICES);
	cr_expect_eq(bytes_get_u8(&payload), MESSAGE_SERVICES_FIRST | MESSAGE_SERVICES_LAST);
	shut = bytes_get_u64(&payload);
	(void)bytes_get_u64(&payload);
	table_count = bytes_get_u32(&payload);
}

void gates_set_out_of_zone(struct engine *unused, uint64_t labels)
{
	(void)unused;
	out_of_zone = labels;
}

int journal_note(struct engine *unused, const struct event_note *note)
{
	(void)unused;
	cr_assert_eq(note->kind, EVENT_ZONE);
	note_count++;
	strcpy(note_text, note->message);
	return 0;
}

void failure_note(struct engine *unused, enum failure_reason reason, const char *format, ...)
{
	(void)unused;
	(void)format;
	cr_assert_eq(reason, FAILURE_SCOUT);
	failure_notes++;
}

/* A new scout, as the supervisor brings it. */
static void scout_comes(void)
{
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	zones_take_scout(&engine, fds[0]);
	scout = fds[1];
}

static void engine_reads(void)
{
	zones_on_poll(&engine, POLLIN);
}

static void say(struct bytes_writer *frame)
{
	cr_assert_geq(wire_end(frame), 0);
	cr_assert_eq(send(scout, frame->start, frame->used, 0), (ssize_t)frame->used);
	engine_reads();
}

static void say_network(const char *address, const char *kind)
{
	static uint8_t buffer[WIRE_FRAME_MAX];
	static struct scout_network network;
	struct policy_prefix prefix;
	struct bytes_writer frame;

	memset(&network, 0, sizeof(network));
	if (address) {
		cr_assert_eq(policy_prefix_parse(address, &prefix), POLICY_ADDRESS_OK);
		memcpy(network.addresses[network.address_count++], prefix.address, 16);
	}
	if (kind) {
		strcpy(network.links[0].name, "wg0");
		strcpy(network.links[0].kind, kind);
		network.link_count = 1;
	}
	wire_begin(&frame, buffer, sizeof(buffer), SCOUT_NETWORK);
	scout_put_network(&frame, &network);
	say(&frame);
}

static void say_suffix(const char *suffix)
{
	static struct scout_suffixes suffixes = {.count = 1};
	uint8_t buffer[1024];
	struct bytes_writer frame;

	strcpy(suffixes.suffixes[0], suffix);
	wire_begin(&frame, buffer, sizeof(buffer), SCOUT_SUFFIXES);
	scout_put_suffixes(&frame, &suffixes);
	say(&frame);
}

/* The next question that scout is to carry; false: nothing is asked. */
static bool next_question(struct beacon_question *ret_question)
{
	static uint8_t packet[WIRE_FRAME_MAX];

	for (;;) {
		ssize_t got = recv(scout, packet, sizeof(packet), MSG_DONTWAIT);
		struct bytes_reader payload;
		struct scout_ask ask;
		uint16_t type;

		if (got <= 0)
			return false;
		cr_assert_eq(wire_open(packet, (size_t)got, &type, &payload), 0);
		if (type != SCOUT_ASK)
			continue;
		scout_get_ask(&payload, &ask);
		cr_assert_eq(ask.port, 4750);
		cr_assert_eq(
			beacon_question_get(ask.question, sizeof(ask.question), ret_question), 0);
		return true;
	}
}

static void say_answer(const struct beacon_question *question)
{
	uint8_t reply[BEACON_ANSWER_SIZE], buffer[1024];
	struct beacon_answer answer;
	struct bytes_writer frame;

	cr_assert_eq(beacon_answer_make(beacon_key, question, reply), 0);
	cr_assert_eq(beacon_answer_get(reply, sizeof(reply), &answer), 0);
	wire_begin(&frame, buffer, sizeof(buffer), SCOUT_ANSWER);
	scout_put_answer(&frame, &answer);
	say(&frame);
}

static uint64_t near(void)
{
	return UINT64_C(1) << policy_label_of_name(engine.policy, "near");
}

static void start(void)
{
	char private_pem[SIGNING_KEY_MAX], public_pem[SIGNING_KEY_MAX], text[4096], hex[65];
	uint8_t raw[SIGNING_RAW];
	int fds[2];

	cr_assert_eq(signing_key_make(NULL, private_pem, public_pem), 0);
	cr_assert_eq(
		signing_key_read(private_pem, strlen(private_pem), true, NULL, &beacon_key), 0);
	cr_assert_eq(signing_key_raw(beacon_key, raw), 0);
	for (size_t i = 0; i < sizeof(raw); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", raw[i]);
	(void)snprintf(text, sizeof(text), POLICY, hex);
	engine.policy = fixture_compile(text);
	cr_assert(mkdtemp(directory));
	engine.state_directory = directory;
	cr_assert_eq(zones_start(&engine), 0);
	zones = engine.zones;
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	engine.supervisor_fd = fds[0];
	supervisor = fds[1];
	engine.is_published = true;
	zones_on_policy(&engine);
	zones_publish(&engine);
}

static void stop(void)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/services.names", directory);
	(void)unlink(path);
	(void)rmdir(directory);
}

TestSuite(zones, .init = start, .fini = stop);

Test(zones, shut_until_all_of_it_is_known)
{
	char letter = 0;

	cr_expect_eq(shut, 1);
	cr_expect_eq(out_of_zone, near());
	zones_tick(&engine);
	cr_expect_eq(recv(supervisor, &letter, 1, MSG_DONTWAIT), 1);
	cr_expect_eq(letter, 'Z');
	scout_comes();
	say_network("10.20.0.5", NULL);
	cr_expect_eq(shut, 1, "the search domain is not known yet");
	cr_expect_eq(note_count, 0);
	say_suffix("corp.example");
	cr_expect_eq(shut, 0);
	cr_expect_eq(out_of_zone, 0);
	cr_expect_eq(note_count, 1);
	cr_expect_str_eq(note_text, "the network is now of zone: office");
}

Test(zones, shuts_at_once_and_opens_when_it_is_quiet)
{
	scout_comes();
	say_network("10.20.0.5", NULL);
	say_suffix("corp.example");
	say_network("10.20.0.6", NULL); /* another address of the same zone: it goes on holding */
	cr_expect_eq(shut, 0);
	say_network(NULL, NULL);
	cr_expect_eq(shut, 1);
	cr_expect_eq(out_of_zone, near());
	say_network("10.20.0.5", NULL);
	cr_expect_eq(shut, 1, "the search domain may be the old network's still");
	say_suffix("other.example");
	zones->quiet_ns = clock_boot_ns(); /* a second has passed */
	zones_tick(&engine);
	cr_expect_eq(shut, 1);
	say_suffix("corp.example");
	cr_expect_eq(shut, 0);
}

Test(zones, without_scout_nothing_holds)
{
	scout_comes();
	say_network("10.20.0.5", NULL);
	say_suffix("corp.example");
	cr_expect_eq(shut, 0);
	cr_assert_eq(close(scout), 0);
	engine_reads();
	cr_expect_eq(shut, 1);
	cr_expect_eq(out_of_zone, near());
	cr_expect_eq(failure_notes, 1);
	scout_comes();
	say_network("10.20.0.5", NULL);
	say_suffix("corp.example");
	cr_expect_eq(shut, 0);
}

Test(zones, a_broken_scout_is_none)
{
	scout_comes();
	say_network("10.20.0.5", NULL);
	say_suffix("corp.example");
	cr_assert_eq(send(scout, "x", 1, 0), 1);
	engine_reads();
	cr_expect_eq(shut, 1);
	cr_expect_eq(failure_notes, 1);
	cr_expect_not(zones->has_scout);
}

Test(zones, a_beacon_answers_one_question_in_one_network)
{
	struct beacon_question first, second;

	scout_comes();
	say_network("10.30.0.5", "wireguard");
	say_suffix("x.example");
	zones_tick(&engine);
	cr_assert(next_question(&first));
	cr_expect_str_eq(first.zone, "away");
	cr_expect_not(next_question(&second), "one beacon is asked once");
	cr_expect_eq(shut, 1);
	say_answer(&first);
	cr_expect_eq(shut, 0);
	cr_expect_eq(out_of_zone, near(), "that label is for the office");
	say_network(
		"10.30.0.5", NULL); /* the tunnel is gone, and all that was proven by way of it */
	cr_expect_eq(shut, 1);
	say_network("10.30.0.5", "wireguard");
	zones->quiet_ns = clock_boot_ns();
	say_answer(&first); /* played back */
	cr_expect_eq(shut, 1);
	zones_tick(&engine);
	cr_assert(next_question(&second));
	cr_expect(memcmp(first.nonce, second.nonce, sizeof(first.nonce)) != 0);
	say_answer(&second);
	cr_expect_eq(shut, 0);
	zones->beacons[0].proven_ns -= 60 * CLOCK_SECOND_NS; /* and then it was silent */
	zones_tick(&engine);
	cr_expect_eq(shut, 1);
}

Test(zones, names_become_addresses_of_their_service)
{
	static const struct scout_name name = {.name = "mail.example",
		.is_known = true,
		.count = 1,
		.addresses = {
			{[10] = 0xff, [11] = 0xff, [12] = 192, [13] = 0, [14] = 2, [15] = 1}}};
	uint8_t buffer[1024];
	struct bytes_writer frame;

	cr_expect_eq(table_count, 2, "%zu: the network, and what keeps IPv6 apart", table_count);
	scout_comes();
	wire_begin(&frame, buffer, sizeof(buffer), SCOUT_NAME);
	scout_put_name(&frame, &name);
	say(&frame);
	zones_tick(&engine);
	cr_expect_eq(table_count, 3);
	cr_expect_eq(zones_services_at(&engine, name.addresses[0], 993), 1);
	cr_expect_eq(zones_services_at(&engine, name.addresses[0], 994), 0);
	cr_assert_eq(zones_start(&engine), 0, "another engine");
	cr_expect_eq(engine.zones->address_count, 1);
	cr_expect_eq(zones_services_at(&engine, name.addresses[0], 993), 1);
	engine.zones = zones;
	zones->addresses[0].seen_ns -= 86401 * CLOCK_SECOND_NS; /* more than a day ago */
	zones_tick(&engine);
	cr_expect_eq(table_count, 2);
}

Test(zones, a_policy_without_zones_needs_no_scout)
{
	struct policy_compiled *none = fixture_compile(GOOD);
	char byte;

	scout_comes();
	say_network("10.20.0.5", NULL);
	engine.policy = none;
	zones_on_policy(&engine);
	zones_publish(&engine);
	cr_expect_eq(out_of_zone, 0);
	cr_expect_not(zones->has_scout);
	while (recv(scout, &byte, 1, MSG_DONTWAIT) > 0) /* what was said before */
		;
	cr_expect_eq(recv(scout, &byte, 1, MSG_DONTWAIT), 0, "its socket is closed");
	zones_tick(&engine);
	cr_expect_lt(recv(supervisor, &byte, 1, MSG_DONTWAIT), 0, "none is asked for");
}
