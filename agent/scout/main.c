/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-scout: started by holdfastd, as its own user, when a policy has zones. Descriptor 3 is the
 * socket to the engine, whose end means to stop. It reads what the kernel, resolv.conf, the name service and
 * whoever answers a beacon's question say, and passes it on in one form; it decides nothing, and has
 * no right that its user has not.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/scout/dump.h"
#include "agent/scout/names.h"
#include "agent/scout/resolv.h"
#include "common/channel.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/filter.h"
#include "common/log.h"
#include "common/privileges.h"

#define ENGINE_FD    3
#define TURN_MS	     500 /* how often resolv.conf is looked at */
#define ANSWERS_MAX  64	 /* datagrams taken in one turn */
#define DISCARD_PORT 9
#define POKE_NS	     CLOCK_SECOND_NS
#define POKE_MAX     10 /* times since the last change */

/* What systemd-resolved knows of all links together stands in the second. */
static const char *const resolv_paths[] = {"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"};

#define RESOLV_COUNT (sizeof(resolv_paths) / sizeof(resolv_paths[0]))

struct scout {
	struct channel engine;
	struct dump dump;
	struct names names;
	int udp4_fd, udp6_fd; /* own; -EBADF without that protocol */
	bool wants_mac;
	bool has_network, has_suffixes; /* told */
	struct scout_network network;	/* as told last */
	struct scout_suffixes suffixes;
	struct stat resolv[RESOLV_COUNT];
	uint64_t poked_ns;
	unsigned int pokes;
};

static uint8_t frame_buffer[WIRE_FRAME_MAX]; /* of the one message being written */

static void tell(struct scout *scout, struct bytes_writer *frame)
{
	int r = channel_send(&scout->engine, frame, -1);

	if (r < 0)
		fatal("cannot tell the engine: %s, stopping", strerror(-r));
}

static void begin(struct bytes_writer *frame, enum scout_message type)
{
	wire_begin(frame, frame_buffer, sizeof(frame_buffer), (uint16_t)type);
}

/* Whether they differ in more than in who answers for a router. */
static bool is_other_network(const struct scout_network *a, const struct scout_network *b)
{
	if (a->gateway_count != b->gateway_count)
		return true;
	for (size_t i = 0; i < a->gateway_count; i++)
		if (memcmp(a->gateways[i].address, b->gateways[i].address, 16) != 0)
			return true;
	return a->address_count != b->address_count || a->link_count != b->link_count ||
	       memcmp(a->addresses, b->addresses, sizeof(a->addresses)) != 0 ||
	       memcmp(a->links, b->links, sizeof(a->links)) != 0;
}

static void on_whole(struct scout *scout)
{
	static struct scout_network network;
	struct bytes_writer frame;

	netlink_network(&scout->dump.tables, &network);
	if (scout->has_network && !memcmp(&network, &scout->network, sizeof(network)))
		return;
	if (!scout->has_network || is_other_network(&network, &scout->network)) {
		names_again(&scout->names);
		scout->pokes = 0;
	}
	scout->network = network;
	scout->has_network = true;
	begin(&frame, SCOUT_NETWORK);
	scout_put_network(&frame, &network);
	tell(scout, &frame);
}

static int datagram_send(
	struct scout *scout, const struct sockaddr_in6 *to, const void *bytes, size_t size)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = to->sin6_port};
	bool is_four = !memcmp(&to->sin6_addr, mapped, sizeof(mapped));
	int fd = is_four ? scout->udp4_fd : scout->udp6_fd;

	if (fd < 0)
		return -EAFNOSUPPORT;
	memcpy(&four.sin_addr, (const uint8_t *)&to->sin6_addr + sizeof(mapped), 4);
	if (sendto(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL,
		    is_four ? (const struct sockaddr *)&four : (const struct sockaddr *)to,
		    is_four ? sizeof(four) : sizeof(*to)) < 0)
		return -errno;
	return 0;
}

/* Nobody has asked this machine's routers for their hardware address yet: an empty datagram does. */
static void poke_gateways(struct scout *scout)
{
	uint64_t now = clock_boot_ns();

	if (!scout->wants_mac || !scout->has_network || scout->pokes >= POKE_MAX ||
		now - scout->poked_ns < POKE_NS)
		return;
	for (size_t i = 0; i < scout->network.gateway_count; i++) {
		const struct zone_gateway *gateway = &scout->network.gateways[i];
		struct sockaddr_in6 to = {
			.sin6_family = AF_INET6, .sin6_port = htons(DISCARD_PORT)};

		if (gateway->has_mac)
			continue;
		memcpy(&to.sin6_addr, gateway->address, 16);
		for (size_t j = 0; j < scout->dump.tables.gateway_count; j++)
			if (!memcmp(scout->dump.tables.gateways[j].address, gateway->address, 16))
				to.sin6_scope_id = (uint32_t)scout->dump.tables.gateways[j].link;
		(void)datagram_send(scout, &to, "", 0); /* as well as it goes */
		scout->poked_ns = now;
	}
	if (scout->poked_ns == now)
		scout->pokes++;
}

static bool has_resolv_changed(struct scout *scout)
{
	bool has_changed = false;

	for (size_t i = 0; i < RESOLV_COUNT; i++) {
		struct stat status, *known = &scout->resolv[i];

		if (stat(resolv_paths[i], &status) < 0)
			status = (struct stat){0};
		if (status.st_ino != known->st_ino || status.st_size != known->st_size ||
			status.st_mtim.tv_sec != known->st_mtim.tv_sec ||
			status.st_mtim.tv_nsec != known->st_mtim.tv_nsec)
			has_changed = true;
		*known = status;
	}
	return has_changed;
}

static void look_at_resolv(struct scout *scout)
{
	static struct scout_suffixes suffixes;
	static char text[RESOLV_SIZE_MAX];
	struct bytes_writer frame;

	if (!has_resolv_changed(scout) && scout->has_suffixes)
		return;
	memset(&suffixes, 0, sizeof(suffixes));
	for (size_t i = 0; i < RESOLV_COUNT; i++) {
		auto_close int fd = open(resolv_paths[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text));

		if (got > 0)
			resolv_read(text, (size_t)got, &suffixes);
	}
	if (scout->has_suffixes && !memcmp(&suffixes, &scout->suffixes, sizeof(suffixes)))
		return;
	scout->suffixes = suffixes;
	scout->has_suffixes = true;
	begin(&frame, SCOUT_SUFFIXES);
	scout_put_suffixes(&frame, &suffixes);
	tell(scout, &frame);
}

static void on_want(struct scout *scout, struct bytes_reader *payload)
{
	static struct scout_want want;

	scout_get_want(payload, &want);
	if (!bytes_is_done(payload))
		return; /* fatal in on_engine */
	scout->wants_mac = want.wants_mac;
	scout->pokes = 0;
	names_want(&scout->names, &want);
}

static void on_ask(struct scout *scout, struct bytes_reader *payload)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6};
	struct scout_ask ask;

	scout_get_ask(payload, &ask);
	if (!bytes_is_done(payload))
		return; /* fatal in on_engine */
	to.sin6_port = htons(ask.port);
	memcpy(&to.sin6_addr, ask.address, 16);
	/* Not sent, it is not answered, and asked again. */
	(void)datagram_send(scout, &to, ask.question, sizeof(ask.question));
}

static void on_engine(struct scout *scout)
{
	static uint8_t packet[WIRE_FRAME_MAX];

	for (;;) {
		auto_close int fd = -EBADF;
		struct bytes_reader payload;
		uint16_t type;
		int size = channel_receive(&scout->engine, packet, sizeof(packet), &fd);

		if (size == -EAGAIN)
			return;
		if (size == 0)
			exit(EXIT_SUCCESS);
		if (size < 0 || wire_open(packet, (size_t)size, &type, &payload) < 0)
			fatal("broken frame from the engine, stopping");
		if (type == SCOUT_WANT)
			on_want(scout, &payload);
		else if (type == SCOUT_ASK)
			on_ask(scout, &payload);
		if ((type != SCOUT_WANT && type != SCOUT_ASK) || !bytes_is_done(&payload))
			fatal("the engine sent message %u, which does not fit, stopping", type);
	}
}

static void on_datagrams(struct scout *scout, int fd)
{
	for (unsigned int i = 0; i < ANSWERS_MAX; i++) {
		uint8_t bytes[BEACON_ANSWER_SIZE + 1];
		struct beacon_answer answer;
		struct bytes_writer frame;
		ssize_t got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (got < 0 && errno == EAGAIN)
			return;
		if (got < 0 || beacon_answer_get(bytes, (size_t)got, &answer) < 0)
			continue; /* somebody's; or told that a port is closed */
		begin(&frame, SCOUT_ANSWER);
		scout_put_answer(&frame, &answer);
		tell(scout, &frame);
	}
}

static void on_names(struct scout *scout)
{
	static struct scout_name name;
	struct bytes_writer frame;

	if (!names_on_answer(&scout->names, &name))
		return;
	begin(&frame, SCOUT_NAME);
	scout_put_name(&frame, &name);
	tell(scout, &frame);
}

static void start(struct scout *scout)
{
	const struct privileges wanted = {.uid = getuid(), .gid = getgid(), .group = (gid_t)-1};
	int r;

	if (getuid() == 0)
		fatal("does not run as root: holdfastd(8) starts it as user holdfast-scout, "
		      "stopping");
	r = privileges_drop(&wanted);
	if (r < 0)
		fatal("cannot give up privileges: %s, stopping", strerror(-r));
	r = names_start(&scout->names);
	if (r < 0)
		fatal("cannot start who resolves names: %s, stopping", strerror(-r));
	r = dump_open(&scout->dump);
	if (r < 0)
		fatal("cannot ask the kernel for the network: %s, stopping", strerror(-r));
	scout->udp4_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	scout->udp6_fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	channel_init(&scout->engine, ENGINE_FD, 0);
	r = filter_load(FILTER_IPC | FILTER_READ);
	if (r < 0)
		fatal("cannot load the system call filter: %s, stopping", strerror(-r));
}

static void turn(struct scout *scout)
{
	struct pollfd polls[] = {
		{ENGINE_FD, channel_events(&scout->engine), 0},
		{scout->dump.events_fd, POLLIN, 0},
		{scout->dump.asked_fd, POLLIN, 0},
		{scout->names.fd, POLLIN, 0},
		{scout->udp4_fd, POLLIN, 0},
		{scout->udp6_fd, POLLIN, 0},
	};

	(void)poll(polls, sizeof(polls) / sizeof(polls[0]), TURN_MS); /* interrupted: once more */
	if ((polls[0].revents & POLLOUT) && channel_flush(&scout->engine) < 0)
		fatal("the engine is gone: %m, stopping");
	if (polls[0].revents & (POLLIN | POLLHUP | POLLERR))
		on_engine(scout);
	if (polls[1].revents)
		dump_on_event(&scout->dump);
	if (polls[2].revents && dump_on_answer(&scout->dump))
		on_whole(scout);
	if (polls[3].revents)
		on_names(scout);
	if (polls[4].revents)
		on_datagrams(scout, scout->udp4_fd);
	if (polls[5].revents)
		on_datagrams(scout, scout->udp6_fd);
	dump_tick(&scout->dump);
	look_at_resolv(scout);
	poke_gateways(scout);
	names_tick(&scout->names);
}

int main(int argc, char **argv)
{
	static struct scout scout;

	if (argc > 2 || fcntl(ENGINE_FD, F_GETFD) < 0) {
		(void)fprintf(stderr, "holdfast-scout is started by holdfastd(8)\n");
		return 2;
	}
	log_open("holdfast-scout", argc == 2 && !strcmp(argv[1], "--verbose"));
	start(&scout);
	for (;;)
		turn(&scout);
}
