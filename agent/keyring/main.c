/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-keyring: started by holdfastd as its own user. Descriptor 3 is the socket to uplink; 4, where
 * this machine has one, its TPM. Holds the device's private key, or has the TPM hold it, and signs
 * with it; no network, no other file than its key, and it ends when uplink does. All its memory is
 * locked, so that no key reaches the swap.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/keyring/device_key.h"
#include "agent/keyring/wish.h"
#include "common/filter.h"
#include "common/log.h"
#include "common/privileges.h"

#define UPLINK_FD     3
#define TPM_FD	      4
#define SEGMENT_MAGIC "HFSEG1\0" /* with its NUL: the 8 bytes that a header begins with */
#define SECRET_HEAP   65536

static const char *config; /* NULL: there is none, as in some tests */

static int digest_of(const struct keyring_request *request, uint8_t ret_digest[32])
{
	unsigned int size = 32;

	return EVP_Digest(request->bytes, request->size, ret_digest, &size, EVP_sha256(), NULL) == 1
		       ? 0
		       : -EIO;
}

/* A request for a certificate names the key that signs it: no other key gets one by this device. */
static bool is_request_of(const struct device_key *key, const struct keyring_request *request)
{
	const uint8_t *at = request->bytes;
	X509_REQ_INFO *info = d2i_X509_REQ_INFO(NULL, &at, request->size);
	uint8_t own[KEYRING_BYTES_MAX];
	int size = device_key_public(key, request->which, own, sizeof(own));

	X509_REQ_INFO_free(info);
	if (!info || at != request->bytes + request->size || size <= 0)
		return false;
	return memmem(request->bytes, request->size, own, (size_t)size) != NULL;
}

static int sign(struct device_key *key, const struct keyring_request *request,
	struct keyring_answer *answer)
{
	uint8_t digest[32];
	int r;

	if (request->verb == KEYRING_DIGEST) {
		if (request->size != sizeof(digest))
			return -EINVAL;
		memcpy(digest, request->bytes, sizeof(digest));
	} else {
		if (request->verb == KEYRING_SEGMENT &&
			(request->size < sizeof(SEGMENT_MAGIC) ||
				memcmp(request->bytes, SEGMENT_MAGIC, sizeof(SEGMENT_MAGIC)) != 0))
			return -EINVAL;
		if (request->verb == KEYRING_REQUEST && !is_request_of(key, request))
			return -EINVAL;
		r = digest_of(request, digest);
		if (r < 0)
			return r;
	}
	return device_key_sign(key, request->which, digest, answer->bytes, sizeof(answer->bytes));
}

static int state(struct device_key *key, struct keyring_answer *answer)
{
	char trouble[KEYRING_TROUBLE_SIZE];

	answer->bytes[0] = (uint8_t)device_key_state(key, trouble);
	if (!device_key_tpm(key, answer->bytes + 1))
		memset(answer->bytes + 1, 0, KEYRING_TPM_SIZE);
	memcpy(answer->bytes + 1 + KEYRING_TPM_SIZE, trouble, strlen(trouble));
	return (int)strlen(trouble) + 1 + KEYRING_TPM_SIZE;
}

/* It may have been written anew since, by holdfast enrol. */
static void look_at_wish(struct device_key *key)
{
	if (config)
		device_key_set_wish(key, wish_read(config));
}

/* Bytes of the answer, or negative errno. */
static int serve(struct device_key *key, const struct keyring_request *request,
	struct keyring_answer *answer)
{
	int r;

	switch ((enum keyring_verb)request->verb) {
	case KEYRING_PUBLIC:
		r = device_key_public(key, request->which, answer->bytes, sizeof(answer->bytes));
		if (r != -ENOKEY || request->which != KEYRING_CURRENT)
			return r;
		look_at_wish(key);
		r = device_key_make(key, KEYRING_CURRENT);
		return r < 0 ? r
			     : device_key_public(
				       key, KEYRING_CURRENT, answer->bytes, sizeof(answer->bytes));
	case KEYRING_RENEW:
		look_at_wish(key);
		r = device_key_make(key, KEYRING_NEXT);
		return r < 0 ? r
			     : device_key_public(
				       key, KEYRING_NEXT, answer->bytes, sizeof(answer->bytes));
	case KEYRING_COMMIT:
		return device_key_commit(key);
	case KEYRING_DIGEST:
	case KEYRING_SEGMENT:
	case KEYRING_REQUEST:
		return sign(key, request, answer);
	case KEYRING_STATE:
		look_at_wish(key);
		return state(key, answer);
	case KEYRING_ANSWER:
		break;
	}
	return -EOPNOTSUPP;
}

static void loop(struct device_key *key)
{
	static struct keyring_request request;
	static struct keyring_answer answer;
	static uint8_t packet[KEYRING_FRAME_MAX];
	static struct log_limit limit = {.burst = 6};

	for (;;) {
		struct bytes_writer frame;
		ssize_t got = recv(UPLINK_FD, packet, sizeof(packet), 0);
		int r;

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return; /* uplink is gone */
		r = keyring_request_decode(packet, (size_t)got, &request);
		if (r < 0)
			fatal("broken request from uplink: %s, stopping", strerror(-r));
		answer = (struct keyring_answer){0};
		r = serve(key, &request, &answer);
		if (r < 0 && log_allowed(&limit))
			log_warning("request %u of uplink: %s", request.verb, strerror(-r));
		answer.error = r < 0 ? r : 0;
		answer.size = (uint16_t)(r < 0 ? 0 : r);
		keyring_answer_put(&frame, packet, sizeof(packet), &answer);
		r = wire_end(&frame);
		if (r < 0 || send(UPLINK_FD, packet, (size_t)r, MSG_NOSIGNAL) < 0)
			return;
		if (device_key_is_lost(key)) /* holdfastd opens what is there then */
			fatal("the TPM with the device key is gone, or does not answer, stopping");
	}
}

static void restrict_self(void)
{
	const struct privileges wanted = {.uid = getuid(), .gid = getgid(), .group = (gid_t)-1};
	int r;

	if (getuid() == 0)
		fatal("does not run as root: holdfastd(8) starts it as user holdfast-keyring, "
		      "stopping");
	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		log_warning("cannot lock memory: %m, the key may reach the swap");
	if (CRYPTO_secure_malloc_init(SECRET_HEAP, 32) != 1)
		log_warning("no locked heap for the key, going on without");
	r = privileges_drop(&wanted);
	if (r < 0)
		fatal("cannot give up privileges: %s, stopping", strerror(-r));
	r = filter_load(FILTER_FILES | FILTER_IPC);
	if (r < 0)
		fatal("cannot load the system call filter: %s, stopping", strerror(-r));
}

static int parse_options(int argc, char **argv, bool *ret_is_verbose)
{
	static const struct option known[] = {{"config", required_argument, NULL, 'c'},
		{"verbose", no_argument, NULL, 'v'}, {NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		if (option == 'c')
			config = optarg;
		else if (option == 'v')
			*ret_is_verbose = true;
		else
			return -EINVAL;
	}
	return optind + 1 == argc ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	auto_call(device_key_freep) struct device_key *key = NULL;
	struct device_key_plan plan = {.tpm_fd = TPM_FD};
	bool is_verbose = false;
	int r;

	if (parse_options(argc, argv, &is_verbose) < 0 || fcntl(UPLINK_FD, F_GETFD) < 0) {
		(void)fprintf(stderr, "holdfast-keyring is started by holdfastd(8)\n");
		return 2;
	}
	log_open("holdfast-keyring", is_verbose);
	(void)signal(SIGPIPE, SIG_IGN);		 /* a TPM that is gone is an error of write(2) */
	(void)setenv("TSS2_LOG", "all+none", 1); /* what fails is said once, in our words */
	OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL); /* reads its files before the filter */
	plan.directory = argv[optind];
	if (fcntl(TPM_FD, F_GETFD) < 0)
		plan.tpm_fd = -EBADF;
	restrict_self();
	(void)umask(077); /* returns the old one */
	r = device_key_open(&plan, &key);
	if (r < 0)
		fatal("cannot read the device key in '%s': %s, stopping", plan.directory,
			strerror(-r));
	loop(key);
	return EXIT_SUCCESS;
}
