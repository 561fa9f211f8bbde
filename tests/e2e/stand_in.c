/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frontend and the authority as they are, and a stand-in for the store: it keeps devices in
 * memory and refuses on demand, so that every answer of a store can be had without one.
 *
 *   stand-in serve DIR [frontend's options]    makes DIR/ca and DIR/tls when they are not there
 *   stand-in certificate CA_DIR SECONDS UID    CSR (DER) on standard input, certificate (DER) out,
 *                                              as if signed so many seconds from now
 *
 * Commands on standard input: revoke|suspend|trust UID, then CHANGED goes out; stop.
 * Tokens: good, pending, once, expired, used, revoked, mute (no answer). A batch's first byte: G gap,
 * C chain, B busy, M no answer; anything else is taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "common/channel.h"
#include "common/log.h"
#include "console/authority/authority.h"
#include "console/authority/ca_files.h"
#include "console/frontend/frontend.h"
#include "console/ipc/messages.h"
#include "common/uuid.h"

#define TENANT	   "11111111-2222-4333-8444-555555555555"
#define DEVICE_MAX 20000
#define ARGUMENTS  64

struct device {
	uint8_t uid[CONSOLE_UID_SIZE], key[32], certificate[32], earlier[32];
	uint8_t key_next[32];
	uint8_t state;
	uint64_t ack;
};

static struct device *devices;
static unsigned int device_count, once_used;
static struct channel frontend;
static uint8_t frame_bytes[WIRE_FRAME_MAX], packet[WIRE_FRAME_MAX];

static struct device *find(size_t offset, const uint8_t *value, size_t size)
{
	for (unsigned int i = 0; i < device_count; i++)
		if (!memcmp((uint8_t *)&devices[i] + offset, value, size))
			return &devices[i];
	return NULL;
}

static void send_device(uint16_t type, uint64_t id, uint16_t refusal, const struct device *device)
{
	struct console_device answer = {
		.id = id, .refusal = refusal, .tenant = TENANT, .seal_key = {1, 2, 3}};
	struct bytes_writer frame;

	if (device) {
		answer.state = device->state;
		answer.ack = device->ack;
		answer.link[0] = 0xab;
		memcpy(answer.device, device->uid, sizeof(answer.device));
	}
	wire_begin(&frame, frame_bytes, sizeof(frame_bytes), type);
	console_put_device(&frame, &answer);
	if (channel_send(&frontend, &frame, -1) < 0)
		exit(0); /* it has gone */
}

static uint16_t refusal_of_token(const char *token)
{
	if (!strcmp(token, "good") || !strcmp(token, "pending"))
		return REFUSAL_NONE;
	if (!strcmp(token, "once"))
		return once_used++ ? REFUSAL_TOKEN_USED : REFUSAL_NONE;
	if (!strcmp(token, "expired"))
		return REFUSAL_TOKEN_EXPIRED;
	return !strcmp(token, "revoked") ? REFUSAL_TOKEN_REVOKED : REFUSAL_TOKEN_UNKNOWN;
}

static void on_enrol(struct bytes_reader *payload)
{
	struct console_enrol enrol;
	struct device *device;
	uint16_t refusal;

	console_get_enrol(payload, &enrol);
	if (!strcmp(enrol.token, "mute"))
		return;
	refusal = refusal_of_token(enrol.token);
	if (refusal == REFUSAL_NONE && find(offsetof(struct device, key), enrol.key, 32))
		refusal = REFUSAL_KEY_TAKEN;
	if (refusal == REFUSAL_NONE && device_count == DEVICE_MAX)
		refusal = REFUSAL_STORE_FULL;
	if (refusal != REFUSAL_NONE) {
		send_device(CONSOLE_ENROLLED, enrol.id, refusal, NULL);
		return;
	}
	device = &devices[device_count++];
	device->state = strcmp(enrol.token, "pending") ? DEVICE_TRUSTED : DEVICE_PENDING;
	memcpy(device->key, enrol.key, sizeof(device->key));
	(void)!getrandom(device->uid, sizeof(device->uid), 0);
	send_device(CONSOLE_ENROLLED, enrol.id, REFUSAL_NONE, device);
}

static uint16_t refusal_of(const struct console_who *who, struct device **ret_device)
{
	struct device *device = find(offsetof(struct device, certificate), who->certificate, 32);

	*ret_device = device;
	if (!device && find(offsetof(struct device, earlier), who->certificate, 32))
		return REFUSAL_CERTIFICATE_REPLACED;
	if (!device)
		return REFUSAL_CERTIFICATE_UNKNOWN;
	if (device->state == DEVICE_PENDING)
		return REFUSAL_DEVICE_PENDING;
	if (device->state == DEVICE_SUSPENDED)
		return REFUSAL_DEVICE_SUSPENDED;
	return device->state == DEVICE_REVOKED ? REFUSAL_DEVICE_REVOKED : REFUSAL_NONE;
}

static void on_renew(struct bytes_reader *payload)
{
	struct console_enrol enrol;
	struct console_who who;
	struct device *device;
	uint16_t refusal;

	console_get_enrol(payload, &enrol);
	memcpy(who.certificate, enrol.certificate, sizeof(who.certificate));
	refusal = refusal_of(&who, &device);
	if (refusal == REFUSAL_NONE && !memcmp(device->key, enrol.key, 32))
		refusal = REFUSAL_KEY_REUSED;
	if (refusal == REFUSAL_NONE)
		memcpy(device->key_next, enrol.key, 32);
	send_device(CONSOLE_ENROLLED, enrol.id, refusal, device);
}

static void on_certified(struct bytes_reader *payload)
{
	static struct console_certified certified;
	struct device *device;
	struct bytes_writer frame;

	console_get_certified(payload, &certified);
	device = find(offsetof(struct device, uid), certified.device, CONSOLE_UID_SIZE);
	if (!device)
		abort();
	memcpy(device->earlier, device->certificate, 32);
	(void)SHA256(certified.certificate, certified.size, device->certificate);
	wire_begin(&frame, frame_bytes, sizeof(frame_bytes), CONSOLE_DONE);
	console_put_done(&frame, &(const struct console_done){.id = certified.id});
	if (channel_send(&frontend, &frame, -1) < 0)
		exit(0);
}

static void on_who(struct bytes_reader *payload, bool is_batch)
{
	struct console_who who;
	struct device *device;
	uint16_t refusal;
	uint8_t first;

	console_get_who(payload, &who);
	refusal = refusal_of(&who, &device);
	if (is_batch && refusal == REFUSAL_NONE) {
		first = bytes_get_u8(payload);
		if (first == 'M')
			return;
		refusal = first == 'G'	 ? REFUSAL_BATCH_GAP
			  : first == 'C' ? REFUSAL_BATCH_CHAIN
			  : first == 'B' ? REFUSAL_BUSY
					 : REFUSAL_NONE;
		device->ack += refusal == REFUSAL_NONE;
	}
	send_device(is_batch ? CONSOLE_TAKEN : CONSOLE_DEVICE_IS, who.id, refusal, device);
}

/* There is never one. */
static void on_poll(struct bytes_reader *payload)
{
	struct console_policy answer = {0};
	struct console_poll poll;
	struct console_who who;
	struct bytes_writer frame;
	struct device *device;

	console_get_poll(payload, &poll);
	memcpy(who.certificate, poll.certificate, sizeof(who.certificate));
	answer.id = poll.id;
	answer.refusal = refusal_of(&who, &device);
	wire_begin(&frame, frame_bytes, sizeof(frame_bytes), CONSOLE_POLICY_IS);
	console_put_policy(&frame, &answer);
	if (channel_send(&frontend, &frame, -1) < 0)
		exit(0);
}

/* No authority says anything in this store's name. */
static void on_lease(struct bytes_reader *payload)
{
	static struct console_word answer;
	struct console_who who;
	struct bytes_writer frame;
	struct device *device;

	console_get_who(payload, &who);
	answer = (struct console_word){.id = who.id, .refusal = refusal_of(&who, &device)};
	if (answer.refusal == REFUSAL_NONE)
		answer.refusal = REFUSAL_LEASE;
	wire_begin(&frame, frame_bytes, sizeof(frame_bytes), CONSOLE_LEASE_IS);
	console_put_word(&frame, &answer);
	if (channel_send(&frontend, &frame, -1) < 0)
		exit(0);
}

static void on_frontend(void)
{
	struct bytes_reader payload;
	uint16_t type;
	int fd, r;

	r = channel_receive(&frontend, packet, sizeof(packet), &fd);
	if (r == 0)
		exit(0);
	if (r < 0 || wire_open(packet, (size_t)r, &type, &payload) < 0)
		abort();
	switch (type) {
	case CONSOLE_ENROL:
		on_enrol(&payload);
		break;
	case CONSOLE_RENEW:
		on_renew(&payload);
		break;
	case CONSOLE_CERTIFIED:
		on_certified(&payload);
		break;
	case CONSOLE_POLICY:
		on_poll(&payload);
		break;
	case CONSOLE_LEASE:
		on_lease(&payload);
		break;
	case CONSOLE_DEVICE:
	case CONSOLE_DESCRIBE:
	case CONSOLE_EVENTS:
		on_who(&payload, type == CONSOLE_EVENTS);
		break;
	default:
		abort();
	}
	if (payload.is_bad)
		abort();
}

static void on_command(void)
{
	static const struct {
		const char *word;
		uint8_t state;
	} words[] = {{"revoke", DEVICE_REVOKED}, {"suspend", DEVICE_SUSPENDED},
		{"trust", DEVICE_TRUSTED}};
	char line[128], word[16], text[64];
	uint8_t uid[CONSOLE_UID_SIZE];
	struct device *device;

	if (!fgets(line, sizeof(line), stdin) || sscanf(line, "%15s %63s", word, text) < 2)
		exit(0);
	device = uuid_parse(text, uid) < 0 ? NULL
					   : find(offsetof(struct device, uid), uid, sizeof(uid));
	for (unsigned int i = 0; device && i < 3; i++)
		if (!strcmp(words[i].word, word)) {
			device->state = words[i].state;
			send_device(CONSOLE_CHANGED, 0, REFUSAL_NONE, device);
		}
	printf("%s\n", device ? "done" : "unknown");
	(void)fflush(stdout);
}

static pid_t start(const char *const *arguments, int keep, int keep_too)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)fcntl(keep, F_SETFD, 0);
	if (keep_too >= 0)
		(void)fcntl(keep_too, F_SETFD, 0);
	(void)close(STDIN_FILENO);
	(void)open("/dev/null", O_RDONLY);
	execv("/proc/self/exe", (char *const *)arguments);
	_exit(127);
}

static void make_directories(const char *directory, char ca[], char tls[], size_t size)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "::1"};
	char words[TOKEN_WORDS_MAX];
	int ca_fd, tls_fd, r;

	(void)snprintf(ca, size, "%s/ca", directory);
	(void)snprintf(tls, size, "%s/tls", directory);
	(void)mkdir(ca, 0700);
	(void)mkdir(tls, 0700);
	ca_fd = open(ca, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tls_fd = open(tls, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = ca_files_create(ca_fd, &(const struct ca_plan){TENANT, "a passphrase", NULL}, words);
	if (r == 0)
		r = ca_files_server(ca_fd, tls_fd, names, 3);
	if (r < 0 && r != -EEXIST)
		fatal("cannot make certificates: %s", strerror(-r));
	(void)close(ca_fd);
	(void)close(tls_fd);
}

static int serve(int argc, char **argv)
{
	const char *front[ARGUMENTS] = {argv[0], "frontend"}, *authority[ARGUMENTS];
	char ca[4096], tls[4096], store_fd[32], authority_fd[32], frontend_fd[32], life_fd[32];
	int to_store[2], to_authority[2], life[2];
	struct pollfd polls[2] = {{.events = POLLIN}, {.events = POLLIN}};
	pid_t pids[2];
	char sign;

	make_directories(argv[2], ca, tls, sizeof(ca));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, to_store) < 0 ||
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, to_authority) < 0 ||
		pipe2(life, O_CLOEXEC) < 0)
		return 1;
	(void)snprintf(store_fd, sizeof(store_fd), "--store-fd=%d", to_store[1]);
	(void)snprintf(authority_fd, sizeof(authority_fd), "--authority-fd=%d", to_authority[0]);
	(void)snprintf(frontend_fd, sizeof(frontend_fd), "--frontend-fd=%d", to_authority[1]);
	(void)snprintf(life_fd, sizeof(life_fd), "--life-fd=%d", life[1]);
	memcpy(authority, (const char *[]){argv[0], "authority", "--ca-dir", ca, frontend_fd, NULL},
		6 * sizeof(authority[0]));
	pids[0] = start(authority, to_authority[1], -1);
	memcpy(front + 2, (const char *[]){"--tls-dir", tls, store_fd, authority_fd, life_fd},
		5 * sizeof(front[0]));
	for (int i = 3; i < argc && i + 4 < ARGUMENTS - 1; i++)
		front[i + 4] = argv[i];
	(void)fcntl(life[1], F_SETFD, 0);
	pids[1] = start(front, to_store[1], to_authority[0]);
	(void)close(to_store[1]);
	(void)close(to_authority[0]);
	(void)close(to_authority[1]);
	(void)close(life[1]);
	if (read(life[0], &sign, 1) != 1 || sign != 'R')
		return 1;
	printf("ready frontend=%d authority=%d\n", pids[1], pids[0]);
	(void)fflush(stdout);
	devices = calloc(DEVICE_MAX, sizeof(*devices));
	channel_init(&frontend, to_store[0], 0);
	polls[0].fd = frontend.fd;
	polls[1].fd = STDIN_FILENO;
	while (devices) {
		polls[0].events = channel_events(&frontend);
		(void)poll(polls, 2, -1);
		if (polls[0].revents & POLLOUT)
			(void)channel_flush(&frontend);
		if (polls[0].revents & (POLLIN | POLLHUP))
			on_frontend();
		if (polls[1].revents & (POLLIN | POLLHUP))
			on_command();
	}
	return 1;
}

static int certificate(char **argv)
{
	static uint8_t csr[CONSOLE_CSR_MAX];
	size_t size = fread(csr, 1, sizeof(csr), stdin), out_size;
	int fd = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct ca_subject subject = {argv[4], TENANT};
	struct ca_files files;
	uint8_t *out;

	if (ca_files_open(fd, &files) < 0 ||
		ca_device_sign(&files.issuing, csr, size, &subject, time(NULL) + atol(argv[3]),
			&out, &out_size) < 0)
		return 1;
	return fwrite(out, 1, out_size, stdout) == out_size ? 0 : 1;
}

int main(int argc, char **argv)
{
	log_open("stand-in", false);
	if (argc > 1 && !strcmp(argv[1], "frontend"))
		return frontend_main(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "authority"))
		return authority_main(argc - 1, argv + 1);
	if (argc > 2 && !strcmp(argv[1], "serve"))
		return serve(argc, argv);
	if (argc == 5 && !strcmp(argv[1], "certificate"))
		return certificate(argv);
	return 2;
}
