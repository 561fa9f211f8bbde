/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-console beacon: makes its key, and answers devices that ask whether they are in a zone. It needs no
 * console: it runs where only the zone's network leads to, with nothing but its key.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/beacon.h"
#include "common/file.h"
#include "common/filter.h"
#include "common/log.h"
#include "common/privileges.h"
#include "console/cli/cli.h"
#include "policy/address.h"

#define ZONES_MAX	 16
#define LISTEN		 "[::]:4750"
#define ANSWERS_A_SECOND 2000 /* of all devices together: who floods it costs no more than that */

static const char usage[] =
	"usage: holdfast-console beacon key FILE\n"
	"       holdfast-console beacon serve --key FILE --zone NAME... [--listen ADDRESS:PORT]\n"
	"                                     [--user USER]\n"
	"key makes the beacon's private key, where there is none, and shows the public one.\n"
	"serve answers devices by UDP ([::]:4750) for these zones; see holdfast-policy(5).\n"
	"Started as root, it becomes USER (holdfast-frontend).\n";

struct beacon {
	struct signing_key *key;
	const char *zones[ZONES_MAX];
	size_t zone_count;
	const char *listen;
	const char *user;
	int fd;
};

/* NULL after saying why. */
static struct signing_key *key_open(const char *path)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	auto_free char *text = NULL;
	struct signing_key *key = NULL;
	size_t size = 0;
	int r;

	r = fd < 0 ? -errno : file_read_all(fd, SIGNING_KEY_MAX, &text, &size);
	if (r == 0)
		r = signing_key_read(text, size, true, NULL, &key);
	if (text)
		explicit_bzero(text, size);
	if (r < 0)
		(void)cli_refuse("cannot read the beacon's key '%s': %s", path,
			r == -EBADMSG		  ? "it holds no Ed25519 private key"
			: r == -EACCES && fd >= 0 ? "a beacon's key has no passphrase"
						  : strerror(-r));
	return key;
}

static int key_make(const char *path)
{
	char private_pem[SIGNING_KEY_MAX], public_pem[SIGNING_KEY_MAX];
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	size_t size;
	int r;

	if (fd < 0)
		return -errno;
	r = signing_key_make(NULL, private_pem, public_pem);
	if (r < 0)
		return r;
	size = strlen(private_pem);
	errno = EIO; /* a short write sets none */
	r = write(fd, private_pem, size) == (ssize_t)size && fsync(fd) == 0 ? 0 : -errno;
	explicit_bzero(private_pem, sizeof(private_pem));
	return r;
}

static int run_key(const char *path)
{
	auto_call(signing_key_freep) struct signing_key *key = NULL;
	uint8_t public[SIGNING_RAW];
	int r;

	r = key_make(path);
	if (r < 0 && r != -EEXIST)
		return cli_refuse("cannot make '%s': %s", path, strerror(-r));
	key = key_open(path);
	if (!key)
		return CLI_REFUSED;
	if (signing_key_raw(key, public) < 0)
		return cli_refuse("'%s' has no public half", path);
	for (size_t i = 0; i < sizeof(public); i++)
		(void)printf("%02x", public[i]);
	(void)putchar('\n');
	return CLI_DONE;
}

static int bind_to(struct beacon *beacon)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6};
	uint16_t port;
	int off = 0;

	if (policy_destination_parse(beacon->listen, (uint8_t *)&address.sin6_addr, &port) < 0)
		return -EINVAL;
	address.sin6_port = htons(port);
	beacon->fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (beacon->fd < 0 ||
		setsockopt(beacon->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0 ||
		bind(beacon->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return 0;
}

static int restrict_self(const char *user)
{
	struct privileges wanted = {.uid = getuid(), .gid = getgid(), .group = (gid_t)-1};
	int r;

	if (getuid() == 0) {
		r = privileges_find_user(user, &wanted.uid, &wanted.gid);
		if (r < 0)
			return r;
	}
	r = privileges_drop(&wanted);
	return r < 0 ? r : filter_load(FILTER_IPC);
}

static bool is_served(const struct beacon *beacon, const char *zone)
{
	for (size_t i = 0; i < beacon->zone_count; i++)
		if (!strcmp(beacon->zones[i], zone))
			return true;
	return false;
}

/* Whatever is no question of a zone of ours is not answered. */
static void answer(const struct beacon *beacon)
{
	static struct log_limit limit = {.burst = ANSWERS_A_SECOND * 60};
	uint8_t bytes[BEACON_QUESTION_SIZE + 1], reply[BEACON_ANSWER_SIZE];
	struct beacon_question question;
	struct sockaddr_in6 from;
	socklen_t from_size = sizeof(from);
	ssize_t got = recvfrom(
		beacon->fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &from_size);

	if (got < 0 || beacon_question_get(bytes, (size_t)got, &question) < 0 ||
		!is_served(beacon, question.zone) || !log_allowed(&limit))
		return;
	if (beacon_answer_make(beacon->key, &question, reply) == 0)
		(void)sendto(beacon->fd, reply, sizeof(reply), MSG_DONTWAIT | MSG_NOSIGNAL,
			(struct sockaddr *)&from, from_size); /* lost, it is asked for again */
}

static int run_serve(struct beacon *beacon, const char *key_path)
{
	int r;

	beacon->key = key_open(key_path);
	if (!beacon->key)
		return CLI_REFUSED;
	r = bind_to(beacon);
	if (r < 0)
		return cli_refuse("cannot listen at '%s': %s", beacon->listen, strerror(-r));
	r = restrict_self(beacon->user);
	if (r < 0)
		return cli_refuse("cannot give up privileges%s%s: %s",
			r == -ENOENT ? ", there is no user " : "", r == -ENOENT ? beacon->user : "",
			strerror(-r));
	(void)printf("answering at %s\n", beacon->listen);
	(void)fflush(stdout);
	for (;;)
		answer(beacon);
}

int cli_beacon(int argc, char **argv)
{
	static const struct option known[] = {{"key", required_argument, NULL, 'k'},
		{"zone", required_argument, NULL, 'z'}, {"listen", required_argument, NULL, 'l'},
		{"user", required_argument, NULL, 'u'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct beacon beacon = {.listen = LISTEN, .user = CLI_FRONTEND_USER, .fd = -EBADF};
	const char *verb = argc > 1 ? argv[1] : "", *key = NULL;
	int option;

	if (!strcmp(verb, "--help") || !strcmp(verb, "-h"))
		return fputs(usage, stdout), CLI_DONE;
	if (!strcmp(verb, "key"))
		return argc == 3 ? run_key(argv[2]) : cli_usage(usage);
	if (strcmp(verb, "serve") != 0)
		return cli_usage(usage);
	optind = 2;
	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'k')
			key = optarg;
		else if (option == 'l')
			beacon.listen = optarg;
		else if (option == 'u')
			beacon.user = optarg;
		else if (option == 'z' && beacon.zone_count < ZONES_MAX)
			beacon.zones[beacon.zone_count++] = optarg;
		else
			return option == 'h' ? (fputs(usage, stdout), CLI_DONE) : cli_usage(usage);
	}
	if (optind != argc || !key || !beacon.zone_count)
		return cli_usage(usage);
	return run_serve(&beacon, key);
}
