/* SPDX-License-Identifier: Apache-2.0 */
/* How often who was wrong lately. On disk as well: a user who may start the machine again gains nothing. */
#include <string.h>

#include "agent/verify/verifier.h"
#include "common/clock.h"
#include "common/log.h"

/* The row of who was wrong least often goes: what it was is on disk. */
static struct book_row *row_take(struct verifier *verifier)
{
	struct book_row *least = &verifier->book[0];

	for (size_t i = 0; i < BOOK_MAX; i++) {
		struct book_row *row = &verifier->book[i];

		if (!row->is_used)
			return row;
		if (row->attempts.failed < least->attempts.failed)
			least = row;
	}
	return least;
}

static struct book_row *row_of(struct verifier *verifier, uint32_t uid)
{
	struct enrolment enrolment;
	struct book_row *row;

	for (size_t i = 0; i < BOOK_MAX; i++)
		if (verifier->book[i].is_used && verifier->book[i].uid == uid)
			return &verifier->book[i];
	row = row_take(verifier);
	*row = (struct book_row){.uid = uid, .is_used = true};
	if (enrolment_read(verifier->state_fd, uid, &enrolment) == 0)
		attempts_restore(&row->attempts, enrolment.failed, clock_boot_ns());
	enrolment_clear(&enrolment);
	return row;
}

static void keep(struct verifier *verifier, const struct book_row *row)
{
	struct enrolment enrolment;
	int r = enrolment_read(verifier->state_fd, row->uid, &enrolment);

	if (r == 0 && enrolment.failed != row->attempts.failed) {
		enrolment.failed = row->attempts.failed;
		r = enrolment_write(verifier->state_fd, row->uid, &enrolment);
	}
	if (r < 0)
		log_warning("cannot note a wrong try of user %u: %s, it counts until the restart",
			row->uid, strerror(-r));
	enrolment_clear(&enrolment);
}

uint32_t book_wait_s(struct verifier *verifier, uint32_t uid)
{
	return attempts_wait_s(&row_of(verifier, uid)->attempts, clock_boot_ns());
}

void book_failed(struct verifier *verifier, uint32_t uid)
{
	struct book_row *row = row_of(verifier, uid);

	(void)attempts_failed(&row->attempts, clock_boot_ns()); /* asked for before the next try */
	keep(verifier, row);
}

void book_right(struct verifier *verifier, uint32_t uid)
{
	struct book_row *row = row_of(verifier, uid);

	attempts_clear(&row->attempts);
	keep(verifier, row);
}
