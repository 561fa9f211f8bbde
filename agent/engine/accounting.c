/* SPDX-License-Identifier: Apache-2.0 */
/* A sliding bit window behind the highest sequence. */
#include "agent/engine/accounting.h"

#include <string.h>

static bool is_seen(const struct accounting *accounting, uint64_t sequence)
{
	uint64_t slot = sequence % ACCOUNTING_WINDOW;

	return accounting->seen[slot / 64] & (UINT64_C(1) << (slot % 64));
}

static void set_seen(struct accounting *accounting, uint64_t sequence, bool is_set)
{
	uint64_t slot = sequence % ACCOUNTING_WINDOW;

	if (is_set)
		accounting->seen[slot / 64] |= UINT64_C(1) << (slot % 64);
	else
		accounting->seen[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
}

/* Slots between the old and the new highest hold sequences a whole window older. */
static void advance(struct accounting *accounting, uint64_t sequence)
{
	if (sequence - accounting->last >= ACCOUNTING_WINDOW)
		memset(accounting->seen, 0, sizeof(accounting->seen));
	else
		for (uint64_t i = accounting->last + 1; i <= sequence; i++)
			set_seen(accounting, i, false);
	accounting->last = sequence;
}

void accounting_begin(struct accounting *accounting, uint32_t counts_id)
{
	if (accounting->counts_id && accounting->counts_id != counts_id)
		*accounting = (struct accounting){.again = accounting->again};
	accounting->counts_id = counts_id;
}

void accounting_restore(
	struct accounting *accounting, uint64_t sequence, uint64_t delivered, uint64_t dropped)
{
	if (delivered > accounting->delivered)
		accounting->delivered = delivered;
	if (dropped > accounting->dropped)
		accounting->dropped = dropped;
	if (!sequence)
		return;
	if (sequence > accounting->last)
		advance(accounting, sequence);
	if (accounting->last - sequence < ACCOUNTING_WINDOW)
		set_seen(accounting, sequence, true);
}

bool accounting_is_new(const struct accounting *accounting, uint64_t sequence)
{
	if (sequence > accounting->last)
		return true;
	return accounting->last - sequence < ACCOUNTING_WINDOW && !is_seen(accounting, sequence);
}

static void remember(struct accounting *accounting, uint64_t sequence)
{
	if (sequence > accounting->last)
		advance(accounting, sequence);
	set_seen(accounting, sequence, true);
}

void accounting_take(struct accounting *accounting, uint64_t sequence)
{
	remember(accounting, sequence);
	accounting->delivered++;
}

void accounting_drop(struct accounting *accounting, uint64_t sequence)
{
	if (sequence)
		remember(accounting, sequence);
	accounting->dropped++;
}
