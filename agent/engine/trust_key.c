/* SPDX-License-Identifier: Apache-2.0 */
/* Which device this is, keyring says: a certificate that lies somewhere may be another machine's. */
#include <errno.h>
#include <string.h>

#include "agent/engine/engine.h"
#include "agent/ipc/keyring_ask.h"
#include "common/cleanup.h"

int trust_key_hash(const struct engine *engine, uint8_t ret_hash[LEASE_HASH_SIZE])
{
	static const struct keyring_request request = {.verb = KEYRING_LEASE_KEY};
	static struct keyring_answer answer; /* too large for the stack */
	auto_close int fd = keyring_connect(engine->runtime_directory, 0);
	int r;

	if (fd < 0)
		return fd;
	r = keyring_ask(fd, &request, -1, &answer);
	if (r != LEASE_HASH_SIZE)
		return r < 0 ? r : -EBADMSG;
	memcpy(ret_hash, answer.bytes, LEASE_HASH_SIZE);
	return 0;
}
