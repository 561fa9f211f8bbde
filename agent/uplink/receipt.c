/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The receipt of what this device has destroyed, which root's holdfast-wipe left: delivered behind all events that the
 * console takes, with the certificates that prove it; then what is left of the spool goes, and the receipt.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/ipc/console_files.h"
#include "agent/ipc/wipe.h"
#include "agent/uplink/uplink.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/wipe_receipt.h"

#define AGAIN_NS (30 * CLOCK_SECOND_NS) /* after a refusal */

CLEANUP_DEFINE(BIO, BIO_free_all)
CLEANUP_DEFINE(X509, X509_free)

void receipt_look(struct uplink *uplink)
{
	struct stat status;

	uplink->has_receipt = fstatat(uplink->state_fd, WIPE_RECEIPT, &status,
				      AT_SYMLINK_NOFOLLOW) == 0;
}

/* Whom the console takes events of has none left first: the newest say that this was done. */
bool receipt_is_due(const struct uplink *uplink, uint64_t now)
{
	if (!uplink->has_receipt || now < uplink->receipt_ns)
		return false;
	if (uplink->standing != STANDING_TRUSTED)
		return uplink->standing == STANDING_REFUSED || uplink->standing == STANDING_PENDING;
	return uplink->spool && uplink->has_ack &&
	       !(uplink->feed && feed_is_gathering(uplink->feed)) &&
	       uplink->ack + 1 >= spool_next_sequence(uplink->spool);
}

/* Who issued the device's certificate signs for the console's words, too, and stands in the last one. */
static bool put_issuer(const struct uplink *uplink, BIO *pem)
{
	auto_close int fd = openat(uplink->state_fd, LEASE_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[LEASE_WORD_MAX];
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text));
	auto_call(X509_freep) X509 *issuer = got > 0 ? lease_issuer(text, (size_t)got) : NULL;

	return issuer && PEM_write_bio_X509(pem, issuer);
}

char *receipt_body(struct uplink *uplink)
{
	auto_close int fd = openat(
		uplink->state_fd, WIPE_RECEIPT, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	auto_call(BIO_free_allp) BIO *pem = BIO_new(BIO_s_mem());
	char text[WIPE_RECEIPT_TEXT], *certificates, *body;
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text));
	long size;
	int length;

	if (got <= 0 || !pem)
		return NULL;
	for (size_t i = 0; i < uplink->identity.chain_count; i++)
		if (!PEM_write_bio_X509(pem, uplink->identity.chain[i]))
			return NULL;
	if (!put_issuer(uplink, pem))
		return NULL;
	size = BIO_get_mem_data(pem, &certificates);
	length = asprintf(&body, "%.*s%.*s", (int)got, text, (int)size, certificates);
	return length < 0 ? NULL : body;
}

void receipt_taken(struct uplink *uplink)
{
	int r = uplink->spool && uplink->standing != STANDING_TRUSTED
			? spool_drop_all(uplink->spool)
			: 0;

	if (r < 0) {
		log_warning("what is left of the spool cannot be removed: %s, trying again",
			strerror(-r));
		receipt_refused(uplink);
		return;
	}
	if (unlinkat(uplink->state_fd, WIPE_RECEIPT, 0) < 0)
		log_error("cannot remove the receipt that was delivered: %m, delivering it again");
	else
		log_notice("the console has the receipt of what was destroyed here");
	receipt_look(uplink);
	uplink->ask_ns = 0; /* it has another word for this device now */
	(void)lease_hurry(uplink);
}

void receipt_refused(struct uplink *uplink)
{
	uplink->receipt_ns = clock_boot_ns() + AGAIN_NS;
}
