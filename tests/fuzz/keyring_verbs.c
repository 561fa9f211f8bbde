/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any request, of each peer, done by the real verbs with a real key (in a directory of memory): nothing that is
 * asked may break the process that holds the keys, and nobody gets an answer to what is not his to ask.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/keyring/keyring.h"
#include "common/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void set_up(struct keyring *keyring)
{
	static char directory[] = "/dev/shm/fuzz-keyring-XXXXXX";
	struct device_key_plan plan = {.directory = directory, .tpm_fd = -EBADF};

	log_open("fuzz", false);
	if (!mkdtemp(directory) || device_key_open(&plan, &keyring->device) < 0 ||
		device_key_make(keyring->device, KEYRING_CURRENT) < 0 ||
		keys_new(SECRET_WISH_LOCKED, &keyring->keys) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum keyring_peer peers[] = {PEER_UPLINK, PEER_ENGINE, PEER_ROOT};
	static struct keyring_request request;
	static struct keyring_answer answer;
	static struct keyring keyring;

	if (!keyring.device)
		set_up(&keyring);
	if (keyring_request_decode(data, size, &request) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
		keyring_serve(&keyring, peers[i], &request, -EBADF, &answer);
		assert(answer.error <= 0 && answer.size <= KEYRING_BYTES_MAX);
		assert(!answer.error || !answer.size);
		assert(peers[i] == PEER_UPLINK || request.verb > KEYRING_COMMIT ||
			answer.error == -EPERM);
	}
	return 0;
}
