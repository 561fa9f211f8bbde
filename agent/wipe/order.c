/* SPDX-License-Identifier: Apache-2.0 */
/* The console's word once more: neither uplink, which brings it, nor the engine, which asks, is taken at its word. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#include "agent/ipc/console_files.h"
#include "agent/wipe/wipe.h"
#include "common/boot.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"

#define MS_NS UINT64_C(1000000)

static int word_read(const struct wipe *wipe, char **ret_text, size_t *ret_size)
{
	auto_close int fd = openat(
		wipe->uplink_fd, LEASE_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT ? -EAGAIN : -errno;
	return file_read_all(fd, LEASE_WORD_MAX, ret_text, ret_size);
}

int order_read(struct wipe *wipe, struct lease *ret_word)
{
	uint8_t key[LEASE_HASH_SIZE], boot[LEASE_ID_SIZE];
	struct lease_terms terms = {.key = key, .boot = boot, .boot_ms = clock_boot_ns() / MS_NS};
	auto_free char *text = NULL;
	enum lease_verdict verdict;
	size_t size;
	int r;

	r = word_read(wipe, &text, &size);
	if (r == 0)
		r = boot_id_read(boot);
	if (r == 0)
		r = boot_clock_check();
	if (r == 0)
		r = keys_own(wipe, key);
	if (r < 0)
		return r;
	terms.now_s = (int64_t)(clock_day_ms() / 1000);
	terms.anchors = lease_anchors_of_root(wipe->anchor_path);
	if (!terms.anchors)
		return -ENOENT;
	verdict = lease_verify(text, size, &terms, ret_word);
	X509_STORE_free(terms.anchors);
	if (verdict == LEASE_OTHER_BOOT) /* what was left when the machine was last shut down */
		return -EAGAIN;
	if (verdict == LEASE_GOOD)
		return 0;
	log_warning("the console's word orders nothing: %s", lease_verdict_text(verdict));
	return -EKEYREJECTED;
}
