/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of keyring, which holds keys of labels in memory alone and signs for the device. */
#include <errno.h>
#include <string.h>

#include "agent/ipc/keyring_ask.h"
#include "agent/wipe/wipe.h"
#include "common/cleanup.h"

static int ask(
	struct wipe *wipe, const struct keyring_request *request, struct keyring_answer *ret_answer)
{
	int r;

	if (wipe->keyring_fd < 0)
		wipe->keyring_fd = keyring_connect(wipe->runtime_directory, 0);
	if (wipe->keyring_fd < 0)
		return wipe->keyring_fd;
	r = keyring_ask(wipe->keyring_fd, request, -1, ret_answer);
	if (r == -ECONNRESET || r == -ETIMEDOUT ||
		r == -EBADMSG) { /* connected anew the next time */
		cleanup_close(&wipe->keyring_fd);
		wipe->keyring_fd = -EBADF;
	}
	return r;
}

int keys_own(struct wipe *wipe, uint8_t ret_hash[LEASE_HASH_SIZE])
{
	const struct keyring_request request = {.verb = KEYRING_LEASE_KEY};
	static struct keyring_answer answer;
	int r = ask(wipe, &request, &answer);

	if (r != LEASE_HASH_SIZE)
		return r < 0 ? r : -EBADMSG;
	memcpy(ret_hash, answer.bytes, LEASE_HASH_SIZE);
	return 0;
}

/* By the console's word keyring has dropped them itself; this is so that nothing hangs on when. */
int keys_destroy(struct wipe *wipe)
{
	static struct keyring_request request;
	static struct keyring_answer answer;
	static struct keyring_keys state;
	struct wipe_receipt *receipt = &wipe->journal.receipt;
	int r;

	request = (struct keyring_request){
		.verb = KEYRING_KEYS_DROP, .size = 1, .bytes = {KEYRING_DROP_ORDER}};
	r = ask(wipe, &request, &answer);
	if (r < 0)
		return r;
	request = (struct keyring_request){.verb = KEYRING_KEYS_STATE};
	r = ask(wipe, &request, &answer);
	if (r < 0)
		return r;
	r = keyring_keys_get(answer.bytes, answer.size, &state);
	if (r < 0)
		return r;
	receipt->label_count = state.count;
	for (unsigned int i = 0; i < state.count; i++) {
		if (state.labels[i].generations)
			return -EBUSY;
		if (i < WIPE_RECEIPT_LABELS)
			memcpy(receipt->labels[i], state.labels[i].label, LEASE_ID_SIZE);
	}
	return 0;
}

int keys_sign(struct wipe *wipe, char *text, size_t size)
{
	static struct keyring_request request;
	static struct keyring_answer answer;
	int r;

	if (size > sizeof(request.bytes))
		return -EMSGSIZE;
	request = (struct keyring_request){.verb = KEYRING_RECEIPT, .size = (uint16_t)size};
	memcpy(request.bytes, text, size);
	r = ask(wipe, &request, &answer);
	if (r > 0)
		memcpy(text, answer.bytes, (size_t)r); /* at most WIPE_RECEIPT_TEXT */
	return r == 0 ? -EBADMSG : r;
}
