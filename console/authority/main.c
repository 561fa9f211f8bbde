/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-console authority: the issuing key and two sockets. The one is to the frontend, which is
 * not trusted: it is where outside bytes go. A frontend that is broken into can have certificates
 * made while it is there, each recorded here, but gets no key. The other is to the store, which
 * decides what is said of devices. What either may not say ends this process.
 */
#include "console/authority/authority.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/channel.h"
#include "common/filter.h"
#include "common/log.h"
#include "console/authority/ca_files.h"
#include "console/authority/certificate.h"
#include "console/authority/csr.h"
#include "console/authority/key_service.h"
#include "console/authority/trust.h"
#include "console/ipc/messages.h"
#include "console/ipc/process.h"
#include "common/uuid.h"

#define SECRET_HEAP 65536

struct authority {
	const char *directory, *keys_directory, *user; /* keys_directory: NULL = none */
	int frontend_fd, store_fd, life_fd;	       /* store_fd: -1 = none */
	struct ca_files files;
	struct trust trust;
	struct key_service keys;
	struct channel frontend, store;
};

static volatile sig_atomic_t is_stopping;
static struct log_limit word_log = {.burst = 6};

static void on_signal(int number)
{
	(void)number;
	is_stopping = 1;
}

static int parse_options(int argc, char **argv, struct authority *authority)
{
	static const struct option known[] = {
		{"ca-dir", required_argument, NULL, 'c'},
		{"keys-dir", required_argument, NULL, 'k'},
		{"frontend-fd", required_argument, NULL, 'f'},
		{"store-fd", required_argument, NULL, 's'},
		{"user", required_argument, NULL, 'u'},
		{"life-fd", required_argument, NULL, 'l'},
		{"verbose", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		switch (option) {
		case 'c':
			authority->directory = optarg;
			break;
		case 'k':
			authority->keys_directory = optarg;
			break;
		case 'f':
			authority->frontend_fd = process_fd(optarg);
			break;
		case 's':
			authority->store_fd = process_fd(optarg);
			if (authority->store_fd < 0)
				return -EINVAL;
			break;
		case 'u':
			authority->user = optarg;
			break;
		case 'l':
			authority->life_fd = process_life_fd(optarg);
			if (authority->life_fd < 0)
				return -EINVAL;
			break;
		case 'v':
			log_open("holdfast-console[authority]", true);
			break;
		default:
			return -EINVAL;
		}
	}
	return optind == argc && authority->directory && authority->frontend_fd >= 0 ? 0 : -EINVAL;
}

static void read_key(struct authority *authority)
{
	int fd = open(authority->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -errno : ca_files_open(fd, &authority->files);

	if (r < 0 && fd >= 0 && authority->files.words[0])
		fatal("the issuing key can't be used: %s, stopping", authority->files.words);
	if (r < 0)
		fatal("cannot read the issuing authority in '%s': %s%s, stopping",
			authority->directory, strerror(-r),
			r == -EACCES ? " (others may read the key?)" : "");
	(void)close(fd); /* only read */
}

static void rehearse_word(struct authority *authority)
{
	static const struct console_wish nothing = {.state = DEVICE_PENDING, .serial = 1};
	static struct console_word word; /* too large for the stack */

	trust_say(&authority->trust, &authority->files.issuing, &nothing, time(NULL), &word);
	if (word.refusal != REFUSAL_NONE)
		fatal("cannot sign a lease, stopping");
}

/*
 * One certificate and one word for nobody: whether the key signs, and all that OpenSSL loads and looks up on
 * the way is there before the filter is.
 */
static void rehearse(struct authority *authority)
{
	static const struct ca_subject nobody = {"00000000-0000-0000-0000-000000000000", "none"};
	EVP_PKEY *key = certificate_key_new("P-256");
	X509_REQ *request = X509_REQ_new();
	uint8_t *csr = NULL, *der = NULL;
	size_t size;
	int r = -EIO, csr_size;

	if (key && request && X509_REQ_set_pubkey(request, key) &&
		X509_REQ_sign(request, key, EVP_sha256()) > 0) {
		csr_size = i2d_X509_REQ(request, &csr);
		if (csr_size > 0)
			r = ca_device_sign(&authority->files.issuing, csr, (size_t)csr_size,
				&nobody, time(NULL), &der, &size);
	}
	if (r < 0)
		fatal("cannot sign with the issuing key: %s, stopping",
			r == -ESTALE ? "its certificate has expired" : strerror(-r));
	trust_done(&authority->trust);
	if (trust_refresh(&authority->trust, &authority->files.issuing, time(NULL)) < 0)
		fatal("cannot make a key for leases, stopping");
	rehearse_word(authority);
	OPENSSL_free(csr);
	OPENSSL_free(der);
	X509_REQ_free(request);
	EVP_PKEY_free(key);
}

static void send_frame(struct authority *authority, struct bytes_writer *frame)
{
	int r = channel_send(&authority->frontend, frame, -1);

	if (r == -EPIPE || r == -ECONNRESET)
		fatal("the frontend is gone, stopping");
	if (r < 0)
		fatal("cannot answer the frontend: %s, stopping", strerror(-r));
}

static void put_certificate(struct console_chain *chain, X509 *certificate)
{
	uint8_t *der = NULL;
	int size = i2d_X509(certificate, &der);

	if (size <= 0 || size > CONSOLE_CERTIFICATE_MAX)
		fatal("a certificate of the authority is larger than it may be, stopping");
	memcpy(chain->certificates[chain->count].bytes, der, (size_t)size);
	chain->certificates[chain->count++].size = (uint16_t)size;
	OPENSSL_free(der);
}

static void send_chain(struct authority *authority)
{
	static struct console_chain chain;
	static uint8_t bytes[WIRE_FRAME_MAX];
	struct bytes_writer frame;

	put_certificate(&chain, authority->files.issuing.certificate);
	put_certificate(&chain, authority->files.root);
	wire_begin(&frame, bytes, sizeof(bytes), CONSOLE_CHAIN);
	console_put_chain(&frame, &chain);
	send_frame(authority, &frame);
}

/* A refusal is the frontend's to log; what is signed is recorded here too, where it can't be kept quiet. */
static void sign(struct authority *authority, const struct console_sign *wish)
{
	static struct console_signed answer;
	static uint8_t bytes[WIRE_FRAME_MAX];
	char device[UUID_TEXT_SIZE];
	struct bytes_writer frame;
	uint8_t *der = NULL;
	size_t size = 0;
	int r;

	uuid_format(wish->device, device);
	r = ca_device_sign(&authority->files.issuing, wish->csr, wish->size,
		&(const struct ca_subject){device, wish->tenant}, time(NULL), &der, &size);
	if (r == 0 && size > sizeof(answer.certificate))
		r = -EMSGSIZE;
	answer.id = wish->id;
	answer.size = 0;
	answer.refusal = r == 0 ? REFUSAL_NONE : r == -EBADMSG ? REFUSAL_CSR : REFUSAL_INTERNAL;
	if (r == 0) {
		answer.size = (uint16_t)size;
		memcpy(answer.certificate, der, size);
		log_info("signed a certificate for device %s of '%s'", device, wish->tenant);
	} else if (r != -EBADMSG) {
		log_error("cannot sign a certificate for device %s of '%s': %s, refusing", device,
			wish->tenant, strerror(-r));
	}
	ERR_clear_error();
	OPENSSL_free(der);
	wire_begin(&frame, bytes, sizeof(bytes), CONSOLE_SIGNED);
	console_put_signed(&frame, &answer);
	send_frame(authority, &frame);
}

/* False once the frontend is gone. */
static bool on_frontend(struct authority *authority)
{
	static uint8_t packet[WIRE_FRAME_MAX];
	static struct console_sign wish;
	struct bytes_reader payload;
	uint16_t type;
	int fd, r;

	r = channel_receive(&authority->frontend, packet, sizeof(packet), &fd);
	if (r == -EAGAIN)
		return true;
	if (r == 0)
		return false;
	if (r > 0 && fd >= 0)
		fatal("the frontend sent a descriptor, stopping");
	if (r > 0)
		r = wire_open(packet, (size_t)r, &type, &payload);
	if (r < 0)
		fatal("cannot read what the frontend says: %s, stopping", strerror(-r));
	if (type != CONSOLE_SIGN)
		fatal("the frontend sent a message of type %u, stopping", type);
	console_get_sign(&payload, &wish);
	if (!bytes_is_done(&payload))
		fatal("the frontend sent a broken message, stopping");
	sign(authority, &wish);
	return true;
}

static void answer_store(struct authority *authority, struct bytes_writer *frame)
{
	int r = channel_send(&authority->store, frame, -1);

	if (r < 0)
		fatal("cannot answer the store: %s, stopping", strerror(-r));
}

static void check_store(const struct bytes_reader *payload)
{
	if (!bytes_is_done(payload))
		fatal("the store sent a broken message, stopping");
}

static void answer_word(struct authority *authority, uint16_t type, const struct console_word *word)
{
	static uint8_t bytes[WIRE_HEADER_SIZE + sizeof(struct console_word)];
	struct bytes_writer frame;

	wire_begin(&frame, bytes, sizeof(bytes), type);
	console_put_word(&frame, word);
	answer_store(authority, &frame);
}

static void on_wish(struct authority *authority, struct bytes_reader *payload)
{
	static struct console_word word;
	struct console_wish wish;

	console_get_wish(payload, &wish);
	check_store(payload);
	trust_say(&authority->trust, &authority->files.issuing, &wish, time(NULL), &word);
	if (word.refusal != REFUSAL_NONE && log_allowed(&word_log))
		log_error("cannot sign a lease, refusing it: has the issuing certificate expired?");
	ERR_clear_error();
	answer_word(authority, CONSOLE_WORD_IS, &word);
}

static void on_make(struct authority *authority, struct bytes_reader *payload)
{
	uint8_t bytes[WIRE_HEADER_SIZE + sizeof(struct console_made)];
	struct console_make make;
	struct console_made made;
	struct bytes_writer frame;

	console_get_make(payload, &make);
	check_store(payload);
	key_service_make(&authority->keys, &make, &made);
	wire_begin(&frame, bytes, sizeof(bytes), CONSOLE_KEY_MADE);
	console_put_made(&frame, &made);
	answer_store(authority, &frame);
}

static void on_release(struct authority *authority, struct bytes_reader *payload)
{
	static struct console_release release;
	static struct console_word word;

	console_get_release(payload, &release);
	check_store(payload);
	key_service_release(&authority->keys, &release, time(NULL), &word);
	answer_word(authority, CONSOLE_KEY_RELEASED, &word);
}

static void on_destroy(struct authority *authority, struct bytes_reader *payload)
{
	static struct console_destroy destroy;
	static struct console_word word;

	console_get_destroy(payload, &destroy);
	check_store(payload);
	key_service_destroy(&authority->keys, &destroy, time(NULL), &word);
	answer_word(authority, CONSOLE_KEY_DESTROYED, &word);
}

static void on_mark(struct authority *authority, struct bytes_reader *payload)
{
	static struct console_word word;
	struct console_mark mark;

	console_get_mark(payload, &mark);
	check_store(payload);
	key_service_mark(&authority->keys, &mark, &word);
	answer_word(authority, CONSOLE_MARK_IS, &word);
}

/* False once the store is gone. */
static bool on_store(struct authority *authority)
{
	static uint8_t packet[WIRE_FRAME_MAX];
	struct bytes_reader payload;
	uint16_t type;
	int fd, r;

	r = channel_receive(&authority->store, packet, sizeof(packet), &fd);
	if (r == -EAGAIN)
		return true;
	if (r == 0)
		return false;
	if (r > 0 && fd >= 0)
		fatal("the store sent a descriptor, stopping");
	if (r > 0)
		r = wire_open(packet, (size_t)r, &type, &payload);
	if (r < 0)
		fatal("cannot read what the store says: %s, stopping", strerror(-r));
	switch (type) {
	case CONSOLE_WORD:
		on_wish(authority, &payload);
		break;
	case CONSOLE_KEY_MAKE:
		on_make(authority, &payload);
		break;
	case CONSOLE_KEY_RELEASE:
		on_release(authority, &payload);
		break;
	case CONSOLE_KEY_DESTROY:
		on_destroy(authority, &payload);
		break;
	case CONSOLE_MARK:
		on_mark(authority, &payload);
		break;
	default:
		fatal("the store sent a message of type %u, stopping", type);
	}
	return true;
}

/* False once the peer is gone. */
static bool attend(struct authority *authority, struct channel *channel, short events,
	bool (*on_packet)(struct authority *authority))
{
	if ((events & POLLOUT) && channel_flush(channel) < 0)
		return false;
	return !(events & (POLLIN | POLLHUP | POLLERR)) || on_packet(authority);
}

static void serve(struct authority *authority)
{
	struct pollfd wanted[2] = {{.fd = authority->frontend.fd}, {.fd = authority->store_fd}};

	while (!is_stopping) {
		wanted[0].events = channel_events(&authority->frontend);
		wanted[1].events = authority->store_fd >= 0 ? channel_events(&authority->store) : 0;
		(void)process_sign(authority->life_fd,
			'L'); /* a console that is gone is told by its channels */
		if (poll(wanted, 2, PROCESS_LIFE_MS) < 0) {
			if (errno == EINTR)
				continue;
			fatal("cannot wait for frontend and store: %m, stopping");
		}
		if (!attend(authority, &authority->frontend, wanted[0].revents, on_frontend) ||
			!attend(authority, &authority->store, wanted[1].revents, on_store))
			return;
	}
}

/* A module looks after its token's files, or speaks to its daemon, at each signature. */
static unsigned int filter_of(const struct ca_files *files)
{
	unsigned int groups = FILTER_IPC | FILTER_PLACES; /* the slots of keys */

	if (files->is_token)
		groups |= FILTER_FILES | FILTER_NAMES | FILTER_DATABASE;
	return files->has_network ? groups | FILTER_NETWORK : groups;
}

int authority_main(int argc, char **argv)
{
	struct authority authority = {.frontend_fd = -1, .store_fd = -1, .life_fd = -1};

	log_open("holdfast-console[authority]", false);
	if (parse_options(argc, argv, &authority) < 0) {
		log_error("started with arguments that it does not know, stopping");
		return 2;
	}
	(void)signal(SIGTERM, on_signal);
	(void)signal(SIGPIPE, SIG_IGN);
	if (CRYPTO_secure_malloc_init(SECRET_HEAP, 32) != 1)
		log_warning("no locked heap for keys, going on without");
	read_key(&authority);
	rehearse(&authority);
	authority.keys.trust = &authority.trust;
	authority.keys.issuing = &authority.files.issuing;
	if (authority.keys_directory)
		key_service_open(&authority.keys, authority.keys_directory);
	process_restrict(authority.user, filter_of(&authority.files));
	if (authority.files.is_token) /* as whom, and by which calls, it is used from now on */
		rehearse(&authority);
	channel_init(&authority.frontend, authority.frontend_fd, 0);
	if (authority.store_fd >= 0)
		channel_init(&authority.store, authority.store_fd, 0);
	send_chain(&authority);
	(void)process_sign(
		authority.life_fd, 'R'); /* a console that is gone is told by its channels */
	serve(&authority);
	channel_done(&authority.frontend);
	if (authority.store_fd >= 0)
		channel_done(&authority.store);
	trust_done(&authority.trust);
	key_service_close(&authority.keys);
	ca_files_done(&authority.files);
	return EXIT_SUCCESS;
}
