/* SPDX-License-Identifier: Apache-2.0 */
/* Two small files, read when they are needed: they may have been written anew since. */
#include "agent/keyring/anchors.h"

#include <fcntl.h>
#include <unistd.h>

#include "agent/keyring/wish.h"
#include "common/lease.h"
#include "common/log.h"
#include "common/signing.h"

X509_STORE *anchors_read(const char *config)
{
	static struct log_limit limit = {.burst = 2};
	static uint8_t pem[SIGNING_KEY_MAX];
	static struct wishes wishes;
	auto_close int fd = -EBADF;
	X509_STORE *anchors = NULL;
	ssize_t got;

	if (config)
		wish_read(config, &wishes);
	if (wishes.ca[0])
		fd = open(wishes.ca, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, pem, sizeof(pem));
	if (got > 0)
		anchors = lease_anchors(pem, (size_t)got);
	if (!anchors && log_allowed(&limit))
		log_error("no certificate to prove the console's words by in '%s', taking none",
			wishes.ca);
	return anchors;
}
