/* SPDX-License-Identifier: Apache-2.0 */
#include "console/store/audit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/digest.h"
#include "common/text.h"

#define TEXTS 5

static void put_number(uint8_t to[8], uint64_t number)
{
	for (unsigned int i = 0; i < 8; i++)
		to[i] = (uint8_t)(number >> (8 * i));
}

/* Each text with its size before it: no two rows are the same bytes. */
int audit_link(const struct store_audit *row, const uint8_t before[CONSOLE_HASH_SIZE],
	uint8_t ret_link[CONSOLE_HASH_SIZE])
{
	const char *texts[TEXTS] = {row->who, row->act, row->what, row->before, row->after};
	uint8_t numbers[2 + TEXTS][8];
	struct digest_piece pieces[3 + 2 * TEXTS];

	put_number(numbers[0], (uint64_t)row->id);
	put_number(numbers[1], (uint64_t)row->time_ms);
	pieces[0] = (struct digest_piece){before, CONSOLE_HASH_SIZE};
	pieces[1] = (struct digest_piece){numbers[0], 8};
	pieces[2] = (struct digest_piece){numbers[1], 8};
	for (size_t i = 0; i < TEXTS; i++) {
		put_number(numbers[2 + i], strlen(texts[i]));
		pieces[3 + 2 * i] = (struct digest_piece){numbers[2 + i], 8};
		pieces[4 + 2 * i] = (struct digest_piece){texts[i], strlen(texts[i])};
	}
	return digest_of(pieces, sizeof(pieces) / sizeof(pieces[0]), ret_link);
}

static void copy(char *ret_text, size_t size, const char *text)
{
	(void)text_clean(ret_text, size, text ? text : ""); /* cut; as every database keeps it */
}

int audit_note(struct store *store, const struct audit_act *act)
{
	static struct store_audit last, row; /* too large for the stack */
	int r;

	r = store_audit_last(store, &last);
	if (r == -ENOENT)
		last = (struct store_audit){0};
	else if (r < 0)
		return r;
	row = (struct store_audit){.id = last.id + 1, .time_ms = act->time_ms};
	copy(row.who, sizeof(row.who), act->who);
	copy(row.act, sizeof(row.act), act->act);
	copy(row.what, sizeof(row.what), act->what);
	copy(row.before, sizeof(row.before), act->before);
	copy(row.after, sizeof(row.after), act->after);
	r = audit_link(&row, last.link, row.link);
	return r < 0 ? r : store_audit_add(store, &row);
}

int audit_commit(struct store *store, int r, const struct audit_act *act)
{
	if (r == 0)
		r = audit_note(store, act);
	if (r == 0)
		r = store_commit(store);
	if (r < 0)
		store_rollback(store);
	return r;
}

int store_audit(
	struct store *store, const char *who, const char *act, const char *what, int64_t now_ms)
{
	return audit_note(store,
		&(struct audit_act){.who = who, .act = act, .what = what, .time_ms = now_ms});
}
